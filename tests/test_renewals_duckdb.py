"""`renewals` against DuckDB SQL, count by count: invented clubs, and the demo shop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

import retainkit
from oracle.duck import SQL
from retainkit.choices import DatePeriod
from retainkit.demo.write import write_demo

MODEL = {"parameters": (0.5, 2.0)}
AS_OF = (None, datetime(2024, 2, 29, 17, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC))
ZONES = ("UTC", "America/New_York", "Asia/Shanghai")


def counts(
    events: pl.DataFrame, members: pl.DataFrame, period: str, tz: str, as_of: datetime | None
) -> list[tuple[Any, ...]]:
    """Rows of segment, renewal, at_risk and renewed, as SQL has them; tables in UTC."""
    database = duckdb.connect()
    for name, table in (("events", events), ("members", members)):
        database.register(f"rows_{name}", table.to_arrow())
        database.execute(f"CREATE TABLE {name} AS FROM rows_{name}")
    asked = {"period": period, "tz": tz, "as_of": as_of and as_of.isoformat()}
    return database.execute((SQL / "renewals.sql").read_text(), asked).fetchall()


def club(seed: int, people: int = 500) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events and members; some joinings are not known, some leave before, some on the day."""
    rng = np.random.default_rng(seed)
    begin = datetime(2023, 1, 25, tzinfo=UTC)
    rows = []
    for number in range(people):
        joined = begin + timedelta(days=int(rng.integers(0, 500)), hours=int(rng.integers(0, 24)))
        lag = int(rng.choice([-3, 0, 1, 28, 29, 30, 31, 59, 61, int(rng.integers(0, 700))]))
        left = joined + timedelta(days=lag, hours=int(rng.integers(0, 5)))
        rows.append(
            {
                "member": f"m{number}",
                "joined": joined if rng.random() < 0.8 else None,
                "left": left if rng.random() < 0.6 else None,
                "segment": str(rng.choice(["gold", "tin"])),
                "time": joined + timedelta(days=int(rng.integers(0, 3))),
            }
        )
    table = pl.DataFrame(rows, schema_overrides={"left": pl.Datetime("us", "UTC")})
    # Who is active on the day of leaving is not back: one event each, and not after it.
    events = table.filter(pl.col("left").is_null() | (pl.col("time") <= pl.col("left")))
    return events.select("member", "time"), table.drop("time")


@pytest.mark.parametrize("tz", ZONES)
@pytest.mark.parametrize(
    "period",
    [
        "day",
        "month",
        *(pytest.param(p, marks=pytest.mark.long) for p in ("week", "quarter", "year")),
    ],
)
def test_clubs(period: DatePeriod, tz: str) -> None:
    for seed in (1, 2):
        events, members = club(seed)
        for as_of in (
            None,
            datetime(2024, 2, 29, 17, tzinfo=UTC),
            datetime(2025, 3, 1, tzinfo=UTC),
        ):
            result = retainkit.renewals(
                events, members=members, period=period, tz=tz, as_of=as_of, by="segment", **MODEL
            )
            seen = result.main.filter(pl.col("part") != "forecast")
            told = seen.select("segment", "renewal", "at_risk", "renewed").rows()
            assert told == counts(events, members, period, tz, as_of)
            assert told


@pytest.mark.parametrize("period", ["week", "month"])
def test_the_demo_shop(tmp_path: Path, period: DatePeriod) -> None:
    shop, tz = write_demo(tmp_path, members=800), "Asia/Shanghai"
    result = retainkit.renewals(
        shop.events, members=shop.members, tz=tz, period=period, by="channel"
    )
    moments = [
        pl.col(name).str.to_datetime(time_zone=tz).dt.convert_time_zone("UTC")
        for name in ("joined", "left")
    ]
    members = pl.read_csv(shop.members, infer_schema=False).select(
        *moments, member="user_id", segment="channel"
    )
    events = pl.read_parquet(shop.events).select(
        pl.col("event_time").cast(pl.String).str.to_datetime(time_zone=tz).alias("time"),
        member="user_id",
    )
    seen = result.main.filter(pl.col("part") != "forecast")
    told = seen.select("channel", "renewal", "at_risk", "renewed").rows()
    assert told == counts(events, members, period, tz, None)
