"""Which rows count: the user's condition and window, the selectors, and why a row does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from retainkit.errors import UsageError
from retainkit.periods import Calendar
from retainkit.selectors import ORDERS, Selector
from retainkit.sources.civil import ABSENT, EPOCHS, FLOOR, OFFSETS, ZERO
from retainkit.sources.expressions import Scope
from retainkit.sources.mapping import sql_expression
from retainkit.sources.names import FOOT, LONG
from retainkit.sources.options import SourceOptions
from retainkit.sources.quality import (
    AFTER_AS_OF,
    AFTER_UNTIL,
    BAD_AMOUNT,
    BAD_TIME,
    BEFORE_SINCE,
    FATE,
    FOOTER,
    LONG_ROW,
    MIXED_EPOCHS,
    MIXED_OFFSETS,
    NO_MEMBER,
    NO_TIME,
    TOTAL,
    WHERE,
    ZERO_DATE,
)
from retainkit.sources.roles import numbers_notes

_ODD = {FOOT: FOOTER, LONG: LONG_ROW}
_MARKS = {ABSENT: NO_TIME, ZERO: ZERO_DATE, OFFSETS: MIXED_OFFSETS, EPOCHS: MIXED_EPOCHS}


def add_where(scope: Scope, where: str | None, notes: list[str]) -> Scope:
    """Return the scope with __where (Boolean), where there is such a condition."""
    if where is None:
        return scope
    reading = scope.read(sql_expression("--where", where), "--where", "condition")
    notes += numbers_notes(reading)
    return scope.add("__where", reading)


def add_marks(scope: Scope, marks: Sequence[Selector], notes: list[str]) -> Scope:
    """Return the scope with __marks: UInt32, bit i is set where marks[i] takes the event."""
    event = pl.col("__event") if "__event" in scope.sample.columns else pl.lit(None, pl.String)
    for i, mark in enumerate(marks):
        if mark == ORDERS:
            scope = scope.with_columns(**{f"__mark_{i}": _is_order(scope)})
            continue
        reading = scope.read(mark.expr(event), f"Event selector '{mark.text}'", "condition")
        notes += numbers_notes(reading)
        scope = scope.add(f"__mark_{i}", reading)
    bits = [pl.col(f"__mark_{i}").cast(pl.UInt32) * (1 << i) for i in range(len(marks))]
    return scope.with_columns(__marks=sum(bits, pl.lit(0, pl.UInt32)))


def _is_order(scope: Scope) -> pl.Expr:
    known = (role for role in ("__order", "__amount") if role in scope.sample.columns)
    role = next(known, None)
    return pl.lit(True) if role is None else pl.col(role).is_not_null()


def fate(scope: Scope, options: SourceOptions, calendar: Calendar, amounts: bool = True) -> pl.Expr:
    """Return why a row does not count (Enum FATE), null where it does: the first reason there is.

    What is no row comes first, or one that is too long: none of its cells can be trusted. Then
    the window: what lies outside of it is looked at no further, so that files need not even be
    read there. Then the other refusals, then --where. amounts: whether a row whose amount cannot
    be read is refused, not only without one.
    """
    reasons = [
        (pl.col(mark), reason) for mark, reason in _ODD.items() if mark in scope.sample.columns
    ]
    reasons += [*_outside(options, calendar), *_refusals(scope, amounts)]
    if options.where is not None:
        reasons.append((~pl.col("__where").fill_null(False), WHERE))
    code = pl.lit(None, pl.UInt8)
    for condition, reason in reversed(reasons):
        code = (
            pl.when(condition)
            .then(pl.lit(FATE.categories.index_of(reason), pl.UInt8))
            .otherwise(code)
        )
    return code.cat.to(FATE)


def check_window(options: SourceOptions, calendar: Calendar) -> None:
    """Raise UsageError where what is asked for ends before it begins."""
    if options.since is None:
        return
    since = calendar.moment(options.since, "--since")
    for option, end in (("--until", options.until), ("--as-of", options.as_of)):
        if end is not None and calendar.moment(end, option) <= since:
            raise UsageError(f"{option} {end} is not after --since {options.since}.")


def _outside(options: SourceOptions, calendar: Calendar) -> Iterator[tuple[pl.Expr, str]]:
    us = pl.col("__us")
    if options.since is not None:
        since = calendar.moment(options.since, "--since")
        yield (us < since) & (us >= FLOOR), BEFORE_SINCE
    if options.until is not None:
        yield us >= calendar.moment(options.until, "--until"), AFTER_UNTIL
    if options.as_of is not None:
        yield us >= calendar.moment(options.as_of, "--as-of"), AFTER_AS_OF


def _refusals(scope: Scope, amounts: bool) -> Iterator[tuple[pl.Expr, str]]:
    us = pl.col("__us")
    if "__total" in scope.sample.columns:
        yield pl.col("__total"), TOTAL
    yield pl.col("__member").is_null(), NO_MEMBER
    yield us.is_null() & pl.col("__time").is_null(), NO_TIME
    yield us.is_null(), BAD_TIME
    for mark, reason in _MARKS.items():
        yield us == mark, reason
    if amounts and "__bad_amount" in scope.sample.columns:
        yield pl.col("__bad_amount"), BAD_AMOUNT
