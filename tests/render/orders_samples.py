"""Results of orders, rfm and ltv, computed from invented members who visit and order again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from retainkit.engine import Request, run
from retainkit.metrics.ltv import LTV, LtvParams
from retainkit.metrics.orders import ORDERS, OrdersParams
from retainkit.metrics.rfm import RFM, RfmParams
from retainkit.results import Result
from retainkit.sources import SourceOptions

BEGIN = 1_704_067_200_000_000  # 2024-01-01
DAY = 86_400_000_000
DAYS = 200


@cache
def shop(names: tuple[str | None, ...], people: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return events and members, who join over half a year, from the channels `names`."""
    rng = np.random.default_rng(people)
    member = np.arange(people)
    joined = BEGIN + np.sort(rng.integers(0, DAYS - 20, people)) * DAY
    orders = rng.poisson(1.2, people)
    buyer = np.repeat(member, orders)
    waits = rng.exponential(np.where(rng.random(len(buyer)) < 0.5, 3, 25)) * DAY
    first = np.concatenate([[True], buyer[1:] != buyer[:-1]])
    upto = np.cumsum(waits)
    time = joined[buyer] + (upto - np.maximum.accumulate(np.where(first, upto - waits, 0)))
    events = pl.DataFrame(
        {
            "user_id": np.concatenate([member, buyer]),
            "event_time": np.concatenate([joined, time.astype(np.int64)]),
            "order_id": [None] * people + [f"o{n}" for n in range(len(buyer))],
            "amount": [None] * people + rng.gamma(2, 40, len(buyer)).round(2).tolist(),
        },
        schema_overrides={"order_id": pl.String, "amount": pl.Float64},
    ).filter(pl.col("event_time") < BEGIN + DAYS * DAY)
    channel = [names[n % len(names)] for n in range(people)] if names else [None] * people
    members = pl.DataFrame(
        {"user_id": member, "joined": joined, "channel": channel},
        schema_overrides={"channel": pl.String},
    )
    time_of = [pl.col(name).cast(pl.Datetime("us")) for name in ("event_time", "joined")]
    return events.with_columns(time_of[0]), members.with_columns(time_of[1])


def orders(names: Sequence[str | None] = (), people: int = 600, **params: Any) -> Result:
    """Return the Result, by channel where names are given."""
    events, members = shop(tuple(names), people)
    asked = OrdersParams(by=("channel",) if names else (), **params)
    return run([Request(ORDERS, asked)], [events], SourceOptions(members=members))[0]


def rfm(names: Sequence[str | None] = (), people: int = 600, **params: Any) -> Result:
    """Return the Result of rfm, by channel where names are given."""
    events, members = shop(tuple(names), people)
    asked = RfmParams(by=("channel",) if names else (), **params)
    return run([Request(RFM, asked)], [events], SourceOptions(members=members))[0]


def nobody() -> Result:
    """Return the Result of members who never order."""
    events, members = shop((), 20)
    asked = Request(ORDERS, OrdersParams())
    visits = events.filter(pl.col("order_id").is_null())
    return run([asked], [visits], SourceOptions(members=members))[0]


def ltv(names: Sequence[str | None] = (), people: int = 600, **params: Any) -> Result:
    """Return the Result of ltv, by channel where names are given; the model is given, too."""
    events, members = shop(tuple(names), people)
    by = ("channel",) if names else ()
    given = {"parameters": (0.8, 6.0, 0.9, 2.5), "spend": (2.0, 4.0, 120.0)}
    asked = LtvParams(**{"by": by, "holdout": "8w", "horizon": "12w", **given, **params})
    return run([Request(LTV, asked)], [events], SourceOptions(members=members))[0]
