"""The oracle of `orders` against itself: hand-worked tables, and brute force against SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from oracle.clock import DAY
from oracle.orders_days import Wait, curve, medians
from oracle.orders_money import tables
from oracle.people import Row, observe
from orders_agreement import event

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


# Worked on paper. The last event is on March 5, so as-of is March 6; starts are first events.
SHOP = [
    event("ann", "2024-01-01T10:00", "visit"),
    event("ann", "2024-01-03T10:00", "order", "A1", 10.0),  # 48 hours later
    event("ann", "2024-01-05T10:00", "order", "A1", 5.5),  # still that order
    event("ann", "2024-01-20T09:00", "order", "A2", 20.0),  # 16 days and 23 hours
    event("bob", "2024-01-10T12:00", "order", "B1", 8.0),
    event("bob", "2024-01-10T18:00", "order", "B2", 2.0),
    event("bob", "2024-02-10T12:00", "order", "B3", 30.0),  # 30 days and 18 hours
    event("cat", "2024-02-01T08:00", "visit"),
    event("cat", "2024-02-08T08:00", "order", "C1", 12.0),  # 7 x 24 hours
    event("dan", "2024-03-05T10:00", "visit"),
]
JAN, FEB, MAR = (date(2024, month, 1) for month in (1, 2, 3))


def shop(**asked: Any) -> dict[str, list[Row]]:
    lookback = asked.pop("lookback_days", 0)
    return tables(observe(SHOP, by=asked.get("by", ()), lookback_days=lookback), **asked)


def cut(rows: Sequence[Row], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in columns) for row in rows]


def test_windows_by_hand() -> None:
    found = shop()
    columns = ("days", "members", "mature", "converted")
    assert cut(found["first_order"], *columns) == [(3, 4, 3, 2), (7, 4, 3, 3), (30, 4, 3, 3)]
    columns = ("days", "buyers", "mature", "repurchased", "rate")
    assert cut(found["main"], *columns) == [
        *((7, 3, 3, 1, 1 / 3), (30, 3, 2, 2, 1)),
        (90, 3, 0, 0, None),
    ]
    # Dates: ann's second order comes 17 days after the first, and dan's day 0 is over.
    found = shop(clock="calendar", first_days=(1, 2), repeat_days=(16, 17))
    assert cut(found["first_order"], "mature", "converted") == [(3, 1), (3, 2)]
    assert cut(found["main"], "mature", "repurchased") == [(3, 1), (3, 2)]


def test_summary_and_ladder_by_hand() -> None:
    found = shop()
    (row,) = found["summary"]
    assert list(row.values()) == [
        *(4, 3, 6, 2, 2 / 3, 3, 0.5, 2),
        *(87.5, pytest.approx(87.5 / 6), pytest.approx(87.5 / 3)),
    ]
    columns = ("order", "buyers", "next", "rate", "stopped")
    assert cut(found["ladder"], *columns) == [
        (1, 3, 2, 2 / 3, 1),
        (2, 2, 1, 1 / 2, 1),
        (3, 1, 0, 0, 1),
    ]


def test_cycle_by_hand() -> None:
    columns = ("order", "gaps", "open", "observed_median_days", "km_median_days")
    assert cut(shop()["cycle"], *columns) == [
        (1, 2, 1, 0, 16),  # 0, 16 and 25+: 2/3, then 1/3
        (2, 1, 1, 30, 30),  # 30 and 44+: 1/2
        (3, 0, 1, None, None),  # 23+
        (4, 0, 0, None, None),
        (5, 0, 0, None, None),
        (None, 3, 3, 16, 30),  # 5/6, 4/6, and of two left one: 2/6
    ]
    rows = shop(clock="calendar")["cycle"]
    assert cut(rows, "observed_median_days")[0::5] == [(0,), (17,)]


def test_hazard_and_audit_by_hand() -> None:
    found = shop()
    rows = [row for row in found["hazard"] if row["kind"] == "first_order"]
    assert cut(rows, "at_risk", "events") == [(3, 1), (2, 0), (2, 1), *[(1, 0)] * 4, (1, 1)]
    assert [rows[day]["cumulative"] for day in (0, 2, 7)] == [1 / 3, 2 / 3, 1]
    assert (rows[7]["ci_low"], rows[7]["ci_high"]) == (1, 1)
    rows = [row for row in found["hazard"] if row["kind"] == "repurchase"]
    assert (len(rows), rows[-1]["at_risk"]) == (26, 1)
    columns = ("golden_days", "conversions", "golden_share", "days_80", "peak_day", "flat_day")
    assert cut(found["audit"], *columns) == [
        (3, 3, 2 / 3, 8, 7, 7),
        (7, 2, 0.5, 17, 16, 16),  # from day 16 on: 1/8 in the week, 1/11 in all
    ]
    found = shop(clock="calendar")
    rows = [row for row in found["hazard"] if row["kind"] == "first_order"]
    assert cut(rows, "at_risk", "events") == [(4, 1), (2, 0), (2, 1), *[(1, 0)] * 4, (1, 1)]
    assert cut(found["audit"], *columns)[0] == (3, 3, 5 / 8, 7, 7, 7)


def test_a_peak_is_not_flat_until_the_week_is_no_better_than_the_rest() -> None:
    # 20 of 100 on day 0, one a day in the week after, then nobody for half a year.
    events, table = [], []
    for number in range(100):
        table.append({"member": f"m{number}", "joined": BEGIN})
        if number < 27:
            when = BEGIN + max(0, number - 19) * DAY
            events.append(
                {"member": f"m{number}", "time": when, "event": "order"}
                | {"order": "1", "amount": 1.0}
            )
    world = observe(events, table, as_of=BEGIN + 180 * DAY)
    first, _ = tables(world, horizon=179)["audit"]
    assert (first["conversions"], first["peak_day"], first["days_80"]) == (27, 0, 3)
    assert first["golden_share"] == pytest.approx(22 / 27)
    # Day 7: 1 of 74 a day for a week is 1 / (74 + 6 x 73), of all that are left 1 / 173 of it.
    assert first["flat_day"] == 8  # from where on nobody orders


def test_periods_by_hand() -> None:
    rows = shop()["periods"]
    columns = ("period", "buyers", "orders", "new_buyers", "previous_buyers", "repurchased", "rate")
    assert cut(rows, *columns, "complete") == [
        (JAN, 2, 4, 2, 0, 0, None, True),
        (FEB, 2, 2, 1, 2, 1, 0.5, True),
        (MAR, 0, 0, 0, 2, 0, 0, False),
    ]


def test_value_by_hand() -> None:
    costs = [{"period": date(2024, 1, 9), "cost": 60.0}, {"period": FEB, "cost": 5.0}]
    found = shop(costs=costs, margin=0.5)
    columns = ("visitors", "buyers", "orders", "sales", "conversion", "orders_per_buyer")
    assert cut(found["value"], *columns, "amount_per_order", "cost", "profit", "change") == [
        (2, 2, 4, 45.5, 1, 2, 11.375, 60, -37.25, None),
        (2, 2, 2, 42, 1, 1, 21, 5, 16, -3.5),
        (1, 0, 0, 0, 0, None, None, None, None, None),  # nobody says what March cost
    ]
    parts = list(found["value"][1].values())[-4:]
    # 43.7266 ln(1/2), 43.7266 ln(21/11.375): the mean is 3.5 / ln(45.5/42).
    assert parts == [0, 0, pytest.approx(-30.3090, abs=1e-4), pytest.approx(26.8090, abs=1e-4)]
    columns = ("cohort", "members", "cost", "cost_per_member", "age", "sales_per_member")
    assert cut(found["payback"], *columns, "payback_age")[:2] == [
        (JAN, 2, 60, 30, 1, 18.875, None),  # half of 45.5, then of 30
        (FEB, 1, 5, 5, 0, 6, 0),
    ]
    assert cut(shop(costs=costs)["payback"], "payback_age")[:2] == [(1,), (0,)]


def test_a_change_from_nothing_is_of_what_was_nothing() -> None:
    days = {"01-05": 4.0, "03-05": 9.0, "04-01": None}
    events = [event("ann", f"2024-{day}", "order", day, amount) for day, amount in days.items()]
    events += [event("bob", "2024-01-06", "order", "b", 1.0), event("bob", "2024-03-06", "visit")]
    rows = tables(observe(events))["value"]
    # Nobody came in February; it takes all sales, and gives those of March. April has begun.
    names = ("change", "from_visitors", "from_conversion", "from_amount_per_order")
    assert cut(rows, *names) == [(None,) * 4, (-5, -5, 0, 0), (9, 9, 0, 0), (None,) * 4]


def test_lookback_and_merged_days() -> None:
    found = shop(lookback_days=30, merge_days=True)
    assert cut(found["first_order"], "members", "mature", "converted")[1:2] == [(2, 1, 1)]
    assert cut(found["main"], "buyers")[0] == (1,)
    assert found["summary"][0]["orders"] == 5
    assert cut(found["periods"], "orders") == [(3,), (2,), (0,)]
    assert cut(shop(merge_days=True)["main"], "mature", "repurchased")[1] == (2, 1)  # bob: 31 days


@pytest.mark.parametrize(("late", "found"), [(-1, 1), (0, 1), (1, 0)])
def test_windows_end_where_they_end(late: int, found: int) -> None:
    start = event("ann", "2024-01-01T10:00", "order", "1")
    events = [start, start | {"time": start["time"] + DAY + late * MICROSECOND, "order": "2"}]
    for more, seen in ((-1, (0, 0)), (0, (1, found if late < 0 else 0)), (2, (1, found))):
        world = observe(events, as_of=start["time"] + DAY + more * MICROSECOND)
        rows = tables(world, repeat_days=(1,))["main"]
        assert cut(rows, "mature", "repurchased") == [seen]


def test_a_day_of_23_hours() -> None:
    noon = "2024-03-09T12:00-05:00", "2024-03-10T12:00-04:00"
    events = [event("ann", time, "order") for time in noon]
    world = observe(events, tz="America/New_York", as_of=events[1]["time"] + 30 * DAY)
    days = {}
    for clock in ("elapsed", "calendar"):
        (row,) = tables(world, clock=clock, ids=False, amounts=False)["cycle"][:1]
        days[clock] = row["observed_median_days"]
    assert days == {"elapsed": 0, "calendar": 1}


def test_joining_decides_the_start() -> None:
    members = [
        {"member": "ann", "joined": BEGIN + 4 * DAY},  # after the first order began
        {"member": "bob", "joined": None},
        {"member": "eve", "joined": BEGIN},
        {"member": "fay", "joined": None},  # nobody knows of her
        {"member": "cat", "joined": BEGIN + 90 * DAY},  # not yet: a member, without a start
    ]
    world = observe(SHOP, members)
    found = tables(world)
    assert found["summary"][0]["members"] == 5
    # ann from January 5: her order of the 20th, in 15 days; bob and dan from their first events.
    columns = ("days", "members", "mature", "converted")
    assert cut(found["first_order"], *columns) == [(3, 4, 3, 1), (7, 4, 3, 1), (30, 4, 3, 2)]
    assert tables(world, since=BEGIN + DAY)["first_order"][0]["members"] == 3
    assert tables(world, start_event="visit")["first_order"][0]["members"] == 3


def test_what_an_order_is() -> None:
    def count(**asked: Any) -> int:
        return int(tables(observe(SHOP), **asked)["summary"][0]["orders"])

    assert count() == 6
    assert count(ids=False) == 7  # every row with an amount
    assert count(ids=False, amounts=False) == 10  # every event
    assert count(order_event="*") == 9  # three visits are orders of their own
    assert count(order_event="order[amount > 9]|visit") == 7


def test_limits_of_a_median_by_the_book() -> None:
    # Remission under 6-MP (Freireich et al. 1963, 21 patients): R's survfit with conf.type =
    # "log-log" tells median 23, 0.95LCL 13, 0.95UCL NA.
    over = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    kept = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    waits = [Wait(day, over=True) for day in over] + [Wait(day, over=False) for day in kept]
    assert medians(curve(waits, 0.95)) == (23, 13, None)
    assert [round(float(day.survival), 4) for day in curve(waits, 0.95) if day.events] == [
        *(0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482)
    ]
