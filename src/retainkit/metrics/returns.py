"""What members do from their start on: return events followed by age.

Both clocks, and members entering once or in every period, are the same walk over sorted rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from retainkit.choices import Period
from retainkit.metrics.starts import Entries, ReturnParams
from retainkit.periods import ELAPSED, Ints
from retainkit.timeline import Bools, Timeline, first_of_each

BLOCK = 1 << 23  # pairs of entry and event that are held at once


@dataclass(frozen=True, eq=False)
class Runs:
    """Return events by entry and age: one row for each (entry, age) with any, sorted.

    entry: row of Entries. age: Ints. events: how many return events. value: their sum, or None.
    """

    entry: Ints
    age: Ints
    events: Ints
    value: Ints | None

    def take(self, rows: Bools) -> Runs:
        """Return the runs where `rows` is true."""
        value = None if self.value is None else self.value[rows]
        return Runs(self.entry[rows], self.age[rows], self.events[rows], value)

    def between(self, first: int, last: int, column: int) -> Runs:
        """Return one run for each entry with ages `first` to `last`, its age given as `column`."""
        runs = self.take((self.age >= first) & (self.age <= last))
        at = np.flatnonzero(first_of_each(runs.entry))
        value = None if runs.value is None else _sums(runs.value, at)
        return Runs(runs.entry[at], np.full(len(at), column), _sums(runs.events, at), value)

    def rank_in_entry(self) -> Ints:
        """Return how many runs of the same entry lie before each."""
        at = np.arange(len(self.entry))
        return at - np.maximum.accumulate(np.where(first_of_each(self.entry), at, 0))

    def first_of_entry(self, among: Bools) -> Ints:
        """Return the first run of each entry for which `among` is true."""
        rows = np.flatnonzero(among)
        return rows[first_of_each(self.entry[rows])]

    def last_of_entry(self, among: Bools) -> Ints:
        """Return the last run of each entry for which `among` is true, the last entry first."""
        rows = np.flatnonzero(among)[::-1]
        return rows[first_of_each(self.entry[rows])]


def follow(
    timeline: Timeline,
    entries: Entries,
    params: ReturnParams,
    period: Period,
    *,
    value: Ints | None = None,
    reach: int | None = None,
) -> Iterator[Runs]:
    """Yield the return events of the entries from their start on, by age, in blocks of entries.

    period: the unit of age. value: Ints[rows of the timeline] to be summed. reach: the last age
    that matters, or None for all.
    """
    rows = timeline.rows(params.back)
    begin, end = entries.row, timeline.bounds[entries.member + 1]
    if rows is not None:
        begin, end = np.searchsorted(rows, begin), np.searchsorted(rows, end)
    if reach is not None:
        end = np.minimum(end, _rows_within(timeline, entries, rows, period, reach))
    lengths = np.maximum(end - begin, 0)
    for block in _blocks(lengths):
        entry, row = _pairs(timeline, begin[block], lengths[block], block.start)
        if rows is not None:
            row = rows[row]
        time = timeline.time[row]
        if params.clock == "calendar":
            age = timeline.period_of(time, period) - entries.cohort[entry]
        else:
            age = (time - entries.moment[entry]) // ELAPSED[period]
        told_apart = timeline.distinct and params.clock == "calendar" and timeline.grain == period
        at = None if told_apart else np.flatnonzero(first_of_each(entry, age))
        yield _runs(entry, age, None if value is None else value[row], at)


def _pairs(timeline: Timeline, begin: Ints, lengths: Ints, first: int) -> tuple[Ints, Ints | slice]:
    """Return each pair of an entry (counted from `first`) and one of its rows (from `begin` on)."""
    end, bounds = begin + lengths, timeline.bounds
    if np.array_equal(begin, bounds[:-1]) and np.array_equal(end, bounds[1:]):
        return timeline.owner, slice(None)  # all events of all members
    entry = np.repeat(np.arange(first, first + len(begin)), lengths)
    return entry, np.arange(len(entry)) + np.repeat(end - np.cumsum(lengths), lengths)


def _runs(entry: Ints, age: Ints, value: Ints | None, at: Ints | None) -> Runs:
    """Return runs that begin at the rows `at`; None: at each."""
    if at is None or len(at) == len(entry):
        return Runs(entry, age, np.ones(len(entry), dtype=np.int64), value)
    events = np.diff(np.append(at, len(entry)))
    summed = None if value is None else _sums(value, at)
    return Runs(entry[at], age[at], events, summed)


def _sums(value: Ints, at: Ints) -> Ints:
    return np.add.reduceat(value, at) if len(at) else value[:0]


def _blocks(lengths: Ints) -> Iterator[slice]:
    """Yield slices of entries that have about BLOCK pairs each, and at least one entry."""
    ends = np.cumsum(lengths)
    start = 0
    while start < len(lengths):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + BLOCK, side="right")))
        yield slice(start, stop)
        start = stop


def _rows_within(
    timeline: Timeline, entries: Entries, rows: Ints | None, period: Period, reach: int
) -> Ints:
    """Return for each entry the first of `rows` (all: None) certainly beyond age `reach`.

    Rows are searched by (member, local day or hour), which fit one integer where moments do not.
    """
    unit: Period = "hour" if period == "hour" else "day"
    if timeline.grain not in ("exact", unit):
        unit = period
    length = 1 if unit == period else {"day": 1, "week": 7, "month": 31}.get(period, 366)
    some = slice(None) if rows is None else rows
    at = timeline.period_of(timeline.time[some], unit)
    if not len(at):
        return np.zeros(len(entries), dtype=np.int64)
    span = int(at.max() - at.min()) + 2
    latest = timeline.period_of(entries.moment, unit) - at.min() + (reach + 2) * length
    keys = timeline.owner[some] * span + (at - at.min())
    ends: Ints = np.searchsorted(
        keys, entries.member * span + np.clip(latest, 0, span - 1), side="right"
    )
    return ends
