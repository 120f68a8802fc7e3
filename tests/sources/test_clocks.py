"""Local times that do not exist, or exist twice, are counted as Python's zoneinfo tells them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

import retainkit
from retainkit.sources.clocks import CLOCK, moved

from .made import events_of

BERLIN = {"tz": "Europe/Berlin"}
SPRING, AUTUMN = "2024-03-31 02:30", "2024-10-27 02:30"


def counts(times: list[object] | pl.Series, **options: object) -> tuple[int, int]:
    """Return how many of these do not exist, and how many exist twice."""
    series = times if isinstance(times, pl.Series) else pl.Series(times, strict=False)
    table = {"user_id": ["a"] * len(series), "time": series}
    events = events_of(table, **{**BERLIN, **options}).frame.collect()
    return moved(events.filter(pl.col("fate").is_null()))


def kinds(local: datetime, tz: str) -> tuple[int, int]:
    """Return the same of one time, by PEP 495."""
    first, second = (local.replace(tzinfo=ZoneInfo(tz), fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return 0, 0
    there = first.astimezone(UTC).astimezone(ZoneInfo(tz)).replace(tzinfo=None) == local
    return (0, 1) if there else (1, 0)


@pytest.mark.parametrize(
    ("tz", "around"),
    [
        ("Europe/Berlin", datetime(2024, 3, 31)),
        ("Europe/Berlin", datetime(2024, 10, 27)),
        ("Asia/Shanghai", datetime(1986, 5, 4)),
        ("Australia/Lord_Howe", datetime(2024, 4, 7)),  # by half an hour
        ("Africa/Cairo", datetime(2024, 4, 25, 20)),  # at midnight
        ("Pacific/Apia", datetime(2011, 12, 29, 20)),  # by a whole day
    ],
)
def test_as_zoneinfo_has_it(tz: str, around: datetime) -> None:
    times = [around + timedelta(minutes=10 * i) for i in range(200)]
    found = [kinds(one, tz) for one in times]
    expected = (sum(one for one, _ in found), sum(two for _, two in found))
    assert sum(expected) > 0
    assert counts([str(one) for one in times], tz=tz) == expected
    assert counts(times, tz=tz) == expected
    assert counts([str(one) for one in times], tz="UTC", naive_tz=tz) == expected


def test_only_local_times_of_day_are_counted() -> None:
    assert counts([SPRING, AUTUMN, "2024-10-27 03:00", "2024-03-31 03:30"]) == (1, 1)
    assert counts([SPRING, AUTUMN], time_format=("%Y-%m-%d %H:%M",)) == (1, 1)
    assert counts([f"{SPRING}Z", f"{AUTUMN}+02:00"]) == (0, 0)
    mixed = [SPRING, AUTUMN, "2024-10-27 00:30Z", "2024-10-27T02:30:00+02:00"]
    assert counts(mixed, naive_tz="Europe/Berlin") == (1, 1)
    formats = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M%z", "%Y-%m-%dT%H:%M:%S%z")
    assert counts(mixed, naive_tz="Europe/Berlin", time_format=formats) == (1, 1)
    cairo = {"tz": "Africa/Cairo"}  # 2024-04-26 begins at 01:00
    assert counts(["2024-04-26", "2024-04-26 00:00"], **cairo) == (1, 0)
    assert counts(pl.Series([date(2024, 4, 26)]), **cairo) == (0, 0)
    assert counts([1_729_989_000, 1_711_848_600]) == (0, 0)
    assert counts(["soon", None, "1970-01-01", SPRING]) == (1, 0)


def test_where_clocks_are_not_changed_nothing_is_looked_for() -> None:
    table = {"user_id": ["a"], "time": [SPRING]}
    assert CLOCK not in events_of(table).frame.collect_schema()
    assert CLOCK not in events_of(table, tz="UTC").frame.collect_schema()
    assert counts([SPRING, AUTUMN], tz="Asia/Tokyo") == (0, 0)


TOLD = (
    "'time': 2 times do not exist in Europe/Berlin (clocks are put forward): moved forward as "
    "much.",
    "'time': 1 time exists twice in Europe/Berlin (clocks are put back): the earlier is taken.",
)


def test_every_command_tells() -> None:
    events = pl.DataFrame(
        {
            "user_id": ["a", "b", "c", ""],
            "time": [SPRING, SPRING, AUTUMN, AUTUMN],
            "amount": ["1"] * 4,
        }
    )
    for result in (
        retainkit.cohort(events, **BERLIN),
        retainkit.cohort(events, measure="amount", **BERLIN),
        retainkit.inspect(events, **BERLIN),
    ):
        assert [note for note in result.notes if "Berlin (" in note] == list(TOLD)


def test_the_member_table_tells() -> None:
    members = pl.DataFrame({"user_id": ["a", "b"], "joined": [SPRING, AUTUMN]})
    events = pl.DataFrame({"user_id": ["a"], "time": ["2024-11-01 00:00"]})
    notes = retainkit.cohort(events, members=members, **BERLIN).notes
    told = [note for note in notes if "Berlin (" in note]
    assert [note.partition(" in ")[0] for note in told] == [
        "Member table: 'joined': 1 time does not exist",
        "Member table: 'joined': 1 time exists twice",
    ]


def test_events_after_today_are_told_of_where_they_move_as_of() -> None:
    later = datetime.now(UTC).replace(tzinfo=None)
    times = [datetime(2024, 3, 1), later, later + timedelta(days=2), datetime(2999, 1, 1)]
    events = pl.DataFrame({"user_id": list("abcd"), "time": times})
    told = "2 events lie after today (last 2999-01-01): as-of follows"
    for command in (retainkit.cohort, retainkit.retention, retainkit.inspect):
        assert [note for note in command(events).notes if note.startswith(told)]
        for options in ({"as_of": "3000-01-01"}, {"until": datetime(2024, 4, 1)}):
            assert not any("after today" in note for note in command(events, **options).notes)
