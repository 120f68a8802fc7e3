"""The main table: renewal by renewal, what was seen beside what the model expects."""

from __future__ import annotations

import numpy as np
import polars as pl

from retainkit.columns import column, known
from retainkit.metrics.base import with_rate
from retainkit.metrics.renewals.models import Modelled
from retainkit.metrics.renewals.params import RenewalsParams
from retainkit.periods import Ints
from retainkit.stats.betageometric import retention, survival
from retainkit.stats.intervals import Floats

CALIBRATION, HOLDOUT, FORECAST = "calibration", "holdout", "forecast"


def curve(part: pl.DataFrame, model: Modelled, params: RenewalsParams) -> pl.DataFrame:
    """Return one row a renewal, from the first to the horizon after the last one that is due.

    part: `due, lost, members` of one segment.
    """
    at_risk, renewed = seen(part)
    last = len(at_risk)
    renewal = np.arange(1, last + params.horizon + 1)
    parts = np.select(
        [renewal <= last - params.holdout, renewal <= last], [CALIBRATION, HOLDOUT], FORECAST
    )
    counts = pl.DataFrame(
        [
            column(renewal, "renewal"),
            pl.Series("part", parts.tolist(), dtype=pl.String),
            column(at_risk, "at_risk").extend_constant(None, params.horizon),
            column(renewed, "renewed").extend_constant(None, params.horizon),
        ]
    )
    rated = with_rate(counts, "renewed", "at_risk", params.confidence)
    survived = np.multiply.accumulate(rated["rate"].fill_null(np.nan).to_numpy())
    return rated.with_columns(
        known(survived).alias("survival"),
        *(known(values).alias(name) for name, values in _expected(renewal, model, params)),
    )


def seen(part: pl.DataFrame) -> tuple[Ints, Ints]:
    """Return, for each renewal that is due of somebody, who was there before it and who after.

    A contract is at risk at a renewal that is due if it has not ended at an earlier one.
    """
    due, lost, members = (part[name].to_numpy() for name in ("due", "lost", "members"))
    last = int(due.max(initial=0))
    ends, gone = np.zeros((2, last + 1), dtype=np.int64)
    np.add.at(ends, np.where(lost > 0, lost, due), members)
    np.add.at(gone, lost, members)
    at_risk = np.cumsum(ends[::-1])[::-1]
    return at_risk[1:], (at_risk - gone)[1:]


def _expected(
    renewal: Ints, model: Modelled, params: RenewalsParams
) -> tuple[tuple[str, Floats], ...]:
    unknown = np.full(len(renewal), np.nan)
    rate = shares = low = high = unknown
    if model.model is not None and model.curve is not None:
        rate = retention(model.model, renewal)
        told = survival(model.curve, renewal, params.confidence)
        shares = told.survival
        if model.fit is not None:
            low, high = told.low, told.high
    return (
        ("expected_rate", rate),
        ("expected_survival", shares),
        ("expected_low", low),
        ("expected_high", high),
    )
