"""Every buyer with its history and what is expected of it: one row a member."""

from __future__ import annotations

import numpy as np
import polars as pl

from retainkit.columns import column, known
from retainkit.metrics.base import Roster, named_segments
from retainkit.metrics.groups import segments_of
from retainkit.metrics.ltv.histories import Histories, histories
from retainkit.metrics.ltv.models import WEEK
from retainkit.metrics.ltv.params import LtvParams
from retainkit.periods import Window
from retainkit.stats.intervals import Floats
from retainkit.stats.purchases import alive, conditional_purchases
from retainkit.timeline import MONEY_UNIT, Timeline

LIKELY = 0.5  # of being alive


def rows(timeline: Timeline, params: LtvParams, window: Window) -> pl.DataFrame:
    """Return a row a buyer: `member, state, p_alive, …` and segments.

    state: alive where that is likelier than not, else gone. frequency: repeat purchases; recency
    and age in days from the first one; what is expected is within the horizon.
    """
    found = histories(timeline, params, window)
    history = (found.x, found.last / WEEK, found.age / WEEK)
    assert params.buying is not None, "the survey comes first"
    chance = alive(params.buying, *history)
    orders = conditional_purchases(params.buying, *history, params.horizon_days / WEEK)
    spend = _spends(found, params)
    assert timeline.ids is not None
    table = pl.DataFrame(
        [
            params.told(timeline.ids.gather(found.member)).alias("member"),
            pl.Series("state", np.where(chance >= LIKELY, "alive", "gone").tolist(), pl.String),
            column(chance, "p_alive"),
            column(found.x, "frequency"),
            column(found.last, "recency_days"),
            column(found.age, "age_days"),
            column(orders, "expected_orders"),
            known(spend).alias("expected_spend"),
            known(spend * orders).alias("expected_value"),
        ]
    )
    return named_segments(table.hstack(segments_of(timeline, params.by, found.member)), params.by)


def _spends(found: Histories, params: LtvParams) -> Floats:
    """Return what each is expected to spend on a purchase; NaN without amounts."""
    if params.spending is None:
        return np.full(len(found.member), np.nan)
    from retainkit.stats.gammagamma import conditional_mean  # imports SciPy

    mean = found.mean
    return conditional_mean(params.spending, np.where(mean > 0, found.x, 0), mean / MONEY_UNIT)


ROSTER: Roster[LtvParams] = Roster(option="--roster", path=lambda params: params.roster, rows=rows)
