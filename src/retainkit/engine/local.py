"""The engine of one machine: one scan for all metrics, one Timeline a partition of members."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from retainkit.engine.request import Request
from retainkit.periods import Calendar, Window
from retainkit.results import DataWindow, Result
from retainkit.sources import Input, SourceOptions, Table, open_export
from retainkit.sources.canonical import Events, Wanted, read_events
from retainkit.sources.params import as_of, source_params
from retainkit.sources.stream import Progress, stream
from retainkit.timeline import (
    Builder,
    HashCollisionError,
    Needs,
    Timeline,
    member_keys,
    partition_of,
)
from retainkit.wording import counted

SEEDS = range(8)


def run(
    requests: Sequence[Request],
    inputs: Sequence[Input],
    options: SourceOptions,
    *,
    partitions: int = 1,
    progress: Progress | None = None,
) -> list[Result]:
    """Return one Result a request, all from one scan of the inputs.

    partitions: into how many parts members are split; the Results are the same for any number.
    Raises InputError where the data cannot be used, UsageError where the request cannot be met.
    """
    calendar = Calendar(options.tz, options.week_start)
    with open_export(inputs, options) as (table, members):
        needs = Needs.union([request.needs(False) for request in requests])
        events = read_events(table, members, options, _wanted(needs), calendar)
        needs = _settled(requests, events)
        scan = _scan(table, events, options, needs, calendar, partitions, progress)
    window = _window(scan, options, calendar)
    tallies: list[list[pl.DataFrame]] = [[] for _ in requests]
    count = 0
    for timeline in scan.timelines:
        count += timeline.members
        for request, parts in zip(requests, tallies, strict=True):
            parts.append(request.metric.tally(timeline, request.params, window))
    data = _data(scan, count, window, options)
    notes = [*scan.notes(), *events.notes, *_table_notes(scan.timelines, members is not None)]
    source = source_params(inputs, options)
    return [
        request.result(parts, window, data, notes, source)
        for request, parts in zip(requests, tallies, strict=True)
    ]


def _table_notes(timelines: Sequence[Timeline], given: bool) -> list[str]:
    """Return how well the member table and the events fit, where they do not fit wholly."""
    if not given:
        return []
    listed = np.concatenate([timeline.listed for timeline in timelines])
    active = np.concatenate([np.diff(timeline.bounds) > 0 for timeline in timelines])
    both, idle, strange = (
        int(np.count_nonzero(members))
        for members in (listed & active, listed & ~active, ~listed & active)
    )
    if not (idle or strange):
        return []
    return [
        f"Member table: {counted(both, 'member has', 'members have')} events, "
        f"{idle:,} joined and {'has' if idle == 1 else 'have'} none; "
        f"{counted(strange, 'member', 'members')} with events not in it."
    ]


@dataclass
class _Scan:
    """What one scan brought: timelines, and what was seen on the way."""

    timelines: list[Timeline] = field(default_factory=list)
    rows: int = 0
    negative: int = 0
    first: int | None = None
    last: int | None = None
    refused: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def see(self, used: pl.DataFrame) -> None:
        """Count used events."""
        if not used.height:
            return
        self.rows += used.height
        first, last = used.select(first=pl.col("time").min(), last=pl.col("time").max()).row(0)
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)
        if "amount" in used.columns:
            self.negative += int((used["amount"] < 0).sum())

    def notes(self) -> list[str]:
        """Return what a reader has to know of the rows."""
        said = []
        for kind, reasons in (("refused", self.refused), ("left out", self.left_out)):
            if reasons:
                listed = ", ".join(f"{reason} {count:,}" for reason, count in reasons.items())
                said.append(f"{counted(sum(reasons.values()), 'row')} {kind}: {listed}.")
        if self.negative:
            said.append(
                counted(self.negative, "row has a negative amount", "rows have negative amounts")
                + " (refunds, cancellations); counted unless --where leaves them out."
            )
        return said


def _wanted(needs: Needs) -> Wanted:
    return Wanted(
        marks=needs.selectors, amount=needs.amount, order=needs.order, segments=needs.segments
    )


def _settled(requests: Sequence[Request], events: Events) -> Needs:
    """Return what is needed now that it is known whether members' joining times are."""
    joined = events.members is not None and events.members["joined"].count() > 0
    needs = Needs.union([request.needs(joined) for request in requests])
    return replace(needs, grain="exact") if "event" in events.segments else needs


def _scan(
    table: Table,
    events: Events,
    options: SourceOptions,
    needs: Needs,
    calendar: Calendar,
    partitions: int,
    progress: Progress | None,
) -> _Scan:
    for seed in SEEDS:
        builders = _builders(events, needs, calendar, partitions, seed)
        with suppress(HashCollisionError):
            return _scan_once(table, events, options, builders, seed, progress)
    raise AssertionError("text ids collided under every seed")  # 2**-64 a pair, each time


def _scan_once(
    table: Table,
    events: Events,
    options: SourceOptions,
    builders: Sequence[Builder],
    seed: int,
    progress: Progress | None,
) -> _Scan:
    scan = _Scan()

    def take(used: pl.DataFrame) -> None:
        scan.see(used)
        _deal(used, builders, seed)

    scan.refused, scan.left_out = stream(
        table,
        events,
        take,
        max_rejects=options.max_rejects,
        rejects=options.rejects,
        progress=progress,
    )
    scan.timelines = [builder.build() for builder in builders]
    return scan


def _builders(
    events: Events, needs: Needs, calendar: Calendar, partitions: int, seed: int
) -> list[Builder]:
    segments = list(zip(needs.segments, events.segments, strict=True))
    tables: list[pl.DataFrame | None] = [None] * partitions
    if events.members is not None:
        part_of = partition_of(member_keys(events.members["member"], seed), partitions)
        tables = [events.members.filter(pl.Series(part_of) == part) for part in range(partitions)]
    return [Builder(needs, calendar, segments, table=table, seed=seed) for table in tables]


def _deal(used: pl.DataFrame, builders: Sequence[Builder], seed: int) -> None:
    """Hand each event to the builder of its member's partition."""
    if not used.height:
        return
    keys = member_keys(used["member"], seed)
    if len(builders) == 1:
        builders[0].add(used, keys)
        return
    parts = partition_of(keys, len(builders))
    for part in np.unique(parts):
        mine = parts == part
        builders[part].add(used.filter(pl.Series(mine)), keys[mine])


def _window(scan: _Scan, options: SourceOptions, calendar: Calendar) -> Window:
    """Return what was observed; a source without events is observed up to a stated as-of."""
    end = as_of(options, scan.last, calendar) or 0
    since = None if options.since is None else calendar.moment(options.since, "--since")
    return Window(calendar, scan.first or 0, scan.last or 0, end, since)


def _data(scan: _Scan, members: int, window: Window, options: SourceOptions) -> DataWindow:
    return DataWindow(
        rows=scan.rows,
        members=members,
        first=window.calendar.aware(window.first) if scan.rows else None,
        last=window.calendar.aware(window.last) if scan.rows else None,
        as_of=window.calendar.aware(window.as_of) if scan.rows or options.as_of else None,
        tz=options.tz,
        refused=scan.refused,
        left_out=scan.left_out,
    )
