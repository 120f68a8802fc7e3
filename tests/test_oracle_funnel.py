"""The funnel oracle on histories small enough to work on paper, and against windowFunnel."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import polars as pl
import pytest

from oracle.funnel import change, funnel, length, levels, nearest_rank, selector, steps_of
from oracle.people import Row, observe

BEGIN = datetime(2024, 3, 1, tzinfo=UTC)
LATE = 10**7  # long after everything: no start is still running


def history(text: str, member: str = "p") -> list[Row]:
    """Events of one member, as in "a0 b5 a5": names and seconds; a capital has an amount of 9."""
    return [
        {
            "member": member,
            "time": BEGIN + timedelta(seconds=float(word[1:])),
            "event": word[0].lower(),
            "amount": 9.0 if word[0].isupper() else 1.0,
        }
        for word in text.split()
    ]


def came(events: str, steps: str, as_of: float = LATE, **asked: Any) -> list[float]:
    """The seconds of the reported chain: as many as the level."""
    lengths = {name: length(asked.pop(name, None)) for name in ("window", "step_window")}
    exclude = tuple(map(selector, asked.pop("exclude", ())))
    until = BEGIN + timedelta(seconds=as_of)
    (one,) = levels(
        history(events), until, steps=steps_of(steps), exclude=exclude, **lengths, **asked
    ).values()
    return [(time - BEGIN).total_seconds() for time in one.chain]


def is_open(events: str, steps: str, as_of: float, **asked: Any) -> bool:
    window = length(asked.pop("window", None))
    wanted = steps_of(steps)
    until = BEGIN + timedelta(seconds=as_of)
    (one,) = levels(history(events), until, steps=wanted, window=window, **asked).values()
    return one.open


# --- what a step is ---


def test_no_start_no_step() -> None:
    assert came("b0 c1", "a > b > c") == []
    assert came("b0 c1", "a > b > c", order="any") == [0, 1]
    assert not is_open("b0 c1", "a > b > c", as_of=2, window="1d")


def test_steps_come_one_after_the_other_with_anything_between() -> None:
    assert came("a0 d1 b2 d3 c4", "a > b > c") == [0, 2, 4]
    assert came("a0 c1 b2", "a > b > c") == [0, 2]
    assert came("a0 d1 b2", "a > b") == [0, 2]


@pytest.mark.parametrize("text", [" ".join(words) for words in permutations(("a5", "b5", "c5"))])
@pytest.mark.parametrize("order", ["ordered", "strict", "any"])
def test_ties_may_follow_each_other_in_either_order(text: str, order: str) -> None:
    assert came(text, "a > b > c", order=order) == [5, 5, 5]
    assert came(text, "a > b > c", order=order, window="0s", exclude=("b",)) == [5, 5, 5]


def test_one_event_fills_one_step() -> None:
    assert came("a0", "a > a") == [0]
    assert came("a0 a0", "a > a") == [0, 0]
    assert came("a0 b1 a2", "a > a > b") == [0, 2]
    assert came("a0 a1 b2", "a > a > b") == [0, 1, 2]
    assert came("A0", "a[amount > 5] > a") == [0]
    assert came("A0 a1", "a[amount > 5] > a") == [0, 1]
    assert came("a0 A1", "a[amount > 5] > a") == [1]
    assert came("A0", "a > a[amount > 5]", order="any") == [0]
    assert came("a0 A1", "a > a[amount > 5] > *") == [0, 1]
    assert came("a0 b0", "a|b > *") == [0, 0]


# The event that two steps could take has to go to the one that nothing else fills.
def test_any_order_is_a_matching() -> None:
    assert came("a0 b1", "a|b > a", order="any") == [0, 1]
    assert came("b1 a0 b2", "a|b > b|c > a", order="any") == [0, 1, 2]
    assert came("b0 b1 b2", "a|b > b|c > a", order="any") == [0, 1]


# --- from where time is counted ---


def test_the_window_is_counted_from_the_start_and_includes_its_end() -> None:
    assert came("a0 b5 c10", "a > b > c", window="10s") == [0, 5, 10]
    assert came("a0 b5 c10.000001", "a > b > c", window="10s") == [0, 5]
    assert came("a0 b11", "a > b", window="10s") == [0]


def test_the_step_window_is_counted_from_the_step_before() -> None:
    assert came("a0 b5 c10", "a > b > c", step_window="5s") == [0, 5, 10]
    assert came("a0 b5 c10.000001", "a > b > c", step_window="5s") == [0, 5]
    # The early b is too far from c, the late one too far from a: only together with both they are.
    assert came("a0 b4 b9 c10", "a > b > c", step_window="5s") == [0, 4]
    assert came("a0 b4 b5 c10", "a > b > c", step_window="5s") == [0, 5, 10]
    assert came("a0 b4 b5 c9 c10", "a > b > c", step_window="5s", window="9s") == [0, 5, 9]


def test_any_attempt_or_the_first() -> None:
    # The first visit leads nowhere, the second to the end.
    text = "a0 a100 b101 c102"
    assert came(text, "a > b > c", window="10s") == [100, 101, 102]
    assert came(text, "a > b > c", window="10s", attempt="first") == [0]
    assert came(text, "a > b > c", attempt="first") == [0, 101, 102]
    # In any order a member starts with whatever step is first.
    assert came("b0 a100 b101", "a > b", window="10s", order="any") == [100, 101]
    assert came("b0 a100 b101", "a > b", window="10s", order="any", attempt="first") == [0]


def test_who_enters_again_is_told_once_with_the_attempt_that_came_furthest() -> None:
    assert came("a0 b1 a100 b101 c102 a200", "a > b > c", window="10s") == [100, 101, 102]
    # Of equals the one that was done first.
    assert came("a0 b9 a100 b101", "a > b", window="10s") == [0, 9]


def test_the_reported_chain_is_the_tightest_of_those_done_first() -> None:
    assert came("a0 a1 b2 b3 c4 c5", "a > b > c") == [1, 3, 4]
    assert came("a0 b1 a2 c3", "a > b > c") == [0, 1, 3]
    assert came("a0 a1", "a > b") == [0]
    assert came("a0 b2 b3 c3", "a > b > c") == [0, 3, 3]
    assert came("a0 b1 c2 a3", "a > b > c", order="any") == [0, 1, 2]
    assert came("a0 b1 a2 c3", "a > b > c", order="any") == [1, 2, 3]


# --- who is still on the way ---


def test_open_entrants_count_once_their_window_is_over() -> None:
    asked: dict[str, Any] = {"window": "10s"}
    assert came("a0 b1", "a > b", as_of=10, **asked) == []  # 0 + 10 < 10 is not so
    assert is_open("a0 b1", "a > b", as_of=10, **asked)
    assert came("a0 b1", "a > b", as_of=10.000001, **asked) == [0, 1]
    assert not is_open("a0 b1", "a > b", as_of=10.000001, **asked)
    assert came("a0 b1", "a > b", as_of=10, include_open=True, **asked) == [0, 1]
    assert not is_open("a0 b1", "a > b", as_of=10, include_open=True, **asked)
    assert came("a0 b1", "a > b", as_of=2) == [0, 1]  # without a window nothing runs


def test_a_member_with_one_attempt_that_is_over_is_not_open() -> None:
    asked: dict[str, Any] = {"as_of": 55, "window": "10s"}
    assert came("a0 a50 b51", "a > b", **asked) == [0]  # the second attempt does not count yet
    assert not is_open("a0 a50 b51", "a > b", **asked)
    assert is_open("a50 b51", "a > b", **asked)
    assert is_open("a50", "a > b", attempt="first", **asked)
    assert not is_open("a0 a50", "a > b", attempt="first", **asked)


def test_what_comes_after_as_of_is_not_there() -> None:
    assert came("a0 b5", "a > b", as_of=5) == [0]
    assert came("a0 b5", "a > b", as_of=5.5) == [0, 5]


# --- what is between ---


def test_strict_lets_nothing_between() -> None:
    assert came("a0 d1 b2", "a > b", order="strict") == [0]
    assert came("a0 a1 b2", "a > b", order="strict") == [1, 2]
    assert came("a0 b1 b2 c3", "a > b > c", order="strict") == [0, 1]
    assert came("a0 b1 d1 c2", "a > b > c", order="strict") == [0, 1, 2]  # d can be taken before b
    assert came("a0 d1 b2 a3 b4", "a > b", order="strict") == [3, 4]


def test_exclusions_lie_strictly_between_first_and_last() -> None:
    assert came("a0 d1 b2", "a > b", exclude=("d",)) == [0]
    assert came("a0 d0 b2 d2", "a > b", exclude=("d",)) == [0, 2]
    assert came("a0 b2 d3 c4", "a > b > c", exclude=("d",)) == [0, 2]
    assert came("a0 d1 a2 b3", "a > b", exclude=("d",)) == [2, 3]
    assert came("a0 d1 b2", "a > b", exclude=("d",), order="any") == [0]
    assert came("a0 A1 b2", "a > b", exclude=("x", "[amount > 5]")) == [1, 2]


def test_an_event_that_is_both_a_step_and_excluded_is_excluded_between() -> None:
    assert came("a0 b1 c2", "a > b > c", exclude=("b",)) == [0, 1]
    assert came("a0 b0 c2", "a > b > c", exclude=("b",)) == [0, 0, 2]
    assert came("a0 b1 c2", "a > b > c", exclude=("a", "c")) == [0, 1, 2]


# --- tables ---

# ads: three start, two see, one pays. web: one starts and pays within a second; one is open.
SHOP = [
    *(row | {"channel": "ads"} for row in history("a0 b4 c64", "p")),
    *(row | {"channel": "ads"} for row in history("a0 b10", "q")),
    *(row | {"channel": "ads"} for row in history("a0", "r")),
    *(row | {"channel": "web"} for row in history("a0 b0.5 c0.9", "s")),
    *(row | {"channel": "web"} for row in history("a199 b200", "t")),
]


def table(**options: Any) -> dict[str, list[Row]]:
    world = observe(SHOP, as_of=BEGIN + timedelta(seconds=250), by=options.get("by", ()))
    return funnel(world, steps="a > b > c", window="100s", **options)


def cut(rows: Sequence[Row], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


def test_main_by_hand() -> None:
    rows = table()["main"]
    assert cut(rows, "step", "event", "members", "dropped", "open") == [
        (1, "a", 4, None, 1),
        (2, "b", 3, 1, None),
        (3, "c", 2, 1, None),
    ]
    assert cut(rows, "coefficient", "overall") == [(None, 1), (3 / 4, 3 / 4), (2 / 3, 1 / 2)]
    # To b it took 0 (0.5), 4 and 10 seconds, to c 0 (0.4) and 60.
    assert cut(rows, "median_seconds", "p90_seconds") == [(None, None), (4, 10), (0, 60)]
    assert cut(rows, "leverage", "bottleneck") == [
        (None, False),
        (pytest.approx(1 / 3), False),
        (pytest.approx(1 / 2), True),
    ]
    low, high = rows[1]["ci_low"], rows[1]["ci_high"]
    assert (round(low, 4), round(high, 4)) == (0.3006, 0.9544)  # 3 of 4, Wilson


def test_leverage_is_against_a_target_or_the_best_segment() -> None:
    rows = table(target=("2=0.9",))["main"]
    assert cut(rows, "leverage") == [(None,), (pytest.approx(0.2),), (pytest.approx(0.5),)]
    rows = table(by=("channel",), min_members=1)["main"]
    assert cut(rows, "channel", "leverage", "bottleneck") == [
        *(("ads", None, False), ("ads", pytest.approx(1 / 2), False), ("ads", 1, True)),
        *(("web", None, False), ("web", 0, True), ("web", 0, False)),
    ]
    rows = table(by=("channel",), min_members=2)["main"]  # one web member is not enough
    assert cut(rows, "leverage") == [(None,), (0,), (0,), (None,), (0,), (0,)]


def test_durations_by_hand() -> None:
    columns = ("step", "seconds_from", "seconds_to", "members")
    assert cut(table()["durations"], *columns) == [
        *((0, 0, 1, 1), (0, 60, 120, 1)),
        *((2, 0, 1, 1), (2, 2, 5, 1), (2, 10, 30, 1)),
        *((3, 0, 1, 1), (3, 60, 120, 1)),
    ]


def test_segments_by_hand() -> None:
    rows = table(by=("channel",))["segments"]
    columns = ("channel", "step", "coefficient", "rest", "difference", "real")
    assert cut(rows, *columns) == [
        ("ads", 2, 2 / 3, 1, pytest.approx(-1 / 3), False),
        ("ads", 3, 1 / 2, 1, pytest.approx(-1 / 2), False),
        ("web", 2, 1, 2 / 3, pytest.approx(1 / 3), False),
        ("web", 3, 1, 1 / 2, pytest.approx(1 / 2), False),
    ]
    # z = 1/3 / sqrt(3/4 x 1/4 x 4/3) = 2/3; z = 1/2 / sqrt(2/3 x 1/3 x 3/2) = sqrt(3)/2.
    assert [round(row["p_value"], 4) for row in rows] == [0.5050, 0.3865, 0.5050, 0.3865]
    assert [row["p_holm"] for row in rows] == [1, 1, 1, 1]


def test_newcombe_by_the_book() -> None:
    # Newcombe (1998), Statistics in Medicine 17:873-890, Table II, method 10: 56/70 - 48/80.
    from oracle.funnel import compared

    found = compared(56, 70, 48, 80, 0.95)
    assert (round(found["ci_low"], 4), round(found["ci_high"], 4)) == (0.0524, 0.3339)


def test_trend_and_dropoffs_by_hand() -> None:
    rows = table(trend="day")["trend"]
    assert cut(rows, "step", "members", "complete") == [(1, 4, False), (2, 3, False), (3, 2, False)]
    assert rows[0]["period"] == BEGIN.date()
    events = [*SHOP, *history("d3", "r"), *history("d120", "q")]  # q's is too late
    world = observe(events, as_of=BEGIN + timedelta(seconds=250))
    rows = funnel(world, steps="a > b > c", window="100s")["dropoffs"]
    assert cut(rows, "step", "next", "members", "share") == [(1, "d", 1, 1), (2, None, 1, 1)]


def test_change_by_hand() -> None:
    # 0.5 x 0.5 becomes 0.5 x 0.8: all of it is of the second node.
    rows = change((100, 50, 25), (200, 100, 80), ("a", "b", "c"))
    assert [row["contribution"] for row in rows] == [0, pytest.approx(0.15)]
    assert [row["share"] for row in rows] == [0, pytest.approx(1)]
    rows = change((100, 50, 25), (100, 80, 60), ("a", "b", "c"))
    assert sum(row["contribution"] for row in rows) == pytest.approx(0.35)
    rows = change((100, 50, 25), (100, 25, 25), ("a", "b", "c"))
    assert [row["contribution"] for row in rows] == pytest.approx([-0.173287, 0.173287], abs=1e-6)


def test_nearest_rank_is_one_that_was_there() -> None:
    times = [timedelta(seconds=s) for s in (1.9, 2, 3, 100)]
    assert nearest_rank(times, 50) == 2
    assert nearest_rank(times, 90) == 100
    assert nearest_rank(times[:1], 90) == 1
    assert nearest_rank([], 50) is None


# --- ClickHouse ---

STEPS = ("a", "b", "c", "e")


def window_funnel(
    events: Sequence[Row], steps: Sequence[str], seconds: int, path: Any
) -> dict[str, int]:
    """The level of each member by `windowFunnel`, in its default mode."""
    chdb = pytest.importorskip("chdb", reason="chdb (ClickHouse) is not installed")
    rows = [row | {"time": int((row["time"] - BEGIN).total_seconds())} for row in events]
    pl.DataFrame(rows).select("member", "event", pl.col("time").cast(pl.UInt64)).write_parquet(path)
    conditions = ", ".join(f"event = '{step}'" for step in steps)
    answer = chdb.query(
        f"SELECT member, windowFunnel({seconds})(time, {conditions}) AS level "
        f"FROM file('{path}', Parquet) GROUP BY member",
        "JSONEachRow",
    )
    return {row["member"]: row["level"] for row in map(json.loads, str(answer).splitlines())}


@pytest.mark.parametrize("seconds", [0, 1, 3, 10, 1000])
@pytest.mark.parametrize("size", [2, 3, 4])
def test_equal_to_clickhouse_where_no_event_could_fill_two_steps(
    size: int, seconds: int, tmp_path: Any
) -> None:
    rng = random.Random(size * 10_000 + seconds)
    events = []
    for number in range(1000):
        latest = rng.choice((0, 3, 8, 20))
        words = [
            f"{rng.choice('aabbccde')}{rng.randint(0, latest)}" for _ in range(rng.randint(1, 9))
        ]
        events += history(" ".join(words), f"m{number}")
    rng.shuffle(events)
    asked: dict[str, Any] = {
        "steps": tuple(map(selector, STEPS[:size])),
        "window": timedelta(seconds=seconds),
        "include_open": True,  # windowFunnel knows of no end of the data
    }
    found = levels(events, BEGIN + timedelta(days=1), **asked)
    theirs = window_funnel(events, STEPS[:size], seconds, tmp_path / "events.parquet")
    assert {member: one.level for member, one in found.items()} == theirs
    assert len(set(theirs.values())) == size + 1


def test_clickhouse_lets_one_event_fill_two_steps(tmp_path: Any) -> None:
    """The known difference: `a > a` is done with a single a there, and takes two here."""
    events = history("a0")
    assert window_funnel(events, ("a", "a"), 10, tmp_path / "events.parquet") == {"p": 2}
    assert came("a0", "a > a") == [0]
