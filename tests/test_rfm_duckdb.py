"""`rfm` of Online Retail and the CDNOW sample against DuckDB, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
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
from oracle.people import Row, observe
from oracle.rfm import ORDER, tables
from oracle.rfm_duck import Scored, score
from orders_strategies import Shop, crowds, observed, order_histories
from retainkit.results import Result
from rfm_agreement import F_CUTS, KEYS, M_CUTS, R_CUTS, rfm_options

ROOT = Path(__file__).parents[1]
RETAIL = ROOT / "examples" / "online_retail" / "online_retail.parquet"
CDNOW = ROOT / "tests" / "data" / "cdnow" / "CDNOW_sample.txt"
CENT = 0.005

FIXED: dict[str, tuple[float, ...]] = {
    "r_cuts": (7, 30, 90, 180),
    "f_cuts": (1, 2, 4, 10),
    "m_cuts": (0, 100.5, 500, 2000),
}


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
    amount = "Quantity * UnitPrice"
    return retainkit.rfm(RETAIL, order_col="InvoiceNo", amount_col=amount, where=where, **asked)


def of_cdnow(**asked: Any) -> Result:
    columns = {"member_col": "column_1", "time_col": "column_3", "amount_col": "column_5"}
    return retainkit.rfm(CDNOW, header=False, **columns, **asked)


# --- what is compared ---


def compare(result: Result, told: Scored, tolerance: float = CENT) -> None:
    """All that SQL tells of a Result."""
    wanted = {"main": told.main(), "cells": told.cells(), "movement": told.movement()}
    wanted |= {"retention": told.retention()}
    for name, rows in wanted.items():
        same(result.table(name).to_dicts(), rows, KEYS[name], tolerance)
    segments = result.main["segment"].to_list()
    assert segments == [name for name in ORDER if name in segments]
    cells = [(row["r"], row["f"]) for row in wanted["cells"]]
    assert result.table("cells").select("r", "f").rows() == cells
    scores = result.table("scores")
    found = [row for row in scores.to_dicts() if row["members"]]
    same(found, told.scores(), KEYS["scores"], tolerance)
    for measure, cuts in told.cuts().items():
        rows = scores.filter(pl.col("measure") == measure).sort("up_to", nulls_last=True)
        assert rows["up_to"].to_list()[:4] == pytest.approx(cuts, abs=ABSOLUTE), measure
        ups = sorted(rows["above"].drop_nulls())
        assert ups == pytest.approx(cuts, abs=ABSOLUTE), measure


def same(found: list[Row], wanted: list[Row], keys: Sequence[str], tolerance: float) -> None:
    """Numbers that are no counts only as far as money goes."""
    index = {tuple(row[key] for key in keys): row for row in found}
    assert len(index) == len(found) == len(wanted)
    for row in wanted:
        other = index[tuple(row[key] for key in keys)]
        for name, value in row.items():
            if name in ("share", "mean_recency_days"):
                assert other[name] == pytest.approx(float(value), abs=ABSOLUTE), (row, name)
            elif name.startswith("amount"):
                assert other[name] == pytest.approx(float(value), abs=tolerance), (row, name)
            else:
                assert other[name] == value, (row, name)


# --- Online Retail ---


@pytest.mark.parametrize("where", [None, "InvoiceNo NOT LIKE 'C%'"], ids=["all", "no returns"])
@pytest.mark.parametrize("fixed", [{}, FIXED], ids=["fifths", "told"])
def test_online_retail(where: str | None, fixed: dict[str, tuple[float, ...]]) -> None:
    result = of_retail(where, compare_to="2011-09-01", **fixed)
    compare(result, score(retail(where), compare_to=date(2011, 9, 1), **fixed))


def test_online_retail_seen_from_july_with_days_merged() -> None:
    as_of = datetime(2011, 7, 3, 9, 30, tzinfo=UTC)
    result = of_retail(None, as_of=as_of, merge_days=True, compare_to="2011-07-03")
    asked = {"as_of": as_of, "merge_days": True, "compare_to": date(2011, 7, 3)}
    compare(result, score(retail(None), **asked))


def test_online_retail_is_what_the_shop_sold() -> None:
    main = of_retail(None).main
    assert (main["members"].sum(), main["orders"].sum()) == (4372, 22_190)
    assert main["amount"].sum() == pytest.approx(8_300_065.814, abs=CENT)
    assert main["share"].sum() == pytest.approx(1)
    assert main["amount_share"].sum() == pytest.approx(1)


# --- CDNOW ---


@pytest.mark.parametrize("merge_days", [False, True], ids=["apart", "merged"])
@pytest.mark.parametrize("fixed", [{}, FIXED], ids=["fifths", "told"])
def test_cdnow(merge_days: bool, fixed: dict[str, tuple[float, ...]]) -> None:
    asked: dict[str, Any] = {"merge_days": merge_days, **fixed}
    result = of_cdnow(compare_to="1997-10-01", **asked)
    compare(result, score(cdnow(), compare_to=date(1997, 10, 1), **asked))


def test_cdnow_is_what_its_authors_count() -> None:
    # Fader & Hardie (2001): 2,357 customers of the sample, and 39 weeks in which some come back.
    result = of_cdnow(merge_days=True, compare_to="1997-10-01")
    assert result.main["members"].sum() == 2357
    assert result.main["orders"].sum() == 6696
    assert result.table("retention")["members"].sum() == 2357  # everyone bought before April
    assert result.table("movement")["before"].is_in(ORDER).all()


# --- SQL against brute force ---


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


@settings(max_examples=20)
@given(
    data=st.data(),
    history=order_histories(("UTC", "Asia/Shanghai", "America/New_York")) | crowds(),
    cuts=st.tuples(*(st.sampled_from(each) for each in (R_CUTS, F_CUTS, M_CUTS))),
)
def test_sql_is_equal_to_brute_force(
    data: st.DataObject, history: Shop, cuts: Any, database: duckdb.DuckDBPyConnection
) -> None:
    as_of = data.draw(observed(history)).get("as_of")
    day = data.draw(rfm_options(history, {"as_of": as_of}))["compare_to"]
    asked: dict[str, Any] = dict(zip(("r_cuts", "f_cuts", "m_cuts"), cuts, strict=True))
    asked |= {"compare_to": day, "merge_days": data.draw(st.booleans())}
    orders_duck.load(database, history.events)
    told = score(database, tz=history.tz, as_of=as_of, **asked)
    brute = tables(observe(history.events, tz=history.tz, as_of=as_of), **asked)
    if not brute:
        assert not told.main()
        return
    wanted = {"main": told.main(), "cells": told.cells()}
    if day is not None:
        wanted |= {"movement": told.movement(), "retention": told.retention()}
    for name, rows in wanted.items():
        same(brute[name], rows, KEYS[name], ABSOLUTE)
    found = [row for row in brute["scores"] if row["members"]]
    same(found, told.scores(), KEYS["scores"], ABSOLUTE)
    for measure, edges in told.cuts().items():
        ups = [row["up_to"] for row in brute["scores"] if row["measure"] == measure]
        assert sorted(up for up in ups if up is not None) == pytest.approx(edges, abs=ABSOLUTE)
