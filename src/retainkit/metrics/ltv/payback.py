"""What buyers cost beside what they bring: by cohort, and by segment."""

from __future__ import annotations

import polars as pl

from retainkit.metrics.base import segment_keys
from retainkit.metrics.ltv.cohorts import FORECAST, PART, REALISED
from retainkit.metrics.ltv.params import LtvParams
from retainkit.periods import Window

_MONEY = ("cost", "cost_per_buyer", "value_per_buyer", "value_to_cost")
COLUMNS = (*_MONEY, "payback_age", "payback")
_AT_SEGMENT = ("cost", "cost_per_buyer", "value_to_cost", "payback_age", "payback")


def costs_within(cohorts: pl.DataFrame, params: LtvParams, window: Window) -> pl.DataFrame:
    """Return the costs `[seg_i…], at, cost` of segments that have buyers, in their periods.

    cohorts: `[seg_i…], at` and more. Periods are those from the first cohort of all to the last.
    """
    keys = segment_keys(params.by)
    if params.spent is None:
        schema = {**dict.fromkeys(keys, pl.String), "at": pl.Int64, "cost": pl.Float64}
        return pl.DataFrame(schema=schema)
    spent = params.spent.by_period(params.period, window)
    within = spent.filter(pl.col("at").is_between(cohorts["at"].min(), cohorts["at"].max()))
    if not keys:
        return within
    return within.join(cohorts.select(keys).unique(), on=keys, how="semi", nulls_equal=True)


def by_cohort(
    costs: pl.DataFrame, cohorts: pl.DataFrame, cells: pl.DataFrame, params: LtvParams
) -> pl.DataFrame:
    """Return what buyers of each cohort cost and bring, where it is known what they cost.

    cohorts: `[seg_i…], at, buyers, value`, of what they bring by the end of the horizon; a period
    of costs without buyers is a cohort of none. cells: `value` by age, as `known_or_forecast`
    returns. payback_age: the first age by which `--margin` of it reaches the cost; payback:
    whether it had by then, or is forecast to. The columns are `[seg_i…], at, buyers` and COLUMNS.
    """
    keys = [*segment_keys(params.by), "at"]
    table = _beside(costs, cohorts, keys)
    paid = _paid_back(costs.join(cells, on=keys, nulls_equal=True), keys, params)
    table = _told(table.join(paid, on=keys, how="left", nulls_equal=True), params)
    return table.select(*keys, "buyers", *COLUMNS).sort(keys)


def by_segment(
    costs: pl.DataFrame, cohorts: pl.DataFrame, cells: pl.DataFrame, params: LtvParams
) -> pl.DataFrame:
    """Return the same of each segment, its cohorts taken together.

    At each age those cohorts count whose value at it is known or forecast, and costs that
    brought no buyer.
    """
    # A key of all, so that there is one where there are no segments.
    keys = [*segment_keys(params.by), "all"]
    costs, cohorts, cells = (part.with_columns(all=0) for part in (costs, cohorts, cells))
    each = [*keys, "at"]
    table = _beside(costs, cohorts, each)
    told = costs.join(cells, on=each, nulls_equal=True)
    ages = told.select(*keys, "age").unique()
    idle = table.filter(buyers=0).select(*each, "cost").join(ages, on=keys, nulls_equal=True)
    idle = idle.with_columns(value=pl.lit(0.0), payback=pl.lit(REALISED).cast(PART))
    paid = _paid_back(pl.concat([told.select(idle.columns), idle]), keys, params)
    sums = table.group_by(keys).agg(pl.col("buyers", "cost", "value").sum())
    table = _told(sums.join(paid, on=keys, how="left", nulls_equal=True), params)
    return table.select(*keys[:-1], *_AT_SEGMENT)


def known_or_forecast(curves: pl.DataFrame) -> pl.DataFrame:
    """Return the value of cohorts by age: what is known of it, or else what is forecast."""
    keys = [name for name in curves.columns if name.startswith("seg_")] + ["at", "age"]
    first = curves.sort(*keys, "part").unique(keys, keep="first", maintain_order=True)
    return first.select(*keys, pl.col("value").cast(pl.Float64), payback="part")


def _beside(costs: pl.DataFrame, cohorts: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Return costs with the buyers they brought and these buyers' value; of nobody, 0."""
    table = costs.join(cohorts, on=keys, how="left", nulls_equal=True)
    some = pl.col("buyers").is_not_null()
    return table.with_columns(
        pl.col("buyers").fill_null(0), value=pl.when(some).then("value").otherwise(0.0)
    )


def _paid_back(cells: pl.DataFrame, keys: list[str], params: LtvParams) -> pl.DataFrame:
    """Return the first age by which values reach costs: `[keys], payback_age, payback`."""
    ages = cells.group_by(*keys, "age").agg(
        pl.col("value", "cost").sum(),
        pl.col("value").null_count().alias("unknown"),
        (pl.col("payback") == FORECAST).any().alias("forecast"),
    )
    paid = (pl.col("value") * params.margin >= pl.col("cost")) & (pl.col("unknown") == 0)
    return (
        ages.filter(paid)
        .sort(*keys, "age")
        .group_by(keys)
        .agg(pl.col("age", "forecast").first())
        .select(
            *keys,
            pl.col("age").alias("payback_age"),
            pl.when("forecast").then(pl.lit(FORECAST)).otherwise(pl.lit(REALISED)).alias("payback"),
        )
    )


def _told(table: pl.DataFrame, params: LtvParams) -> pl.DataFrame:
    """Set costs and values of one buyer beside those of all; null of nobody, and where none."""
    some = pl.when(pl.col("buyers") > 0)
    return table.with_columns(
        some.then(pl.col("cost") / pl.col("buyers")).alias("cost_per_buyer"),
        some.then(pl.col("value") / pl.col("buyers")).alias("value_per_buyer"),
        pl.when(pl.col("cost") > 0)
        .then(pl.col("value") * params.margin / pl.col("cost"))
        .alias("value_to_cost"),
    )
