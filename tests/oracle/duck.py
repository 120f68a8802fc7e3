"""`cohort` and `retention` as DuckDB SQL: the queries of `sql/`, run over a table `events`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

Row = dict[str, Any]
SQL = Path(__file__).parent / "sql"


def connect(events: str) -> duckdb.DuckDBPyConnection:
    """Open a database whose `events(member, time TIMESTAMPTZ)` is the query `events`."""
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE events AS {events}")
    return connection


def load(connection: duckdb.DuckDBPyConnection, events: Iterable[Row]) -> None:
    """Make `events` anew from rows with a `member` and an aware `time`."""
    rows = [{"member": row["member"], "time": row["time"]} for row in events]
    schema: dict[str, Any] = {"member": pl.String, "time": pl.Datetime("us", "UTC")}
    connection.register("rows", pl.DataFrame(rows, schema=schema).to_arrow())
    connection.execute("CREATE OR REPLACE TABLE events AS FROM rows")


def cohort(
    connection: duckdb.DuckDBPyConnection,
    period: str,
    *,
    tz: str = "UTC",
    as_of: datetime | None = None,
    horizon: int = 12,
) -> list[Row]:
    """Rows of cohort, age, size, complete and the returned of each mode."""
    return _rows(connection, "cohort", period=period, tz=tz, as_of=_text(as_of), horizon=horizon)


def retention(
    connection: duckdb.DuckDBPyConnection,
    days: Sequence[int] = (1, 7, 30),
    *,
    tz: str = "UTC",
    as_of: datetime | None = None,
) -> list[Row]:
    """Rows of day, members, mature and the returned of each mode."""
    return _rows(connection, "retention", days=list(days), tz=tz, as_of=_text(as_of))


def by_mode(rows: Iterable[Row], *keys: str) -> dict[tuple[Any, ...], int]:
    """Unpivot: (mode, *keys) -> returned."""
    modes = ("on", "within", "on-or-after", "every")
    return {
        (mode, *(row[key] for key in keys)): row[mode]
        for row in rows
        for mode in modes
        if mode in row
    }


def _rows(connection: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> list[Row]:
    answer = connection.execute((SQL / f"{query}.sql").read_text(), parameters)
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _text(as_of: datetime | None) -> str | None:
    return None if as_of is None else as_of.isoformat()
