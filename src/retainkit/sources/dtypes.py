"""One type for a column that the parts of an export type differently."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

EXACT = 2**53  # below it a Float64 holds every whole number
_SMALL = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)
_INTEGERS = (*_SMALL, pl.Int64)
_YEARS = {"ms": 2**48, "us": 2**58, "ns": 2**63 - 1}  # 9,000 around 1970: Polars panics far off
_TEXTUAL = (pl.String, pl.Categorical, pl.Enum, pl.Boolean)


def common(dtypes: Sequence[pl.DataType], exact: Callable[[], bool]) -> pl.DataType | None:
    """Return a type that holds all of `dtypes` exactly; None where there is none.

    exact: asked where integers, floats and decimals meet: whether all fit a Float64.
    """
    known = [dtype for dtype in dtypes if dtype != pl.Null] or [pl.String()]
    first = known[0]
    if len(known) == 1:
        return first
    if all(dtype.is_numeric() for dtype in known):
        return _number(known, exact)
    zones = {dtype.time_zone if isinstance(dtype, pl.Datetime) else ... for dtype in known}
    if len(zones) == 1 and isinstance(first, pl.Datetime):
        return pl.Datetime("us", first.time_zone)
    plain = (each.is_numeric() or each.is_temporal() or each in _TEXTUAL for each in known)
    return pl.String() if all(plain) else None


def _number(dtypes: Sequence[pl.DataType], exact: Callable[[], bool]) -> pl.DataType:
    if all(dtype in _INTEGERS for dtype in dtypes):
        return pl.Int64()
    if all(dtype.is_integer() for dtype in dtypes):
        return pl.String()
    return pl.Float64() if exact() else pl.String()


def fits_float(frame: pl.LazyFrame, column: str, dtype: pl.DataType) -> bool:
    """Return whether Float64 holds a column of numbers exactly; may read the whole column."""
    if dtype.is_float() or dtype in (*_SMALL, pl.Null):
        return True
    small = pl.col(column).cast(pl.Float64).abs() < EXACT
    return bool(frame.select(small.all()).collect(engine="streaming").item())


def converted(column: pl.Expr, dtype: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    """Return a column of type `dtype` as `wanted`; as text, a whole number has no fraction."""
    if dtype == wanted:
        return column
    if wanted != pl.String:
        return column.cast(wanted)
    if isinstance(dtype, pl.Datetime):
        return column.dt.to_string("iso")
    if dtype.is_float() or dtype.is_decimal():
        return number_text(column, dtype)
    return column.cast(pl.String)


def number_text(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return floats or decimals as text, whole ones as integers are written: 1.0 is "1"."""
    text = column.cast(pl.String)
    if dtype.is_decimal():
        return text.str.replace(r"\.0+$", "")
    whole = (column == column.round()) & (column.abs() < EXACT)
    return pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(text)


def in_calendar(values: pl.Series) -> pl.Series:
    """Return values, and of dates and times those that lie within some thousand years; else null.

    Polars panics where it is to show others.
    """
    if isinstance(values.dtype, pl.Datetime):
        furthest = _YEARS[values.dtype.time_unit]
    elif values.dtype == pl.Date:
        furthest = 3_000_000  # days
    else:
        return values
    near = values.to_physical().is_between(-furthest, furthest)
    return values if near.all() else values.zip_with(near, values.clear(len(values)))
