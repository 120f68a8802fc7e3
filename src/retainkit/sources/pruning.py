"""Row groups of Parquet files that lie outside the window as a whole are not read at all.

A footer tells the smallest and the largest value of a column in each row group. The reading that
was learned for the time column is asked what moments these are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from retainkit.periods import DAY, Calendar
from retainkit.sources.expressions import Scope
from retainkit.sources.faults import damaged
from retainkit.sources.options import SourceOptions
from retainkit.sources.parts import Joined, Part
from retainkit.sources.quality import AFTER_AS_OF, AFTER_UNTIL, BEFORE_SINCE
from retainkit.sources.scan import Table

if TYPE_CHECKING:
    from pyarrow.parquet import ColumnChunkMetaData, RowGroupMetaData, Statistics

# Local times of a zone may run backwards by an hour or, where a zone moved, by a day.
_MARGIN = 2 * DAY
_EARLIEST = 366 * DAY  # what lies before may be one of the dates that stand for none
_SLOPES = (1_000_000, 1_000, 1)  # us in a unit of an epoch


@dataclass(frozen=True)
class Pruned:
    """What is left to read of a table, and the rows that are not, by the reason of their fate.

    groups: how many row groups are read and how many there are, where footers were looked at;
    bytes: how many these have in the columns read.
    """

    frame: pl.LazyFrame
    skipped: Mapping[str, int] = field(default_factory=dict)
    groups: tuple[int, int] | None = None
    bytes: tuple[int, int] | None = None


@dataclass(frozen=True)
class _Group:
    """A row group of a part: where it lies, and the ends of the time column, None if unknown."""

    part: int
    offset: int
    rows: int
    bytes: int
    ends: tuple[int, int] | None


@dataclass(frozen=True)
class _Window:
    since: int | None
    until: int | None
    as_of: int | None

    def reason(self, first: int | None, last: int | None) -> str | None:
        """Return why all moments from `first` to `last` are left out, None unless all are."""
        if first is None or last is None or first < _EARLIEST:
            return None
        if self.since is not None and last + _MARGIN < self.since:
            return BEFORE_SINCE
        if self.until is not None and first - _MARGIN >= self.until:
            return AFTER_UNTIL
        if self.as_of is not None and first - _MARGIN >= self.as_of:
            return AFTER_AS_OF
        return None


def prune(
    table: Table,
    scope: Scope,
    column: str | None,
    columns: Collection[str],
    options: SourceOptions,
    calendar: Calendar,
) -> Pruned:
    """Return what of `table` has to be read for the window of `options`.

    scope: has `__us`, the reading of the time column; column: that column, or None where times
    are computed; columns: all that are read.
    """
    window = _window(options, calendar)
    if window is None or column is None or table.joined is None:
        return Pruned(table.frame)
    groups = list(_groups(table.parts, column, table.joined.types[column], columns))
    if not groups:
        return Pruned(table.frame)
    spans = _spans(groups, column, scope, table.joined)
    skipped: Counter[str] = Counter()
    kept: list[_Group] = []
    for group, span in zip(groups, spans, strict=True):
        reason = window.reason(*span)
        if reason is None:
            kept.append(group)
        else:
            skipped[reason] += group.rows
    frame = table.frame
    if skipped:
        left = list(_left(table.parts, kept, {group.part for group in groups}))
        frame = table.joined.rows(left) if left else table.frame.clear()
    sizes = sum(group.bytes for group in kept), sum(group.bytes for group in groups)
    return Pruned(frame, dict(skipped), (len(kept), len(groups)), sizes)


def _window(options: SourceOptions, calendar: Calendar) -> _Window | None:
    ends = [
        None if end is None else calendar.moment(end, option)
        for option, end in (
            ("--since", options.since),
            ("--until", options.until),
            ("--as-of", options.as_of),
        )
    ]
    return None if ends == [None, None, None] else _Window(*ends)


def _groups(
    parts: Sequence[Part], column: str, dtype: pl.DataType, columns: Collection[str]
) -> Iterator[_Group]:
    """Yield the row groups of the Parquet files in which the time column has its own type."""
    if not (dtype == pl.Date or isinstance(dtype, pl.Datetime) or dtype.is_integer()):
        return
    from pyarrow.lib import ArrowException
    from pyarrow.parquet import read_metadata  # slow to import, and only a window asks for it

    for i, part in enumerate(parts):
        if part.footer is None or part.schema.get(column) != dtype:
            continue
        try:
            footer, offset = read_metadata(part.footer), 0
            groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
            named = [_by_name(group) for group in groups]
        except (ArrowException, OSError, UnicodeDecodeError) as error:
            raise damaged(part.name) from error
        for group, chunks in zip(groups, named, strict=True):
            size = sum(chunks[name].total_compressed_size for name in columns if name in chunks)
            if column not in chunks:
                raise damaged(part.name)
            yield _Group(i, offset, group.num_rows, size, _ends(chunks[column].statistics))
            offset += group.num_rows


def _by_name(group: RowGroupMetaData) -> dict[str, ColumnChunkMetaData]:
    chunks = (group.column(i) for i in range(group.num_columns))
    return {chunk.path_in_schema: chunk for chunk in chunks}


def _ends(found: Statistics | None) -> tuple[int, int] | None:
    """Return the smallest and largest value of a row group; None where there may be nulls."""
    if found is None or not found.has_min_max or not found.has_null_count or found.null_count:
        return None
    low, high = found.min_raw, found.max_raw
    return (low, high) if isinstance(low, int) and isinstance(high, int) else None


def _spans(
    groups: Sequence[_Group], column: str, scope: Scope, joined: Joined
) -> list[tuple[int | None, int | None]]:
    """Return the first and last moment (us) of each row group, None where it is not certain."""
    dtype = joined.types[column]
    ends = pl.Series(
        [end for group in groups for end in group.ends or (None, None)], dtype=pl.Int64
    )
    raw = pl.DataFrame(
        [
            ends.cast(dtype).alias(name)
            if name == column
            else pl.repeat(None, len(ends), dtype=kind, eager=True).alias(name)
            for name, kind in joined.types.items()
        ]
    )
    raw = raw.with_columns(pl.lit(False).alias(mark) for mark in joined.marks)
    us = scope.on(raw.lazy()).select("__us").collect().to_series().to_list()
    spans = list(zip(us[::2], us[1::2], strict=True))
    if not dtype.is_integer():
        return spans
    return [
        span if _is_epoch(group, span) else (None, None)
        for group, span in zip(groups, spans, strict=True)
    ]


def _is_epoch(group: _Group, span: tuple[int | None, int | None]) -> bool:
    """Return whether integers are read as moments along a straight line (20240131 is not)."""
    first, last = span
    if group.ends is None or first is None or last is None:
        return False
    low, high = group.ends
    return any((first, last) == (low * slope, high * slope) for slope in _SLOPES)


def _left(parts: Sequence[Part], kept: Sequence[_Group], looked_at: set[int]) -> Iterator[Part]:
    """Yield the parts that no footer was read of, and the kept runs of row groups of the others."""
    runs: dict[int, list[tuple[int, int]]] = {}
    for group in kept:
        mine = runs.setdefault(group.part, [])
        if mine and sum(mine[-1]) == group.offset:
            mine[-1] = (mine[-1][0], mine[-1][1] + group.rows)
        else:
            mine.append((group.offset, group.rows))
    for i, part in enumerate(parts):
        if i not in looked_at:
            yield part
        for offset, rows in runs.get(i, []):
            yield replace(part, frame=part.frame.slice(offset, rows), kin=None)
