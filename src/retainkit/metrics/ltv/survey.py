"""The models, fitted before single buyers are listed by them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from retainkit.metrics.base import Survey, filled
from retainkit.metrics.groups import Groups
from retainkit.metrics.ltv.histories import histories
from retainkit.metrics.ltv.models import fitted
from retainkit.metrics.ltv.params import LtvParams
from retainkit.metrics.ltv.tally import KEYS, MEASURES, model_counts
from retainkit.periods import Window
from retainkit.timeline import Timeline


def _asked(params: LtvParams) -> bool:
    return params.roster is not None


def _tally(timeline: Timeline, params: LtvParams, window: Window) -> pl.DataFrame:
    every = Groups.of_members(timeline, (), np.arange(timeline.members))
    parts = model_counts(every, histories(timeline, params, window))
    return pl.concat(filled(part, KEYS, MEASURES) for part in parts)


def _settle(
    tally: pl.DataFrame, params: LtvParams, _window: Window
) -> tuple[LtvParams, Sequence[str]]:
    return params.with_models(fitted(tally, params)), []


SURVEY = Survey(measures=MEASURES, tally=_tally, asked=_asked, settle=_settle)
