"""`orders` on tables small enough to be worked by hand, each of them about one word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import retainkit
from oracle.clock import DAY
from oracle.people import Row
from orders_agreement import answer, compare, event, expected
from orders_strategies import Shop
from test_oracle_orders import SHOP

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)


def ask(events: list[Row], **asked: Any) -> retainkit.Result:
    return retainkit.orders(Shop("UTC", events, []).event_frame(), **asked)


def cut(table: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return table.select(columns).rows()


@pytest.mark.parametrize("clock", ["elapsed", "calendar"])
def test_the_shop_that_the_oracle_was_worked_on(clock: str) -> None:
    history = Shop("UTC", SHOP, [])
    options = {"clock": clock, "by": (), "lookback_days": 0}
    compare(answer(history, options), expected(history, options), ())


def test_repeat_orders_and_repeat_buyers_are_two_shares() -> None:
    # 70 buyers with 100 orders: 20 second orders, and 10 third ones.
    events = [
        event(f"m{n}", str(BEGIN + turn * DAY), "order", f"{n}-{turn}", 0.1)
        for n in range(70)
        for turn in range(1 + (n < 20) + (n < 10))
    ]
    result = ask(events)
    (row,) = result.table("summary").to_dicts()
    counts = ("members", "buyers", "orders", "buyers_2plus", "repeat_orders")
    assert [row[name] for name in counts] == [70, 70, 100, 20, 30]
    assert row["repeat_order_share"] == 0.30
    assert row["buyers_2plus_share"] == 20 / 70
    assert row["orders_per_buyer"] == 100 / 70
    assert row["amount"] == 10  # to the millionth, however often 0.1 is added
    assert cut(result.table("ladder"), "order", "buyers", "next", "rate", "stopped") == [
        *((1, 70, 20, 20 / 70, 50), (2, 20, 10, 0.5, 10)),
        (3, 10, 0, 0, 10),
    ]


def test_an_id_is_an_id_though_most_are_numbers() -> None:
    ids = ("536365", "536366", "C536366", "536367")
    events = [event("ann", f"2024-01-0{n}", "buy", order, 1.0) for n, order in enumerate(ids, 1)]
    assert ask(events).table("summary")["orders"].to_list() == [4]


def test_nobody_came_and_nobody_bought() -> None:
    result = ask([event("ann", "2024-01-01", "scroll")], visit_event="visit")
    for name in ("periods", "value", "ladder", "payback"):
        assert result.table(name).height == 0, name
    assert cut(result.table("summary"), "members", "buyers", "orders") == [(1, 0, 0)]
    assert cut(result.main, "buyers", "mature", "rate")[0] == (0, 0, None)


def test_a_change_to_nothing_is_of_the_factor_that_is_nothing() -> None:
    # In February nobody came: there is no conversion, no orders of a buyer, and no amount of one.
    days = ("2024-01-05", "2024-03-05", "2024-04-05", "2024-05-01")
    events = [event("ann", day, "order", day, 4.0) for day in days]
    events[2] |= {"event": "visit", "order": None}  # in April somebody came, and bought nothing
    parts = ("visitors", "conversion", "orders_per_buyer", "amount_per_order")
    table = ask(events).table("value")
    assert cut(table, "visitors", "conversion", "sales", "change") == [
        *((1, 1, 4, None), (0, None, 0, -4), (1, 1, 4, 4), (1, 0, 0, -4), (1, 1, 4, None))
    ]
    assert cut(table, *(f"from_{part}" for part in parts))[1:4] == [
        *((-4, 0, 0, 0), (4, 0, 0, 0), (0, -4, 0, 0))
    ]


def test_what_cost_nothing_is_paid_for_at_once(tmp_path: Path) -> None:
    costs = tmp_path / "costs.csv"
    costs.write_text("period,cost\n2024-01,0\n")
    events = [event("ann", "2024-01-05", "visit"), event("ann", "2024-03-01", "buy", "1", 9.0)]
    for as_of, age, sold in (("2024-03-01", 1, 0), ("2024-05-01", 3, 9)):
        table = ask(events, costs=costs, as_of=as_of).table("payback")
        assert cut(table, "cost", "age", "sales_per_member", "payback_age") == [(0, age, sold, 0)]


def test_costs_of_a_period_add_up(tmp_path: Path) -> None:
    costs = tmp_path / "costs.csv"
    costs.write_text("period,cost\n2024-01,10\n2024-01-15,2.5\n2024-02,1\n")
    events = [event("ann", day, "order", day, 4.0) for day in ("2024-01-05", "2024-03-05")]
    table = ask(events, costs=costs, margin=0.5).table("value")
    assert cut(table, "cost", "profit") == [(12.5, -10.5), (1, -1), (None, None)]


def test_a_hazard_is_flat_where_it_is_less_than_twice_of_what_follows() -> None:
    # One of two orders on day 0, the other is watched until day 14. From day 0 on: 1 order in
    # 2 + 6 days of waiting in the week, 1 in 2 + 14 in all: just twice as much, not less.
    events = [event("ann", "2024-01-01", "order", "1"), event("bob", "2024-01-01", "visit")]
    result = ask(events, as_of="2024-01-16")
    assert result.table("hazard").filter(pl.col("kind") == "first_order").height == 15
    assert cut(result.table("audit"), "peak_day", "flat_day")[0] == (0, 1)
    result = ask(events, as_of="2024-01-15")  # 1 in 8, and 1 in 15
    assert cut(result.table("audit"), "peak_day", "flat_day")[0] == (0, 0)


def test_an_order_is_where_it_began() -> None:
    # Three rows of one order over two months and a day's border; the visit of February is none.
    times = ("2024-01-31T23:00", "2024-02-01T01:00", "2024-02-02T00:00")
    events = [event("ann", time, "order", "1", 5.0) for time in times]
    table = ask(events, visit_event="look").table("value")
    assert cut(table, "visitors", "buyers", "orders", "sales") == [(1, 1, 1, 15)]
    late = [event("ann", times[1], "order", "2", 1.0)]
    ladder = ask(events + late, merge_days=True).table("ladder")
    assert ladder["buyers"].to_list() == [1, 1]
    assert ask(events[1:] + late, merge_days=True).table("ladder")["buyers"].to_list() == [1]


def test_one_id_of_two_members_is_two_orders() -> None:
    events = [event(name, "2024-01-01", "order", "1", 1.0) for name in ("ann", "bob", "ann")]
    assert cut(ask(events).table("summary"), "buyers", "orders") == [(2, 2)]


def test_who_joined_when_observation_was_over_has_no_start() -> None:
    members = pl.DataFrame({"user_id": ["ann", "bob", "eve"], "joined": [BEGIN] * 3})
    times = pl.Series("joined", [BEGIN - DAY, BEGIN, BEGIN + 3 * DAY - timedelta(microseconds=1)])
    events = [event("ann", "2024-01-01", "order", "1")]
    asked = {"members": members.with_columns(times), "as_of": "2024-01-04"}
    for since, started in ((None, 3), ("2024-01-01", 2)):
        result = ask(events, since=since, **asked)
        assert result.table("first_order")["members"].to_list() == [started] * 3
        assert result.table("summary")["members"].to_list() == [3]
