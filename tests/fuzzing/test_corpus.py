"""The corpus, tried again: what once broke a promise does so no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzzing.reading import asked_of, check_numbers
from fuzzing.targets import CORPUS, TARGETS

FILES = [(name, path) for name, target in TARGETS.items() for path in target.corpus]
READ = [
    path
    for name in ("csv", "ndjson", "parquet", "packed", "workbook")
    for path in TARGETS[name].corpus
]


@pytest.mark.parametrize("name", TARGETS)
def test_each_target_keeps_its_promises(name: str, tmp_path: Path) -> None:
    assert TARGETS[name].corpus
    for path in TARGETS[name].corpus:
        TARGETS[name].check(path.read_bytes(), tmp_path)


@pytest.mark.parametrize("path", READ, ids=lambda path: str(path.relative_to(CORPUS)))
@pytest.mark.long
def test_honest_names_are_read_by_all(path: Path, tmp_path: Path) -> None:
    for asked in (
        ("inspect",),
        ("cohort", "--period", "day"),
        ("cohort", "--rejects", "{place}/r.csv"),
    ):
        ran = asked_of(tmp_path / path.name, path.read_bytes(), asked)
        if ran.code == 0:
            check_numbers(ran)


def test_the_corpus_is_small() -> None:
    sizes = [path.stat().st_size for _, path in FILES]
    assert sum(sizes) < 1_000_000
    assert max(sizes) < 100_000
