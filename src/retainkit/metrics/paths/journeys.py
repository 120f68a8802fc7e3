"""Each member's journey: where it begins and ends, and which of its events are told.

All members at once: a journey is a range of rows, found by searches in sorted arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retainkit.metrics.paths.params import PathsParams
from retainkit.periods import SECOND, Ints, Window
from retainkit.timeline import Bools, Timeline, first_of_each

NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False)
class Journeys:
    """The journeys that count, one row each, in the order of members.

    member: whose. first, length: which of `events` (codes of names) are its, the start among
    them. arrived: whether it got to the end asked for. seconds: whole ones from the start to the
    arrival, -1 where there is none. started: the members who begin at all. open: those of them
    whose window is still running and who therefore do not count.
    """

    member: Ints
    first: Ints
    length: Ints
    events: Ints
    arrived: Bools
    seconds: Ints
    started: Ints
    open: Ints

    def at(self, position: int, rows: Ints) -> Ints:
        """Return the events of some journeys at a position, 0 the start; all are so long."""
        found: Ints = self.events[self.first[rows] + position]
        return found

    @property
    def last(self) -> Ints:
        """The last event of each."""
        found: Ints = self.events[self.first + self.length - 1]
        return found


@dataclass(frozen=True, eq=False)
class _Rows:
    """The events that are not ignored, in the order in which they are told."""

    owner: Ints
    time: Ints
    event: Ints
    begins: Bools
    arrives: Bools


def journeys_of(timeline: Timeline, params: PathsParams, window: Window) -> Journeys:
    """Return the journeys of all members."""
    rows = _rows(timeline, params)
    begins = np.flatnonzero(rows.begins)
    start = begins[first_of_each(rows.owner[begins])]
    started = rows.owner[start]
    over = _over(rows.time[start], params, window)
    start, member = start[over], started[over]
    end = _ends(rows, start, timeline.members, params)
    place = np.flatnonzero(rows.arrives)
    arrival = np.append(place, len(rows.owner))[np.searchsorted(place, start + 1)]
    arrived = arrival < end
    end = np.where(arrived, arrival + 1, end)
    told = _told(rows, start, arrival[arrived], params)
    before: Ints = np.cumsum(told) - 1  # the last told up to each row
    seconds = np.full(len(start), -1)
    seconds[arrived] = (rows.time[arrival[arrived]] - rows.time[start[arrived]]) // SECOND
    return Journeys(
        member=member,
        first=before[start],
        length=before[end - 1] - before[start] + 1,
        events=rows.event[told],
        arrived=arrived,
        seconds=seconds,
        started=started,
        open=started[~over],
    )


def _rows(timeline: Timeline, params: PathsParams) -> _Rows:
    assert timeline.event is not None
    kept: Bools = np.ones(len(timeline.time), dtype=np.bool_)
    for selector in params.ignored:
        kept &= ~timeline.passes(selector)
    begins = timeline.passes(params.start)
    arrives = np.zeros(len(kept), dtype=np.bool_)
    if params.end is not None:
        arrives = timeline.passes(params.end)
    columns = (timeline.owner, timeline.time, timeline.event, begins, arrives)
    if not kept.all():
        columns = tuple(column[kept] for column in columns)  # type: ignore[assignment]
    return _ordered(_Rows(*columns))


def _ordered(rows: _Rows) -> _Rows:
    """Return rows of one member, time and name with those first that begin, last that arrive.

    Only conditions on other columns tell such rows apart, so there is hardly ever anything to do.
    """
    rank = rows.arrives.astype(np.int64) - 2 * rows.begins
    alike = ~first_of_each(rows.owner, rows.time, rows.event)
    if not (alike[1:] & (rank[1:] < rank[:-1])).any():
        return rows
    order = np.lexsort((rank, rows.event, rows.time, rows.owner))
    return _Rows(*(column[order] for column in vars(rows).values()))


def _over(time: Ints, params: PathsParams, window: Window) -> Bools:
    """Return which starts count: those whose window is over by as-of, unless all do."""
    if params.window_us is None or params.include_open:
        return np.ones(len(time), dtype=np.bool_)
    over: Bools = time + params.window_us < window.as_of
    return over


def _ends(rows: _Rows, start: Ints, members: int, params: PathsParams) -> Ints:
    """Return after which row each journey ends that does not arrive before."""
    member = rows.owner[start]
    if params.window_us is None:
        end: Ints = np.searchsorted(rows.owner, member, side="right")
        return end
    limit = np.full(members, NEVER)
    limit[member] = rows.time[start] + params.window_us
    within = np.bincount(rows.owner[rows.time <= limit[rows.owner]], minlength=members)
    begun: Ints = np.searchsorted(rows.owner, member)
    return begun + within[member]


def _told(rows: _Rows, start: Ints, arrival: Ints, params: PathsParams) -> Bools:
    """Return which rows are told: no repeats, but what begins and what arrives in any case."""
    if params.keep_repeats:
        return np.ones(len(rows.owner), dtype=np.bool_)
    told = first_of_each(rows.owner, rows.event)
    told[start] = True
    told[arrival] = True
    return told
