"""Files that change while they are read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import retainkit
from retainkit.errors import InputError
from retainkit.sources import SourceOptions, Table, open_table

ROWS = "user_id,time\na,2024-01-01\nb,soon\n"


def grow(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("c,2024-01-01\n")


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_text(ROWS, encoding="utf-8")
    other.replace(path)


def rewrite(path: Path) -> None:
    os.utime(path, ns=(0, 0))


CHANGES = [
    (grow, "grew"),
    (replace, "was replaced"),
    (rewrite, "was written"),
    (lambda path: path.write_text("user_id\n", encoding="utf-8"), "shrank"),
    (Path.unlink, "is gone"),
]


@pytest.mark.parametrize(("change", "told"), CHANGES)
def test_the_end_of_reading_tells_it(
    tmp_path: Path, change: Callable[[Path], None], told: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(ROWS, encoding="utf-8")
    with pytest.raises(InputError, match=f"x.csv' {told}"), open_table([path], SourceOptions()):
        change(path)


@pytest.mark.parametrize("which", ["events.csv", "members.csv"])
def test_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str) -> None:
    for name in ("events.csv", "members.csv"):
        (tmp_path / name).write_text(ROWS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    plain = Table.sample

    def sample(table: Table, rows: int = 1000) -> pl.DataFrame:
        grow(Path(which))
        return plain(table, rows)

    monkeypatch.setattr(Table, "sample", sample)
    with pytest.raises(InputError, match=f"'{which}' grew"):
        retainkit.cohort("events.csv", members="members.csv", rejects="rejects.csv")
    assert not Path("rejects.csv").exists()
