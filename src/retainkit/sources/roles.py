"""The role columns of an export, read: member and order ids, time, amount, event name.

Each function adds columns to a Scope and says in `notes` what a reader should know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from retainkit.errors import InputError
from retainkit.schema import FLAGS, Mapped, Role, ready_in
from retainkit.sources.amounts import is_unreadable, learn_amounts
from retainkit.sources.civil import FLOOR
from retainkit.sources.day_first import Column
from retainkit.sources.expressions import Reading, Scope, as_number
from retainkit.sources.ids import learn_ids
from retainkit.sources.mapping import column_or_sql
from retainkit.sources.options import SourceOptions
from retainkit.sources.sets import BAD_AMOUNT_COLUMN
from retainkit.sources.times import learn_times
from retainkit.sources.totals import total_lines


def add_roles(
    scope: Scope,
    mapping: Mapping[Role, Mapped],
    header: Sequence[str],
    options: SourceOptions,
    notes: list[str],
) -> Scope:
    """Return the scope with what the mapping names.

    __member, __order (String or Int64, null: no id), __total (Boolean, of members written as
    text: whether the row sums others up), __time (as written), __us (see `Times`), __clock (where
    local times can be odd, see `Clock`), __amount (Float64), __bad_amount (Boolean), __event
    (String).
    """
    for role, mapped in mapping.items():
        if role == mapped.source and role in ready_in(header):
            scope = _add_ready(scope, role)
            continue
        expr, option = column_or_sql(FLAGS[role], mapped.source, header), FLAGS[role]
        if role == "amount":
            scope = _add_amount(scope, expr, notes)
            continue
        scope = scope.add(f"__{role}", scope.read(expr, option, "value"))
        if role == "time":
            scope = _add_time(scope, mapped, options, notes)
        elif role == "event":
            scope = _add_event(scope, notes)
        else:
            scope = _add_id(scope, role, mapped, options, notes)
    return scope


def name_roles(scope: Scope, names: set[str], mapping: Mapping[Role, Mapped], tz: str) -> Scope:
    """Return the scope where conditions can read the roles in `names` by their names.

    `time` is a Datetime in `tz`.
    """
    us = pl.col("__us")
    moment = pl.when(us >= FLOOR).then(us).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(tz)
    columns = {role: moment if role == "time" else pl.col(f"__{role}") for role in mapping}
    return scope.with_columns(**{name: expr for name, expr in columns.items() if name in names})


def _add_ready(scope: Scope, role: Role) -> Scope:
    """Add a role that a set holds: it was read as it was ingested."""
    column = pl.col(role)
    if role == "time":
        return scope.with_columns(__time=column, __us=column.cast(pl.Int64))
    if role == "amount":
        there = BAD_AMOUNT_COLUMN in scope.sample.columns
        bad = pl.col(BAD_AMOUNT_COLUMN).is_not_null() if there else pl.lit(False)
        return scope.with_columns(__amount=column, __bad_amount=bad)
    return scope.with_columns(**{f"__{role}": column})


def _add_time(scope: Scope, mapped: Mapped, options: SourceOptions, notes: list[str]) -> Scope:
    times = scope.sample["__time"]
    column = Column(pl.col("__time"), scope.frame, times, mapped.source, scope.files)
    read = learn_times(column, options)
    notes += read.notes
    scope = scope.with_columns(__us=read.expr)
    if read.clock is None:
        return scope
    return scope.with_columns(__clock=read.clock.kinds(pl.col("__time"), pl.col("__us")))


def _add_id(
    scope: Scope, role: Role, mapped: Mapped, options: SourceOptions, notes: list[str]
) -> Scope:
    name = f"__{role}"
    ids = learn_ids(name, scope.frame, scope.sample[name], mapped.source, options)
    notes += ids.notes
    if role != "member" or scope.sample.schema[name] != pl.String:
        return scope.with_columns(**{name: ids.expr})
    scope = scope.with_columns(__said=pl.col(name)).with_columns(**{name: ids.expr})
    read = [pl.col(name), pl.col("__said")]
    total = pl.map_batches(read, total_lines, return_dtype=pl.Boolean, is_elementwise=True)
    return scope.with_columns(__total=total)


def _add_event(scope: Scope, notes: list[str]) -> Scope:
    names = scope.sample["__event"].cast(pl.String)
    name = pl.col("__event").cast(pl.String)
    if (names != names.str.strip_chars()).any():
        notes.append("Event names have blanks around them: trimmed.")
        name = name.str.strip_chars()
    return scope.with_columns(__event=name)


def _add_amount(scope: Scope, expr: pl.Expr, notes: list[str]) -> Scope:
    """Add an amount: a column, where money may be written as money, or SQL over numbers."""
    if expr.meta.is_column():
        name = expr.meta.output_name()
        column, dtype = pl.col(name), scope.sample.schema[name]
        if not (dtype == pl.String or dtype == pl.Null or dtype.is_numeric()):
            raise InputError(f"The amount column '{name}' holds {dtype}, which is no amount.")
        amounts = learn_amounts(Column(column, scope.frame, scope.sample[name], name))
        notes += amounts.notes
        scope = replace(scope.with_columns(__amount=amounts.expr), amount=name)
        return scope.with_columns(__bad_amount=is_unreadable(column, dtype, pl.col("__amount")))
    reading = scope.read(expr, FLAGS["amount"], "number")
    notes += numbers_notes(reading)
    bad = [is_unreadable(pl.col(n), pl.String(), reading.columns[n]) for n in reading.numbers]
    scope = scope.with_columns(__bad_amount=pl.any_horizontal(bad) if bad else pl.lit(False))
    scope = scope.add("__amount", reading)
    return scope.with_columns(__amount=as_number(pl.col("__amount")))


def numbers_notes(reading: Reading) -> list[str]:
    """Return what a reader should know of the text columns that an expression takes as numbers."""
    return [
        f"'{name}' is read as a number in expressions; what is none counts as unknown."
        for name in reading.numbers
    ]
