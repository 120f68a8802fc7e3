"""The parameters of fitted models as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from retainkit.stats.intervals import positive_interval
from retainkit.stats.likelihood import Fit

PARAMETERS = {
    "parameter": pl.String,
    **dict.fromkeys(("value", "standard_error", "ci_low", "ci_high"), pl.Float64),
}


def parameter_rows(
    model: object, fit: Fit[Any] | None, names: Sequence[str], confidence: float
) -> Iterator[tuple[object, ...]]:
    """Yield a row of PARAMETERS for each of the model's parameters `names`, all positive.

    fit: where the model was fitted; a model that was given has no errors.
    """
    for name in names:
        value = float(getattr(model, name))
        if fit is None:
            yield (name, value, None, None, None)
        else:
            error = fit.errors[name]
            yield (name, value, error, *positive_interval(value, error, confidence))
