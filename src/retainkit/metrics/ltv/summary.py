"""From the counts to the tables of `ltv`."""

from __future__ import annotations

import numpy as np
import polars as pl

from retainkit.metrics.base import Summary, named_segments, segment_keys
from retainkit.metrics.ltv.cohorts import ahead, by_start, realised
from retainkit.metrics.ltv.forecast import by_frequency, tracked, valued
from retainkit.metrics.ltv.models import fitted, parameters
from retainkit.metrics.ltv.params import LtvParams
from retainkit.metrics.ltv.payback import by_cohort, by_segment, costs_within, known_or_forecast
from retainkit.metrics.ltv.tally import DAY, HISTORY
from retainkit.metrics.ltv.words import cost_notes, definition, notes
from retainkit.metrics.parameters import PARAMETERS
from retainkit.metrics.purchases import order_rule
from retainkit.periods import Window

TABLES = ("main", "parameters", "tracking", "holdout", "cohorts", "payback")
_SPLIT = ("main", "cohorts", "payback")
_PARAMETERS = {"model": pl.String, **PARAMETERS}


def summarise(tally: pl.DataFrame, params: LtvParams, window: Window) -> Summary:
    """Return all tables; raises FitError where the models cannot be fitted."""
    counts = ("members", "paid", "later", "orders", "priced")
    tally = tally.with_columns(pl.col(counts).cast(pl.Int64))
    models = fitted(tally, params)
    keys = [*segment_keys(params.by), "x", "last", "age"]
    histories = tally.filter(kind=HISTORY).sort(keys)  # one order, one sum to the last digit
    curves = pl.concat(
        [realised(tally, models, params, window), ahead(histories, models, params, window)]
    )
    tables = {
        "main": valued(histories, models, params),
        "parameters": pl.DataFrame(
            parameters(models, params.confidence), schema=_PARAMETERS, orient="row"
        ),
        "tracking": tracked(tally.filter(kind=DAY), models, params, window),
        "holdout": by_frequency(histories, models, params),
        "cohorts": _dated(
            curves.sort(*segment_keys(params.by), "at", "part", "age"), params, window
        ).cast({"part": pl.String}),
    }
    cohorts = by_start(histories, models, params, window)
    costs = costs_within(cohorts, params, window)
    cells = known_or_forecast(curves)
    paid = by_segment(costs, cohorts, cells, params)
    tables["main"] = _joined(tables["main"], paid, params)
    tables["payback"] = _dated(by_cohort(costs, cohorts, cells, params), params, window)
    numbered, priced = (bool(histories[name].sum()) for name in ("numbered", "priced"))
    rule = order_rule(params, numbered, priced)
    named = {
        name: named_segments(table, params.by) if name in _SPLIT else table
        for name, table in tables.items()
    }
    said = [*notes(tables, models, params), *cost_notes(costs, tables["payback"], params, window)]
    return Summary(definition(params, window, rule), named, said)


def _joined(main: pl.DataFrame, paid: pl.DataFrame, params: LtvParams) -> pl.DataFrame:
    """Return the segments with what their buyers cost."""
    keys = segment_keys(params.by)
    if not keys:
        return main.hstack(paid if paid.height else paid.clear(1))
    return main.join(paid, on=keys, how="left", nulls_equal=True, maintain_order="left")


def _dated(table: pl.DataFrame, params: LtvParams, window: Window) -> pl.DataFrame:
    """Give cohorts (`at`) their names."""
    cohort = window.calendar.names(table["at"].to_numpy().astype(np.int64), params.period)
    keys = segment_keys(params.by)
    return table.select(*keys, cohort.alias("cohort"), pl.exclude(*keys, "at"))
