"""What a file is to Spark: whether it takes it for what it is, and the types of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from retainkit.errors import InputError
from retainkit.sources.parts import Part
from retainkit.sources.stored import Stored

_PACKED = (".gz", ".bz2", ".zst", ".lz4", ".snappy", ".deflate")  # Spark unpacks by the name
_TYPES: Mapping[pl.DataType, str] = {
    pl.Boolean(): "boolean",
    pl.Int8(): "tinyint",
    pl.Int16(): "smallint",
    pl.Int32(): "int",
    pl.Int64(): "bigint",
    pl.UInt8(): "smallint",
    pl.UInt16(): "int",
    pl.UInt32(): "bigint",
    pl.UInt64(): "decimal(20,0)",
    pl.Float32(): "float",
    pl.Float64(): "double",
    pl.String(): "string",
    pl.Binary(): "binary",
    pl.Date(): "date",
}


@dataclass(frozen=True)
class Column:
    """A column that is wanted, its name in the file, and its types in Polars and in Spark."""

    name: str
    here: str
    dtype: pl.DataType
    type: str


@dataclass(frozen=True)
class Kind:
    """What files have in common that Spark reads at once.

    columns: those wanted; one that holds nothing but nulls is not read. keys: as of `Stored`.
    order: all columns of a CSV.
    """

    format: Literal["parquet", "csv"]
    columns: tuple[Column, ...]
    keys: tuple[tuple[str, str | None], ...]
    order: tuple[str, ...] = ()
    separator: str = ","
    header: bool = True

    @classmethod
    def of(cls, part: Part, stored: Stored, wanted: Mapping[str, pl.DataType]) -> Kind:
        """Return the kind of a file; raises InputError for a column that Spark cannot read."""
        columns = tuple(
            Column(name, here, part.schema[name], _type(part, name, stored))
            for name, here in stored.columns.items()
            if name in wanted and part.schema[name] != pl.Null
        )
        keys = tuple((name, value) for name, value in stored.keys.items() if name in wanted)
        if stored.format == "parquet":
            return cls("parquet", columns, keys)
        return cls("csv", columns, keys, tuple(stored.columns), stored.separator, stored.header)


def is_plain(stored: Stored) -> bool:
    """Return whether Spark takes a file for what it is: by its name it may skip or unpack it."""
    name = stored.path.name
    if name.startswith(("_", ".")):
        return False
    if stored.packed:
        return name.endswith(".gz")
    return stored.format == "parquet" or not name.lower().endswith(_PACKED)


def _type(part: Part, name: str, stored: Stored) -> str:
    """Return as what Spark reads a column of a file."""
    dtype = part.schema[name]
    if isinstance(dtype, pl.Datetime):
        if dtype.time_unit != "ns":
            return "timestamp" if dtype.time_zone else "timestamp_ntz"
        return "timestamp" if _is_int96(stored, name) else "bigint"
    if isinstance(dtype, pl.Decimal):
        return f"decimal({dtype.precision},{dtype.scale})"
    found = "string" if dtype in (pl.Categorical, pl.Enum) else _TYPES.get(dtype)
    if found is None:
        raise InputError(
            f"'{part.name}': the column '{name}' holds {dtype}, which Spark cannot read.",
            "Export it as text or numbers, or run with --engine local.",
        )
    return found


def _is_int96(stored: Stored, name: str) -> bool:
    """Return whether a column has the timestamps of old writers, which Spark reads as moments."""
    import pyarrow.parquet as pq

    schema = pq.read_metadata(stored.path).schema
    physical = {schema.column(i).path: schema.column(i).physical_type for i in range(len(schema))}
    return physical.get(stored.columns[name]) == "INT96"
