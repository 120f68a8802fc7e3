"""The quintiles that scores are cut at, taken from the data: equal values always score alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from retainkit.metrics.base import Survey
from retainkit.metrics.rfm.params import SCORES, RfmParams
from retainkit.metrics.rfm.tally import MEASURES, value_counts
from retainkit.periods import Window
from retainkit.timeline import MONEY_UNIT


def _asked(params: RfmParams) -> bool:
    return not all(params.cuts)


def _settle(
    tally: pl.DataFrame, params: RfmParams, _window: Window
) -> tuple[RfmParams, Sequence[str]]:
    """Return the params with cuts at the smallest values that hold a fifth, two fifths … of all."""
    found = {kind: _quintiles(tally.filter(kind=kind)) for kind in ("r", "f", "m")}
    money = tuple(cut / MONEY_UNIT for cut in found["m"])
    settled = replace(
        params,
        r_cuts=params.r_cuts or found["r"],
        f_cuts=params.f_cuts or found["f"],
        m_cuts=params.m_cuts or money,
    )
    return settled, []


def _quintiles(counts: pl.DataFrame) -> tuple[float, ...]:
    """Return four values, each the smallest at or below which its share of buyers lies."""
    ordered = counts.group_by("r").agg(pl.col("members").sum()).sort("r")
    upto = ordered["members"].cast(pl.Int64).to_numpy().cumsum()
    if not len(upto):
        return (0.0,) * (SCORES - 1)
    values = ordered["r"].to_numpy()
    places = [int(np.argmax(upto * SCORES >= upto[-1] * fifth)) for fifth in range(1, SCORES)]
    return tuple(float(values[place]) for place in places)


SURVEY = Survey(measures=MEASURES, tally=value_counts, asked=_asked, settle=_settle)
