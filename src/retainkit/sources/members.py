"""The member table: one row a member, with when they joined and left and what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from retainkit.errors import InputError, UsageError
from retainkit.schema import FLAGS, Mapped, Role
from retainkit.sources.civil import EPOCHS, FLOOR, OFFSETS, ZERO
from retainkit.sources.clocks import moved_notes
from retainkit.sources.day_first import Column
from retainkit.sources.expressions import Scope
from retainkit.sources.held_once import TIMES_OVER, count_of, distinct, may_be_many
from retainkit.sources.ids import learn_ids
from retainkit.sources.mapping import choose, column_or_sql, mapping_note
from retainkit.sources.names import FOOT, LONG
from retainkit.sources.options import SourceOptions
from retainkit.sources.quality import MIXED_EPOCHS, MIXED_OFFSETS, fatal
from retainkit.sources.scan import Table
from retainkit.sources.times import learn_times
from retainkit.sources.totals import are_totals
from retainkit.wording import counted

_TIMES: tuple[Role, ...] = ("joined", "left")
_OPTIONAL: tuple[Role, ...] = (*_TIMES, "reason")
_SAMPLE = 1000
_NO_ROWS = {
    LONG: (
        "row with more cells than the header is left out",
        "rows with more cells than the header are left out",
    ),
    FOOT: ("line under the rows is left out", "lines under the rows are left out"),
}


@dataclass(frozen=True)
class Roster:
    """Members: `frame` has one row each: member, joined, left (Int64 us) and the segments.

    Where the table has a reason and it is asked for, it is the column `reason` (String).
    mapping: what the roles were read from.
    """

    frame: pl.DataFrame
    notes: tuple[str, ...]
    mapping: Mapping[Role, Mapped] = field(default_factory=dict)


def check_member_options(members: Table | None, options: SourceOptions, left: bool) -> None:
    """Raise UsageError for options about a member table where there is none.

    left: whether it has to say when members left.
    """
    named = {role: getattr(options, f"{role}_col") for role in _OPTIONAL}
    for flag, given in ((FLAGS[role], source) for role, source in named.items()):
        if given is not None and members is None:
            raise UsageError(
                f"{flag} names a column of the member table, and there is none.",
                "Give the member table with --members FILE.",
            )
    if left and members is None:
        raise UsageError(
            "Leaving times are asked for, and nothing says when members left.",
            "Give the member table with --members FILE, or name the event with --leave-event.",
        )


def read_members(
    table: Table,
    options: SourceOptions,
    segments: Mapping[str, str],
    events_id: str,
    left: bool = False,
    reason: bool = False,
) -> Roster:
    """Return the member table; `segments` says which columns to keep and what to call them.

    left: whether it has to say when members left. reason: whether it is asked why.

    The id column is the one that --member-col or the events' id (`events_id`) is called, where
    the table has it, else one known by alias. Of a member with several rows the earliest joining
    counts, the leaving and the reason of the latest stay, and of each attribute the value of the
    row that joined first, filled from the next ones where it is blank.
    """
    rows = member_rows(table, options, segments, events_id, left, reason, once=True)
    notes: list[str] = []
    return Roster(_one_row_each(rows.frame, notes), (*rows.notes, *notes))


def member_rows(
    table: Table,
    options: SourceOptions,
    segments: Mapping[str, str],
    events_id: str,
    left: bool = False,
    reason: bool = False,
    *,
    once: bool = False,
) -> Roster:
    """Return all rows of the member table, as `read_members` does before a member has one.

    once: whether those that repeat may be held once, with a column TIMES_OVER.
    """
    mapping = _map(table.header, options, events_id, left, reason)
    left_out: list[str] = []
    with table.reading():
        rows = _without_totals(_rows(table, mapping, segments, left_out, once=once), left_out)
    table.check_same()
    source = mapping["member"].source
    ids = learn_ids("__member", rows.lazy(), rows["__member"], source, options)
    notes = [f"Member table: {note}" for note in (*mapping_note(mapping), *ids.notes)]
    notes += left_out
    frame = rows.select(
        ids.expr.alias("member"),
        *(_moments(role, mapping, rows, options, notes, table.files) for role in _TIMES),
        *([segment("__reason").alias("reason")] if "reason" in mapping else []),
        *(segment(name).alias(called) for name, called in segments.items()),
        *([TIMES_OVER] if TIMES_OVER in rows.columns else []),
    )
    notes += _nobodies(rows, frame["member"])
    return Roster(frame, (*table.notes, *notes), mapping)


def _map(
    header: Sequence[str], options: SourceOptions, events_id: str, left: bool, reason: bool
) -> Mapping[Role, Mapped]:
    called = next((name for name in (options.member_col, events_id) if name in header), None)
    asked = reason or options.reason_col is not None
    return choose(
        header,
        {"member": True, "joined": False, "left": left, **({"reason": False} if asked else {})},
        {"member": called, **{role: getattr(options, f"{role}_col") for role in _OPTIONAL}},
        "The member table",
    )


def _rows(
    table: Table,
    mapping: Mapping[Role, Mapped],
    segments: Mapping[str, str],
    notes: list[str],
    *,
    once: bool,
) -> pl.DataFrame:
    """Return what is read of the table, without rows that are none of it, which are noted."""
    scope = Scope(table.frame, table.sample(), files=table.files)
    for role, mapped in mapping.items():
        expr = column_or_sql(FLAGS[role], mapped.source, table.header)
        scope = scope.add(f"__{role}", scope.read(expr, FLAGS[role], "value"))
    lazy = scope.frame.select(*(f"__{role}" for role in mapping), *segments, *table.marks)
    rows = (distinct(lazy) if once and may_be_many(table) else lazy).collect(engine="streaming")
    for mark in table.marks:
        if count := count_of(rows, rows[mark]):
            notes.append(f"Member table: {counted(count, *_NO_ROWS[mark])}.")
        rows = rows.filter(~rows[mark]).drop(mark)
    return rows


def _without_totals(rows: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    """Return the rows without lines that sum others up, which are noted."""
    if rows.schema["__member"] != pl.String:
        return rows
    total = are_totals(rows["__member"])
    if not (count := count_of(rows, total)):
        return rows
    left = counted(count, "total line is left out", "total lines are left out")
    notes.append(f"Member table: {left}.")
    return rows.filter(~total)


def _moments(
    role: Role,
    mapping: Mapping[Role, Mapped],
    rows: pl.DataFrame,
    options: SourceOptions,
    notes: list[str],
    files: tuple[str, ...],
) -> pl.Series:
    """Return a time column in us, null where there is none; what could not be read is noted."""
    if role not in mapping:
        return pl.repeat(None, len(rows), dtype=pl.Int64, eager=True).alias(role)
    name, title = f"__{role}", mapping[role].source
    sample = rows[name].drop_nulls().head(_SAMPLE)
    column = Column(pl.col(name), rows.lazy(), sample, title, files, FLAGS[role])
    # --time-format is about the events; here it counts where it reads anything.
    for formats in dict.fromkeys((options.time_format, ())):
        times = learn_times(column, replace(options, time_format=formats))
        us = rows.select(times.expr.alias(role)).to_series()
        if (us >= FLOOR).any():
            break
    for mark, reason in ((OFFSETS, MIXED_OFFSETS), (EPOCHS, MIXED_EPOCHS)):
        if (us == mark).any():
            raise fatal(reason, title, files, FLAGS[role])
    told = list(times.notes)
    if times.clock is not None:
        told += moved_notes(title, times.clock.tz, *times.clock.count(rows[name], us))
    notes += [f"Member table: {note}" for note in told]
    unreadable = us.is_null() & rows[name].is_not_null()
    # A member who has not left may well be said to leave in 9999 or 0000.
    zero = (us == ZERO) & (role == "joined")
    for what, found in (("unreadable time", unreadable), ("zero date", zero)):
        if count := count_of(rows, found):
            unknown = f"in '{title}' {'counts' if count == 1 else 'count'} as unknown"
            notes.append(f"Member table: {counted(count, what)} {unknown}.")
    bad, known = count_of(rows, unreadable), count_of(rows, rows[name].is_not_null())
    if bad > options.max_rejects * known:
        raise InputError(
            f"The member table has {counted(bad, 'unreadable time')} in '{title}', of {known:,}.",
            f"Say how they are written with --time-format, name another column with {FLAGS[role]}, "
            "or take them as unknown with --max-rejects 1.",
        )
    return us.set(us < FLOOR, None)


def segment(name: str) -> pl.Expr:
    """Return a segment column as text, null where it is blank."""
    text = pl.col(name).cast(pl.String)
    return pl.when(text.str.strip_chars() != "").then(text)


def _nobodies(rows: pl.DataFrame, members: pl.Series) -> list[str]:
    """Return how many rows have no member, by the reason."""
    if not (count := count_of(rows, members.is_null())):
        return []
    text = rows["__member"].cast(pl.String, strict=False)
    empty = count_of(rows, text.is_null() | (text.str.strip_chars() == ""))
    reasons = {"no id": empty, "an id that means nobody": count - empty}
    listed = ", ".join(f"{reason} {each:,}" for reason, each in reasons.items() if each)
    return [f"Member table: {counted(count, 'row')} left out: {listed}."]


def _one_row_each(rows: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    named = rows.drop_nulls("member")
    members = named["member"].n_unique()
    if members == count_of(named):
        return named.drop(TIMES_OVER, strict=False)
    repeats = counted(count_of(named) - members, "row repeats", "rows repeat")
    notes.append(f"Member table: {repeats} a member: the earliest joining counts.")
    attributes = [name for name in named.columns if name.startswith("seg_")]
    reason = ["reason"] if "reason" in named.columns else []
    ordered = named.sort("joined", "left", *reason, *attributes, nulls_last=True)
    return ordered.group_by("member", maintain_order=True).agg(
        pl.col("joined").min(),
        pl.col("left", *reason).sort_by("joined", "left", nulls_last=[False, False]).last(),
        pl.col(attributes).drop_nulls().first(),
    )
