"""Rows that repeat, held once: a small packed file can hold one row a billion times."""

from __future__ import annotations

import polars as pl

from retainkit.sources.scan import Table

TIMES_OVER = "__times_over"  # how often a row is there
_FIRST = "__first"
_MANY = 5_000_000


def may_be_many(table: Table) -> bool:
    """Return whether the rows of a file are many, or packed so that nobody knows."""
    rows = table.about_rows()
    return bool(table.local) and (rows is None or rows > _MANY)


def distinct(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return each row once, in the order of the first, with how often it is there.

    A small file can hold one row a billion times, which memory has no room for.
    """
    names = rows.collect_schema().names()
    first = pl.col(_FIRST).min()
    tallied = rows.with_row_index(_FIRST).group_by(names).agg(pl.len().alias(TIMES_OVER), first)
    return tallied.sort(_FIRST).drop(_FIRST)


def count_of(rows: pl.DataFrame, mask: pl.Series | None = None) -> int:
    """Return how many rows there are in the file, or how many of them `mask` is true for."""
    if TIMES_OVER not in rows.columns:
        return len(rows) if mask is None else int(mask.sum())
    over = rows[TIMES_OVER]
    return int((over if mask is None else over.filter(mask)).sum())
