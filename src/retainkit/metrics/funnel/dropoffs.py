"""What members did next who came no further."""

from __future__ import annotations

import numpy as np
import polars as pl

from retainkit.metrics.funnel.chains import Levels
from retainkit.metrics.funnel.params import FunnelParams
from retainkit.metrics.groups import event_names, segments_of
from retainkit.periods import Ints
from retainkit.timeline import Timeline


def next_events(timeline: Timeline, params: FunnelParams, levels: Levels) -> pl.DataFrame:
    """Return `[seg_i…], step, text`: by level, the first event after the last step done.

    It lies at a later time, and within the window of the start; null: there is none.
    """
    member = np.flatnonzero((levels.level > 0) & (levels.level < len(params.steps)))
    level = levels.level[member]
    last = levels.times[member, level - 1]
    row = _after(timeline, member, last)
    there = row < timeline.bounds[member + 1]
    found = np.where(there, row, 0)
    if params.window_us is not None and len(timeline.time):
        there &= timeline.time[found] - levels.times[member, 0] <= params.window_us
    names, event = event_names(timeline)
    codes = event[found] if len(timeline.time) else np.zeros(0, dtype=np.int64)
    text = names.gather(codes).set(pl.Series(~there), None)
    told = pl.DataFrame(
        [*segments_of(timeline, params.by, member), pl.Series("step", level), text.alias("text")]
    )
    return told.group_by(pl.all()).len("members")


def _after(timeline: Timeline, member: Ints, time: Ints) -> Ints:
    """Return each member's first row after a time of its own."""
    low, high = timeline.bounds[member].copy(), timeline.bounds[member + 1].copy()
    while (open_ := low < high).any():  # all members' searches at once
        middle = (low + high) // 2
        later = timeline.time[np.minimum(middle, len(timeline.time) - 1)] > time
        high = np.where(open_ & later, middle, high)
        low = np.where(open_ & ~later, middle + 1, low)
    return low
