"""One pass over the canonical events: who, what and when, and what became of every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from retainkit.errors import InputError, RefusedError, RetainkitError
from retainkit.periods import Calendar
from retainkit.profile.roles import Casting, probe
from retainkit.profile.tallies import Counts, Reach
from retainkit.schema import Role
from retainkit.sources import SourceOptions, Table
from retainkit.sources.alike import Alike
from retainkit.sources.canonical import Events, Wanted, read_events
from retainkit.sources.clocks import moved, moved_notes
from retainkit.sources.params import late, late_notes
from retainkit.sources.stream import Progress, stream

# What stands in for a role nobody plays, so that the others can still be looked at.
_NOBODY, _NEVER = "nobody", "2000-01-01T00:00Z"
_NO_TIME: Mapping[str, Any] = {"time_format": (), "since": None, "until": None, "as_of": None}

_READ: tuple[Role, ...] = ("member", "time", "event")


@dataclass
class Usage:
    """What the used rows hold; what hangs on a role that is not played means nothing.

    castings: the roles with the faults that reading found. table: the member table's members, or
    None. faults: what else stood in the way. skipped, twice: local times that do not exist, and
    that exist twice. late: events after now.
    """

    castings: Mapping[Role, Casting]
    rows: int = 0
    members: Counts = field(default_factory=lambda: Counts("member"))
    events: Counts = field(default_factory=lambda: Counts("event"))
    days: Counts = field(default_factory=lambda: Counts("day"))
    event_reach: Reach = field(default_factory=lambda: Reach("event"))
    day_reach: Reach = field(default_factory=lambda: Reach("day"))
    repeats: Alike = field(default_factory=Alike)
    refused: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    table: pl.DataFrame | None = None
    notes: tuple[str, ...] = ()
    faults: Sequence[RetainkitError] = ()
    skipped: int = 0
    twice: int = 0
    late: int = 0

    def plays(self, *roles: Role) -> bool:
        """Whether all of these roles are played and can be read."""
        return all(self.castings[role].plays for role in roles)

    def span(self) -> tuple[int | None, int | None]:
        """Return the first and last time (us), None where there is none."""
        if not self.plays("time"):
            return None, None
        ends = self.days.table().select(pl.col("first").min(), pl.col("last").max())
        first, last = ends.row(0)
        return first, last

    def add(self, used: pl.DataFrame, calendar: Calendar) -> None:
        """Count a batch of used events."""
        self.rows += used.height
        skipped, twice = moved(used)
        self.skipped, self.twice = self.skipped + skipped, self.twice + twice
        self.late += late(used["time"].to_numpy())
        if not used.height:
            return
        if "event" not in used.columns:
            used = used.with_columns(event=pl.lit(None, pl.String))
        days = pl.Series("day", calendar.days(used["time"].to_numpy())).cast(pl.Int32)
        used = used.with_columns(day=days.cast(pl.Date))
        for counts in (self.members, self.events, self.days):
            counts.add(used)
        who = used["member"].hash()
        self.event_reach.add(used["event"], who)
        self.day_reach.add(used["day"], who)
        self.repeats.add(used.select("member", "time", "event").hash_rows().to_numpy())


def read_usage(
    table: Table,
    members: Table | None,
    options: SourceOptions,
    castings: Mapping[Role, Casting],
    progress: Progress | None = None,
    excel_safe: bool = False,
) -> Usage:
    """Return what the rows of `table` hold as far as roles can be read.

    A role that turns out unreadable gets its fault and a stand-in, and the rows are read again.
    """
    faults: list[RetainkitError] = []
    while True:
        usage = Usage(castings, faults=faults)
        try:
            return _scan(usage, table, members, options, progress, excel_safe)
        except RefusedError:
            raise
        except InputError as error:
            blamed = _blamed(castings, table, options)
            if blamed == castings and members is not None:
                # The roles of the events read well by themselves: it is the member table.
                faults.append(error)
                members, options = (
                    None,
                    replace(options, joined_col=None, left_col=None, reason_col=None),
                )
            elif blamed == castings and castings["time"].plays:
                # What no sample shows: offsets or units mixed further down.
                blamed = {**castings, "time": replace(castings["time"], fault=error)}
            elif blamed == castings:
                raise
            castings = blamed


def _scan(
    usage: Usage,
    table: Table,
    members: Table | None,
    options: SourceOptions,
    progress: Progress | None,
    excel_safe: bool,
) -> Usage:
    calendar = Calendar(options.tz, options.week_start)
    events = _events(usage.castings, table, members, options, calendar)
    usage.refused, usage.left_out = stream(
        table,
        events,
        lambda used: usage.add(used, calendar),
        max_rejects=1.0,
        rejects=options.rejects,
        progress=progress,
        excel_safe=excel_safe,
    )
    zone = options.naive_tz or options.tz
    clock = moved_notes(events.mapping["time"].source, zone, usage.skipped, usage.twice)
    future = late_notes(options, usage.late, usage.span()[1], calendar)
    usage.table, usage.notes = events.members, (*future, *clock, *events.notes)
    return usage


def _events(
    castings: Mapping[Role, Casting],
    table: Table,
    members: Table | None,
    options: SourceOptions,
    calendar: Calendar,
) -> Events:
    columns: dict[str, Any] = {f"{role}_col": casting.source for role, casting in castings.items()}
    if not castings["member"].plays:
        columns["member_col"] = _constant(_NOBODY, table)
    if not castings["time"].plays:
        columns |= {"time_col": _constant(_NEVER, table), **_NO_TIME}
    wanted = Wanted(event=castings["event"].plays)
    return read_events(table, members, replace(options, **columns), wanted, calendar)


def _constant(value: str, table: Table) -> str:
    """Return SQL that is `value` in every row; it names a column, as roles have to."""
    column = table.header[0].replace('"', '""')
    return f"""CASE WHEN "{column}" IS NULL THEN '{value}' ELSE '{value}' END"""


def _blamed(
    castings: Mapping[Role, Casting], table: Table, options: SourceOptions
) -> dict[Role, Casting]:
    return {
        role: probe(casting, table, options) if role in _READ else casting
        for role, casting in castings.items()
    }
