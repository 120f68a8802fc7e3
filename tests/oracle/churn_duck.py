"""`churn` as DuckDB SQL: queries of `sql/`, run over a table `events` as in `duck.py`."""

from __future__ import annotations

from datetime import datetime

import duckdb

from oracle.duck import SQL, Row


def lifecycle(
    connection: duckdb.DuckDBPyConnection,
    period: str,
    *,
    tz: str = "UTC",
    as_of: datetime | None = None,
) -> list[Row]:
    """Rows of period, previous, new, retained, resurrected, churned, active and complete."""
    return _rows(connection, "lifecycle", period=period, tz=tz, as_of=as_of and as_of.isoformat())


def inactivity(
    connection: duckdb.DuckDBPyConnection,
    period: str,
    *,
    inactive_days: int,
    tz: str = "UTC",
    as_of: datetime | None = None,
) -> list[Row]:
    """Rows of period, who was present, joined and churned, and complete."""
    return _rows(
        connection,
        "inactivity",
        period=period,
        inactive_days=inactive_days,
        tz=tz,
        as_of=as_of and as_of.isoformat(),
    )


def _rows(connection: duckdb.DuckDBPyConnection, query: str, **parameters: object) -> list[Row]:
    answer = connection.execute((SQL / f"{query}.sql").read_text(), parameters)
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
