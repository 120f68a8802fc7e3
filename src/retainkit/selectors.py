"""The event selector grammar, the same wherever events are named.

name | "quoted name" | a|b|c | * | name[SQL condition] | [SQL condition] | label = selector

Names with spaces or signs stand in double quotes (a quote inside is doubled). A selector is
plain data; it turns into a Polars expression only when it is asked to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retainkit.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

_ALTERNATIVE = re.compile(
    r"""\s*(?P<name>"(?:[^"]|"")*"|\*|[^\s|\[\]"'=*>,()]+)?\s*(?:\[(?P<condition>.*)\])?\s*""",
    re.DOTALL,
)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_PATTERN = re.compile(r"\"(\*|\^.*\$)\"", re.DOTALL)
_RESERVED = re.compile(
    r"\b(order|group|select|from|where|user|table|limit|offset|union|join|having|by|values)\b", re.I
)
_QUOTES = {"top": '"', "bracket": "\"'"}


@dataclass(frozen=True)
class Alternative:
    """Events of one name (None: any name) that pass a SQL condition (None: no condition)."""

    name: str | None
    condition: str | None

    def expr(self, event: pl.Expr) -> pl.Expr:
        """Return whether an event passes: boolean, never null."""
        import polars as pl

        passes = pl.lit(True) if self.name is None else (event == self.name).fill_null(False)
        if self.condition is None:
            return passes
        return passes & parse_sql(self.condition).fill_null(False)


@dataclass(frozen=True)
class Selector:
    """The events that any of `alternatives` takes; `label` is what outputs call them."""

    text: str
    label: str
    alternatives: tuple[Alternative, ...]

    @property
    def needs_event(self) -> bool:
        """Whether an event's name matters."""
        return any(alternative.name is not None for alternative in self.alternatives)

    def columns(self) -> set[str]:
        """Return the columns that the conditions read."""
        conditions = [one.condition for one in self.alternatives if one.condition is not None]
        return {name for sql in conditions for name in parse_sql(sql).meta.root_names()}

    def expr(self, event: pl.Expr) -> pl.Expr:
        """Return whether an event passes: boolean, never null. `event` is the event's name."""
        import polars as pl

        return pl.any_horizontal([one.expr(event) for one in self.alternatives])


def parse_sql(text: str) -> pl.Expr:
    """Return a SQL expression whose value in a row depends on that row alone.

    Raises UsageError for what is none; its message goes on where "the condition" ends. An alias
    is none: `x > 1 oops` would otherwise pass, with the stray word taken for a name.
    """
    import polars as pl

    bare = _QUOTED.sub("''", text)
    if re.search(r"\(\s*select\b", bare, re.IGNORECASE):
        raise UsageError("has a subquery, which is not supported")
    pattern = next(filter(_PATTERN.fullmatch, _QUOTED.findall(text)), None)
    if pattern is not None:
        raise UsageError(
            f"has {pattern}, which would be taken for a pattern",
            f'A column called so is "({pattern[1:-1]})".',
        )
    try:
        expr = pl.sql_expr(text)
        stray = not expr.meta.eq(expr.meta.undo_aliases())
        many = re.search(r"\bover\s*\(", bare, re.IGNORECASE) or _aggregates(expr)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"is not SQL: {str(error).splitlines()[0]}", _reserved(bare)) from None
    if stray:
        raise UsageError("is not SQL: there is a stray word at its end")
    if expr.meta.has_multiple_outputs():
        raise UsageError("stands for several columns at once")
    if many:
        raise UsageError("has an aggregate or window function; a row has to stand for itself")
    return expr


def _reserved(sql: str) -> str | None:
    found = _RESERVED.search(sql)
    if found is None:
        return None
    word = found[0]
    return f"SQL reserves '{word}'; a column called so stands in double quotes: \"{word}\"."


def _aggregates(expr: pl.Expr) -> bool:
    """Return whether any step of an expression makes one value of many rows."""
    import polars as pl

    try:
        scalar = expr.meta.is_scalar() and bool(expr.meta.root_names())
    except pl.exceptions.PolarsError:  # some steps need the columns' types to tell
        scalar = False
    return scalar or expr.meta.eq(pl.len()) or any(map(_aggregates, expr.meta.pop()))


def parse_selector(text: str) -> Selector:
    """Return the selector that `text` writes; raises UsageError that points at the fault."""
    return _selector(text, 0, text)


def parse_steps(text: str) -> tuple[Selector, ...]:
    """Return the selectors of "a > b > c"; a '>' in brackets or quotes does not split."""
    return tuple(_selector(text, start, piece) for start, piece in _split(text, 0, text, ">"))


def _selector(whole: str, start: int, text: str) -> Selector:
    label, (body_start, body) = None, (start, text)
    pieces = list(_split(whole, start, text, "="))
    if len(pieces) > 1:
        label = _label(whole, *pieces[0])
        body_start = pieces[1][0]
        body = text[body_start - start :]
    alternatives = tuple(
        _alternative(whole, at, piece) for at, piece in _split(whole, body_start, body, "|")
    )
    only = alternatives[0] if len(alternatives) == 1 else None
    if label is None:
        plain = only is not None and only.condition is None
        label = only.name if only and plain and only.name is not None else body.strip()
    return Selector(text.strip(), label, alternatives)


def _label(whole: str, at: int, text: str) -> str:
    match = _ALTERNATIVE.fullmatch(text)
    name = _name(match["name"]) if match and match["condition"] is None else None
    if name is None:
        raise _fault(whole, at, "a label before '=' has to be a name")
    return name


def _alternative(whole: str, at: int, text: str) -> Alternative:
    match = _ALTERNATIVE.fullmatch(text)
    if match is None:
        skip = len(text) - len(text.lstrip())
        raise _fault(
            whole, at + skip, 'this is no event name; names with spaces or signs stand in "quotes"'
        )
    if match["name"] is None and match["condition"] is None:
        raise _fault(whole, at, "an event name, * or a [condition] is missing here")
    if match["condition"] is not None:
        _check_sql(whole, at + match.start("condition"), match["condition"])
    return Alternative(_name(match["name"]), match["condition"])


def _name(written: str | None) -> str | None:
    if written is None or written == "*":
        return None
    return written[1:-1].replace('""', '"') if written.startswith('"') else written


def _check_sql(whole: str, at: int, condition: str) -> None:
    try:
        parse_sql(condition)
    except UsageError as error:
        raise _fault(whole, at, f"the condition {error.message}", error.hint) from None


def _split(whole: str, start: int, text: str, sign: str) -> Iterator[tuple[int, str]]:
    """Yield (position in `whole`, piece) of `text` cut at each `sign` that stands free."""
    begin = 0
    for at in _free(whole, start, text):
        if text[at] == sign:
            yield start + begin, text[begin:at]
            begin = at + 1
    yield start + begin, text[begin:]


def _free(whole: str, start: int, text: str) -> Iterator[int]:
    """Yield the positions in `text` outside quotes and brackets; raises where one stays open."""
    opened: list[int] = []
    quote: int | None = None
    for at, sign in enumerate(text):
        if quote is not None:
            quote = None if sign == text[quote] else quote
        elif sign in _QUOTES["bracket" if opened else "top"]:
            quote = at
        elif sign == "[":
            opened.append(at)
        elif sign == "]":
            if not opened:
                raise _fault(whole, start + at, "there is no '[' to this ']'")
            opened.pop()
        elif not opened:
            yield at
    if quote is not None:
        raise _fault(whole, start + quote, "this quote is never closed")
    if opened:
        raise _fault(whole, start + opened[-1], "this '[' is never closed")


def _fault(whole: str, at: int, what: str, hint: str | None = None) -> UsageError:
    return UsageError(
        f"Event selector, position {at + 1}: {what}.\n  {whole}\n  {' ' * at}^",
        hint
        or "Write name, a|b, \"a name\", *, name[amount > 100], [channel = 'x'] or label = name.",
    )


ANY = Selector("*", "*", (Alternative(None, None),))
# Events with an order id where there is a column of these, else with an amount, else any.
ORDERS = Selector("orders", "order", (Alternative(None, None),))
