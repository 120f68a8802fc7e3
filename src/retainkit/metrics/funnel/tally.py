"""Counts of some members by how far they come, additive over disjoint members."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from retainkit.columns import column
from retainkit.metrics.base import add_up, filled, nobody
from retainkit.metrics.funnel.chains import Levels, ordered_levels
from retainkit.metrics.funnel.dropoffs import next_events
from retainkit.metrics.funnel.moments import Masks, Moments, excluded, moments_of, step_marks
from retainkit.metrics.funnel.params import FunnelParams
from retainkit.metrics.funnel.unordered import Life, matched, overlapping, unordered_levels
from retainkit.metrics.groups import Groups
from retainkit.periods import SECOND, Ints, Window
from retainkit.timeline import Bools, Needs, Timeline

# kind: which table a row goes into. step: how far, or a node. at: seconds, a period or a side.
KEYS = {"kind": pl.String, "step": pl.Int64, "at": pl.Int64, "text": pl.String}
MEASURES = ("members",)

LEVEL, OPEN, TIME, TREND, SIDE, NEXT = "level", "open", "time", "trend", "side", "next"


def needs(params: FunnelParams, _joined: bool) -> Needs:
    """Return what `funnel` reads of each event."""
    column = None if params.comparison is None else params.comparison.column
    return Needs(
        grain="exact",
        selectors=tuple(dict.fromkeys((*params.selectors, *params.excluded))),
        segments=tuple(dict.fromkeys((*params.by, *([column] if column else [])))),
        repeats=not params.apart,
        event=params.dropoffs,
    )


def tally(timeline: Timeline, params: FunnelParams, window: Window) -> pl.DataFrame:
    """Return members by `[seg_i…], kind, step, at, text`.

    level: step is how far they come, 0 for nowhere. open: all attempts are running. time:
    seconds (`at`) to the node `step`, or with 0 from first to last. trend, side: levels by the
    period of the first start, and by side of the comparison. next: what those of level `step` did
    next (`text`).
    """
    moments = moments_of(timeline, params)
    levels = _levels(timeline, moments, params, window)
    every = Groups.of_members(timeline, params.by, np.arange(timeline.members))
    some = np.flatnonzero(levels.level)
    groups, level = every.take(some), levels.level[some]
    parts = [
        every.by("step", levels.level).tally(members=None).with_columns(kind=pl.lit(LEVEL)),
        every.take(np.flatnonzero(levels.started & (levels.level == 0)))
        .tally(members=None)
        .with_columns(kind=pl.lit(OPEN)),
        *_durations(groups, level, levels.times[some]),
    ]
    if params.trend is not None:
        period = timeline.calendar.index(levels.entry[some], params.trend)
        counts = groups.by("at", period).by("step", level)
        parts.append(counts.tally(members=None).with_columns(kind=pl.lit(TREND)))
    parts += _sides(timeline, params, levels, some, window)
    if params.dropoffs:
        told = next_events(timeline, params, levels)
        parts.append(told.with_columns(kind=pl.lit(NEXT)))
    return add_up(pl.concat(filled(part, KEYS, MEASURES) for part in parts), MEASURES)


def _levels(timeline: Timeline, moments: Moments, params: FunnelParams, window: Window) -> Levels:
    if params.order != "any":
        return ordered_levels(moments, timeline.members, params, window)
    levels = unordered_levels(moments, timeline.members, params, window)
    marks, out = step_marks(timeline, params), excluded(timeline, params)
    for member in overlapping(marks, timeline.owner).tolist():
        life = _life(timeline, marks, out, member)
        times = matched(life, params, window)
        levels.level[member] = len(times)
        levels.times[member] = 0
        levels.times[member, : len(times)] = times
    return levels


def _life(timeline: Timeline, marks: Masks, out: Bools, member: int) -> Life:
    own = slice(timeline.bounds[member], timeline.bounds[member + 1])
    time, mask = timeline.time[own], marks[own]
    return Life(time[mask != 0].tolist(), mask[mask != 0].tolist(), time[out[own]].tolist())


def _durations(groups: Groups, level: Ints, times: Ints) -> Iterator[pl.DataFrame]:
    """Yield how many members took how many seconds to each step, and from first to last."""
    last = times.shape[1]
    nodes = [(step, step - 1, step) for step in range(2, last + 1)]
    for node, begin, end in (*nodes, (0, 1, last)):
        rows = np.flatnonzero(level >= end)
        seconds = (times[rows, end - 1] - times[rows, begin - 1]) // SECOND
        counts = groups.take(rows).by("at", seconds).tally(members=None)
        yield counts.with_columns(kind=pl.lit(TIME), step=pl.lit(node, pl.Int64))


def _sides(
    timeline: Timeline, params: FunnelParams, levels: Levels, some: Ints, window: Window
) -> Iterator[pl.DataFrame]:
    """Yield levels on either side of the comparison."""
    comparison = params.comparison
    if comparison is None:
        return
    for side, value in enumerate((comparison.before, comparison.after)):
        if comparison.column is not None:
            segment = timeline.segments[comparison.column]
            rows = some[(segment == value).fill_null(value=False).to_numpy()[some]]
        else:
            begin, end = (window.calendar.midnight(day) for day in comparison.days(side))
            entry = levels.entry[some]
            rows = some[(entry >= begin) & (entry < end)]
        level, count = np.unique(levels.level[rows], return_counts=True)
        yield pl.DataFrame([column(level, "step"), column(count, "members")]).with_columns(
            kind=pl.lit(SIDE),
            at=pl.lit(side, pl.Int64),
            **nobody(params.by),
        )
