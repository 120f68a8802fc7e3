"""The oracle against itself: hand-worked tables, and brute force against SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle import brute, duck
from oracle.people import Row, observe
from strategies import History, histories

MODES = ("on", "within", "on-or-after", "every")


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def event(member: str, time: str, name: str | None = None, **more: object) -> Row:
    moment = datetime.fromisoformat(time)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return {"member": member, "time": moment, "event": name} | more


# Worked on paper: a and b start in January, c and d in February; April has begun, no more.
SHOP = [
    *(event("a", day) for day in ("2024-01-05", "2024-01-20", "2024-02-03", "2024-03-09")),
    *(event("b", day) for day in ("2024-01-31T23:59", "2024-03-01")),
    *(event("c", day) for day in ("2024-02-10", "2024-02-10")),
    *(event("d", day) for day in ("2024-02-29", "2024-04-01")),
]
JAN, FEB = date(2024, 1, 1), date(2024, 2, 1)
RETURNED = {
    "on": {JAN: [2, 1, 2, 0], FEB: [2, 0, 1]},
    "within": {JAN: [0, 1, 2, 2], FEB: [0, 0, 1]},
    "on-or-after": {JAN: [2, 2, 2, 0], FEB: [2, 1, 1]},
    "every": {JAN: [2, 1, 1, 0], FEB: [2, 0, 0]},
}


@pytest.mark.parametrize("mode", MODES)
def test_triangle_by_hand(mode: str, database: duckdb.DuckDBPyConnection) -> None:
    by_hand = {
        (cohort, age): returned
        for cohort, line in RETURNED[mode].items()
        for age, returned in enumerate(line)
    }
    main = brute.cohort(observe(SHOP), mode=mode)["main"]
    assert {(row["cohort"], row["age"]): row["returned"] for row in main} == by_hand
    duck.load(database, SHOP)
    sql = duck.cohort(database, "month")
    assert {(row["cohort"], row["age"]): row[mode] for row in sql} == by_hand
    april = {(JAN, 3), (FEB, 2)}
    for rows in (main, sql):
        assert {row["size"] for row in rows} == {2}
        assert {(row["cohort"], row["age"]) for row in rows if not row["complete"]} == april


def test_pooled_leaves_incomplete_cells_out() -> None:
    pooled = brute.cohort(observe(SHOP))["pooled"]
    columns = ("age", "cohorts", "size", "returned")
    assert [tuple(row[c] for c in columns) for row in pooled] == [
        (0, 2, 4, 4),
        (1, 2, 4, 1),
        (2, 1, 2, 2),
    ]


def test_lookback_drops_members_seen_early() -> None:
    # 30 days from January 5 is February 4: a and b were seen before, e was not.
    main = brute.cohort(observe([*SHOP, event("e", "2024-02-04")], lookback_days=30))["main"]
    assert {(row["cohort"], row["size"]) for row in main} == {(FEB, 3)}


def test_elapsed_ages_are_24_hours_from_the_start() -> None:
    # 23 hours later is age 0, 48 hours later age 2, which is not over for who starts at 23:59.
    rows = [event("a", time) for time in ("2024-01-01T10:00", "2024-01-02T09:00", "2024-01-03T10")]
    main = brute.cohort(observe(rows), period="day", clock="elapsed")["main"]
    assert [(row["returned"], row["complete"]) for row in main] == [
        (1, True),
        (0, True),
        (1, False),
    ]
    # The first of two starts on one day is the one that counts: 25 hours, not 6.
    rows = [event("b", time) for time in ("2024-01-01T01", "2024-01-01T20", "2024-01-02T02")]
    main = brute.cohort(observe(rows), period="day", clock="elapsed", cohorts="recurring")["main"]
    assert [row["returned"] for row in main] == [1, 1, 1]


def test_recurring_cohorts() -> None:
    # February: a, c, d did something in it; in March a alone; in April d alone.
    main = brute.cohort(observe(SHOP), cohorts="recurring")["main"]
    line = [(row["size"], row["returned"]) for row in main if row["cohort"] == FEB]
    assert line == [(3, 3), (3, 1), (3, 1)]


def test_brackets_and_min_occurrences() -> None:
    returned = {}
    for least in (1, 2):
        main = brute.cohort(observe(SHOP), brackets=("0", "1-2"), min_occurrences=least)["main"]
        returned[least] = {(row["cohort"], row["age"]): row["returned"] for row in main}
        assert [row["complete"] for row in main] == [True, True, True, False]
    assert returned[1] == {(JAN, "0"): 2, (JAN, "1-2"): 2, (FEB, "0"): 2, (FEB, "1-2"): 1}
    assert returned[2] == {(JAN, "0"): 1, (JAN, "1-2"): 1, (FEB, "0"): 1, (FEB, "1-2"): 0}


def test_amounts_and_orders() -> None:
    rows = [
        event("a", "2024-01-05", "order", amount=10.0, order="1"),
        event("a", "2024-02-01", "order", amount=5.0, order="1"),  # the same order, later
        event("a", "2024-02-02", "order", amount=None, order=None),
        event("a", "2024-02-02", "order", amount=-2.5, order=None),
        event("b", "2024-01-09", "visit", amount=99.0, order="9"),
        event("b", "2024-03-31", "order", amount=8.0, order="1"),  # another member's "1"
    ]
    values = {
        (measure, mode): [
            row["value"]
            for row in brute.cohort(
                observe(rows), measure=measure, mode=mode, return_event="order"
            )["main"]
        ]
        for measure in ("amount", "orders")
        for mode in MODES
    }
    assert values == {
        ("amount", "on"): [10, 2.5, 8],
        ("amount", "within"): [0, 2.5, 10.5],
        ("amount", "on-or-after"): [20.5, 10.5, 8],
        ("amount", "every"): [10, 2.5, 0],
        ("orders", "on"): [1, 2, 1],
        ("orders", "within"): [0, 2, 3],
        ("orders", "on-or-after"): [4, 3, 1],
        ("orders", "every"): [1, 2, 0],
    }


def test_amounts_count_however_many_events_a_return_takes() -> None:
    # February holds one event only: with two asked for nobody returned, but the money came in.
    days = {"2024-01-01": 1.0, "2024-01-02": 2.0, "2024-02-01": 4.0, "2024-03-01": 8.0}
    rows = [event("a", day, amount=amount) for day, amount in days.items()]
    rows.append(event("a", "2024-03-02", amount=16.0))
    values = {
        mode: [
            row["value"]
            for row in brute.cohort(observe(rows), measure="amount", mode=mode, min_occurrences=2)[
                "main"
            ]
        ]
        for mode in MODES
    }
    assert values == {
        "on": [3, 4, 24],
        "within": [0, 4, 28],
        "on-or-after": [31, 28, 24],
        "every": [3, 0, 0],
    }


def test_joined_and_segments() -> None:
    members: list[Row] = [
        {"member": "a", "joined": datetime(2023, 12, 31, tzinfo=UTC), "tier": "gold"},
        {"member": "b", "joined": datetime(2024, 2, 1, tzinfo=UTC), "tier": None},
        {"member": "x", "joined": datetime(2024, 2, 9, tzinfo=UTC), "tier": "gold"},
        {"member": "y", "joined": None, "tier": "gold"},
        {"member": "z", "joined": datetime(2024, 4, 2, tzinfo=UTC), "tier": "gold"},
    ]
    main = brute.cohort(observe(SHOP, members, by=("tier",)), by=("tier",))["main"]
    on = {(row["tier"], row["cohort"], row["age"]): (row["size"], row["returned"]) for row in main}
    assert on[("gold", date(2023, 12, 1), 0)] == (1, 0)
    assert on[("gold", date(2023, 12, 1), 1)] == (1, 1)
    assert on[("gold", FEB, 0)] == (1, 0)  # x: in the table, never seen
    assert on[(None, FEB, 0)] == (3, 2)  # b, whose January is before the join; c and d
    assert on[(None, FEB, 1)] == (3, 1)
    assert {key[1] for key in on} == {date(2023, 12, 1), FEB}  # y never starts, z not yet
    named = brute.cohort(observe(SHOP, members), start_event="*")["main"]
    assert [row["size"] for row in named if row["age"] == 0] == [2, 2]


def test_first_touch_takes_the_smallest_of_a_tie() -> None:
    rows = [
        event("a", "2024-01-01", channel=None),
        event("a", "2024-01-01", channel="web"),
        event("a", "2024-01-01", channel="ads"),
        event("b", "2024-01-01", channel=None),
        event("b", "2024-01-02", channel="web"),
    ]
    assert [one.segment for one in observe(rows, by=("channel",)).people] == [("ads",), (None,)]


def test_day_one_depends_on_the_zone(database: duckdb.DuckDBPyConnection) -> None:
    # 15:00 and 17:00 UTC are 23:00 and, on the next day, 01:00 in Shanghai.
    rows = [
        event("a", "2024-01-01T15:00"),
        event("a", "2024-01-01T17:00"),
        event("b", "2024-01-03"),
    ]
    duck.load(database, rows)
    for tz, returned in {"UTC": 0, "Asia/Shanghai": 1}.items():
        day_one = brute.retention(observe(rows, tz=tz), days=(1,), modes=("on",))
        assert [(r["members"], r["mature"], r["returned"]) for r in day_one] == [(2, 1, returned)]
        sql = duck.retention(database, [1], tz=tz)
        assert [(r["members"], r["mature"], r["on"]) for r in sql] == [(2, 1, returned)]


def test_a_short_day_counts_as_a_day_on_the_calendar_only() -> None:
    # New York lost an hour on 2024-03-10: noon to 12:30 the next day is 23.5 hours.
    rows = [event("a", "2024-03-09T12:00-05:00"), event("a", "2024-03-10T12:30-04:00")]
    world = observe(rows, tz="America/New_York", as_of=datetime(2024, 4, 1, tzinfo=UTC))
    for clock, returned in {"calendar": 1, "elapsed": 0}.items():
        answer = brute.retention(world, days=(1,), modes=("on",), clock=clock)
        assert answer[0]["returned"] == returned


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17:857-872, table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published(k: int, n: int, low: float, high: float) -> None:
    assert brute.wilson(k, n, 0.95) == pytest.approx((low, high), abs=5e-5)


@settings(max_examples=40, deadline=None)
@given(histories(), st.sampled_from(("day", "week", "month", "quarter", "year")), st.data())
def test_brute_force_and_sql_agree(
    database: duckdb.DuckDBPyConnection, history: History, period: str, data: st.DataObject
) -> None:
    stated = data.draw(st.none() | st.sampled_from([row["time"] for row in history.events]))
    duck.load(database, history.events)
    world = observe(history.events, tz=history.tz, as_of=stated)
    sql = duck.cohort(database, period, tz=history.tz, as_of=stated)
    for mode in MODES:
        main = brute.cohort(world, period=period, mode=mode)["main"]
        cells = {(r["cohort"], r["age"]): (r["size"], r["complete"], r["returned"]) for r in main}
        assert cells == {(r["cohort"], r["age"]): (r["size"], r["complete"], r[mode]) for r in sql}
    sql = duck.retention(database, [1, 7, 30], tz=history.tz, as_of=stated)
    rows = {(r["day"], r["mode"]): (r["mature"], r["returned"]) for r in brute.retention(world)}
    assert rows == {(r["day"], m): (r["mature"], r[m]) for r in sql for m in MODES[:3]}
