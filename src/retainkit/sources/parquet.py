"""Parquet: lazily, with its own types."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from retainkit.sources.file import File
from retainkit.sources.names import ROW, refuse_own_names
from retainkit.sources.pages import check_pages
from retainkit.sources.parts import Kin, Part
from retainkit.sources.stored import Stored


def read_parquet(file: File, *, origin: bool) -> Part:
    """Return the rows of `file`; raises where its footer or its pages cannot be read."""
    check_pages(file.path, file.name)
    rows = _scan([file.path])
    schema = rows.collect_schema()
    if origin:
        refuse_own_names(file.name, schema)
        rows = rows.with_row_index(ROW, 1).with_columns(pl.col(ROW).cast(pl.Int64))
    kin = Kin("parquet", file.path, _scan)
    stored = Stored(file.path, "parquet", {name: name for name in schema})
    return Part(file.name, rows, schema, kin=kin, footer=file.path, stored=stored)


def _scan(paths: list[Path]) -> pl.LazyFrame:
    return pl.scan_parquet(paths, glob=False, hive_partitioning=False)
