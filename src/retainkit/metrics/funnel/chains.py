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
    """Where chains can end with a step.

    end: the moments, in order. start: the moment at which the chain that ends there began.
    origin: the step that was done before this moment; all later ones were done at it.
    """

    end: Ints
    start: Ints
    origin: NDArray[np.int8]

    def before(self, at: Ints, strict: bool) -> Ints:
        """Return the last chain that ends before each moment, NONE where there is none.

        strict: it has to end at the very moment before.
        """
        last: Ints = np.searchsorted(self.end, at) - 1
        if strict and len(self.end):
            last[self.end[np.maximum(last, 0)] != at - 1] = NONE
        return last

    def at(self, moments: Ints) -> Ints:
        """Return which chains end at moments where some do."""
        found: Ints = np.searchsorted(self.end, moments)
        return found


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
    first = np.flatnonzero(begins)
    steps = [_Step(first, first, np.zeros(len(first), dtype=np.int8))]
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


def _next(moments: Moments, steps: list[_Step], number: int, params: FunnelParams) -> _Step:
    """Return where chains end with step `number`, given those of the steps before."""
    fits = np.flatnonzero(moments.mask >> (number - 1) & 1)
    start = np.full(len(fits), NONE)
    origin = np.zeros(len(fits), dtype=np.int8)
    for before, rows in _ways(moments, fits, number):
        free = rows[start[rows] < 0]
        at = fits[free]
        if before == 0:  # all steps at this very moment
            good = np.isin(at, steps[0].end)
            begun = at[good]
        else:
            step = steps[before - 1]
            last = step.before(at, params.order == "strict")
            good = _reached(moments, step, last, at, params)
            begun = step.start[last[good]]
        start[free[good]] = begun
        origin[free[good]] = before
    ends = start >= 0
    return _Step(fits[ends], start[ends], origin[ends])


def _ways(moments: Moments, fits: Ints, number: int) -> list[tuple[int, Ints]]:
    """Return from which steps moments can go to step `number`, and which of `fits`: least first.

    The fewer steps were done before, the later the chain can have begun.
    """
    kinds = moments.kind[fits]
    ways = []
    for before in range(number - 1):
        able = np.array([before in fillable(kind, number) for kind in moments.kinds], dtype=bool)
        if able.any():
            ways.append((before, np.flatnonzero((kinds >= 0) & able[np.maximum(kinds, 0)])))
    return [*ways, (number - 1, np.arange(len(fits)))]


def _reached(moments: Moments, step: _Step, last: Ints, at: Ints, params: FunnelParams) -> Bools:
    """Return whether the chains `last` of a step can go on to the moments `at`."""
    if not len(step.end):
        return np.zeros(len(at), dtype=np.bool_)
    previous = step.end[last]
    good: Bools = (last >= 0) & (moments.owner[previous] == moments.owner[at])
    begun = moments.time[step.start[last]]
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
        first = step.end[first_of_each(moments.owner[step.end])]
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
        step = steps[number - 1]
        arrived = np.flatnonzero(level == number)
        origin[arrived] = step.origin[step.at(at[arrived])]
        on = np.flatnonzero(level >= number)
        times[on, number - 1] = moments.time[at[on]]
        if number > 1:
            back, earlier = on[origin[on] == number - 1], steps[number - 2]
            last = earlier.before(at[back], params.order == "strict")
            at[back] = earlier.end[last]
            origin[back] = earlier.origin[last]
    return times
