"""From the counts to the tables of `ltv`."""

from __future__ import annotations

import numpy as np
import polars as pl

from retainkit.metrics.base import Summary, named_segments, segment_keys
from retainkit.metrics.ltv.forecast import by_frequency, tracked, valued
from retainkit.metrics.ltv.models import fitted, parameters
from retainkit.metrics.ltv.params import LtvParams
from retainkit.metrics.ltv.tally import COHORT, DAY, HISTORY
from retainkit.metrics.ltv.words import definition, notes
from retainkit.metrics.parameters import PARAMETERS
from retainkit.metrics.purchases import order_rule
from retainkit.periods import Window
from retainkit.timeline import money

TABLES = ("main", "parameters", "tracking", "holdout", "realised")
_PARAMETERS = {"model": pl.String, **PARAMETERS}


def summarise(tally: pl.DataFrame, params: LtvParams, window: Window) -> Summary:
    """Return all tables; raises FitError where the models cannot be fitted."""
    counts = ("members", "paid", "later", "orders", "priced")
    tally = tally.with_columns(pl.col(counts).cast(pl.Int64))
    models = fitted(tally, params)
    keys = [*segment_keys(params.by), "x", "last", "age"]
    histories = tally.filter(kind=HISTORY).sort(keys)  # one order, one sum to the last digit
    tables = {
        "main": valued(histories, models, params),
        "parameters": pl.DataFrame(
            parameters(models, params.confidence), schema=_PARAMETERS, orient="row"
        ),
        "tracking": tracked(tally.filter(kind=DAY), models, params, window),
        "holdout": by_frequency(histories, models, params),
        "realised": _realised(tally, params, window, priced=models.spend is not None),
    }
    named = {
        name: named_segments(table, params.by) if name in ("main", "realised") else table
        for name, table in tables.items()
    }
    numbered, priced = (bool(histories[name].sum()) for name in ("numbered", "priced"))
    rule = order_rule(params, numbered, priced)
    return Summary(definition(params, window, rule), named, list(notes(tables, models, params)))


def _realised(
    tally: pl.DataFrame, params: LtvParams, window: Window, *, priced: bool
) -> pl.DataFrame:
    """Return what buyers of each cohort have brought by each age that is over, cumulated."""
    keys = [*segment_keys(params.by), "x"]
    rows = tally.filter(kind=COHORT)
    sizes = rows.filter(pl.col("age").is_null()).group_by(keys).agg(pl.col("members").sum())
    last = window.last_complete(params.period)
    ages = sizes.filter(pl.col("x") <= last).with_columns(
        age=pl.int_ranges(0, last - pl.col("x") + 1)
    )
    sums = rows.group_by([*keys, "age"]).agg(pl.col("orders", "amount").sum())
    every = ages.explode("age").join(sums, on=[*keys, "age"], how="left", nulls_equal=True)
    every = every.sort(*keys, "age").with_columns(
        pl.col("orders", "amount").fill_null(0).cum_sum().over(keys, order_by="age")
    )
    value = money(pl.col("amount"))
    value = value if priced else pl.lit(None, pl.Float64)
    cohort = window.calendar.names(every["x"].to_numpy().astype(np.int64), params.period)
    return every.with_columns(cohort=cohort).select(
        *keys[:-1],
        "cohort",
        "age",
        "members",
        "orders",
        orders_per_member=pl.col("orders") / pl.col("members"),
        value=value,
        value_per_member=value / pl.col("members"),
    )
