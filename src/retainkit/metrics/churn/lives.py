"""Tables of how long spells and silences last: Kaplan-Meier curves, medians, the log-rank test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from retainkit.columns import column
from retainkit.metrics.base import Segment, by_segment, of_segments
from retainkit.metrics.churn.params import ChurnParams
from retainkit.metrics.churn.tally import first_age
from retainkit.stats.intervals import wilson
from retainkit.stats.survival import Curve, LogRank, kaplan_meier, log_rank, median

Curves = dict[Segment, Curve]

_LIVES = {
    "age": pl.Int64,
    **dict.fromkeys(("members", "churned", "censored"), pl.Int64),
    **dict.fromkeys(("hazard", "survival", "ci_low", "ci_high"), pl.Float64),
}
_SILENCES = {
    "silence": pl.Int64,
    **dict.fromkeys(("members", "returned", "censored"), pl.Int64),
    **dict.fromkeys(("rate", "ci_low", "ci_high", "returned_so_far"), pl.Float64),
}
_MEDIANS = {
    **dict.fromkeys(("members", "churned", "censored"), pl.Int64),
    **dict.fromkeys(("median", "median_low", "median_high"), pl.Int64),
    "expected": pl.Float64,
}
_TEST = {"groups": pl.Int64, "statistic": pl.Float64, "df": pl.Int64, "p_value": pl.Float64}


def curves(durations: pl.DataFrame, params: ChurnParams) -> Curves:
    """Return the curve of each segment; durations: `[seg_i…], at, yes, no`, of one kind."""
    first = first_age(params)
    return {
        segment: kaplan_meier(part["at"], part["yes"], part["no"], first, params.confidence)
        for segment, part in by_segment(durations, params.by)
        if part.height
    }


def lives(found: Curves, params: ChurnParams) -> pl.DataFrame:
    """Return one row for each segment and age: who is at risk, churns and survives."""
    return _table(params, _LIVES, ((name, _life(curve)) for name, curve in found.items()))


def silences(found: Curves, params: ChurnParams) -> pl.DataFrame:
    """Return one row for each segment and length of silence: who came back."""
    each = ((name, _silence(curve, params.confidence)) for name, curve in found.items())
    return _table(params, _SILENCES, each)


def compared(found: Curves, params: ChurnParams) -> LogRank | None:
    """Return the log-rank test of the segments; None where there are not two."""
    return log_rank(list(found.values())) if params.by and len(found) > 1 else None


def medians(found: Curves, test: LogRank | None, params: ChurnParams) -> pl.DataFrame:
    """Return one row a segment: how many, the median age at churn, and churns expected."""
    expected = [None] * len(found) if test is None else test.expected
    rows = []
    for curve, churns in zip(found.values(), expected, strict=True):
        churned, censored = int(curve.events.sum()), int(curve.censored.sum())
        rows.append((churned + censored, churned, censored, *median(curve), churns))
    table = pl.DataFrame(rows, schema=_MEDIANS, orient="row")
    return of_segments(table, params.by, list(found))


def test_table(found: Curves, test: LogRank | None) -> pl.DataFrame:
    """Return one row: whether segments differ in survival; none where there is no telling."""
    rows = [] if test is None else [(len(found), test.statistic, test.df, test.p_value)]
    return pl.DataFrame(rows, schema=_TEST, orient="row")


def _life(curve: Curve) -> dict[str, np.ndarray]:
    return {
        "age": curve.time,
        "members": curve.at_risk,
        "churned": curve.events,
        "censored": curve.censored,
        "hazard": curve.hazard,
        "survival": curve.survival,
        "ci_low": curve.low,
        "ci_high": curve.high,
    }


def _silence(curve: Curve, confidence: float) -> dict[str, np.ndarray]:
    low, high = wilson(curve.events, curve.at_risk, confidence)
    return {
        "silence": curve.time,
        "members": curve.at_risk,
        "returned": curve.events,
        "censored": curve.censored,
        "rate": curve.hazard,
        "ci_low": low,
        "ci_high": high,
        "returned_so_far": 1 - curve.survival,
    }


def _table(
    params: ChurnParams,
    schema: Mapping[str, type[pl.DataType]],
    each: Iterator[tuple[Segment, dict[str, np.ndarray]]],
) -> pl.DataFrame:
    parts = [pl.DataFrame(schema=schema)]
    segments: list[Segment] = []
    for segment, columns in each:
        made = {name: column(values).cast(schema[name]) for name, values in columns.items()}
        parts.append(pl.DataFrame(made))
        segments += [segment] * parts[-1].height
    return of_segments(pl.concat(parts), params.by, segments)
