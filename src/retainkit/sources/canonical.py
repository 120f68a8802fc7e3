"""From the raw rows of an export to canonical events: who, when, what, and each row's fate.

One lazy frame is built, so that Polars reads only the columns that are needed and streams.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from retainkit.errors import UsageError
from retainkit.periods import Calendar
from retainkit.schema import FLAGS, Header, Mapped, Role, ready_in, renamed_in, unknown_column
from retainkit.selectors import ANY, ORDERS, Selector
from retainkit.sources.clocks import CLOCK
from retainkit.sources.expressions import Scope
from retainkit.sources.fates import add_marks, add_where, check_window, fate
from retainkit.sources.mapping import (
    Faults,
    check_columns,
    choose,
    column_or_sql,
    mapping_note,
    sql_expression,
)
from retainkit.sources.members import Roster, check_member_options, read_members, segment
from retainkit.sources.options import SourceOptions
from retainkit.sources.pruning import Pruned, prune
from retainkit.sources.repeats import Repeats, repeat_keys
from retainkit.sources.roles import add_roles, name_roles
from retainkit.sources.scan import Table

Side = Literal["member", "event"]

MOST_MARKS = 32
_EVENT_ROLES: tuple[Role, ...] = ("member", "time", "event", "amount", "order")


@dataclass(frozen=True)
class Wanted:
    """What the metrics of one run ask of each event; only the columns for it are read.

    marks: up to 32 selectors; ORDERS stands for what tells orders in the columns there are.
    amount, order, event: whether these are asked for. segments:
    columns to split by, of the member table where it has them, else of the events. worth: the
    amount, where there is one. names: the event's name, without which there is no answer. left,
    reason: when members left, which the member table has to say, and why, where it says so.
    """

    marks: tuple[Selector, ...] = (ANY,)
    amount: bool = False
    order: bool = False
    segments: tuple[str, ...] = ()
    event: bool = False
    worth: bool = False
    names: bool = False
    left: bool = False
    reason: bool = False
    strict: bool = False


@dataclass(frozen=True)
class Recipe:
    """How raw rows become canonical events: columns added step by step, then `columns` kept.

    It hangs on no frame, so that it can be used on any rows of the same export, wherever they are.
    """

    steps: tuple[Mapping[str, pl.Expr], ...]
    columns: tuple[pl.Expr, ...]

    def of(self, raw: pl.LazyFrame) -> pl.LazyFrame:
        """Return the canonical events of raw rows."""
        for step in self.steps:
            raw = raw.with_columns(**step)
        return raw.select(self.columns)

    def reads(self) -> set[str]:
        """Return the raw columns that it reads."""
        read: set[str] = set()
        made: set[str] = set()
        for step in self.steps:
            read |= _roots(step.values()) - made
            made |= step.keys()
        return read | (_roots(self.columns) - made)


@dataclass(frozen=True)
class Events:
    """Canonical events.

    frame: member (String or Int64), time (Int64 us since 1970 UTC), fate (Enum of the reasons of
    `quality`, null: used), marks (UInt32, bit i: marks[i] takes the event), and as wanted:
    amount (Float64), order (String or Int64, only where there is an order column), event
    (String), seg_0 … (String, those on the event side), __file, __row and __raw (a struct of the
    columns as read) where rejects are kept, clock (`clocks.Clock`) where local times can be odd.
    Of rows with a fate only the fate means something.
    recipe: how it was made of the raw rows; pruned: those of them that have to be read. columns:
    those of the export that are; kept: in words, what an event has of them.
    members: one row a member: member, joined, left (Int64 us), reason (String, if wanted and
    there), seg_i (String, those on the member side); None without a member table. segments: the
    side each wanted segment is on.
    """

    frame: pl.LazyFrame
    recipe: Recipe
    members: pl.DataFrame | None
    segments: tuple[Side, ...]
    mapping: Mapping[Role, Mapped]
    notes: tuple[str, ...]
    pruned: Pruned
    columns: tuple[str, ...]
    kept: tuple[str, ...]


def read_events(
    table: Table,
    members: Table | None,
    options: SourceOptions,
    wanted: Wanted,
    calendar: Calendar,
) -> Events:
    """Return the canonical events of `table`, and the members of `members`.

    Reads a sample, and a whole column only where a question about it cannot be settled otherwise.
    `notes` begin with those of the tables. Raises InputError for columns that are missing or
    cannot be read in one way only, UsageError for expressions that cannot be computed.
    """
    check_member_options(members, options, wanted.left)
    check_window(options, calendar)
    if len(wanted.marks) > MOST_MARKS:
        raise UsageError(f"At most {MOST_MARKS} event selectors can be asked for at once.")
    faults = Faults()
    with faults:
        sides = _sides(wanted.segments, table, members)
    with faults:
        keys = repeat_keys(options.dedupe, table.header)
    with faults:
        mapping = _map(table.header, options, wanted)
    faults.raise_any()
    notes = [*table.notes, *mapping_note(mapping)]
    with table.reading():
        scope = Scope(table.rows, table.sample(), files=table.files)
        scope = add_roles(scope, mapping, table.header, options, notes)
        named = _asked(options, wanted) - _columns_only(table.header)
        scope = name_roles(scope, named, mapping, calendar.tz)
        scope = add_where(scope, options.where, notes)
        scope = add_marks(scope, wanted.marks, notes)
        amounts = wanted.amount or wanted.strict or "amount" in _asked(options, wanted)
        scope = scope.with_columns(__fate=fate(scope, options, calendar, amounts))
    roster = None
    if members is not None:
        places = zip(wanted.segments, sides, strict=True)
        called = {name: f"seg_{i}" for i, (name, side) in enumerate(places) if side == "member"}
        source = mapping["member"].source
        roster = read_members(members, options, called, source, wanted.left, wanted.reason)
        notes += roster.notes
    member, roster_frame = _one_dtype(scope.sample.schema["__member"], roster)
    clocked = "__clock" in scope.sample.columns
    kept = _columns(table, mapping, wanted, sides, clocked=clocked)
    recipe = Recipe(scope.steps, (member, *kept))
    read = recipe.reads()
    columns = tuple(name for name in table.header if name in {*read, *keys})
    time = _column(mapping["time"].source, table)
    with table.reading():
        pruned = prune(table, scope, time, columns, options, calendar)
        frame = recipe.of(pruned.frame)
        if keys:
            frame = Repeats(recipe.steps, recipe.columns, keys).left_out(pruned.frame)
    told = tuple(dict.fromkeys(notes))
    has = tuple(_in_words(recipe, wanted.segments))
    return Events(frame, recipe, roster_frame, sides, mapping, told, pruned, columns, has)


def _in_words(recipe: Recipe, segments: Sequence[str]) -> Iterator[str]:
    """Yield the roles and the segment columns that events keep."""
    kept = {expr.meta.output_name() for expr in recipe.columns}
    yield from (role for role in ("member", "time", "event", "order", "amount") if role in kept)
    yield from (name for i, name in enumerate(segments) if f"seg_{i}" in kept)


def _column(source: str, table: Table) -> str | None:
    """Return the column that a role's source is, or None where it is computed."""
    expr = column_or_sql(FLAGS["time"], source, table.header)
    return expr.meta.output_name() if expr.meta.is_column() else None


def _roots(exprs: Iterable[pl.Expr]) -> set[str]:
    return {name for expr in exprs for name in expr.meta.root_names()}


def _sides(names: Sequence[str], table: Table, members: Table | None) -> tuple[Side, ...]:
    """Return on which side each segment column is; raises InputError naming all on neither."""
    ours = members.header if members is not None else ()
    both = Header(
        dict.fromkeys([*ours, *table.header]), {**renamed_in(ours), **renamed_in(table.header)}
    )
    faults = Faults()
    for name in names:
        with faults:
            if name not in both:
                raise unknown_column("--by", name, both)
    faults.raise_any()
    return tuple("member" if name in ours else "event" for name in names)


def _map(header: Sequence[str], options: SourceOptions, wanted: Wanted) -> Mapping[Role, Mapped]:
    """Return the mapping of the roles that are asked for, by the metrics or by a condition."""
    roles: dict[Role, bool] = {"member": True, "time": True}
    named = any(mark.needs_event for mark in wanted.marks) or wanted.names
    if named or wanted.event:
        roles["event"] = named
    if wanted.amount or wanted.worth:
        roles["amount"] = wanted.amount
    if wanted.order or ORDERS in wanted.marks:
        roles["order"] = False
    if ORDERS in wanted.marks:
        roles.setdefault("amount", False)
    faults = Faults()
    for option, sql, names in _conditions(options, wanted):
        absent = names - _columns_only(header)
        roles |= {role: True for role in _EVENT_ROLES if role in absent}
        with faults:
            check_columns(option, absent - set(_EVENT_ROLES), header, sql)
    flags = {role: getattr(options, f"{role}_col") for role in _EVENT_ROLES}
    for role, source in flags.items():
        with faults:  # a mistyped name is told, whether or not the role is needed
            if source is not None and role not in roles:
                column_or_sql(FLAGS[role], source, header)
    with faults:
        mapping = choose(header, roles, {role: flags[role] for role in roles})
    faults.raise_any()
    return mapping


def _columns_only(header: Sequence[str]) -> set[str]:
    """Return the columns that a condition names as such: where roles are columns, they win."""
    return set(header) - set(ready_in(header))


def _conditions(options: SourceOptions, wanted: Wanted) -> Iterator[tuple[str, str, set[str]]]:
    """Yield each condition's option, its text and the columns it reads."""
    if options.where is not None:
        where = sql_expression("--where", options.where)
        yield "--where", options.where, set(where.meta.root_names())
    for mark in wanted.marks:
        yield f"Event selector '{mark.text}'", mark.text, mark.columns()


def _asked(options: SourceOptions, wanted: Wanted) -> set[str]:
    return {name for _, _, names in _conditions(options, wanted) for name in names}


def _one_dtype(ids: pl.DataType, roster: Roster | None) -> tuple[pl.Expr, pl.DataFrame | None]:
    """Return the events' id and the member table with ids of one dtype: text where they differ."""
    member = pl.col("__member").alias("member")
    if roster is None or roster.frame.schema["member"] == ids:
        return member, roster.frame if roster else None
    return member.cast(pl.String), roster.frame.with_columns(pl.col("member").cast(pl.String))


def _columns(
    table: Table,
    mapping: Mapping[Role, Mapped],
    wanted: Wanted,
    sides: Sequence[Side],
    *,
    clocked: bool,
) -> Iterator[pl.Expr]:
    yield pl.col("__us").alias("time")
    yield pl.col("__fate").alias("fate")
    yield pl.col("__marks").alias("marks")
    if clocked:
        yield pl.col("__clock").alias(CLOCK)
    for role, asked in (
        ("amount", wanted.amount or wanted.worth),
        ("order", wanted.order),
        ("event", wanted.event or wanted.names),
    ):
        if asked and role in mapping:
            yield pl.col(f"__{role}").alias(role)
    for i, (name, side) in enumerate(zip(wanted.segments, sides, strict=True)):
        if side == "event":
            yield segment(name).alias(f"seg_{i}")
    if table.origin:
        yield pl.col("__file")
        yield pl.col("__row")
        yield pl.struct(table.header).alias("__raw")
