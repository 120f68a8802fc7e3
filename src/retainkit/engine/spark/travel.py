"""Frames on their way between Polars and Spark, in the few types that both hold exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa

Schema = Mapping[str, pl.DataType]

WHOLE = pl.Decimal(38, 0)
_NAMES = {
    pl.Boolean(): "boolean",
    pl.Int64(): "bigint",
    pl.Float64(): "double",
    pl.String(): "string",
    WHOLE: "decimal(38,0)",
}
_WIDE = (pl.UInt64, pl.Int128, pl.UInt128)


def carrier(dtype: pl.DataType) -> pl.DataType:
    """Return the type as which a column travels."""
    if dtype in _WIDE:
        return WHOLE
    if dtype.is_integer() or dtype.is_temporal():
        return pl.Int64()
    if dtype.is_float():
        return pl.Float64()
    return pl.Boolean() if dtype == pl.Boolean else pl.String()


def ddl(schema: Schema) -> str:
    """Return Spark's words for what travels of `schema`."""
    return ", ".join(f"{name} {_NAMES[carrier(dtype)]}" for name, dtype in schema.items())


def outward(frame: pl.DataFrame) -> pa.Table:
    """Return `frame` as it travels."""
    columns = (
        pl.col(name).to_physical().cast(carrier(dtype))
        if dtype.is_temporal()
        else pl.col(name).cast(carrier(dtype))
        for name, dtype in frame.schema.items()
    )
    return frame.select(columns).to_arrow(compat_level=pl.CompatLevel.oldest())


def batches(frame: pl.DataFrame) -> Iterator[pa.RecordBatch]:
    """Yield `frame` as it travels, in batches."""
    yield from outward(frame).to_batches()


def arrived(data: pa.Table | pa.RecordBatch) -> pl.DataFrame:
    """Return what came from Spark, typed as it travelled."""
    return cast(pl.DataFrame, pl.from_arrow(data))


def home(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """Return the columns of `schema` in the types they had before they travelled."""
    return frame.select(_back(name, dtype) for name, dtype in schema.items())


def nulls(schema: Iterable[tuple[str, pl.DataType]]) -> list[pl.Expr]:
    """Return columns of nulls."""
    return [pl.lit(None, dtype).alias(name) for name, dtype in schema]


def _back(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    return (column.cast(pl.Int32) if dtype == pl.Date else column).cast(dtype)
