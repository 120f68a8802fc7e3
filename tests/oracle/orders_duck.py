"""`orders` as DuckDB SQL: the queries of `sql/orders*.sql`, over a table of events.

`prepare` makes the tables that the others read, of `events(member, time TIMESTAMPTZ, is_order,
order_id, amount)`; starts are first events, and any event is a visit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import polars as pl

from oracle.duck import SQL, Row


def load(connection: duckdb.DuckDBPyConnection, events: Iterable[Row]) -> None:
    """Make `events` anew from rows with a `member`, an aware `time`, an `order` and an `amount`."""
    names = {"member": "member", "time": "time", "order": "order_id", "amount": "amount"}
    rows = [{new: row[old] for old, new in names.items()} for row in events]
    schema: dict[str, Any] = {"member": pl.String, "time": pl.Datetime("us", "UTC")}
    schema |= {"order_id": pl.String, "amount": pl.Float64}
    connection.register("rows", pl.DataFrame(rows, schema=schema).to_arrow())
    connection.execute("""
        CREATE OR REPLACE TABLE events AS
        SELECT
            member,
            time,
            order_id IS NOT NULL AS is_order,
            order_id,
            amount::DECIMAL(18, 6) AS amount
        FROM rows
    """)


@dataclass(frozen=True)
class Asked:
    """A prepared database, and what its answers depend on."""

    connection: duckdb.DuckDBPyConnection
    tz: str
    clock: str
    as_of: str | None

    def windows(self, kind: str, days: Sequence[int]) -> list[Row]:
        """Rows of days, members, mature and ended."""
        return self._rows("windows", kind=kind, days=list(days), clock=self.clock, tz=self.tz)

    def hazard(self, kind: str, horizon: int = 90) -> list[Row]:
        """Rows of day, at_risk and events."""
        return self._rows("hazard", kind=kind, clock=self.clock, tz=self.tz, horizon=horizon)

    def summary(self) -> Row:
        """The counts of the one row, and the amount."""
        return self._rows("summary", as_of=self.as_of)[0]

    def ladder(self) -> list[Row]:
        """Rows of order, buyers, next and stopped."""
        return self._rows("ladder")

    def periods(self, period: str) -> list[Row]:
        """Rows of period and its counts."""
        return self._rows("periods", period=period, tz=self.tz)

    def value(self, period: str) -> list[Row]:
        """Rows of period, its counts, sales, and what made them change."""
        return self._rows("value", period=period, tz=self.tz)

    def _rows(self, query: str, **parameters: object) -> list[Row]:
        answer = self.connection.execute((SQL / f"orders_{query}.sql").read_text(), parameters)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def prepare(
    connection: duckdb.DuckDBPyConnection,
    *,
    tz: str = "UTC",
    as_of: datetime | None = None,
    clock: str = "elapsed",
    merge_days: bool = False,
) -> Asked:
    """Make `observation`, `orders` and `waits` of `events`."""
    moment = None if as_of is None else as_of.isoformat()
    connection.execute(
        """
        CREATE OR REPLACE TABLE observation AS
        SELECT coalesce(
            $as_of::TIMESTAMPTZ,
            (max(time AT TIME ZONE $tz)::DATE + INTERVAL 1 DAY)::TIMESTAMP AT TIME ZONE $tz
        ) AS as_of
        FROM events
        """,
        {"as_of": moment, "tz": tz},
    )
    given: dict[str, object] = {"as_of": moment}
    _table(connection, "orders", "orders", given | {"tz": tz, "merge_days": merge_days})
    _table(connection, "waits", "orders_waits", given)
    return Asked(connection, tz, clock, moment)


def _table(
    connection: duckdb.DuckDBPyConnection, name: str, query: str, parameters: dict[str, object]
) -> None:
    text = (SQL / f"{query}.sql").read_text()
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS {text}", parameters)
