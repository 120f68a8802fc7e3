"""From the counts to the tables of `renewals`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from retainkit.metrics.base import (
    Segment,
    Summary,
    by_segment,
    named_segments,
    of_segment,
    segment_keys,
)
from retainkit.metrics.parameters import PARAMETERS, parameter_rows
from retainkit.metrics.renewals.curve import curve
from retainkit.metrics.renewals.expected import contract_row
from retainkit.metrics.renewals.models import Modelled, modelled
from retainkit.metrics.renewals.params import RenewalsParams
from retainkit.metrics.renewals.words import definition, notes
from retainkit.periods import Window

TABLES = ("main", "parameters", "contracts")

Made = Callable[[pl.DataFrame, Modelled, RenewalsParams], pl.DataFrame]


def summarise(tally: pl.DataFrame, params: RenewalsParams, _window: Window) -> Summary:
    """Return all tables; raises FitError where no segment's model can be fitted."""
    keys = [*segment_keys(params.by), "due", "lost"]
    counts = tally.filter(pl.col("due").is_not_null()).sort(keys)
    counts = counts.select(*keys, pl.col("members").cast(pl.Int64))
    models = modelled(counts, params)
    made: Mapping[str, Made] = {"main": curve, "parameters": _parameters, "contracts": contract_row}
    tables = {name: _by_segment(make, counts, models, params) for name, make in made.items()}
    return Summary(definition(params), tables, list(notes(tally, counts, models, params)))


def _by_segment(
    make: Made,
    counts: pl.DataFrame,
    models: Mapping[Segment, Modelled],
    params: RenewalsParams,
) -> pl.DataFrame:
    """Return what is made of each segment, below each other, led by its name."""
    nobody = make(counts.clear(), Modelled(params.model), params).clear()
    parts = [of_segment(nobody, params.by, (None,) * len(params.by))]
    for segment, part in by_segment(counts, params.by):
        made = make(part, models[segment], params)
        parts.append(of_segment(made, params.by, segment))
    return named_segments(pl.concat(parts), params.by)


def _parameters(_part: pl.DataFrame, model: Modelled, params: RenewalsParams) -> pl.DataFrame:
    names = ("alpha", "beta")
    rows: list[tuple[object, ...]] = [(name, *[None] * 4) for name in names]
    if model.model is not None:
        rows = list(parameter_rows(model.model, model.fit, names, params.confidence))
    return pl.DataFrame(rows, schema=PARAMETERS, orient="row")
