"""Lists of members, day by day, become stays with what is known of their ends."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import retainkit
from retainkit.ingesting.snapshots import date_of

D = date(2024, 11, 1)


def day(number: int) -> date:
    return D + timedelta(days=number - 1)


def moment(number: int) -> datetime:
    return datetime(2024, 11, number, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("events.csv").write_text("user_id,time\nann,2024-11-01\nbob,2024-11-05\ncid,2024-11-09\n")
    Path("lists").mkdir()
    snapshot(1, "ann,gold", "bob,gold")
    snapshot(2, "ann,silver", "bob,gold", "cid,new")
    snapshot(5, "cid,old", "dee,")
    snapshot(6, "ann,back", "cid,old", "cid,twice", ",nobody")
    return tmp_path


def snapshot(number: int, *rows: str) -> None:
    text = "user_id,level\n" + "".join(f"{row}\n" for row in rows)
    Path(f"lists/members-{day(number)}.csv").write_text(text)


def stays(folder: str = "set") -> list[tuple[object, ...]]:
    (part,) = (path for path in Path(folder).glob("members-*.parquet"))
    found = pl.read_parquet(part)
    return found.select("member", "joined", "left", "joined_after", "left_after", "level").rows()


EXPECTED = [
    ("ann", moment(1), moment(5), None, day(2), "back"),
    ("ann", moment(6), None, day(5), None, "back"),
    ("bob", moment(1), moment(5), None, day(2), "gold"),
    ("cid", moment(2), None, day(1), None, "old"),
    ("dee", moment(5), moment(6), day(2), day(5), None),
]


def test_who_joined_and_left_between_which_days(folder: Path) -> None:
    made = retainkit.ingest("events.csv", "set", snapshots="lists/members-*.csv")
    assert stays() == EXPECTED
    told = "\n".join(made.notes)
    assert "4 snapshots of members, 2024-11-01 to 2024-11-06: 2 members are in the first" in told
    assert "Snapshots are missing of 2 days: 2024-11-03, 2024-11-04." in told
    assert "1 stay is of members who came back." in told
    assert "Snapshot 2024-11-06: 2 rows without a member or of one listed already." in told


def test_the_set_has_them_as_its_member_table(folder: Path) -> None:
    retainkit.ingest("events.csv", "set", snapshots="lists")
    found = retainkit.churn("set", definition="leave", period="week")
    assert any("Members are those of the set" in note for note in found.notes)
    assert found.data.members == 4


def test_later_snapshots_are_added_and_earlier_ones_may_be_gone(folder: Path) -> None:
    late = Path(f"lists/members-{day(6)}.csv").rename("late.csv")
    retainkit.ingest("events.csv", "set", snapshots="lists")
    for path in Path("lists").iterdir():
        path.unlink()
    late.rename(f"lists/members-{day(6)}.csv")
    made = retainkit.ingest("events.csv", "set", snapshots="lists")
    retainkit.ingest("events.csv", "set", snapshots="lists")  # removes the old table
    assert stays() == EXPECTED
    assert any("4 snapshots" in note for note in made.notes)
    before = Path("set/manifest.json").read_bytes()
    retainkit.ingest("events.csv", "set", snapshots="lists")
    assert Path("set/manifest.json").read_bytes() == before


def test_stays_that_are_damaged_are_made_anew(folder: Path) -> None:
    def again(**flags: Any) -> None:
        retainkit.ingest("events.csv", "set", snapshots="lists", **flags)
        assert stays() == EXPECTED

    again()
    (part,) = Path("set").glob("members-*.parquet")
    whole = part.read_bytes()
    part.write_bytes(whole[:-1])
    again()
    part.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    again(verify=True)
    assert part.read_bytes() == whole


def test_a_snapshot_in_between_has_all_read_again(folder: Path) -> None:
    early = Path(f"lists/members-{day(2)}.csv").rename("early.csv")
    retainkit.ingest("events.csv", "set", snapshots="lists")
    early.rename(f"lists/members-{day(2)}.csv")
    retainkit.ingest("events.csv", "set", snapshots="lists")
    retainkit.ingest("events.csv", "set", snapshots="lists")
    assert stays() == EXPECTED
    Path(f"lists/members-{day(1)}.csv").unlink()
    snapshot(2, "zoe,x")
    with pytest.raises(retainkit.InputError, match="is gone"):
        retainkit.ingest("events.csv", "set", snapshots="lists")


def test_one_by_one_or_at_once_is_the_same(folder: Path) -> None:
    rng = random.Random(4)
    for path in Path("lists").iterdir():
        path.unlink()
    for number in sorted(rng.sample(range(1, 29), 9)):
        there = rng.sample([f"m{i}" for i in range(6)], rng.randint(1, 6))
        snapshot(number, *(f"{member},{rng.randint(1, 3)}" for member in there))
        retainkit.ingest("events.csv", "slow", snapshots="lists", tz="Asia/Shanghai")
    retainkit.ingest("events.csv", "slow", snapshots="lists", tz="Asia/Shanghai")
    retainkit.ingest("events.csv", "fast", snapshots="lists", tz="Asia/Shanghai")
    assert stays("slow") == stays("fast")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("members-2024-11-01.csv", D),
        ("in/20241101.csv", D),
        ("会员2024年11月1日.csv", D),
        ("x2024-11-01-2024-11-01.csv.gz", D),
        ("2024-11-01-2024-11-02.csv", None),
        ("members.csv", None),
        ("120241101.csv", None),
        ("2024-13-01.csv", None),
    ],
)
def test_the_day_is_in_the_name(name: str, expected: date | None) -> None:
    if expected is not None:
        assert date_of(name) == expected
        return
    with pytest.raises(retainkit.UsageError, match="tells no day, or several"):
        date_of(name)


def test_what_excludes_each_other(folder: Path) -> None:
    Path("people.csv").write_text("user_id,joined\nann,2024-01-01\n")
    with pytest.raises(retainkit.UsageError, match="exclude each other"):
        retainkit.ingest("events.csv", "set", snapshots="lists", members="people.csv")
    retainkit.ingest("events.csv", "set", members="people.csv")
    with pytest.raises(retainkit.UsageError, match="--snapshots: the set has"):
        retainkit.ingest("events.csv", "set", snapshots="lists")
    retainkit.ingest("events.csv", "other", snapshots="lists")
    with pytest.raises(retainkit.UsageError, match="--members: the set's"):
        retainkit.ingest("events.csv", "other", members="people.csv")
    Path("lists/again-2024-11-01.csv").write_text("user_id\nann\n")
    with pytest.raises(retainkit.UsageError, match="of the same day"):
        retainkit.ingest("events.csv", "third", snapshots="lists")
