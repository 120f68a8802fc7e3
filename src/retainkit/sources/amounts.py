"""Money as exports write it: plain numbers, or with a currency sign and grouping commas."""

from __future__ import annotations

import polars as pl

from retainkit.sources.expressions import as_number, is_blank

_MONEY = (
    r"^(?P<before>[-+]?)\s*[¥￥$€£]?\s*(?P<after>[-+]?)"
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?P<cents>\.[0-9]+)?\s*元?$"
)


def read_amounts(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return a column as Float64; null where it is blank or no amount."""
    if dtype == pl.String:
        return column.map_batches(_read, return_dtype=pl.Float64, is_elementwise=True)
    return as_number(column)


def is_unreadable(column: pl.Expr, dtype: pl.DataType, amount: pl.Expr) -> pl.Expr:
    """Return whether there is something that is no amount. NaN is how floats say "none"."""
    if dtype == pl.String:
        return amount.is_null() & ~is_blank(column)
    return column.is_infinite() if dtype.is_float() else pl.lit(False)


def _read(text: pl.Series) -> pl.Series:
    """Return amounts; what is no plain number is looked at again as money."""
    numbers = text.to_frame("text").select(as_number(pl.col("text").str.strip_chars())).to_series()
    if numbers.null_count() == text.null_count():
        return numbers
    parts = text.str.strip_chars().str.extract_groups(_MONEY).struct.unnest()
    signs = pl.col("before") + pl.col("after")
    size = as_number(pl.col("whole").str.replace_all(",", "") + pl.col("cents").fill_null(""))
    money = pl.when(signs.is_in(["", "+"])).then(size).when(signs == "-").then(-size)
    return numbers.zip_with(numbers.is_not_null(), parts.select(money).to_series())
