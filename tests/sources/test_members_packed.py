"""A packed member table: the same answer, and rows that repeat take no memory."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

import retainkit

EVENTS = "user_id,time\na,2024-01-02\nb,2024-01-03\nc,2024-01-09\n"
MEMBERS = (
    "user_id,joined,channel\na,2024-01-01,x\na,2024-01-01,x\nb,soon,y\nb,soon,y\n,2024-01-01,z\n"
    ",2024-01-01,z\nc,2024-01-05,\nc,2024-01-07,w\nc,0000-00-00,v\n"
)


def test_packed_or_not_the_answer_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("events.csv").write_text(EVENTS, encoding="utf-8")
    plain, packed = Path("members.csv"), Path("members.csv.gz")
    plain.write_text(MEMBERS, encoding="utf-8")
    packed.write_bytes(gzip.compress(MEMBERS.encode()))
    one, other = (
        retainkit.cohort("events.csv", members=each, by="channel", period="day")
        for each in (plain, packed)
    )
    assert one.notes == other.notes
    assert any("2 rows left out" in note for note in one.notes)
    assert any("2 unreadable times" in note for note in one.notes)
    assert one.main.equals(other.main)


def test_too_many_unreadable_times_are_counted_as_rows(tmp_path: Path) -> None:
    events, packed = tmp_path / "events.csv", tmp_path / "members.csv.gz"
    events.write_text(EVENTS, encoding="utf-8")
    packed.write_bytes(gzip.compress(b"user_id,joined\na,2024-01-01\n" + b"b,soon\n" * 30))
    with pytest.raises(retainkit.InputError, match="30 unreadable times in 'joined', of 31"):
        retainkit.cohort(events, members=packed)


@pytest.mark.parametrize("rows", [2_000_000])
def test_rows_that_repeat_are_held_once(tmp_path: Path, rows: int) -> None:
    events, packed = tmp_path / "events.csv", tmp_path / "members.csv.gz"
    events.write_text(EVENTS, encoding="utf-8")
    packed.write_bytes(gzip.compress(b"user_id,joined\n" + b"a,2024-01-01\n" * rows, 1))
    answer = retainkit.cohort(events, members=packed)
    assert any(f"{rows - 1:,} rows repeat a member" in note for note in answer.notes)
