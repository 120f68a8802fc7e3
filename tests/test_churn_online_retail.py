"""Churn of the Online Retail export against DuckDB, cell by cell."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import retainkit
from oracle import churn_duck, duck
from retainkit.choices import Period

RETAIL = Path(__file__).parents[1] / "examples" / "online_retail" / "online_retail.parquet"
AS_OF = datetime(2011, 12, 10, tzinfo=UTC)
FLOW = ("active", "previous", "new", "retained", "resurrected", "churned")
PRESENCE = ("present_start", "joined", "rejoined", "churned", "churned_of_start", "present_end")
CANCELLATIONS = pytest.mark.parametrize(
    "where", [None, "InvoiceNo NOT LIKE 'C%'"], ids=["all", "without cancellations"]
)
PERIODS = pytest.mark.parametrize("period", ["month", "week"])

Cells = dict[Any, tuple[Any, ...]]


def retail(where: str | None) -> str:
    return f"""
        SELECT CustomerID AS member, InvoiceDate AT TIME ZONE 'UTC' AS time, Country AS country
        FROM '{RETAIL}'
        WHERE CustomerID IS NOT NULL AND ({where or "true"})
    """


def cells(table: pl.DataFrame, columns: tuple[str, ...]) -> Cells:
    rows = table.select("period", "complete", *columns).iter_rows()
    return {period: tuple(values) for period, *values in rows}


def expected(rows: list[duck.Row], columns: tuple[str, ...]) -> Cells:
    return {row["period"]: tuple(row[name] for name in ("complete", *columns)) for row in rows}


@CANCELLATIONS
@PERIODS
def test_lifecycle(period: Period, where: str | None) -> None:
    result = retainkit.churn(RETAIL, period=period, where=where)
    rows = churn_duck.lifecycle(duck.connect(retail(where)), period)
    assert cells(result.main, FLOW) == expected(rows, FLOW)
    for row in result.main.iter_rows(named=True):
        assert row["churn_rate"] == (row["churned"] / row["previous"] if row["previous"] else None)


@CANCELLATIONS
@PERIODS
@pytest.mark.parametrize("days", [60, 7])
def test_inactivity(period: Period, where: str | None, days: int) -> None:
    result = retainkit.churn(
        RETAIL, definition="inactivity", inactive_days=days, period=period, where=where
    )
    rows = churn_duck.inactivity(duck.connect(retail(where)), period, inactive_days=days)
    assert cells(result.main, PRESENCE) == expected(rows, PRESENCE)


def test_by_the_country_of_the_first_purchase() -> None:
    result = retainkit.churn(RETAIL, by="Country")
    countries = result.main["Country"].unique().to_list()
    assert len(countries) == 37
    database = duck.connect(retail(None))
    # Of several countries at the first moment the alphabet's first.
    database.execute("""
        CREATE TABLE everyone AS
        SELECT
            member,
            time,
            (min({'time': time, 'country': country}) OVER (PARTITION BY member)).country AS first
        FROM events
    """)
    for country in countries:
        database.execute(
            "CREATE OR REPLACE TABLE events AS FROM everyone WHERE first = $1", [country]
        )
        alone = expected(churn_duck.lifecycle(database, "month", as_of=AS_OF), FLOW)
        shown = cells(result.main.filter(pl.col("Country") == country), FLOW)
        assert set(alone) <= set(shown)
        for period, values in shown.items():
            before = (True, 0, 0, 0, 0, 0, 0)  # the periods before the country's first customer
            assert values == alone.get(period, before)
