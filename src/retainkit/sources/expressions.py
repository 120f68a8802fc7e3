"""SQL over columns that may be text: numbers are taken as numbers where the SQL means them so.

A CSV has only text columns, yet `Quantity * UnitPrice` and `Quantity > 0` mean numbers, while
`InvoiceNo LIKE 'C%'` and `Country = 'France'` mean text. So every column has readings: as it
is; a text column whose sample is mostly numbers (spelt plainly: not 00123, at most 15 digits)
also as Float64, one of true and false also as Boolean; any other type also as text. The
first readings with which the expression type-checks are taken: numbers before text in conditions
and amounts, text before numbers in what names a member, a time, an order. A value that turns out
not to be a number is null; a row whose condition is null does not pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Literal, TypeVar

import polars as pl

from retainkit.errors import UsageError

Column = TypeVar("Column", pl.Expr, pl.Series)
Kind = Literal["condition", "number", "value"]

_NUMBER = r"^\s*-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?(?:[eE][-+]?[0-9]{1,2})?\s*$"
_BOOLEAN = r"^\s*(?i:true|false)\s*$"
_MOST_TRIES = 128
_MEANS: Mapping[Kind, str] = {"condition": "true or false", "number": "a number", "value": ""}


@dataclass(frozen=True)
class Reading:
    """An expression that type-checks, and the columns that it reads otherwise than they are.

    numbers: the text columns among them that are read as numbers.
    """

    expr: pl.Expr
    columns: Mapping[str, pl.Expr]
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Scope:
    """Rows and a sample of them; what is added to the one is added to the other.

    The sample has every column of the frame. steps: what was added to the raw rows, in order, so
    that other raw rows can be given the same columns. files: where the rows are. amount: the
    column that __amount was read of, which a condition means as what was read.
    """

    frame: pl.LazyFrame
    sample: pl.DataFrame
    steps: tuple[Mapping[str, pl.Expr], ...] = ()
    files: tuple[str, ...] = ()
    amount: str | None = None

    def with_columns(self, **columns: pl.Expr) -> Scope:
        """Return the scope with more columns."""
        return Scope(
            self.frame.with_columns(**columns),
            self.sample.with_columns(**columns),
            (*self.steps, columns),
            self.files,
            self.amount,
        )

    def on(self, raw: pl.LazyFrame) -> pl.LazyFrame:
        """Return other raw rows with everything added that was added to these."""
        for step in self.steps:
            raw = raw.with_columns(**step)
        return raw

    def read(self, expr: pl.Expr, option: str, kind: Kind) -> Reading:
        """Return how the columns of `expr` are to be read.

        Raises UsageError where it does not type-check or gives something other than `kind`.
        """
        fault = ""
        for columns in islice(self._readings(expr.meta.root_names(), kind), _MOST_TRIES):
            try:
                dtype = self.sample.with_columns(**columns).select(expr).dtypes[0]
            except pl.exceptions.PolarsError as error:
                # Polars quotes the values it stumbles over; members' values are not shown.
                cause = str(error).splitlines()[0].partition(": [")[0]
                fault = fault or f"cannot be computed: {cause}"
                continue
            if _is(dtype, kind):
                return Reading(expr, columns, tuple(_numbers(columns, self.sample.clear())))
            fault = fault or f"gives {dtype}, not {_MEANS[kind]}"
        raise UsageError(f"{option}: the expression {fault}.", self._hint(expr, kind))

    def _hint(self, expr: pl.Expr, kind: Kind) -> str | None:
        names = dict.fromkeys(expr.meta.root_names())
        if kind == "condition" and expr.meta.is_column():
            return f'Compare it with something: "{next(iter(names))} > 0", "… = \'a text\'".'
        texts = [name for name in names if self.sample.schema[name] == pl.String]
        listed = ", ".join(texts)
        return f"Text columns in it: {listed}; texts stand in single quotes." if texts else None

    def add(self, name: str, reading: Reading) -> Scope:
        """Return the scope with the reading's value as column `name`; other columns stay."""
        kept = {f"__kept_{column}": pl.col(column) for column in reading.columns}
        scope = self.with_columns(**kept).with_columns(**reading.columns)
        scope = scope.with_columns(**{name: reading.expr})
        return scope.with_columns(
            **{column: pl.col(f"__kept_{column}") for column in reading.columns}
        )

    def _readings(self, names: Sequence[str], kind: Kind) -> Iterator[dict[str, pl.Expr]]:
        """Yield what to read each column as (absent: as it is), the likeliest first."""
        others = {name: other for name in names if (other := self._other(name)) is not None}
        likely = {name for name in others if kind != "value" and self._is_written(name)}
        for count in range(len(others) + 1):
            for unlikely in combinations(others, count):
                yield {
                    name: others[name] for name in others if (name in likely) != (name in unlikely)
                }

    def _other(self, name: str) -> pl.Expr | None:
        """Return the reading that a column has beside its own type, or None."""
        other = _other(name, self.sample[name])
        return pl.col("__amount") if other is None and name == self.amount else other

    def _is_written(self, name: str) -> bool:
        """Return whether the sample has texts in a column."""
        column = self.sample[name]
        return column.dtype == pl.String and not is_blank(column).all()


def _numbers(columns: Mapping[str, pl.Expr], rows: pl.DataFrame) -> Iterator[str]:
    """Yield the text columns that are read as numbers."""
    for name, reading in columns.items():
        if rows.schema[name] == pl.String and rows.select(reading).dtypes[0] == pl.Float64:
            yield name


def as_number(values: pl.Expr) -> pl.Expr:
    """Return texts (or numbers) as Float64; null where they are no finite number."""
    number = values.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def is_blank(text: Column) -> Column:
    """Return whether a text is null or only blanks."""
    return text.is_null() | (text.str.strip_chars() == "")


def _other(name: str, sample: pl.Series) -> pl.Expr | None:
    """Return the reading that a column has beside its own type, or None."""
    column, dtype = pl.col(name), sample.dtype
    if dtype == pl.String:
        written = sample.filter(~is_blank(sample))
        if written.str.contains(_BOOLEAN).all() and len(written):
            return column.str.strip_chars().str.to_lowercase() == "true"
        mostly = 2 * written.str.contains(_NUMBER).sum() > len(written) or not len(written)
        return as_number(column.str.strip_chars()) if mostly else None
    if isinstance(dtype, pl.Datetime):
        return column.dt.to_string("%Y-%m-%d %H:%M:%S%.f")
    return None if dtype.is_nested() else column.cast(pl.String, strict=False)


def _is(dtype: pl.DataType, kind: Kind) -> bool:
    if kind == "condition":
        return dtype == pl.Boolean
    return kind == "value" or dtype.is_numeric()
