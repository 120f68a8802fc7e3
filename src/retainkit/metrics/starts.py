"""Who starts, and when: members entering cohorts, for every metric that follows them from there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import polars as pl

from retainkit.choices import Clock, Period
from retainkit.errors import UsageError, check_choice, check_kinds, check_once
from retainkit.metrics.base import nobody
from retainkit.periods import DAY, Ints, Window, duration
from retainkit.selectors import ANY, Selector, parse_selector
from retainkit.stats.intervals import quantile
from retainkit.timeline import Bools, Grain, Timeline, first_of_each

START_MEASURES = ("never", "seen", "from_events", "early", "before")
CLOCKS: tuple[Clock, ...] = get_args(Clock)


@dataclass(frozen=True, kw_only=True)
class ReturnParams:
    """Who starts, what counts as coming back, and how time is counted."""

    clock: Clock = "calendar"
    start_event: str | None = None
    return_event: str | None = None
    by: tuple[str, ...] = ()
    lookback: str | None = None
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_kinds(self)
        check_choice("--clock", self.clock, CLOCKS)
        quantile(self.confidence)
        for text in (self.start_event, self.return_event):
            if text is not None:
                parse_selector(text)
        if self.lookback_days is not None and self.lookback_days < 1:
            raise UsageError(f"--lookback: '{self.lookback}' is shorter than a day.")
        check_once("--by", self.by)

    @property
    def start(self) -> Selector:
        """What starts a member; any event by default."""
        return ANY if self.start_event is None else parse_selector(self.start_event)

    @property
    def back(self) -> Selector:
        """What counts as coming back; any event by default."""
        return ANY if self.return_event is None else parse_selector(self.return_event)

    @property
    def lookback_days(self) -> int | None:
        """How many days at the start of the data only show who was there before."""
        if self.lookback is None:
            return None
        length = duration(self.lookback, "--lookback")
        if length % DAY:
            raise UsageError(f"--lookback: '{self.lookback}' is not a whole number of days.")
        return length // DAY

    def grain(self, period: Period, joined: bool) -> Grain:
        """Return the coarsest grain that tells starts and returns apart as they have to be.

        A period is enough where every return in the start period comes at or after the start:
        the start is the member's first event and any event is a return.
        """
        if (
            self.clock == "elapsed"
            or self.start != self.back
            or (joined and self.start_event is None)
        ):
            return "exact"
        if self.lookback is None:
            return period
        return "exact" if period == "hour" else "day"


@dataclass(frozen=True, eq=False)
class Entries:
    """Members entering cohorts, in the order of members.

    member: which one. cohort: index of the period of the start. moment: the start, in the unit
    of the timeline. row: the member's first event at or after it. never, seen: how many members
    have no start in the window, and how many were dropped by lookback.
    """

    member: Ints
    cohort: Ints
    moment: Ints
    row: Ints
    never: int
    seen: int

    def __len__(self) -> int:
        return len(self.member)


def left_out(params: ReturnParams, entries: Entries) -> pl.DataFrame:
    """Return the tally row of the members that are in no cohort: it has no segment."""
    counts = pl.DataFrame({"never": [entries.never], "seen": [entries.seen]})
    return counts.with_columns(**nobody(params.by))


def doubts(
    timeline: Timeline, params: ReturnParams, entries: Entries, window: Window
) -> dict[str, Ints]:
    """Return what to doubt about each start.

    from_events: it is a mere first event. early: it lies before all events of the data. before:
    how many events of the member lie before its joining.
    """
    joined = timeline.joined.is_not_null().to_numpy()[entries.member]
    by_table = joined & (params.start_event is None)
    early = by_table & (timeline.grain == "exact") & (entries.moment < window.first)
    assumed = ~by_table & (params.start_event is None)
    before = (entries.row - timeline.bounds[entries.member]) * by_table
    return {
        "from_events": assumed.astype(np.int64),
        "early": early.astype(np.int64),
        "before": before,
    }


def first_entries(
    timeline: Timeline, params: ReturnParams, window: Window, period: Period
) -> Entries:
    """Return one entry for each member that starts: when it joined, else its first start event."""
    rows = timeline.rows(params.start)
    if rows is None:
        rows = timeline.bounds[:-1][np.diff(timeline.bounds) > 0]
    else:
        rows = rows[first_of_each(timeline.owner[rows])]
    started = np.zeros(timeline.members, dtype=np.bool_)
    started[timeline.owner[rows]] = True
    moment = np.zeros(timeline.members, dtype=np.int64)
    moment[timeline.owner[rows]] = timeline.time[rows]
    seen = seen_before(timeline, params, window)
    if params.start_event is None:
        joined = timeline.joined.is_not_null().to_numpy()
        moment[joined] = timeline.joined.drop_nulls().to_numpy()
        started |= joined
        if window.since is not None:
            started[joined] &= moment[joined] >= window.since
    if timeline.grain == "exact":
        started &= moment < window.as_of
    member = np.flatnonzero(started & ~seen)
    return Entries(
        member=member,
        cohort=timeline.period_of(moment[member], period),
        moment=moment[member],
        row=_first_rows_at(timeline, moment)[member],
        never=int((~started & there(timeline)).sum()),
        seen=int((started & seen).sum()),
    )


def recurring_entries(
    timeline: Timeline, params: ReturnParams, window: Window, period: Period
) -> Entries:
    """Return one entry for each period in which a member did the start event."""
    rows = np.flatnonzero(timeline.passes(params.start))
    member = timeline.owner[rows]
    cohort = timeline.period_of(timeline.time[rows], period)
    seen = seen_before(timeline, params, window)
    new = first_of_each(member, cohort)
    kept = new & ~seen[member]
    started = np.zeros(timeline.members, dtype=np.bool_)
    started[member] = True
    return Entries(
        member=member[kept],
        cohort=cohort[kept],
        moment=timeline.time[rows[kept]],
        row=_first_row_of_moment(timeline)[rows[kept]],
        never=int((~started & there(timeline)).sum()),
        seen=int((started & seen).sum()),
    )


def there(timeline: Timeline) -> Bools:
    """Return which members have events or joined; of the others it is only known that they left."""
    joined: Bools = timeline.joined.is_not_null().to_numpy()
    return joined | (np.diff(timeline.bounds) > 0)


def seen_before(timeline: Timeline, params: ReturnParams, window: Window) -> Bools:
    """Return which members had an event in the lookback days at the start of the data."""
    seen = np.zeros(timeline.members, dtype=np.bool_)
    if params.lookback_days is not None:
        active = np.flatnonzero(np.diff(timeline.bounds))
        first = timeline.time[timeline.bounds[active]]
        start = timeline.calendar.days(np.array([window.first], dtype=np.int64))[0]
        seen[active] = timeline.period_of(first, "day") < start + params.lookback_days
    return seen


def _first_rows_at(timeline: Timeline, moment: Ints) -> Ints:
    """Return each member's first row at or after its moment."""
    if not len(timeline.time):
        return timeline.bounds[:-1]
    first = timeline.time[np.minimum(timeline.bounds[:-1], len(timeline.time) - 1)]
    if np.all((moment <= first) | (np.diff(timeline.bounds) == 0)):
        return timeline.bounds[:-1]
    before = np.cumsum(timeline.time < moment[timeline.owner])
    before = np.append(0, before)
    return timeline.bounds[:-1] + before[timeline.bounds[1:]] - before[timeline.bounds[:-1]]


def _first_row_of_moment(timeline: Timeline) -> Ints:
    """Return for each row the first row of the same member and time."""
    new = first_of_each(timeline.owner, timeline.time)
    return np.maximum.accumulate(np.where(new, np.arange(len(new)), 0))
