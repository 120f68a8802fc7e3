"""Money as exports write it: plain numbers, or with a currency sign and grouping.

Whether a comma groups thousands or begins the cents is decided by the column: `12,50` and
`1.234,56` show decimal commas, `12.50` and `1,234,567` decimal points, `1,500` shows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import polars as pl

from retainkit.errors import InputError
from retainkit.sources.day_first import Column
from retainkit.sources.expressions import as_number, is_blank

Mark = Literal[".", ","]

_START = r"^(?P<before>[-+]?)\s*[¥￥$€£]?\s*(?P<after>[-+]?)"
_GROUPED = {".": r"[0-9]{1,3}(?:,[0-9]{3})+", ",": r"[0-9]{1,3}(?:\.[0-9]{3})+"}
_MONEY = {
    mark: rf"{_START}(?P<whole>{grouped}|[0-9]+)(?P<cents>[{mark}][0-9]+)?\s*元?$"
    for mark, grouped in _GROUPED.items()
}
_UNSURE = rf"{_START}[0-9]{{1,3}},[0-9]{{3}}$"
# Where commas group, these signs are written.
_POINT_MONEY = r"[¥￥$£]\s*[-+]?[0-9]{1,3}(?:,[0-9]{3})+$|^[-+]?[0-9]{1,3}(?:,[0-9]{3})+\s*元$"


@dataclass(frozen=True)
class Amounts:
    """A read amount column: Float64, null where it is blank or no amount."""

    expr: pl.Expr
    notes: tuple[str, ...] = ()


def learn_amounts(column: Column) -> Amounts:
    """Return how an amount column is read; raises InputError where it can be read in two ways.

    Reads the whole column only where the sample has commas. Rows that contradict what the
    column shows are unreadable, and so is `1,500` where nothing was shown.
    """
    if column.sample.dtype != pl.String:
        return Amounts(as_number(column.values))
    mark = _learn_mark(column)
    note = f"Amounts in '{column.title}' have decimal commas, as the column decides: 12,50 is 12.5."
    expr = column.values.map_batches(
        partial(_read, mark=mark), return_dtype=pl.Float64, is_elementwise=True
    )
    return Amounts(expr, (note,) if mark == "," else ())


def is_unreadable(column: pl.Expr, dtype: pl.DataType, amount: pl.Expr) -> pl.Expr:
    """Return whether there is something that is no amount. NaN is how floats say "none"."""
    if dtype == pl.String:
        return amount.is_null() & ~is_blank(column)
    return column.is_infinite() if dtype.is_float() else pl.lit(False)


def _learn_mark(column: Column) -> Mark | None:
    """Return the sign that begins the cents, None where no amount of the sample tells."""
    sample = column.sample.to_frame("text")
    points, commas, unsure = _ask(sample.lazy(), pl.col("text"))
    if commas or unsure:
        points, commas, unsure = _ask(column.frame, column.values)
    if points or commas:
        return "," if commas > points else "."
    if unsure:
        raise _undecided(column.title)
    return None


def _ask(frame: pl.LazyFrame, texts: pl.Expr) -> tuple[int, int, int]:
    """Return how many amounts show decimal points, how many decimal commas, how many neither."""
    written = texts.str.strip_chars()
    found = frame.select(
        points=(written.str.contains(_shows(".")) | written.str.contains(_POINT_MONEY)).sum(),
        commas=written.str.contains(_shows(",")).sum(),
        unsure=written.str.contains(_UNSURE).sum(),
    )
    points, commas, unsure = found.collect(engine="streaming").row(0)
    return points, commas, unsure


def _shows(mark: Mark) -> str:
    """Return the pattern of amounts in which `mark` cannot group thousands, or the other does."""
    sign, grouped = f"[{mark}]", _GROUPED[mark]
    twice = grouped.replace(")+", "){2,}")
    cents = rf"[0-9]+{sign}(?:[0-9]{{1,2}}|[0-9]{{4,}})|(?:0|[0-9]{{4,}}){sign}[0-9]{{3}}"
    return rf"{_START}(?:{cents}|{grouped}{sign}[0-9]+|{twice})\s*元?$"


def _undecided(title: str) -> InputError:
    column = title if title.isascii() and title.isidentifier() else f'\\"{title}\\"'
    settle = f"--amount-col \"CAST(REPLACE({column}, ',', '{{}}') AS DOUBLE)\""
    return InputError(
        f"Amounts in '{title}' can be read in two ways, like 1,500: as 1500 (the comma groups "
        "thousands) or as 1.5 (a decimal comma); no row decides which.",
        f"Say {settle.format('')} for thousands, {settle.format('.')} for decimals.",
    )


def _read(text: pl.Series, mark: Mark | None) -> pl.Series:
    """Return amounts; what is no plain number is looked at again as money."""
    text = text.str.strip_chars()
    if mark == ",":
        return _money(text, mark)
    numbers = text.to_frame("text").select(as_number(pl.col("text"))).to_series()
    if numbers.null_count() == text.null_count():
        return numbers
    if mark is None:
        text = text.set(text.str.contains(_UNSURE).fill_null(False), None)
    return numbers.zip_with(numbers.is_not_null(), _money(text, "."))


def _money(text: pl.Series, mark: Mark) -> pl.Series:
    parts = text.str.extract_groups(_MONEY[mark]).struct.unnest()
    signs = pl.col("before") + pl.col("after")
    whole = pl.col("whole").str.replace_all(r"[.,]", "")
    cents = pl.col("cents").str.replace(",", ".", literal=True).fill_null("")
    size = as_number(whole + cents)
    money = pl.when(signs.is_in(["", "+"])).then(size).when(signs == "-").then(-size)
    return parts.select(money).to_series()
