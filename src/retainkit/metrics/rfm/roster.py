"""Every buyer with its values, scores and segment: whom to look after. One row a member."""

from __future__ import annotations

import numpy as np
import polars as pl

from retainkit.columns import column
from retainkit.metrics.base import Roster, named_segments
from retainkit.metrics.groups import segments_of
from retainkit.metrics.purchases import purchases
from retainkit.metrics.rfm.grid import SEGMENTS
from retainkit.metrics.rfm.params import RfmParams
from retainkit.metrics.rfm.standing import standing
from retainkit.periods import Window
from retainkit.timeline import MONEY_UNIT, Timeline


def rows(timeline: Timeline, params: RfmParams, window: Window) -> pl.DataFrame:
    """Return `member, state, r, f, m, recency_days, orders, amount` and segments, a row a buyer.

    state: the named segment.
    """
    now = standing(purchases(timeline, params), timeline.calendar, window.as_of)
    names = pl.Series(SEGMENTS, dtype=pl.String)
    assert timeline.ids is not None
    table = pl.DataFrame(
        [
            params.told(timeline.ids.gather(now.member)).alias("member"),
            names.gather(now.segments(params)).alias("state"),
            *(
                column(np.asarray(score), name)
                for name, score in zip("rfm", now.scores(params), strict=True)
            ),
            column(now.days, "recency_days"),
            column(now.orders, "orders"),
            column(now.amount / MONEY_UNIT, "amount"),
        ]
    )
    return named_segments(table.hstack(segments_of(timeline, params.by, now.member)), params.by)


ROSTER: Roster[RfmParams] = Roster(option="--roster", path=lambda params: params.roster, rows=rows)
