"""The lines of a file are gone through once as long as it stays what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from retainkit.cli import app
from retainkit.sources import lines, surveyed

from .opened import opened, write

ROWS = "user_id,time,channel\n" + "".join(
    f"u{i % 40},2024-{1 + i % 6:02}-{1 + i % 28:02},c{i % 2}\n" for i in range(400)
)


@pytest.fixture
def gone_through(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files, each time that one is gone through."""
    names: list[str] = []

    def survey(path: Path, name: str, *args: Any) -> lines.Lines:
        names.append(name)
        return lines.survey(path, name, *args)

    monkeypatch.setattr(surveyed, "survey", survey)
    return names


def test_a_report_goes_through_its_files_once(tmp_path: Path, gone_through: list[str]) -> None:
    events = write(tmp_path / "events.csv", ROWS)
    members = write(tmp_path / "members.csv", "会员,user_id,city\nx,u1,沪\n".encode("gb18030"))
    args = ["report", str(events), "--members", str(members), "--member-col", "user_id"]
    args += ["--by", "channel", "--share-safe", "-o", str(tmp_path / "r.html")]
    done = CliRunner().invoke(app, args)
    assert done.exit_code == 0, done.stderr
    assert sorted(gone_through) == [str(events), str(members)]


def test_what_is_written_or_read_in_another_way_is_gone_through_anew(
    tmp_path: Path, gone_through: list[str]
) -> None:
    file = write(tmp_path / "events.csv", ROWS)
    for options in ({}, {}, {"max_line": "1MB"}, {"separator": ";"}, {}):
        opened(file, **options)
    assert len(gone_through) == 3
    write(file, ROWS + "u1\n")
    assert "1 row has fewer cells" in " ".join(opened(file).notes)
    assert len(gone_through) == 4


def test_no_more_files_are_remembered_than_there_is_room_for(
    tmp_path: Path, gone_through: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveyed, "_MOST", 2)
    surveyed._KNOWN.clear()
    files = [write(tmp_path / f"{i}.csv", ROWS) for i in range(3)]
    for file in (*files, files[2], files[0]):
        opened(file)
    assert len(gone_through) == 4
    assert len(surveyed._KNOWN) == 2
