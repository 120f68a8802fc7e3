"""What a run saw of its data on the way: rows, their span, members, and what to say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from threading import Lock

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retainkit.periods import Calendar, Window
from retainkit.results import DataWindow
from retainkit.selectors import Selector
from retainkit.sources import SourceOptions
from retainkit.sources.alike import alike_notes
from retainkit.sources.canonical import Events
from retainkit.sources.clocks import moved, moved_notes
from retainkit.sources.nobody import MUCH, busy_notes
from retainkit.sources.params import as_of, late, late_notes
from retainkit.timeline import Timeline
from retainkit.wording import counted

_PLACES = 18  # bits: 2 MiB, which stay in a core's cache
_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Members:
    """How many members there are.

    both: with events and in the member table. idle: in the table, joined, without events.
    strange: with events, not in the table. busy: with more than MUCH of all rows each; theirs: the
    rows of these. alike: rows that are like an earlier one of theirs, where that matters.
    """

    both: int = 0
    idle: int = 0
    strange: int = 0
    busy: int = 0
    theirs: int = 0
    alike: int = 0

    @classmethod
    def of(cls, timeline: Timeline) -> Members:
        """Count the members of a timeline, which does not know who is busy: repeats may be gone."""
        active = np.diff(timeline.bounds) > 0
        joined = timeline.joined.is_not_null().to_numpy()
        both, idle, strange = (
            int(np.count_nonzero(some))
            for some in (
                timeline.listed & active,
                timeline.listed & ~active & joined,
                ~timeline.listed & active,
            )
        )
        return cls(both, idle, strange)

    def __add__(self, other: Members) -> Members:
        return Members(
            *(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True))
        )

    @property
    def count(self) -> int:
        """All of them."""
        return self.both + self.idle + self.strange

    def notes(self, table: bool) -> list[str]:
        """Return how well the member table and the events fit, where they do not fit wholly."""
        if not table or not (self.idle or self.strange):
            return []
        return [
            f"Member table: {counted(self.both, 'member has', 'members have')} events, "
            f"{self.idle:,} joined and {'has' if self.idle == 1 else 'have'} none; "
            f"{counted(self.strange, 'member', 'members')} with events not in it."
        ]


class Crowd:
    """Rows by member, added up where keys lie close: members are few beside the places there are.

    So it takes the same memory for any number of members, and tells who has a large share of all
    rows; by chance two of them may share a place, once in thousands of times. Any thread may add.
    """

    def __init__(self) -> None:
        self._rows = np.zeros(1 << _PLACES, np.int64)
        self._lock = Lock()

    def add(self, keys: NDArray[np.uint64]) -> None:
        """Count rows by the keys of their members."""
        # Multiplied, so that numbers in a row, which are their own keys, do not lie in a row.
        places = keys * _ODD
        places >>= np.uint64(64 - _PLACES)
        more = np.bincount(places.view(np.int64), minlength=1 << _PLACES)
        with self._lock:
            self._rows += more

    def busy(self, rows: int) -> tuple[int, int]:
        """Return how many members have more than MUCH of so many rows each, and their rows."""
        theirs = self._rows[self._rows > MUCH * rows]
        return len(theirs), int(theirs.sum())


@dataclass(frozen=True)
class Seen:
    """Used rows: how many, when the first and the last was, how many amounts are negative.

    marks: bit i tells whether the i-th selector takes any. skipped, twice: local times that do
    not exist, and that exist twice. late: events after now.
    """

    rows: int = 0
    first: int | None = None
    last: int | None = None
    negative: int = 0
    marks: int = 0
    skipped: int = 0
    twice: int = 0
    late: int = 0

    @classmethod
    def of(cls, used: pl.DataFrame) -> Seen:
        """Look at a batch of used events."""
        if not used.height:
            return cls()
        time = used["time"].to_numpy()
        negative = int((used["amount"] < 0).sum()) if "amount" in used.columns else 0
        marks = int(np.bitwise_or.reduce(used["marks"].to_numpy()))
        return cls(
            used.height, int(time.min()), int(time.max()), negative, marks, *moved(used), late(time)
        )

    def __add__(self, other: Seen) -> Seen:
        if self.first is None or self.last is None:
            return other
        if other.first is None or other.last is None:
            return self
        return Seen(
            self.rows + other.rows,
            min(self.first, other.first),
            max(self.last, other.last),
            self.negative + other.negative,
            self.marks | other.marks,
            self.skipped + other.skipped,
            self.twice + other.twice,
            self.late + other.late,
        )

    def idle(self, selectors: Sequence[Selector]) -> list[str]:
        """Return what to say of selectors that take no event at all, where there are events."""
        none = [mark.text for i, mark in enumerate(selectors) if not self.marks >> i & 1]
        return [
            f"No event is taken by '{text}': `retainkit inspect` lists the names there are."
            for text in (none if self.rows else ())
        ]

    def window(self, options: SourceOptions, calendar: Calendar) -> Window:
        """Return what was observed; a source without events is observed up to a stated as-of."""
        end = as_of(options, self.last, calendar) or 0
        since = None if options.since is None else calendar.moment(options.since, "--since")
        return Window(calendar, self.first or 0, self.last or 0, end, since)


@dataclass
class Account:
    """What a whole run saw. exact: whether the rows that are alike are no estimate."""

    seen: Seen = field(default_factory=Seen)
    members: Members = field(default_factory=Members)
    exact: bool = True
    refused: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)

    def data(self, window: Window, options: SourceOptions) -> DataWindow:
        """Return the data window of a Result."""
        aware, rows = window.calendar.aware, self.seen.rows
        return DataWindow(
            rows=rows,
            members=self.members.count,
            first=aware(window.first) if rows else None,
            last=aware(window.last) if rows else None,
            as_of=aware(window.as_of) if rows or options.as_of else None,
            tz=options.tz,
            refused=self.refused,
            left_out=self.left_out,
        )

    def notes(self, events: Events, options: SourceOptions) -> list[str]:
        """Return what a reader has to know of the rows."""
        said = []
        for kind, reasons in (("refused", self.refused), ("left out", self.left_out)):
            if reasons:
                listed = ", ".join(f"{reason} {count:,}" for reason, count in reasons.items())
                said.append(f"{counted(sum(reasons.values()), 'row')} {kind}: {listed}.")
        if negative := self.seen.negative:
            said.append(
                counted(negative, "row has a negative amount", "rows have negative amounts")
                + " (refunds, cancellations); --where leaves them out where they are counted."
            )
        seen, time = self.seen, events.mapping["time"].source
        said += late_notes(options, seen.late, seen.last, Calendar(options.tz))
        said += moved_notes(time, options.naive_tz or options.tz, seen.skipped, seen.twice)
        people = self.members
        if options.dedupe is None:
            said += alike_notes(people.alike, self.exact, events.kept)
        active = people.both + people.strange
        said += busy_notes(people.busy, people.theirs, seen.rows, active)
        return said + people.notes(events.members is not None)
