"""A member's stretches of being there, each from its begin to the churn that ends it.

What the three definitions of churn have in common is told by spells; where a spell ends is what
they differ in. Days and periods are indices of the calendar.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from retainkit.choices import Period
from retainkit.metrics.churn.params import ChurnParams
from retainkit.periods import Ints, Window
from retainkit.timeline import Bools, Timeline, first_of_each

OPEN = np.iinfo(np.int64).max  # the end of a spell that has none yet

_ACTIVE, _LEAVING = 0, 1  # what a member does; of one day, activity comes first


@dataclass(frozen=True, eq=False)
class Spells:
    """Spells in the order of members and time, one an item of each array.

    member: whose. begin, end: Ints in `unit`, OPEN where it goes on. first: whether it is the
    member's first. early, twice, only: leaving days before the first spell, leaving days of
    members who were away, and members of whom nothing but a leaving is known. assumed:
    members who are there from their first activity on, for want of a joining time. cut, unseen:
    members who joined before --since, and those of whom nothing is seen since.
    """

    unit: Period
    member: Ints
    begin: Ints
    end: Ints
    early: int = 0
    twice: int = 0
    only: int = 0
    assumed: int = 0
    cut: int = 0
    unseen: int = 0

    def __len__(self) -> int:
        return len(self.member)

    @property
    def first(self) -> Bools:
        """Which spells are their member's first."""
        return first_of_each(self.member)

    @property
    def ended(self) -> Bools:
        """Which spells ended with a churn."""
        return np.not_equal(self.end, OPEN)


@dataclass(frozen=True, eq=False)
class Days:
    """Distinct (member, day) pairs in order; periods in place of days where a metric counts so."""

    member: Ints
    day: Ints


def activity(timeline: Timeline, params: ChurnParams, unit: Period) -> Days:
    """Return when each member was active: events that pass, and are no leaving."""
    rows = active_rows(timeline, params)
    some = slice(None) if rows is None else rows
    member, day = timeline.owner[some], timeline.period_of(timeline.time[some], unit)
    if rows is None and timeline.distinct and timeline.grain == unit:
        return Days(member, day)
    return _distinct(member, day)


def active_rows(timeline: Timeline, params: ChurnParams) -> Ints | None:
    """Return the events that are activity; None where all are."""
    if params.leave is None:
        return timeline.rows(params.activity)
    return np.flatnonzero(timeline.passes(params.activity) & ~timeline.passes(params.leave))


def spells(timeline: Timeline, params: ChurnParams, window: Window) -> Spells:
    """Return the spells of all members."""
    if params.definition == "lifecycle":
        return _runs(activity(timeline, params, params.period), params.period, window)
    days = activity(timeline, params, "day")
    if params.definition == "leave":
        return _stays(timeline, params, days, window)
    joined, cut = _joined(timeline, params, window)
    found = _until_silence(_since_joining(days, joined), params.window, window)
    assumed = int((joined[found.member[found.first]] == OPEN).sum())
    seen = int(np.isin(cut, found.member).sum())
    return replace(found, assumed=assumed - seen, cut=len(cut), unseen=len(cut) - seen)


def gaps(days: Days) -> Ints:
    """Return how many days lie between a member's one active day and the next."""
    between: Ints = np.diff(days.day)[np.diff(days.member) == 0]
    return between


def _runs(active: Days, unit: Period, window: Window) -> Spells:
    """Return maximal runs of consecutive periods; a run ends in the period after it."""
    begin, last = _pieces(active, 1)
    end = active.day[last] + 1
    end[end > window.last_begun(unit)] = OPEN
    return Spells(unit, active.member[begin], active.day[begin], end)


def _until_silence(days: Days, silent: int, window: Window) -> Spells:
    """Return stretches without a silence of more than `silent` days; that many days end them."""
    begin, last = _pieces(days, silent)
    end = days.day[last] + silent
    end[end > window.last_complete("day")] = OPEN
    return Spells("day", days.member[begin], days.day[begin], end)


def _pieces(days: Days, reach: int) -> tuple[Ints, Ints]:
    """Return the first and the last rows of pieces whose days follow each other within `reach`."""
    new = first_of_each(days.member)
    new[1:] |= np.diff(days.day) > reach
    begin = np.flatnonzero(new)
    return begin, np.append(begin, len(new))[1:] - 1


def _joined(timeline: Timeline, params: ChurnParams, window: Window) -> tuple[Ints, Ints]:
    """Return the day on which each member joined (OPEN: unknown), and whose history is cut off.

    Where events before --since are left out, who joined before it may have gone before it, too:
    what is known of them begins with what is seen since. The member table's leavings are whole.
    """
    joined = _days_of(timeline, timeline.joined, window)
    if window.since is None or (params.definition == "leave" and params.leave is None):
        return joined, np.zeros(0, dtype=np.int64)
    cut = np.flatnonzero(joined < _since(timeline, window))
    joined[cut] = OPEN
    return joined, cut


def _since(timeline: Timeline, window: Window) -> int:
    assert window.since is not None
    return int(timeline.calendar.days(np.array([window.since], dtype=np.int64))[0])


def _since_joining(days: Days, joined: Ints) -> Days:
    """Return days from the joining on, with its day: who joins is there, active or not."""
    known = np.flatnonzero(joined != OPEN)
    if not len(known):
        return days
    since = np.where(joined == OPEN, -OPEN, joined)
    later = days.day >= since[days.member]
    member = np.concatenate([days.member[later], known])
    return _sorted(member, np.concatenate([days.day[later], joined[known]]))


def _stays(timeline: Timeline, params: ChurnParams, days: Days, window: Window) -> Spells:
    """Return stays from a joining or a coming back to the next leaving day."""
    gone = _leaving(timeline, params, window)
    start, cut = _joined(timeline, params, window)
    cut_seen = np.intersect1d(cut, np.concatenate([days.member, gone.member]))
    if len(cut_seen):
        start[cut_seen] = _since(timeline, window)
    seen = np.flatnonzero(first_of_each(days.member))
    unknown = seen[start[days.member[seen]] == OPEN]
    start[days.member[unknown]] = days.day[unknown]
    startless = start[gone.member] == OPEN
    early = gone.day < start[gone.member]
    later = days.day >= start[days.member]
    begun = np.flatnonzero(start != OPEN)
    leaves = ~early & ~startless
    done = _sorted(
        np.concatenate([begun, days.member[later], gone.member[leaves]]),
        2 * np.concatenate([start[begun], days.day[later], gone.day[leaves]])
        + np.repeat([_ACTIVE, _LEAVING], [len(begun) + int(later.sum()), int(leaves.sum())]),
    )
    leaving, day = done.day % 2 == _LEAVING, done.day // 2
    # Someone is away after a leaving, until the next activity on another day.
    new = first_of_each(done.member)
    away = np.append(False, leaving)[:-1] & ~new
    begins, ends = np.flatnonzero(~leaving & (away | new)), np.flatnonzero(leaving & ~away)
    end = np.full(len(begins), OPEN)
    end[np.searchsorted(begins, ends, side="right") - 1] = day[ends]
    return Spells(
        "day",
        done.member[begins],
        day[begins],
        end,
        early=int((early & ~startless).sum()),
        twice=int((leaving & away).sum()),
        only=len(np.unique(gone.member[startless])),
        assumed=len(unknown),
        cut=len(cut),
        unseen=len(cut) - len(cut_seen),
    )


def _leaving(timeline: Timeline, params: ChurnParams, window: Window) -> Days:
    """Return when members left, by their leave events or else by the member table."""
    if params.leave is not None:
        rows = np.flatnonzero(timeline.passes(params.leave))
        return _distinct(timeline.owner[rows], timeline.period_of(timeline.time[rows], "day"))
    left = _days_of(timeline, timeline.left, window)
    member = np.flatnonzero(left != OPEN)
    return Days(member, left[member])


def _days_of(timeline: Timeline, moments: pl.Series, window: Window) -> Ints:
    """Return the day of each member's moment; OPEN where it has none before as-of."""
    known = np.flatnonzero((moments < window.as_of).fill_null(False).to_numpy())
    days = np.full(len(moments), OPEN)
    days[known] = timeline.calendar.days(moments.gather(known).to_numpy())
    return days


def _distinct(member: Ints, day: Ints) -> Days:
    new = np.flatnonzero(first_of_each(member, day))
    return Days(member[new], day[new])


def _sorted(member: Ints, day: Ints) -> Days:
    """Return distinct pairs in order."""
    if not len(member):
        return Days(member, day)
    low = int(day.min())
    span = int(day.max()) - low + 1
    keys = np.unique(member * span + (day - low))
    return Days(keys // span, keys % span + low)
