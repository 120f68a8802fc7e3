"""What buyers of each cohort have brought by age, and what they are expected to bring."""

from __future__ import annotations

import numpy as np
import polars as pl

from retainkit.metrics.base import check_span, segment_keys
from retainkit.metrics.ltv.forecast import expected
from retainkit.metrics.ltv.found import Models
from retainkit.metrics.ltv.histories import last_day
from retainkit.metrics.ltv.params import LtvParams
from retainkit.metrics.ltv.tally import COHORT
from retainkit.periods import Window
from retainkit.timeline import money

REALISED, FORECAST = "realised", "forecast"
PART = pl.Enum([REALISED, FORECAST])  # in this order


def realised(
    tally: pl.DataFrame, models: Models, params: LtvParams, window: Window
) -> pl.DataFrame:
    """Return what buyers of each cohort have brought by each age that is over, cumulated.

    `[seg_i…], at, part, age` (in periods) and what they brought; `at`: the period of the first
    purchase; part: realised.
    """
    keys = [*segment_keys(params.by), "at"]
    rows = tally.filter(kind=COHORT).rename({"x": "at"})
    sizes = rows.filter(pl.col("age").is_null()).group_by(keys).agg(pl.col("members").sum())
    last = window.last_complete(params.period)
    if sizes.height:
        check_span(sizes.select(pl.col("at").min()).item(), last, params.period)
    ages = sizes.filter(pl.col("at") <= last).with_columns(
        age=pl.int_ranges(0, last - pl.col("at") + 1)
    )
    sums = rows.group_by([*keys, "age"]).agg(pl.col("orders", "amount").sum())
    every = ages.explode("age").join(sums, on=[*keys, "age"], how="left", nulls_equal=True)
    every = every.sort(*keys, "age").with_columns(
        pl.col("orders", "amount").fill_null(0).cum_sum().over(keys, order_by="age")
    )
    every = every.with_columns(pl.col("orders").cast(pl.Float64), value=money(pl.col("amount")))
    return _each(every, REALISED, models, keys)


def ahead(
    histories: pl.DataFrame, models: Models, params: LtvParams, window: Window
) -> pl.DataFrame:
    """Return what they will have brought by the end of each period that ends within the horizon.

    The columns are those of `realised`, part: forecast. What came by the end of calibration is
    told as it is, the rest expected of each buyer's history.
    """
    calendar, end = window.calendar, last_day(params, window)
    until = np.array([end, end + params.horizon_days + 1])
    first, after = (int(at) for at in calendar.from_days(until, params.period))
    periods = np.arange(first, after)
    ends = calendar.first_days(periods + 1, params.period) - 1
    told = _begun(histories, params, window)
    keys = [*segment_keys(params.by), "at"]
    sums = [
        pl.col("members").sum(),
        ((pl.col("x") + 1) * pl.col("members")).sum() + pl.col("expected_orders").sum(),
        money(pl.col("amount").sum()) + pl.col("expected_value").sum(),
    ]
    names = ("members", "orders", "value")
    parts = [
        expected(told, models, int(day) - end)
        .group_by(keys, maintain_order=True)
        .agg(each.alias(name) for each, name in zip(sums, names, strict=True))
        .with_columns(age=period - pl.col("at"))
        for period, day in zip(periods.tolist(), ends.tolist(), strict=True)
        if day > end
    ]
    if not parts:
        parts = [_nothing(told, keys)]
    return _each(pl.concat(parts).sort(*keys, "age"), FORECAST, models, keys)


def by_start(
    histories: pl.DataFrame, models: Models, params: LtvParams, window: Window
) -> pl.DataFrame:
    """Return what buyers of each cohort bring by the end of the horizon: `at, buyers, value`."""
    told = expected(_begun(histories, params, window), models, params.horizon_days)
    value = money(pl.col("amount").sum()) + pl.col("expected_value").sum()
    value = value if models.spend is not None else pl.lit(None, pl.Float64)
    keys = [*segment_keys(params.by), "at"]
    return told.group_by(keys).agg(buyers=pl.col("members").sum(), value=value).sort(keys)


def _begun(histories: pl.DataFrame, params: LtvParams, window: Window) -> pl.DataFrame:
    """Add the period of the first purchase (`at`), which age tells."""
    first = last_day(params, window) - histories["age"].to_numpy()
    at = window.calendar.from_days(first, params.period)
    return histories.with_columns(at=pl.Series(at, dtype=pl.Int64))


def _nothing(told: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    counts = dict.fromkeys(("members", "age"), pl.lit(0, pl.Int64))
    sums = dict.fromkeys(("orders", "value"), pl.lit(0.0))
    return told.clear().select(*keys, **counts, **sums)


def _each(table: pl.DataFrame, part: str, models: Models, keys: list[str]) -> pl.DataFrame:
    """Set what one member brought beside what all did; without amounts, values are unknown."""
    value = pl.col("value") if models.spend is not None else pl.lit(None, pl.Float64)
    return table.with_columns(value=value).select(
        *keys,
        pl.lit(part).cast(PART).alias("part"),
        "age",
        "members",
        "orders",
        (pl.col("orders") / pl.col("members")).alias("orders_per_member"),
        "value",
        (pl.col("value") / pl.col("members")).alias("value_per_member"),
    )
