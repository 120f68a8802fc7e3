"""The member table: one row a member, with when they joined and left and what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from retainkit.errors import InputError, UsageError
from retainkit.schema import FLAGS, Mapped, Role
from retainkit.sources.civil import EPOCHS, FLOOR, OFFSETS, ZERO
from retainkit.sources.day_first import Column
from retainkit.sources.expressions import Scope
from retainkit.sources.ids import learn_ids
from retainkit.sources.mapping import choose, column_or_sql, mapping_note
from retainkit.sources.options import SourceOptions
from retainkit.sources.quality import MIXED_EPOCHS, MIXED_OFFSETS, fatal
from retainkit.sources.scan import Table
from retainkit.sources.times import learn_times
from retainkit.wording import counted

_TIMES: tuple[Role, ...] = ("joined", "left")
_OPTIONAL: tuple[Role, ...] = (*_TIMES, "reason")
_SAMPLE = 1000
_MANY = 5_000_000
_FIRST, _TIMES_OVER = "__first", "__times_over"


@dataclass(frozen=True)
class Roster:
    """Members: `frame` has one row each: member, joined, left (Int64 us) and the segments.

    Where the table has a reason and it is asked for, it is the column `reason` (String).
    """

    frame: pl.DataFrame
    notes: tuple[str, ...]


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
    mapping = _map(table.header, options, events_id, left, reason)
    with table.reading():
        rows = _rows(table, mapping, segments)
    table.check_same()
    ids = learn_ids("__member", rows.lazy(), rows["__member"], mapping["member"].source)
    notes = [f"Member table: {note}" for note in (*mapping_note(mapping), *ids.notes)]
    frame = rows.select(
        ids.expr.alias("member"),
        *(_moments(role, mapping, rows, options, notes) for role in _TIMES),
        *([segment("__reason").alias("reason")] if "reason" in mapping else []),
        *(segment(name).alias(called) for name, called in segments.items()),
        *([_TIMES_OVER] if _TIMES_OVER in rows.columns else []),
    )
    return Roster(_one_row_each(frame, notes), (*table.notes, *notes))


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
    table: Table, mapping: Mapping[Role, Mapped], segments: Mapping[str, str]
) -> pl.DataFrame:
    scope = Scope(table.frame, table.sample())
    for role, mapped in mapping.items():
        expr = column_or_sql(FLAGS[role], mapped.source, table.header)
        scope = scope.add(f"__{role}", scope.read(expr, FLAGS[role], "value"))
    rows = scope.frame.select(*(f"__{role}" for role in mapping), *segments)
    return (_distinct(rows) if _may_be_many(table) else rows).collect(engine="streaming")


def _may_be_many(table: Table) -> bool:
    """Return whether the rows of a file are many, or packed so that nobody knows."""
    rows = table.about_rows()
    return bool(table.local) and (rows is None or rows > _MANY)


def _distinct(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return each row once, in the order of the first, with how often it is there.

    A small file can hold one row a billion times, which memory has no room for.
    """
    names = rows.collect_schema().names()
    first = pl.col(_FIRST).min()
    counted_ = rows.with_row_index(_FIRST).group_by(names).agg(pl.len().alias(_TIMES_OVER), first)
    return counted_.sort(_FIRST).drop(_FIRST)


def _count(rows: pl.DataFrame, mask: pl.Series | None = None) -> int:
    """Return how many rows there are in the file, or how many of them `mask` is true for."""
    if _TIMES_OVER not in rows.columns:
        return len(rows) if mask is None else int(mask.sum())
    over = rows[_TIMES_OVER]
    return int((over if mask is None else over.filter(mask)).sum())


def _moments(
    role: Role,
    mapping: Mapping[Role, Mapped],
    rows: pl.DataFrame,
    options: SourceOptions,
    notes: list[str],
) -> pl.Series:
    """Return a time column in us, null where there is none; what could not be read is noted."""
    if role not in mapping:
        return pl.repeat(None, len(rows), dtype=pl.Int64, eager=True).alias(role)
    name, title = f"__{role}", mapping[role].source
    column = Column(pl.col(name), rows.lazy(), rows[name].drop_nulls().head(_SAMPLE), title)
    # --time-format is about the events; here it counts where it reads anything.
    for formats in dict.fromkeys((options.time_format, ())):
        times = learn_times(column, replace(options, time_format=formats))
        us = rows.select(times.expr.alias(role)).to_series()
        if (us >= FLOOR).any():
            break
    for mark, reason in ((OFFSETS, MIXED_OFFSETS), (EPOCHS, MIXED_EPOCHS)):
        if (us == mark).any():
            raise fatal(reason)
    notes += [f"Member table: {note}" for note in times.notes]
    unreadable = us.is_null() & rows[name].is_not_null()
    # A member who has not left may well be said to leave in 9999 or 0000.
    zero = (us == ZERO) & (role == "joined")
    for what, found in (("unreadable time", unreadable), ("zero date", zero)):
        if count := _count(rows, found):
            unknown = f"in '{title}' {'counts' if count == 1 else 'count'} as unknown"
            notes.append(f"Member table: {counted(count, what)} {unknown}.")
    bad, known = _count(rows, unreadable), _count(rows, rows[name].is_not_null())
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


def _one_row_each(rows: pl.DataFrame, notes: list[str]) -> pl.DataFrame:
    named = rows.drop_nulls("member")
    if len(named) < len(rows):
        without = counted(
            _count(rows) - _count(named),
            "row without a member is left out",
            "rows without a member are left out",
        )
        notes.append(f"Member table: {without}.")
    members = named["member"].n_unique()
    if members == _count(named):
        return named.drop(_TIMES_OVER, strict=False)
    repeats = counted(_count(named) - members, "row repeats", "rows repeat")
    notes.append(f"Member table: {repeats} a member: the earliest joining counts.")
    attributes = [name for name in named.columns if name.startswith("seg_")]
    reason = ["reason"] if "reason" in named.columns else []
    ordered = named.sort("joined", "left", *reason, *attributes, nulls_last=True)
    return ordered.group_by("member", maintain_order=True).agg(
        pl.col("joined").min(),
        pl.col("left", *reason).sort_by("joined", "left", nulls_last=[False, False]).last(),
        pl.col(attributes).drop_nulls().first(),
    )
