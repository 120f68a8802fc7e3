"""A member's events by moments: what happened at one time may have happened in any order.

Which steps the events of one moment can fill, one after the other, is a question of matching
distinct events to consecutive steps; it is answered once for each kind of moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import polars as pl

from retainkit.metrics.funnel.params import FunnelParams
from retainkit.periods import Ints
from retainkit.timeline import Bools, Timeline, first_of_each

NONE = -1
NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False)
class Moments:
    """The moments of all members at which steps were done, in the order of (member, time).

    row: the first event row of each. owner, time: whose and when. mask: bit i, whether an event
    of it fits step i + 1. kind: of moments whose events may fill several steps in turn, an index
    into `kinds`; NONE for others. excluded: the last time before at which something excluded
    happened, NEVER where nothing did.
    """

    row: Ints
    owner: Ints
    time: Ints
    mask: Ints
    kind: Ints
    kinds: tuple[tuple[int, ...], ...]
    excluded: Ints

    def __len__(self) -> int:
        return len(self.row)


def moments_of(timeline: Timeline, params: FunnelParams) -> Moments:
    """Return the moments; with a strict order all of them, whether steps were done or not."""
    marks = step_marks(timeline, params)
    rows = np.flatnonzero(marks) if params.order != "strict" else np.arange(len(marks))
    first = np.flatnonzero(first_of_each(timeline.owner[rows], timeline.time[rows]))
    mask = np.bitwise_or.reduceat(marks[rows], first) if len(first) else marks[:0]
    kind, kinds = _kinds(marks[rows], first, mask, params)
    row = rows[first]
    return Moments(
        row=row,
        owner=timeline.owner[row],
        time=timeline.time[row],
        mask=mask,
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


def step_marks(timeline: Timeline, params: FunnelParams) -> Ints:
    """Return which steps each event fits, bit i for step i + 1."""
    marks = np.zeros(len(timeline.time), dtype=np.int64)
    for i, step in enumerate(params.selectors):
        marks |= timeline.passes(step).astype(np.int64) << i
    return marks


def excluded(timeline: Timeline, params: FunnelParams) -> Bools:
    """Return which events are excluded."""
    passed: Bools = np.zeros(len(timeline.time), dtype=np.bool_)
    for each in params.excluded:
        passed |= timeline.passes(each)
    return passed


def _kinds(
    marks: Ints, first: Ints, mask: Ints, params: FunnelParams
) -> tuple[Ints, tuple[tuple[int, ...], ...]]:
    """Return the kind of each moment that has several events for several steps."""
    kind = np.full(len(mask), NONE)
    sizes = np.diff(np.append(first, len(marks)))
    several = np.flatnonzero((sizes > 1) & (mask & (mask - 1) != 0))
    if not len(several):
        return kind, ()
    many = sizes[several]
    rows = np.arange(many.sum()) + np.repeat(first[several] - np.cumsum(many) + many, many)
    at = np.repeat(several, many)
    events = pl.DataFrame({"at": at, "mask": marks[rows]}).filter(pl.col("mask") != 0)
    counts = events.group_by("at", "mask").len("many")
    most = pl.col("many").clip(upper_bound=len(params.steps)).cast(pl.Int64)
    words = (
        counts.sort("mask")
        .select("at", word=pl.format("{}x{}", "mask", most))
        .group_by("at", maintain_order=True)
        .agg(pl.col("word").str.join(","))
    )
    names = words["word"].unique().sort()
    code = words["word"].replace_strict(names, pl.int_range(len(names), eager=True))
    kind[words["at"].to_numpy()] = code.to_numpy()
    return kind, tuple(map(_masks, names))


def _masks(word: str) -> tuple[int, ...]:
    pairs = (pair.split("x") for pair in word.split(","))
    return tuple(int(mask) for mask, many in pairs for _ in range(int(many)))


def _excluded(timeline: Timeline, params: FunnelParams, row: Ints) -> Ints:
    """Return the last time before each row's moment at which its member did what is excluded."""
    before = np.full(len(row), NEVER)
    found = np.flatnonzero(excluded(timeline, params))
    if not len(found):
        return before
    new = first_of_each(timeline.owner, timeline.time)
    moment = np.maximum.accumulate(np.where(new, np.arange(len(new)), 0))
    last = np.searchsorted(found, moment[row]) - 1
    own = (last >= 0) & (timeline.owner[found[np.maximum(last, 0)]] == timeline.owner[row])
    before[own] = timeline.time[found[last[own]]]
    return before
