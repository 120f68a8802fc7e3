"""How far each member comes through the steps, in order, and by which events.

For each step, from the first on, one pass over all moments finds those at which a chain of steps
can end with it. Of the chains that end at a moment, the one that began last is kept: whatever
another could still reach, it can. Chains are walked back only for what is reported of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retainkit.metrics.funnel.moments import NONE, Moments, fillable
from retainkit.metrics.funnel.params import FunnelParams
from retainkit.periods import Ints, Window
from retainkit.timeline import Bools, first_of_each


@dataclass(frozen=True, eq=False)
class Levels:
    """How far members come. level: Ints[members], 0 where no attempt counts.

    started: who has begun at all. entry: time of the first start, of who has. times:
    Ints[members, steps], when each step of the reported chain was done, up to the level.
    """

    level: Ints
    started: Bools
    entry: Ints
    times: Ints


@dataclass(frozen=True, eq=False)
class _Step:
    """Where chains can end with a step: moment by moment.

    start: the moment at which the chain began, NONE where none ends here. origin: the step that
    was done before this moment; all later ones were done at it. last: the last moment up to here
    at which a chain ends with this step.
    """

    start: Ints
    origin: NDArray[np.int8]
    last: Ints


def ordered_levels(moments: Moments, members: int, params: FunnelParams, window: Window) -> Levels:
    """Return how far members come in the order of the steps, loosely or strictly."""
    begins = moments.mask & 1 == 1
    started = np.zeros(members, dtype=np.bool_)
    started[moments.owner[begins]] = True
    entry = np.zeros(members, dtype=np.int64)
    entry[moments.owner[begins][::-1]] = moments.time[begins][::-1]
    if params.attempt == "first":
        rows = np.flatnonzero(begins)
        begins = np.zeros(len(moments), dtype=np.bool_)
        begins[rows[first_of_each(moments.owner[rows])]] = True
    begins &= counting(moments.time, params, window)
    steps = [_first(begins)]
    for number in range(2, len(params.steps) + 1):
        steps.append(_next(moments, steps, number, params))
    level, end = _furthest(moments, steps, members)
    return Levels(level, started, entry, _times(moments, steps, level, end, params))


def counting(time: Ints, params: FunnelParams, window: Window) -> Bools:
    """Return which starts count: those whose window is over by as-of, unless all do."""
    if params.window_us is None or params.include_open:
        return np.ones(len(time), dtype=np.bool_)
    over: Bools = time + params.window_us < window.as_of
    return over


def _first(begins: Bools) -> _Step:
    at = np.arange(len(begins))
    start = np.where(begins, at, NONE)
    return _Step(start, np.zeros(len(begins), dtype=np.int8), _last(start))


def _last(start: Ints) -> Ints:
    last: Ints = np.maximum.accumulate(np.where(start >= 0, np.arange(len(start)), NONE))
    return last


def _next(moments: Moments, steps: list[_Step], number: int, params: FunnelParams) -> _Step:
    """Return where chains end with step `number`, given those of the steps before."""
    start = np.full(len(moments), NONE)
    origin = np.zeros(len(moments), dtype=np.int8)
    fits = np.flatnonzero(moments.mask >> (number - 1) & 1)
    for before, at in _ways(moments, fits, number):
        free = at[start[at] < 0]
        if before == 0:  # all steps at this very moment
            found = free[steps[0].start[free] >= 0]
            start[found] = found
        else:
            previous = _previous(steps[before - 1], free, params)
            good = _reached(moments, steps[before - 1], previous, free, params)
            found = free[good]
            start[found] = steps[before - 1].start[previous[good]]
        origin[found] = before
    return _Step(start, origin, _last(start))


def _ways(moments: Moments, fits: Ints, number: int) -> list[tuple[int, Ints]]:
    """Return from which steps moments can go to step `number`, and which moments: least first.

    The fewer steps were done before, the later the chain can have begun.
    """
    kinds = moments.kind[fits]
    ways = []
    for before in range(number - 1):
        able = np.array([before in fillable(kind, number) for kind in moments.kinds], dtype=bool)
        if able.any():
            ways.append((before, fits[(kinds >= 0) & able[np.maximum(kinds, 0)]]))
    return [*ways, (number - 1, fits)]


def _previous(step: _Step, at: Ints, params: FunnelParams) -> Ints:
    """Return the moment before each of `at` at which a chain ends with `step`; NONE: nowhere."""
    before = at - 1
    if params.order == "strict":  # nothing lies between
        return np.where((before >= 0) & (step.start[before] >= 0), before, NONE)
    return np.where(before >= 0, step.last[before], NONE)


def _reached(
    moments: Moments, step: _Step, previous: Ints, at: Ints, params: FunnelParams
) -> Bools:
    """Return whether a chain can go on from the previous moments to those `at`."""
    good: Bools = (previous >= 0) & (moments.owner[previous] == moments.owner[at])
    begun = moments.time[step.start[previous]]
    if params.window_us is not None:
        good &= moments.time[at] - begun <= params.window_us
    if params.step_window_us is not None:
        good &= moments.time[at] - moments.time[previous] <= params.step_window_us
    if params.exclude:
        good &= moments.excluded[at] <= begun
    return good


def _furthest(moments: Moments, steps: list[_Step], members: int) -> tuple[Ints, Ints]:
    """Return each member's level, and the first moment at which it was reached."""
    level = np.zeros(members, dtype=np.int64)
    end = np.full(members, NONE)
    for number, step in enumerate(steps, 1):
        rows = np.flatnonzero(step.start >= 0)
        first = rows[first_of_each(moments.owner[rows])]
        level[moments.owner[first]] = number
        end[moments.owner[first]] = first
    return level, end


def _times(
    moments: Moments, steps: list[_Step], level: Ints, end: Ints, params: FunnelParams
) -> Ints:
    """Return when each step of the chain was done that ends at `end`, each as late as can be."""
    times = np.zeros((len(level), len(steps)), dtype=np.int64)
    at = end.copy()
    origin = np.zeros(len(level), dtype=np.int64)
    for number in range(len(steps), 0, -1):
        arrived = level == number
        origin[arrived] = steps[number - 1].origin[at[arrived]]
        on = np.flatnonzero(level >= number)
        times[on, number - 1] = moments.time[at[on]]
        if number > 1:
            back = on[origin[on] == number - 1]
            at[back] = _previous(steps[number - 2], at[back], params)
            origin[back] = steps[number - 2].origin[at[back]]
    return times
