"""The columns of an export as they are: read once, before anything is taken to mean something."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import polars as pl
import polars.selectors as cs

from retainkit.profile.shapes import shapes
from retainkit.sources import Table
from retainkit.sources.alike import Alike
from retainkit.sources.nobody import Nobody
from retainkit.sources.stream import Progress

MOST_VALUES = 1000  # so many distinct values of a column are counted
BATCH = 1 << 20

SCHEMA = {
    "column": pl.String(),
    "dtype": pl.String(),
    "nulls": pl.Int64(),
    "distinct": pl.Int64(),
    "shapes": pl.String(),
}


@dataclass
class Columns:
    """What one pass over the raw rows saw.

    table: one row a column: column, dtype, nulls (rows that are null, NaN or blank), distinct
    (values, null where more than MOST_VALUES), shapes. nobody: rows by the placeholder that
    stands where the member's id should.
    """

    rows: int = 0
    table: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMA))
    repeats: Alike = field(default_factory=Alike)
    nobody: Counter[str] = field(default_factory=Counter)


def read_columns(
    table: Table,
    member: str | None = None,
    progress: Progress | None = None,
    nobody: Nobody | None = None,
) -> Columns:
    """Return the columns of `table`; `member` names the one with the ids, where that is known.

    nobody: the ids that stand for no member, the usual ones unless given.
    """
    nobody = nobody or Nobody.of()
    seen = Columns()
    if progress is not None:
        progress.expect(table.about_rows())
    nulls: Counter[str] = Counter()
    with table.reading():
        sample = _by_name(table.sample())
        values: dict[str, pl.Series | None] = {name: each.clear() for name, each in sample.items()}
        # By name: a text would be read as a pattern where a column is called "*" or "^a$".
        raw = table.frame.select(cs.by_name(*table.header))
        for batch in raw.collect_batches(chunk_size=BATCH, maintain_order=False):
            seen.rows += batch.height
            seen.repeats.add(batch.hash_rows().to_numpy())
            columns = _by_name(batch)
            for name, column in columns.items():
                nulls[name] += _empty(column)
                values[name] = _distinct(values[name], column)
            if member is not None:
                seen.nobody += _nobody(columns[member], nobody)
            if progress is not None:
                progress.advance(batch.height)
    rows = [(name, *_row(sample[name], nulls[name], values[name])) for name in table.header]
    seen.table = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    return seen


def _by_name(frame: pl.DataFrame) -> dict[str, pl.Series]:
    """Return the columns, all called alike: methods of a Series read its name as a pattern."""
    return {name: frame[name].alias("values") for name in frame.columns}


def _row(sample: pl.Series, nulls: int, values: pl.Series | None) -> tuple[object, ...]:
    distinct = None if values is None else len(values)
    return str(sample.dtype), nulls, distinct, shapes(sample)


def _empty(column: pl.Series) -> int:
    """Return how many values are null, NaN or blank."""
    nulls = column.null_count()
    if column.dtype == pl.String:
        return nulls + int((column.str.strip_chars() == "").sum())
    return nulls + int(column.is_nan().sum()) if column.dtype.is_float() else nulls


def _distinct(known: pl.Series | None, column: pl.Series) -> pl.Series | None:
    """Return the distinct values so far, None once there are too many (or they are nested)."""
    if known is None or column.dtype.is_nested() or column.dtype == pl.Object:
        return None
    both = pl.concat([known, column.drop_nulls().unique()]).unique()
    return both if len(both) <= MOST_VALUES else None


def _nobody(ids: pl.Series, nobody: Nobody) -> Counter[str]:
    if ids.dtype != pl.String:
        return Counter()
    words = ids.str.strip_chars()
    found = words.filter((words != "") & nobody.among(words)).str.to_lowercase().value_counts()
    # Databases write a missing text as \N, and in small letters it looks like a line's end.
    return Counter({"\\N" if word == "\\n" else word: rows for word, rows in found.iter_rows()})
