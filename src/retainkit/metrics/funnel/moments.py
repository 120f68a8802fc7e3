"""A member's events by moments: what happened at one time may have happened in any order.

Which steps the events of one moment can fill, one after the other, is a question of matching
distinct events to consecutive steps; it is answered once for each kind of moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retainkit.columns import column
from retainkit.metrics.funnel.params import FunnelParams
from retainkit.periods import Ints
from retainkit.timeline import Bools, Timeline, first_of_each

Masks = NDArray[np.unsignedinteger[Any]]

NONE = -1
NEVER = np.iinfo(np.int64).min
_BYTE = 8  # steps whose marks fit a byte, of which a core does many at once
_NOTHING = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Moments:
    """The moments of all members at which steps were done, in the order of (member, time).

    owner, time: whose and when. mask: unsigned, bit i whether an event of it fits step i + 1.
    several: the moments whose events may fill several steps in turn, in order; kind: of each of
    them, an index into `kinds`. excluded: the last time before at which something excluded
    happened, NEVER where nothing did; empty where nothing is excluded.
    """

    owner: Ints
    time: Ints
    mask: Masks
    several: Ints
    kind: Ints
    kinds: tuple[tuple[int, ...], ...]
    excluded: Ints

    def __len__(self) -> int:
        return len(self.time)

    def fitting(self, step: int) -> Ints:
        """Return the moments with an event for a step."""
        return np.flatnonzero((self.mask & self.mask.dtype.type(1 << (step - 1))) != 0)

    def able(self, before: int, step: int) -> Ints:
        """Return the moments that by themselves can go from a step to one further on."""
        able = np.array([before in fillable(kind, step) for kind in self.kinds], dtype=np.bool_)
        return self.several[able[self.kind]] if able.any() else self.several[:0]


def moments_of(timeline: Timeline, params: FunnelParams) -> Moments:
    """Return the moments; with a strict order all of them, whether steps were done or not."""
    marks, owner, time = step_marks(timeline, params), timeline.owner, timeline.time
    row: Ints | None = None  # of each moment; None: every row is one
    if params.order != "strict" and not marks.all():
        row = np.flatnonzero(marks)
        marks, owner, time = marks[row], owner[row], time[row]
    new = first_of_each(time, owner)
    tied = np.flatnonzero(~new)
    mask, several, kind = marks, _NOTHING, _NOTHING
    kinds: tuple[tuple[int, ...], ...] = ()
    if len(tied):
        first = np.flatnonzero(new)
        mask, owner, time = marks[new], owner[new], time[new]
        into = tied - np.arange(1, len(tied) + 1)  # the moments that tied rows belong to
        np.bitwise_or.at(mask, into, marks[tied])
        several, kind, kinds = _kinds(marks, first, mask, into, params)
        row = first if row is None else row[new]
    return Moments(
        owner=owner,
        time=time,
        mask=mask,
        several=several,
        kind=kind,
        kinds=kinds,
        excluded=_excluded(timeline, params, row),
    )


def fillable(kind: tuple[int, ...], step: int) -> tuple[int, ...]:
    """Return from which steps on a moment of this kind can go to `step` by itself, least first.

    From i: distinct events of it fill steps i + 1 to `step`. step - 1 is left out.
    """
    return tuple(i for i in range(step - 1) if _reach(kind, i) >= step)


@lru_cache(maxsize=1 << 16)
def _reach(kind: tuple[int, ...], begin: int) -> int:
    """Return the last step up to which events with these masks can fill steps from `begin` on."""
    taken: dict[int, int] = {}  # event -> step it fills

    def fill(step: int, seen: set[int]) -> bool:
        for event, mask in enumerate(kind):
            if mask >> step & 1 and event not in seen:
                seen.add(event)
                if event not in taken or fill(taken[event], seen):
                    taken[event] = step
                    return True
        return False

    step = begin
    while fill(step, set()):
        step += 1
    return step


def step_marks(timeline: Timeline, params: FunnelParams) -> Masks:
    """Return which steps each event fits, bit i for step i + 1, as small as they can be."""
    steps = len(params.steps)
    kind = np.dtype(np.uint8 if steps <= _BYTE else np.uint32)
    if timeline.selectors[:steps] == params.selectors:  # the marks are what is asked for
        whole: Masks = (timeline.marks & np.uint32((1 << steps) - 1)).astype(kind, copy=False)
        return whole
    marks = np.zeros(len(timeline.time), dtype=kind)
    for i, step in enumerate(params.selectors):
        marks |= timeline.passes(step).astype(kind) << kind.type(i)
    return marks


def excluded(timeline: Timeline, params: FunnelParams) -> Bools:
    """Return which events are excluded."""
    passed: Bools = np.zeros(len(timeline.time), dtype=np.bool_)
    for each in params.excluded:
        passed |= timeline.passes(each)
    return passed


def _kinds(
    marks: Masks, first: Ints, mask: Masks, into: Ints, params: FunnelParams
) -> tuple[Ints, Ints, tuple[tuple[int, ...], ...]]:
    """Return the moments that have several events for several steps, and the kind of each.

    into: the moment of each row that has the time of the row before.
    """
    groups = np.flatnonzero(first_of_each(into))
    tied, many = into[groups], np.diff(groups, append=len(into)) + 1
    bits = mask[tied]
    more = np.flatnonzero(bits & (bits - bits.dtype.type(1)) != 0)
    several, many = tied[more], many[more]
    if not len(several):
        return several, several, ()
    rows = np.arange(many.sum()) + np.repeat(first[several] - np.cumsum(many) + many, many)
    at = np.repeat(np.arange(len(several)), many)
    events = pl.DataFrame([column(at, "at"), column(marks[rows].astype(np.int64), "mask")])
    counts = events.filter(pl.col("mask") != 0).group_by("at", "mask").len("many")
    most = pl.col("many").clip(upper_bound=len(params.steps)).cast(pl.Int64)
    words = (
        counts.sort("at", "mask")
        .select("at", word=pl.format("{}x{}", "mask", most))
        .group_by("at", maintain_order=True)
        .agg(pl.col("word").str.join(","))
    )
    names = words["word"].unique().sort()
    kind = words["word"].replace_strict(names, pl.int_range(len(names), eager=True))
    return several, kind.to_numpy(), tuple(map(_masks, names))


def _masks(word: str) -> tuple[int, ...]:
    pairs = (pair.split("x") for pair in word.split(","))
    return tuple(int(mask) for mask, many in pairs for _ in range(int(many)))


def _excluded(timeline: Timeline, params: FunnelParams, row: Ints | None) -> Ints:
    """Return the last time before each row's moment at which its member did what is excluded."""
    if not params.exclude:
        return _NOTHING
    every = np.arange(len(timeline.time))
    row = every if row is None else row
    before = np.full(len(row), NEVER)
    found = np.flatnonzero(excluded(timeline, params))
    if not len(found):
        return before
    new = first_of_each(timeline.owner, timeline.time)
    moment = np.maximum.accumulate(np.where(new, every, 0))
    last = np.searchsorted(found, moment[row]) - 1
    own = (last >= 0) & (timeline.owner[found[np.maximum(last, 0)]] == timeline.owner[row])
    before[own] = timeline.time[found[last[own]]]
    return before
