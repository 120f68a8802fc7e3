"""Real exports against DuckDB, cell by cell: Online Retail, a Git history, the CDNOW sample."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

import retainkit
from oracle import duck
from retainkit.choices import CohortMode, Period

ROOT = Path(__file__).parents[1]
RETAIL = ROOT / "examples" / "online_retail" / "online_retail.parquet"
COMMITS = ROOT / "examples" / "git_requests" / "commits.csv.gz"
CDNOW = ROOT / "tests" / "data" / "cdnow" / "CDNOW_sample.txt"

Cells = dict[tuple[Any, ...], list[Any]]
MODES: tuple[CohortMode, ...] = ("on", "within", "on-or-after", "every")
CANCELLATIONS = pytest.mark.parametrize(
    "where", [None, "InvoiceNo NOT LIKE 'C%'"], ids=["all", "without cancellations"]
)


def retail(where: str | None) -> str:
    return f"""
        SELECT CustomerID AS member, InvoiceDate AT TIME ZONE 'UTC' AS time
        FROM '{RETAIL}'
        WHERE CustomerID IS NOT NULL AND ({where or "true"})
    """


def triangle(table: pl.DataFrame) -> Cells:
    rows = table.select("cohort", "age", "size", "complete", "returned").iter_rows()
    return {(cohort, age): values for cohort, age, *values in rows}


def expected_triangle(rows: list[duck.Row], mode: str) -> Cells:
    return {(r["cohort"], r["age"]): [r["size"], r["complete"], r[mode]] for r in rows}


def headline(table: pl.DataFrame) -> Cells:
    rows = table.select("mode", "day", "members", "mature", "returned").iter_rows()
    return {(mode, day): values for mode, day, *values in rows}


def expected_headline(rows: list[duck.Row]) -> Cells:
    return {
        (mode, r["day"]): [r["members"], r["mature"], r[mode]] for r in rows for mode in MODES[:3]
    }


@CANCELLATIONS
@pytest.mark.parametrize("period", ["month", "week"])
def test_online_retail_triangles(period: Period, where: str | None) -> None:
    rows = duck.cohort(duck.connect(retail(where)), period, horizon=60)
    for mode in MODES:
        result = retainkit.cohort(RETAIL, period=period, mode=mode, where=where, horizon=60)
        assert triangle(result.main) == expected_triangle(rows, mode)


def test_online_retail_is_read_whole() -> None:
    data = retainkit.cohort(RETAIL).data
    assert (data.rows_read, data.refused) == (541_909, {"no member": 135_080})
    assert data.members == 4372
    assert data.as_of == datetime(2011, 12, 10, tzinfo=UTC)


@CANCELLATIONS
def test_online_retail_headline(where: str | None) -> None:
    expected = expected_headline(duck.retention(duck.connect(retail(where))))
    assert headline(retainkit.retention(RETAIL, where=where).main) == expected


def test_commits_fall_on_other_days_in_shanghai() -> None:
    # The epoch column is the second witness of what the offsets in author_time mean.
    with gzip.open(COMMITS) as file:
        commits = pl.read_csv(file.read())
    usable = commits.filter(~pl.col("author_time").str.contains("+518:00", literal=True))
    database = duckdb.connect()
    duck.load(
        database,
        (
            {"member": member, "time": datetime.fromtimestamp(epoch, UTC)}
            for member, epoch in usable.select("user_id", "author_epoch").iter_rows()
        ),
    )
    day_one = {}
    for tz in ("UTC", "Asia/Shanghai"):
        result = retainkit.retention(COMMITS, time_col="author_time", tz=tz)
        assert headline(result.main) == expected_headline(duck.retention(database, tz=tz))
        assert (result.data.rows, result.data.refused) == (6488, {"unreadable time": 1})
        day_one[tz] = headline(result.main)["on", 1]
    assert day_one["UTC"] != day_one["Asia/Shanghai"]


@pytest.mark.parametrize("period", ["month", "week"])
def test_cdnow_text_without_header(period: Period) -> None:
    lines = [line.split() for line in CDNOW.read_text().splitlines()]
    database = duckdb.connect()
    duck.load(
        database,
        (
            {"member": member, "time": datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)}
            for member, _, day, _, _ in lines
        ),
    )
    result = retainkit.cohort(
        CDNOW,
        header=False,
        member_col="column_1",
        time_col="column_3",
        amount_col="column_5",
        period=period,
        measure="amount",
        horizon=80,
    )
    expected = expected_triangle(duck.cohort(database, period, horizon=80), "on")
    assert triangle(result.main) == expected
    assert result.main["value"].sum() == pytest.approx(sum(float(line[4]) for line in lines))
