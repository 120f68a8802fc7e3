"""What the models expect of buyers: by segment, week by week, and by how often they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from retainkit.columns import column, known
from retainkit.metrics.base import segment_keys
from retainkit.metrics.ltv.found import Models
from retainkit.metrics.ltv.histories import last_day
from retainkit.metrics.ltv.models import WEEK
from retainkit.metrics.ltv.params import LtvParams
from retainkit.periods import Ints, Window
from retainkit.stats.intervals import Floats
from retainkit.stats.purchases import alive, conditional_purchases, expected_purchases
from retainkit.timeline import MONEY_UNIT, money

if TYPE_CHECKING:
    from retainkit.stats.gammagamma import GammaGamma

MOST_TOLD = 7  # repeat purchases that are told apart
DAYS = 7  # of a step of the tracking table


def valued(histories: pl.DataFrame, models: Models, params: LtvParams) -> pl.DataFrame:
    """Return what each segment's buyers have brought, and what is expected within the horizon."""
    keys = segment_keys(params.by)
    told = expected(histories, models, params.horizon_days)
    sums = [
        pl.col("members").sum().alias("buyers"),
        pl.col("alive", "expected_orders", "expected_value").sum(),
        ((pl.col("x") + 1) * pl.col("members")).sum().alias("orders"),
        money(pl.col("amount").sum()),
    ]
    grouped = told.group_by(keys, maintain_order=True) if keys else None
    table = grouped.agg(sums) if grouped is not None else told.select(sums)
    unknown = pl.lit(None, pl.Float64)
    priced = models.spend is not None
    so_far, ahead = (pl.col("amount"), pl.col("expected_value")) if priced else (unknown, unknown)
    some = pl.when(pl.col("buyers") > 0)
    return table.select(
        *keys,
        "buyers",
        "alive",
        some.then(pl.col("alive") / pl.col("buyers")).alias("alive_share"),
        "orders",
        "expected_orders",
        some.then(pl.col("expected_orders") / pl.col("buyers")).alias("expected_orders_per_buyer"),
        so_far.alias("realised_value"),
        ahead.alias("expected_value"),
        some.then(so_far / pl.col("buyers")).alias("realised_value_per_buyer"),
        some.then(ahead / pl.col("buyers")).alias("expected_value_per_buyer"),
        some.then((so_far + ahead) / pl.col("buyers")).alias("ltv"),
    )


def expected(histories: pl.DataFrame, models: Models, days: int) -> pl.DataFrame:
    """Add to histories the sums over their members: alive, expected orders and value."""
    x, last, age = (histories[name].to_numpy() for name in ("x", "last", "age"))
    members = histories["members"].to_numpy().astype(np.float64)
    history = (x, last / WEEK, age / WEEK)
    orders = conditional_purchases(models.buying, *history, days / WEEK)
    value = np.full(len(x), np.nan)
    if models.spend is not None:
        value = orders * mean_spends(
            models.spend,
            x,
            members,
            histories["paid"].to_numpy().astype(np.float64),
            histories["means"].cast(pl.Float64).to_numpy() / MONEY_UNIT,
        )
    return histories.with_columns(
        column(members * alive(models.buying, *history), "alive"),
        column(members * orders, "expected_orders"),
        known(value).alias("expected_value"),
    )


def mean_spends(spend: GammaGamma, x: Ints, members: Floats, paid: Floats, means: Floats) -> Floats:
    """Return the sum of members' expected mean spends, of whom `paid` have means that sum up so.

    The expectation is linear in a member's own mean, so sums are all that is needed.
    """
    from retainkit.stats.gammagamma import conditional_mean  # imports SciPy

    at_none = conditional_mean(spend, x, np.zeros(len(x)))
    slope = conditional_mean(spend, x, np.ones(len(x))) - at_none
    own: Floats = paid * at_none + slope * means + (members - paid) * spend.mean
    return own


def tracked(days: pl.DataFrame, models: Models, params: LtvParams, window: Window) -> pl.DataFrame:
    """Return repeat purchases week by week beside what the model expected of these buyers.

    The weeks end with the data and go on to the horizon; the first may be cut short.
    """
    begun = days.filter(pl.col("members") > 0).sort("x")
    start, many = begun["x"].to_numpy(), begun["members"].to_numpy().astype(np.float64)
    schema = {"to": pl.Date, "part": pl.String}
    schema |= dict.fromkeys(("actual", "cumulative_actual"), pl.Int64)
    schema |= dict.fromkeys(("expected", "cumulative_expected"), pl.Float64)
    if not len(start):
        return pl.DataFrame(schema=schema)
    end, seen = last_day(params, window), window.last_complete("day")
    first = end - (end - int(start[0])) // DAYS * DAYS
    ends = np.arange(first, seen + params.horizon_days + 1, DAYS)
    cumulative = _expected_by(ends, start, many, models)
    again = days.filter(pl.col("later") > 0)
    at, later = again["x"].to_numpy(), again["later"].to_numpy()
    actual = np.array([later[at <= day].sum() for day in ends], dtype=np.int64)
    told = ends <= seen
    part = np.where(ends <= end, "calibration", np.where(told, "holdout", "forecast"))
    unknown = pl.Series(~told)
    return pl.DataFrame(
        [
            window.calendar.names(ends, "day").alias("to"),
            pl.Series("part", part.tolist(), dtype=pl.String),
            column(np.diff(actual, prepend=0), "actual").set(unknown, None),
            column(np.diff(cumulative, prepend=0.0), "expected"),
            column(actual, "cumulative_actual").set(unknown, None),
            column(cumulative, "cumulative_expected"),
        ]
    ).select("to", "part", "actual", "expected", "cumulative_actual", "cumulative_expected")


def _expected_by(ends: Ints, start: Ints, many: Floats, models: Models) -> Floats:
    """Return the repeat purchases expected by each day of those who began on the days `start`."""
    lags = np.maximum(ends[:, None] - start[None, :], 0)
    seen, place = np.unique(lags, return_inverse=True)
    each = expected_purchases(models.buying, seen / WEEK)
    expected: Floats = each[place.reshape(lags.shape)] @ many
    return expected


def by_frequency(histories: pl.DataFrame, models: Models, params: LtvParams) -> pl.DataFrame:
    """Return, by repeat purchases in the calibration, what was expected of the holdout and came."""
    schema = {"frequency": pl.String, "members": pl.Int64}
    schema |= dict.fromkeys(("expected", "actual"), pl.Float64)
    if not params.holdout_days:
        return pl.DataFrame(schema=schema)
    told = expected(histories, models, params.holdout_days)
    more = pl.col("x") >= MOST_TOLD
    return (
        told.group_by(pl.when(more).then(MOST_TOLD).otherwise("x").alias("x"), maintain_order=True)
        .agg(pl.col("members", "expected_orders", "later").sum())
        .sort("x")
        .select(
            pl.when(pl.col("x") == MOST_TOLD)
            .then(pl.lit(f"{MOST_TOLD}+"))
            .otherwise(pl.col("x").cast(pl.String))
            .alias("frequency"),
            "members",
            expected=pl.col("expected_orders") / pl.col("members"),
            actual=pl.col("later") / pl.col("members"),
        )
    )
