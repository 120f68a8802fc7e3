"""`orders` where brute force does not look: what tells an order, costs, requests of no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import retainkit
from retainkit.errors import InputError, RetainkitError, UsageError

Row = dict[str, Any]


def pays(*rows: tuple[str, str, str | None, float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={"user_id": pl.String, "event_time": pl.String, "order_id": pl.String}
        | {"amount": pl.Float64},
        orient="row",
    )


SHOP = pays(
    ("a", "2024-01-01", "1", 50.0),
    ("a", "2024-01-03", None, None),
    ("a", "2024-01-09", "2", 30.0),
    ("b", "2024-01-02", "3", 20.0),
    ("b", "2024-01-20", "3", -20.0),
    ("b", "2024-02-05", "4", 10.0),
    ("c", "2024-02-10", None, 99.0),
)


def totals(events: pl.DataFrame, **keywords: Any) -> Row:
    return retainkit.orders(events, **keywords).table("summary").row(0, named=True)


def test_orders_are_events_with_an_id_where_there_is_a_column_of_ids() -> None:
    row = totals(SHOP)
    assert (row["members"], row["buyers"], row["orders"], row["amount"]) == (3, 2, 4, 90.0)


def test_else_they_are_events_with_an_amount() -> None:
    row = totals(SHOP.drop("order_id"))
    assert (row["buyers"], row["orders"], row["amount"]) == (3, 6, 189.0)


def test_else_they_are_all_events_and_sales_are_unknown() -> None:
    result = retainkit.orders(SHOP.select("user_id", "event_time"))
    row = result.table("summary").row(0, named=True)
    assert (row["buyers"], row["orders"], row["amount"]) == (3, 7, None)
    assert result.table("value")["sales"].null_count() == result.table("value").height
    assert any("sales are unknown" in note for note in result.notes)


def test_ids_that_look_like_numbers_until_a_cancellation_comes_all_count() -> None:
    many = [(f"m{n}", "2024-01-01", str(536_365 + n), 1.0) for n in range(2000)]
    events = pays(*many, ("m0", "2024-01-02", "C536365", -1.0))
    row = totals(events)
    assert (row["buyers"], row["orders"], row["amount"]) == (2000, 2001, 1999.0)


def test_a_selector_decides_what_an_order_is() -> None:
    assert totals(SHOP, order_event="[amount > 25]")["orders"] == 3


def test_the_note_of_negative_amounts_is_there() -> None:
    notes = retainkit.orders(SHOP).notes
    assert any(
        "1 row has a negative amount" in note or "negative amounts" in note for note in notes
    )


def test_a_hundred_orders_of_seventy_buyers() -> None:
    """Twenty have ordered twice, ten of them three times: 30% by orders, 28.6% by buyers."""
    rows = [
        (f"m{n}", f"2024-01-{1 + 10 * k:02}", f"{n}-{k}", 1.0)
        for n in range(70)
        for k in range(1 + (n < 20) + (n < 10))
    ]
    row = totals(pays(*rows))
    assert (row["orders"], row["buyers"], row["buyers_2plus"]) == (100, 70, 20)
    assert row["repeat_order_share"] == 0.3
    assert round(row["buyers_2plus_share"], 3) == 0.286


def test_before_the_first_order_nothing_is_known_without_joining_times() -> None:
    result = retainkit.orders(SHOP.drop_nulls("order_id"))
    assert any("2 members start with an order" in note for note in result.notes)
    members = pl.DataFrame({"user_id": ["a", "b"], "joined": ["2023-12-30", "2024-01-05"]})
    known = retainkit.orders(SHOP, members=members, first_days=[3, 40])
    assert not any("start with an order" in note for note in known.notes)
    assert any("1 member has an order before the start" in note for note in known.notes)
    converted = known.table("first_order").select("days", "mature", "converted").rows()
    assert converted == [(3, 2, 1), (40, 1, 1)]


COSTS = "period,cost\n2024-01,40\n2024-01-15,10\n2024-02-01,500\n"


def costs(folder: Path, text: str, **keywords: Any) -> retainkit.Result:
    path = folder / "costs.csv"
    path.write_text(text, encoding="utf-8")
    return retainkit.orders(SHOP, costs=str(path), **keywords)


def test_profit_is_margin_times_sales_less_what_was_spent(tmp_path: Path) -> None:
    value = costs(tmp_path, COSTS, margin=0.5, as_of="2024-03-01").table("value")
    assert value.select("sales", "cost", "profit").rows() == [
        (80.0, 50.0, -10.0),
        (10.0, 500, -495),
    ]


def test_payback_is_the_first_age_that_has_earned_the_cost(tmp_path: Path) -> None:
    table = costs(tmp_path, COSTS, as_of="2024-03-01").table("payback")
    rows = table.select("members", "cost_per_member", "age", "sales_per_member", "payback_age")
    assert rows.rows() == [(2, 25.0, 1, 45.0, 0), (1, 500.0, 0, 0.0, None)]


def test_costs_of_segments_stand_beside_their_sales(tmp_path: Path) -> None:
    text = '月份,channel,成本\n2024-01,x,¥1\n2024/1/5,y,"1,000"\n2030-01,x,7\n'
    members = pl.DataFrame({"user_id": ["a", "b", "c"], "channel": ["x", "y", "x"]})
    result = costs(tmp_path, text, by="channel", members=members)
    value = result.table("value").filter(pl.col("cost").is_not_null())
    assert value.select("channel", "cost").rows() == [("x", 1.0), ("y", 1000.0)]
    assert any("1 row of costs is for periods" in note for note in result.notes)


@pytest.mark.parametrize(
    ("text", "keywords", "error", "message"),
    [
        ("month,spent\n2024-01,1\n", {}, InputError, "has no column 'cost'"),
        ("cost,x\n1,2\n", {}, InputError, "has no column 'period'"),
        ("period,cost\n2024-01,1\n2024-13,1\n", {}, InputError, "row 3, the period is '2024-13'"),
        ("period,cost\n,1\n", {}, InputError, "row 2, the period is empty"),
        ("period,cost\n2024-01,much\n", {}, InputError, "row 2, the cost is 'much'"),
        ("period,cost\n2024-01,-5\n", {}, InputError, "row 2, the cost is '-5'"),
        ("period,cost,channel\n2024-01,5,x\n", {}, UsageError, "costs by channel, and no --by"),
        (COSTS, {"by": "order_id"}, UsageError, "costs by period alone, and --by order_id"),
    ],
)
def test_costs_that_cannot_be_used_are_one_error(
    tmp_path: Path, text: str, keywords: Row, error: type[RetainkitError], message: str
) -> None:
    with pytest.raises(error) as told:
        costs(tmp_path, text, **keywords)
    assert message in str(told.value)


def test_costs_need_amounts_and_a_file(tmp_path: Path) -> None:
    path = tmp_path / "costs.csv"
    path.write_text(COSTS, encoding="utf-8")
    with pytest.raises(RetainkitError, match="amount"):
        retainkit.orders(SHOP.drop("amount"), costs=path)
    with pytest.raises(InputError, match=r"nowhere\.csv"):
        retainkit.orders(SHOP, costs="nowhere.csv")


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"first_days": []}, "--first-days: name days"),
        ({"first_days": [0, 3]}, "--first-days: name days"),
        ({"repeat_days": [7, 7]}, "--repeat-days: a number of days is named twice"),
        ({"horizon": 0}, "--horizon"),
        ({"period": "hour"}, "--period"),
        ({"clock": "sundial"}, "--clock"),
        ({"margin": 0.4}, "no --costs FILE"),
        ({"order_event": "pay["}, "never closed"),
        ({"visit_event": "[amount >]"}, "is not SQL"),
        ({"lookback": "12h"}, "--lookback"),
        ({"by": ["a", "a"]}, "--by"),
        ({"confidence": 1.5}, "--confidence"),
    ],
)
def test_requests_of_no_sense_are_refused_before_data_is_read(keywords: Row, message: str) -> None:
    with pytest.raises(UsageError) as told:
        retainkit.orders("no-such-file.csv", **keywords)
    assert message in str(told.value)


def test_a_margin_is_a_positive_number(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--margin"):
        costs(tmp_path, COSTS, margin=-1.0)


def test_nothing_at_all_is_told_as_nothing() -> None:
    events = SHOP.clear()
    result = retainkit.orders(events, as_of="2024-03-01")
    assert result.main.select("buyers", "mature", "rate").rows() == [(0, 0, None)] * 3
    assert result.table("summary").row(0)[:3] == (0, 0, 0)
    assert all(result.table(name).height == 0 for name in ("ladder", "hazard", "value", "payback"))
