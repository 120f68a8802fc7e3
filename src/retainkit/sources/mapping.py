"""Which column plays which role: by flag, a name or a SQL expression, else by alias."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType

import polars as pl

from retainkit.errors import RetainkitError, UsageError, nearest
from retainkit.schema import (
    FLAGS,
    Mapped,
    Role,
    by_alias,
    missing_roles,
    ready_in,
    renamed_in,
    unknown_column,
)
from retainkit.selectors import parse_sql


class Faults:
    """Collects errors, so that one message names them all.

    `with faults:` keeps a RetainkitError raised inside and goes on after the block.
    """

    def __init__(self) -> None:
        self._found: list[RetainkitError] = []

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, RetainkitError):
            self._found.append(error)
        return isinstance(error, RetainkitError)

    def raise_any(self) -> None:
        """Raise what was collected, as one error; the first decides its kind."""
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            hints = dict.fromkeys(error.hint for error in self._found if error.hint)
            messages = "\n".join(error.message for error in self._found)
            raise type(self._found[0])(messages, "\n".join(hints) or None)


def choose(
    header: Sequence[str],
    wanted: Mapping[Role, bool],
    named: Mapping[Role, str | None],
    table: str = "The source",
) -> dict[Role, Mapped]:
    """Return the source of each wanted role: what its flag names, else the column by alias.

    wanted: whether a role has to be there. table: what errors call the table. All that is wrong
    is in one error: InputError for columns that are missing or ambiguous, UsageError for bad SQL.
    """
    faults = Faults()
    mapping: dict[Role, Mapped] = {}
    missing: list[Role] = []
    for role, required in wanted.items():
        found: list[Mapped | None] = []
        with faults:
            found.append(_source(role, named.get(role), header))
        if found and found[0] is not None:
            mapping[role] = found[0]
        elif found and required:
            missing.append(role)
    with faults:
        if missing:
            raise missing_roles(missing, header, table)
    faults.raise_any()
    return mapping


def column_or_sql(option: str, text: str, header: Sequence[str]) -> pl.Expr:
    """Return the column called `text`, else the SQL expression it is over columns of `header`.

    Raises InputError for a column that is not there, UsageError for what is no SQL or says the
    same of every row.
    """
    if text in header:
        return pl.col(text)
    if text in renamed_in(header):
        raise unknown_column(option, text, header)
    expr = sql_expression(option, text, header)
    names = expr.meta.root_names()
    if not names:
        raise UsageError(
            f"{option}: '{text}' is the same for every row.", "Name a column, or use one in it."
        )
    check_columns(option, names, header)
    return expr


def sql_expression(option: str, text: str, header: Sequence[str] = ()) -> pl.Expr:
    """Return a SQL expression; raises UsageError, with the nearest column of `header`."""
    try:
        return parse_sql(text)
    except UsageError as error:
        there = ", ".join(f"'{name}'" for name in header)
        hints = [error.hint or "", f"Columns there are: {there}." if header else ""]
        raise UsageError(
            f"{option}: '{text}' {'is no column and ' if header else ''}{error.message}."
            f"{nearest(text, header)}",
            " ".join(filter(None, hints)) or None,
        ) from None


def check_columns(option: str, names: Iterable[str], header: Sequence[str], sql: str = "") -> None:
    """Raise InputError naming every one of `names`, columns in `sql`, that `header` lacks."""
    faults = Faults()
    for name in sorted(set(names) - set(header)):
        with faults:
            error = unknown_column(option, name, header)
            if f'"{name}"' in sql:
                error.hint = f"{error.hint} A text stands in single quotes: '{name}'."
            raise error
    faults.raise_any()


def mapping_note(mapping: Mapping[Role, Mapped]) -> tuple[str, ...]:
    """Return the sentence that says which columns were found by name, if any was."""
    found = [f"{role} = {mapped.source}" for role, mapped in mapping.items() if mapped.by_alias]
    return (f"Columns: {', '.join(found)} (found by name).",) if found else ()


def _source(role: Role, named: str | None, header: Sequence[str]) -> Mapped | None:
    was = ready_in(header).get(role)
    if named is None or (was == frozenset((named,)) and named not in header):
        return by_alias(role, header)
    column_or_sql(FLAGS[role], named, header)
    return Mapped(named, f"named by {FLAGS[role]}")
