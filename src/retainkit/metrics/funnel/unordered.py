"""How many of the steps each member did, in any order, within the window.

Where no event fits two steps, each step counts by whatever did it last. Members with events that
fit several are looked at one by one: distinct events are matched to steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retainkit.metrics.funnel.chains import Levels, counting
from retainkit.metrics.funnel.moments import NEVER, NONE, Masks, Moments
from retainkit.metrics.funnel.params import FunnelParams
from retainkit.periods import Ints, Window
from retainkit.timeline import Bools, first_of_each

FAR = np.iinfo(np.int64).max


def unordered_levels(
    moments: Moments, members: int, params: FunnelParams, window: Window
) -> Levels:
    """Return how many distinct steps members did, no event of theirs fitting two."""
    first = np.flatnonzero(first_of_each(moments.owner))
    started = np.zeros(members, dtype=np.bool_)
    started[moments.owner[first]] = True
    entry = np.zeros(members, dtype=np.int64)
    entry[moments.owner[first]] = moments.time[first]
    begin, start = _starts(moments, first, params, window)
    done = _done(moments, len(params.steps), begin)
    counts = np.where(start == NONE, 0, (done != NEVER).sum(axis=1))
    level, end = _best(moments, counts, members)
    reached = np.flatnonzero(level)
    times = np.zeros((members, len(params.steps)), dtype=np.int64)
    times[reached] = _in_order(moments, done, start, end[reached])
    return Levels(level, started, entry, times)


def _starts(
    moments: Moments, first: Ints, params: FunnelParams, window: Window
) -> tuple[Ints, Ints]:
    """Return since when steps count that are done by each moment, and the last start that counts.

    NONE where there is no such start in this time.
    """
    at = np.arange(len(moments))
    counts = counting(moments.time, params, window)
    begin = moments.excluded.copy() if params.exclude else np.full(len(moments), NEVER)
    if params.window_us is not None:
        begin = np.maximum(begin, moments.time - params.window_us)
    if params.attempt == "first":
        only = np.zeros(len(moments), dtype=np.bool_)
        only[first] = True
        counts &= only
    start = np.maximum.accumulate(np.where(counts, at, NONE))
    own = (start >= 0) & (moments.owner[start] == moments.owner) & (moments.time[start] >= begin)
    start = np.where(own, start, NONE)
    if params.attempt == "first":
        begin = np.where(own, np.maximum(begin, moments.time[start]), begin)
    return begin, start


def _done(moments: Moments, steps: int, begin: Ints) -> Ints:
    """Return when each step was last done up to each moment, not before `begin`; NEVER: not."""
    at = np.arange(len(moments))
    done = np.full((len(moments), steps), NEVER)
    for step in range(steps):
        last = np.maximum.accumulate(np.where(moments.mask >> step & 1 == 1, at, NONE))
        own = (last >= 0) & (moments.owner[last] == moments.owner)
        time = moments.time[last]
        done[:, step] = np.where(own & (time >= begin), time, NEVER)
    return done


def _best(moments: Moments, counts: Ints, members: int) -> tuple[Ints, Ints]:
    """Return each member's most steps, and the first moment at which they were done."""
    level = np.zeros(members, dtype=np.int64)
    np.maximum.at(level, moments.owner, counts)
    rows = np.flatnonzero((counts == level[moments.owner]) & (counts > 0))
    first = rows[first_of_each(moments.owner[rows])]
    end = np.full(members, NONE)
    end[moments.owner[first]] = first
    return level, end


def _in_order(moments: Moments, done: Ints, start: Ints, end: Ints) -> Ints:
    """Return the times of the steps done by the moments `end`, the last start that counts first.

    A step that this start did counts by it, unless all that is done is later anyway and counts.
    """
    times, begun = done[end].copy(), start[end]
    least = np.where(times == NEVER, FAR, times).min(axis=1)
    early = np.flatnonzero(moments.time[begun] < least)
    steps = np.arange(times.shape[1])
    by_start = (moments.mask[begun[early]][:, None] >> steps & 1) == 1
    step = np.where(by_start, times[early], FAR).argmin(axis=1)  # the one that loses least
    times[early, step] = moments.time[begun[early]]
    ordered: Ints = np.sort(np.where(times == NEVER, FAR, times), axis=1)
    ordered[ordered == FAR] = 0
    return ordered


@dataclass(frozen=True)
class Life:
    """The events of one member that fit steps, in the order of time: when, and which (bits).

    excluded: when the member did what is excluded.
    """

    times: Sequence[int]
    masks: Sequence[int]
    excluded: Sequence[int]


def matched(life: Life, params: FunnelParams, window: Window) -> list[int]:
    """Return when the steps of a member's best attempt were done, matching events to steps.

    An attempt from a start has as many steps as events from it on can be matched to: any event
    of a largest matching can be exchanged for the start's own.
    """
    starts = sorted(set(life.times))[: 1 if params.attempt == "first" else None]
    best: list[int] = []
    for begin in starts:
        if not counting(np.array([begin]), params, window)[0]:
            continue
        found = _chain(life, begin, params)
        if (len(found), -max(found, default=0)) >= (len(best), -max(best, default=0)):
            best = found
    return best


def _chain(life: Life, begin: int, params: FunnelParams) -> list[int]:
    """Return the times of the largest matching from `begin` on, done as early as can be."""
    end = min((x for x in life.excluded if x > begin), default=FAR)
    if params.window_us is not None:
        end = min(end, begin + params.window_us)
    at = [i for i, time in enumerate(life.times) if begin <= time <= end]
    taken: dict[int, int] = {}  # step -> event
    last = begin
    for i in at:
        if _moved(i, life.masks, taken, set()):
            last = life.times[i]
    late = [i for i in reversed(at) if life.times[i] <= last]
    starts = {life.masks[i]: i for i in late if life.times[i] == begin}
    chains = [_latest(life, start, late) for start in starts.values()]
    return max(chains, key=lambda chain: chain[::-1])


def _latest(life: Life, start: int, late: Sequence[int]) -> list[int]:
    """Return the times of the largest matching with an event, the later others before others."""
    taken: dict[int, int] = {}
    for i in (start, *(i for i in late if i != start)):
        _moved(i, life.masks, taken, set())
    return sorted(life.times[i] for i in taken.values())


def _moved(event: int, masks: Sequence[int], taken: dict[int, int], seen: set[int]) -> bool:
    """Match an event to a step, moving others to other steps; return whether it can be."""
    for step in range(masks[event].bit_length()):
        if masks[event] >> step & 1 and step not in seen:
            seen.add(step)
            if step not in taken or _moved(taken[step], masks, taken, seen):
                taken[step] = event
                return True
    return False


def overlapping(marks: Masks, owner: Ints) -> Ints:
    """Return the members with an event that fits several steps."""
    several: Bools = (marks & (marks - marks.dtype.type(1))) != 0
    return np.unique(owner[several])
