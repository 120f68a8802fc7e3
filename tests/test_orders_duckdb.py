"""`orders` of Online Retail and the CDNOW sample against DuckDB, cell by cell."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import retainkit
from agreement import ABSOLUTE
from oracle import duck, orders_duck
from oracle.orders_duck import Asked, prepare
from oracle.orders_money import tables
from oracle.people import observe
from orders_strategies import Shop, crowds, observed, order_histories
from retainkit.results import Result

ROOT = Path(__file__).parents[1]
RETAIL = ROOT / "examples" / "online_retail" / "online_retail.parquet"
CDNOW = ROOT / "tests" / "data" / "cdnow" / "CDNOW_sample.txt"
FIRST_DAYS, REPEAT_DAYS = (3, 7, 30), (1, 7, 30, 90)
KINDS = {"first_order": ("members", "converted"), "repurchase": ("buyers", "repurchased")}
FROM = ("from_visitors", "from_conversion", "from_orders_per_buyer", "from_amount_per_order")
CENT = 0.005

WHERE = pytest.mark.parametrize(
    "where",
    [
        pytest.param(None, id="all"),
        pytest.param("InvoiceNo NOT LIKE 'C%'", id="without cancellations", marks=pytest.mark.long),
    ],
)
CLOCKS = pytest.mark.parametrize("clock", ["elapsed", "calendar"])
MERGED = pytest.mark.parametrize("merge_days", [False, True], ids=["apart", "merged"])


@cache
def retail(where: str | None) -> duckdb.DuckDBPyConnection:
    return duck.connect(f"""
        SELECT
            CustomerID AS member,
            InvoiceDate AT TIME ZONE 'UTC' AS time,
            true AS is_order,
            InvoiceNo AS order_id,
            Quantity * UnitPrice::DECIMAL(12, 6) AS amount
        FROM '{RETAIL}'
        WHERE CustomerID IS NOT NULL AND ({where or "true"})
    """)


@cache
def cdnow() -> duckdb.DuckDBPyConnection:
    rows = [line.split() for line in CDNOW.read_text().splitlines()]
    database = duckdb.connect()
    orders_duck.load(
        database,
        (
            {
                "member": member,
                "time": datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC),
                "order": str(number),  # every line a purchase
                "amount": float(dollars),
            }
            for number, (member, _, day, _, dollars) in enumerate(rows)
        ),
    )
    return database


def of_retail(where: str | None, **asked: Any) -> Result:
    return retainkit.orders(
        RETAIL,
        order_col="InvoiceNo",
        amount_col="Quantity * UnitPrice",
        where=where,
        first_days=FIRST_DAYS,
        repeat_days=REPEAT_DAYS,
        **asked,
    )


def of_cdnow(**asked: Any) -> Result:
    return retainkit.orders(
        CDNOW,
        header=False,
        member_col="column_1",
        time_col="column_3",
        amount_col="column_5",
        first_days=FIRST_DAYS,
        repeat_days=REPEAT_DAYS,
        **asked,
    )


# --- what is compared ---


def cut(rows: pl.DataFrame | list[duck.Row], *columns: str) -> list[tuple[Any, ...]]:
    rows = rows.to_dicts() if isinstance(rows, pl.DataFrame) else rows
    return [tuple(row[name] for name in columns) for row in rows]


def compare(result: Result, asked: Asked, period: str, horizon: int = 90) -> None:
    """All that SQL tells of a Result."""
    for name, days, (members, ended) in (
        ("first_order", FIRST_DAYS, KINDS["first_order"]),
        ("main", REPEAT_DAYS, KINDS["repurchase"]),
    ):
        kind = "repurchase" if name == "main" else name
        rows = asked.windows(kind, days)
        found = cut(result.table(name), "days", members, "mature", ended)
        assert found == cut(rows, "days", "members", "mature", "ended"), name
        for row in result.table(name).to_dicts():
            assert row["rate"] == (row[ended] / row["mature"] if row["mature"] else None)
        daily = result.table("hazard").filter(pl.col("kind") == kind)
        columns = ("day", "at_risk", "events")
        assert cut(daily, *columns) == cut(asked.hazard(kind, horizon), *columns), kind
    columns = ("order", "buyers", "next", "stopped")
    assert cut(result.table("ladder"), *columns) == cut(asked.ladder(), *columns)
    (total,), told = result.table("summary").to_dicts(), asked.summary()
    for count in ("members", "buyers", "orders", "buyers_2plus", "repeat_orders"):
        assert total[count] == told[count], count
    assert total["amount"] == pytest.approx(float(told["amount"]), abs=CENT)
    assert total["repeat_order_share"] == told["repeat_orders"] / told["orders"]
    assert total["buyers_2plus_share"] == told["buyers_2plus"] / told["buyers"]
    columns = ("period", "buyers", "orders", "new_buyers", "previous_buyers", "repurchased")
    columns += ("complete",)
    assert cut(result.table("periods"), *columns) == cut(asked.periods(period), *columns)
    value, wanted = result.table("value"), asked.value(period)
    columns = ("period", "visitors", "buyers", "orders", "complete")
    assert cut(value, *columns) == cut(wanted, *columns)
    for row, other in zip(value.to_dicts(), wanted, strict=True):
        assert row["sales"] == pytest.approx(float(other["sales"]), abs=CENT)
        for name in ("change", *FROM):
            if other[name] is not None or name == "change":
                cents = None if other[name] is None else pytest.approx(other[name], abs=CENT)
                assert row[name] == cents, (row["period"], name)


# --- Online Retail ---


@WHERE
@CLOCKS
@MERGED
def test_online_retail(where: str | None, clock: str, merge_days: bool) -> None:
    result = of_retail(where, clock=clock, merge_days=merge_days)
    compare(result, prepare(retail(where), clock=clock, merge_days=merge_days), "month")


@WHERE
@pytest.mark.parametrize("period", ["week", "quarter"])
def test_online_retail_by_other_periods(where: str | None, period: str) -> None:
    compare(of_retail(where, period=period), prepare(retail(where)), period)


def test_online_retail_seen_from_july() -> None:
    as_of = datetime(2011, 7, 3, 9, 30, tzinfo=UTC)
    result = of_retail(None, as_of=as_of, horizon=20, clock="calendar")
    compare(result, prepare(retail(None), as_of=as_of, clock="calendar"), "month", 20)


def test_online_retail_in_other_zones() -> None:
    # Its times have no zone: what they are called moves with them, so nothing changes.
    first, second = (of_retail(None, tz=tz) for tz in ("UTC", "Asia/Shanghai"))
    for name, table in first.tables.items():
        assert second.table(name).equals(table), name


def test_online_retail_is_what_the_shop_sold() -> None:
    # Every row with a customer added up in decimals, returns included.
    total = of_retail(None).table("summary").row(0, named=True)
    assert total["amount"] == pytest.approx(8_300_065.814, abs=CENT)
    assert (total["buyers"], total["orders"]) == (4372, 22_190)


# --- CDNOW ---


@CLOCKS
@MERGED
def test_cdnow(clock: str, merge_days: bool) -> None:
    result = of_cdnow(clock=clock, merge_days=merge_days)
    compare(result, prepare(cdnow(), clock=clock, merge_days=merge_days), "month")


def test_cdnow_is_what_its_authors_count() -> None:
    # Fader & Hardie (2001): 2,357 customers of the sample, all of them buyers from the first line.
    total = of_cdnow().table("summary").row(0, named=True)
    assert (total["members"], total["buyers"], total["orders"]) == (2357, 2357, 6919)
    merged = of_cdnow(merge_days=True).table("summary").row(0, named=True)
    assert merged["orders"] == 6696  # purchases of one customer on one day are one
    assert merged["amount"] == pytest.approx(total["amount"], abs=CENT)
    first = of_cdnow().table("periods").row(0, named=True)
    assert first["period"] == date(1997, 1, 1)


# --- SQL against brute force ---


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


@settings(max_examples=60)
@given(
    data=st.data(),
    history=order_histories(("UTC", "Asia/Shanghai", "America/New_York")) | crowds(),
    clock=st.sampled_from(("elapsed", "calendar")),
    merge_days=st.booleans(),
    period=st.sampled_from(("day", "week", "month", "quarter", "year")),
)
def test_sql_is_equal_to_brute_force(
    data: st.DataObject,
    history: Shop,
    clock: str,
    merge_days: bool,
    period: str,
    database: duckdb.DuckDBPyConnection,
) -> None:
    as_of = data.draw(observed(history)).get("as_of")
    orders_duck.load(database, history.events)
    asked = prepare(database, tz=history.tz, as_of=as_of, clock=clock, merge_days=merge_days)
    brute = tables(
        observe(history.events, tz=history.tz, as_of=as_of),
        first_days=FIRST_DAYS,
        repeat_days=REPEAT_DAYS,
        clock=clock,
        merge_days=merge_days,
        period=period,
        horizon=40,
    )
    columns = ("days", "members", "mature", "ended")
    found = cut(brute["first_order"], "days", "members", "mature", "converted")
    assert found == cut(asked.windows("first_order", FIRST_DAYS), *columns)
    found = cut(brute["main"], "days", "buyers", "mature", "repurchased")
    assert found == cut(asked.windows("repurchase", REPEAT_DAYS), *columns)
    for kind in KINDS:
        rows = [row for row in brute["hazard"] if row["kind"] == kind]
        columns = ("day", "at_risk", "events")
        assert cut(rows, *columns) == cut(asked.hazard(kind, 40), *columns)
    columns = ("order", "buyers", "next", "stopped")
    assert cut(brute["ladder"], *columns) == cut(asked.ladder(), *columns)
    (total,), told = brute["summary"], asked.summary()
    assert all(total[name] == told[name] for name in told if name != "amount")
    assert total["amount"] == pytest.approx(float(told["amount"]), abs=ABSOLUTE)
    rows = asked.periods(period)
    assert cut(brute["periods"], *rows[0]) == cut(rows, *rows[0])
    rows = asked.value(period)
    counts = ("period", "visitors", "buyers", "orders", "complete")
    assert cut(brute["value"], *counts) == cut(rows, *counts)
    for row, other in zip(brute["value"], rows, strict=True):
        for name in ("sales", "change", *FROM):
            if other[name] is not None:
                assert row[name] == pytest.approx(float(other[name]), abs=ABSOLUTE), name
