"""How far each member comes through the steps, in order, and by which events.

For each step, from the first on, one pass over all moments finds those at which a chain of steps
can end with it. Of the chains that end at a moment, the one that began last is kept: whatever
another could still reach, it can. Chains are walked back only for what is reported of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retainkit.metrics.funnel.moments import NONE, Moments
from retainkit.metrics.funnel.params import FunnelParams
from retainkit.periods import Ints, Window
from retainkit.timeline import Bools, first_of_each

_FEW = 32  # fewer than one in so many moments are each searched for


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
    origin: the step that was done before this moment; all later ones were done at it. None: for
    every chain the step before this one.
    """

    end: Ints
    start: Ints
    origin: NDArray[np.int8] | None

    def before(self, at: Ints, moments: Moments, strict: bool) -> Ints:
        """Return the last chain that ends before each of `at`, NONE where there is none.

        strict: it has to end at the very moment before.
        """
        last: Ints
        if len(at) * _FEW < len(moments):
            last = np.searchsorted(self.end, at) - 1
        else:
            ended = np.zeros(len(moments) + 1, dtype=np.int32)
            ended[self.end + 1] = 1
            last = np.cumsum(ended, out=ended)[at] - np.int64(1)
        if strict and len(self.end):
            last[self.end[np.maximum(last, 0)] != at - 1] = NONE
        return last

    def origins(self, chains: Ints, number: int) -> Ints:
        """Return the origins of some chains of this step, which is the `number`-th."""
        if self.origin is None:
            return np.full(len(chains), number - 1)
        return self.origin[chains].astype(np.int64)


def ordered_levels(moments: Moments, members: int, params: FunnelParams, window: Window) -> Levels:
    """Return how far members come in the order of the steps, loosely or strictly."""
    begins = moments.fitting(1)
    first = begins[first_of_each(moments.owner[begins])]
    started = np.zeros(members, dtype=np.bool_)
    started[moments.owner[first]] = True
    entry = np.zeros(members, dtype=np.int64)
    entry[moments.owner[first]] = moments.time[first]
    if params.attempt == "first":
        begins = first
    if not params.all_count:
        begins = begins[counting(moments.time[begins], params, window)]
    steps = [_Step(begins, begins, None)]
    for number in range(2, len(params.steps) + 1):
        steps.append(_next(moments, steps, number, params))
    level, end = _furthest(moments, steps, members)
    return Levels(level, started, entry, _times(moments, steps, level, end, params))


def counting(time: Ints, params: FunnelParams, window: Window) -> Bools:
    """Return which starts count: those whose window is over by as-of, unless all do."""
    if params.all_count:
        return np.ones(len(time), dtype=np.bool_)
    assert params.window_us is not None
    over: Bools = time + params.window_us < window.as_of
    return over


def _next(moments: Moments, steps: list[_Step], number: int, params: FunnelParams) -> _Step:
    """Return where chains end with step `number`, given those of the steps before."""
    plain = _onward(moments, steps[-1], moments.fitting(number), params)
    ways = []
    # The fewer steps were done before, the later the chain can have begun: these come first.
    for before in range(number - 1):
        able = moments.able(before, number)
        if not len(able):
            continue
        if before:
            ways.append((before, _onward(moments, steps[before - 1], able, params)))
        else:  # all steps at this very moment
            begun = able[_among(able, steps[0].end)]
            ways.append((0, _Step(begun, begun, None)))
    return _first_of([*ways, (number - 1, plain)]) if ways else plain


def _among(some: Ints, ordered: Ints) -> Bools:
    """Return which of some numbers are among others, which are in order."""
    if not len(ordered):
        return np.zeros(len(some), dtype=np.bool_)
    place = np.minimum(np.searchsorted(ordered, some), len(ordered) - 1)
    return np.asarray(ordered[place] == some)


def _onward(moments: Moments, step: _Step, at: Ints, params: FunnelParams) -> _Step:
    """Return which of the moments `at` chains that end with `step` can go on to."""
    last = step.before(at, moments, params.order == "strict")
    good = np.flatnonzero(_reached(moments, step, last, at, params))
    return _Step(at[good], step.start[last[good]], None)


def _first_of(ways: list[tuple[int, _Step]]) -> _Step:
    """Return one chain for each moment at which some end: of the first way that ends there."""
    end = np.concatenate([step.end for _, step in ways])
    start = np.concatenate([step.start for _, step in ways])
    origin = np.repeat([before for before, _ in ways], [len(step.end) for _, step in ways])
    order = np.argsort(end, stable=True)
    kept = order[first_of_each(end[order])]
    return _Step(end[kept], start[kept], origin[kept].astype(np.int8))


def _reached(moments: Moments, step: _Step, last: Ints, at: Ints, params: FunnelParams) -> Bools:
    """Return whether the chains `last` of a step can go on to the moments `at`."""
    if not len(step.end):
        return np.zeros(len(at), dtype=np.bool_)
    start = step.start[last]
    good: Bools = (last >= 0) & (moments.owner[start] == moments.owner[at])
    if params.window_us is not None:
        good &= moments.time[at] - moments.time[start] <= params.window_us
    if params.step_window_us is not None:
        good &= moments.time[at] - moments.time[step.end[last]] <= params.step_window_us
    if params.exclude:
        good &= moments.excluded[at] <= moments.time[start]
    return good


def _furthest(moments: Moments, steps: list[_Step], members: int) -> tuple[Ints, Ints]:
    """Return each member's level, and the first moment at which it was reached."""
    level = np.zeros(members, dtype=np.int64)
    end = np.full(members, NONE)
    for number, step in enumerate(steps, 1):
        owner = moments.owner[step.end]
        new = np.flatnonzero(first_of_each(owner))
        level[owner[new]] = number
        end[owner[new]] = step.end[new]
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
        origin[arrived] = step.origins(np.searchsorted(step.end, at[arrived]), number)
        on = np.flatnonzero(level >= number)
        times[on, number - 1] = moments.time[at[on]]
        if number > 1:
            back, earlier = on[origin[on] == number - 1], steps[number - 2]
            last = earlier.before(at[back], moments, params.order == "strict")
            at[back] = earlier.end[last]
            origin[back] = earlier.origins(last, number - 1)
    return times
