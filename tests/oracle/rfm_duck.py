"""`rfm` as DuckDB SQL: `sql/rfm.sql` over the orders that `orders_duck.prepare` makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from oracle import orders_duck
from oracle.clock import first_instant
from oracle.duck import SQL, Row

NEVER = datetime(1, 1, 3).isoformat() + "+00:00"


@dataclass(frozen=True)
class Scored:
    """A database with the table `scored` that `rfm.sql` returns."""

    connection: duckdb.DuckDBPyConnection

    def main(self) -> list[Row]:
        return self.rows("""
            SELECT
                segment,
                count(*) AS members,
                count(*) / sum(count(*)) OVER () AS share,
                sum(orders) AS orders,
                sum(amount) AS amount,
                avg(recency) AS mean_recency_days
            FROM scored WHERE seen = 'now' GROUP BY segment
        """)

    def cells(self) -> list[Row]:
        return self.rows("""
            SELECT r, f, count(*) AS members, sum(amount) AS amount
            FROM scored WHERE seen = 'now' GROUP BY r, f ORDER BY r DESC, f
        """)

    def scores(self) -> list[Row]:
        """Rows of measure, score and members, of scores that somebody has."""
        return self.rows("""
            SELECT measure, score, count(*) AS members
            FROM (
                UNPIVOT (
                    SELECT r AS recency_days, f AS orders, m AS amount
                    FROM scored WHERE seen = 'now'
                ) ON recency_days, orders, amount INTO NAME measure VALUE score
            )
            GROUP BY measure, score
        """)

    def cuts(self) -> dict[str, list[float]]:
        """The four of every measure."""
        rows = self.rows("SELECT recency, orders, amount FROM scored WHERE seen = 'cut' ORDER BY r")
        names = {"recency_days": "recency", "orders": "orders", "amount": "amount"}
        return {name: [float(row[column]) for row in rows] for name, column in names.items()}

    def movement(self) -> list[Row]:
        return self.rows("""
            WITH moved AS (
                SELECT
                    coalesce(past.segment, '(no order yet)') AS before,
                    present.segment AS now,
                    count(*) AS members
                FROM (FROM scored WHERE seen = 'now') AS present
                LEFT JOIN (FROM scored WHERE seen = 'then') AS past USING (member)
                GROUP BY past.segment, present.segment
            )
            SELECT *, members / sum(members) OVER (PARTITION BY before) AS share FROM moved
        """)

    def retention(self) -> list[Row]:
        return self.rows("""
            SELECT
                past.segment,
                count(*) AS members,
                count(*) FILTER (present.orders > past.orders) AS retained,
                sum(present.orders - past.orders) AS orders_since,
                sum(present.amount - past.amount) AS amount_since
            FROM (FROM scored WHERE seen = 'then') AS past
            JOIN (FROM scored WHERE seen = 'now') AS present USING (member)
            GROUP BY past.segment
        """)

    def rows(self, query: str) -> list[Row]:
        answer = self.connection.execute(query)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def score(
    connection: duckdb.DuckDBPyConnection,
    *,
    tz: str = "UTC",
    as_of: datetime | None = None,
    compare_to: date | None = None,
    merge_days: bool = False,
    **cuts: tuple[float, ...],
) -> Scored:
    """Make `scored` of `events`, as `orders_duck` reads them."""
    orders_duck.prepare(connection, tz=tz, as_of=as_of, merge_days=merge_days)
    ((end,),) = connection.execute("SELECT as_of::VARCHAR FROM observation").fetchall()
    told: dict[str, object] = {"tz": tz, "as_of": end}
    told["then"] = NEVER if compare_to is None else first_instant(compare_to, tz).isoformat()
    told |= {name: list(cuts.get(name, ())) or None for name in ("r_cuts", "f_cuts", "m_cuts")}
    text = (SQL / "rfm.sql").read_text()
    connection.execute(f"CREATE OR REPLACE TABLE scored AS {text}", told)
    return Scored(connection)
