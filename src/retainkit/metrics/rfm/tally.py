"""Counts of some buyers by their scores, additive over disjoint members."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from retainkit.columns import column
from retainkit.metrics.base import add_up, filled
from retainkit.metrics.groups import Groups
from retainkit.metrics.purchases import Purchases, purchases
from retainkit.metrics.rfm.params import RfmParams
from retainkit.metrics.rfm.standing import Standing, earlier, standing
from retainkit.periods import Ints, Window
from retainkit.timeline import Needs, Timeline

# kind: which tables a row goes into. r, f, m: scores, or codes of segments before and after.
KEYS = {"kind": pl.String, "r": pl.Int64, "f": pl.Int64, "m": pl.Int64}
MEASURES = ("members", "orders", "amount", "days", "kept", "numbered")

SCORE, MOVE = "score", "move"
NOBODY = -1  # the segment before of those who had not ordered yet


def needs(params: RfmParams, _joined: bool) -> Needs:
    """Return what `rfm` reads of each event."""
    return Needs(
        grain="exact",
        selectors=(params.order,),
        segments=params.by,
        repeats=True,
        order=True,
        amount=True,
        ids=params.roster is not None,
    )


def tally(timeline: Timeline, params: RfmParams, window: Window) -> pl.DataFrame:
    """Return counts by `[seg_i…], kind, r, f, m`.

    score: buyers by their scores, with their orders, amounts and days since the last. move: by
    segment before (`r`, NOBODY: none yet) and now (`f`), and which ordered since (`kept`), with
    what they ordered since.
    """
    bought = purchases(timeline, params)
    now = standing(bought, timeline.calendar, window.as_of)
    every = Groups.of_members(timeline, params.by, np.arange(timeline.members))
    r, f, m = now.scores(params)
    groups = every.take(now.member).by("r", r).by("f", f).by("m", m)
    counts = groups.tally(members=None, orders=now.orders, amount=now.amount, days=now.days)
    numbered = pl.lit(int(timeline.order is not None))
    parts = [counts.with_columns(kind=pl.lit(SCORE), numbered=numbered)]
    moment = earlier(params, window)
    if moment is not None:
        parts += _moved(timeline, params, every, bought, now, moment)
    return add_up(pl.concat(filled(part, KEYS, MEASURES) for part in parts), MEASURES)


def _moved(
    timeline: Timeline,
    params: RfmParams,
    every: Groups,
    bought: Purchases,
    now: Standing,
    moment: int,
) -> Iterator[pl.DataFrame]:
    """Yield buyers by their segment at the earlier date and now."""
    before = standing(bought, timeline.calendar, moment)
    was = np.full(timeline.members, NOBODY)
    was[before.member] = before.segments(params)
    many, worth = _by_member(before, timeline.members)
    since = now.orders - many[now.member]
    moved = every.take(now.member).by("r", was[now.member]).by("f", now.segments(params))
    counts = moved.tally(
        members=None, orders=since, amount=now.amount - worth[now.member], kept=since > 0
    )
    yield counts.with_columns(kind=pl.lit(MOVE))


def _by_member(before: Standing, members: int) -> tuple[Ints, Ints]:
    orders, amount = np.zeros(members, dtype=np.int64), np.zeros(members, dtype=np.int64)
    orders[before.member], amount[before.member] = before.orders, before.amount
    return orders, amount


def value_counts(timeline: Timeline, params: RfmParams, window: Window) -> pl.DataFrame:
    """Return how many buyers have each value (`r`) of recency, frequency and money (`kind`)."""
    now = standing(purchases(timeline, params), timeline.calendar, window.as_of)
    parts = []
    for kind, values in (("r", now.days), ("f", now.orders), ("m", now.amount)):
        seen, members = np.unique(values, return_counts=True)
        counts = pl.DataFrame([column(seen, "r"), column(members, "members")])
        parts.append(filled(counts.with_columns(kind=pl.lit(kind)), KEYS, MEASURES))
    return pl.concat(parts)
