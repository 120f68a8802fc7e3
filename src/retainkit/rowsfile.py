"""Rows on their way to a file of their own, piece by piece, put in place whole at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import polars as pl
import polars.selectors as cs

from retainkit.errors import UsageError
from retainkit.replacement import Replacement

if TYPE_CHECKING:
    import pyarrow.parquet as pq


_FORMULA_START = r"^[=+\-@\t\r]"


def _is_no_cell(dtype: pl.DataType) -> bool:
    """Return whether Polars does not write values of this type to a CSV."""
    return dtype.is_nested() or dtype in (pl.Duration, pl.Binary)


class _Sink(Protocol):
    def write(self, rows: pl.DataFrame) -> None: ...

    def close(self) -> None: ...


class _Csv:
    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self._begun = False

    def write(self, rows: pl.DataFrame) -> None:
        nested = [name for name, dtype in rows.schema.items() if _is_no_cell(dtype)]
        flat = rows.with_columns(
            pl.Series(name, map(str, rows[name].to_list()), pl.String) for name in nested
        )
        flat.write_csv(self._handle, include_header=not self._begun)
        self._begun = True

    def close(self) -> None: ...


class _Ndjson:
    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle

    def write(self, rows: pl.DataFrame) -> None:
        rows.write_ndjson(self._handle)

    def close(self) -> None: ...


class _Parquet:
    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self._writer: pq.ParquetWriter | None = None

    def write(self, rows: pl.DataFrame) -> None:
        import pyarrow.parquet as pq

        table = rows.to_arrow()
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._handle, table.schema, write_page_checksum=True)
        self._writer.write_table(table)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


_SINKS: dict[str, Callable[[BinaryIO], _Sink]] = {
    ".csv": _Csv,
    ".ndjson": _Ndjson,
    ".jsonl": _Ndjson,
    ".parquet": _Parquet,
}


def defused(frame: pl.DataFrame) -> pl.DataFrame:
    """Return text that a spreadsheet would run as a formula led by an apostrophe.

    It begins with = + - @, a tab or a carriage return.
    """
    texts = cs.string().str.replace(_FORMULA_START, "'$0")
    header = pl.Series(frame.columns, dtype=pl.String).str.replace(_FORMULA_START, "'$0")
    return frame.with_columns(texts).rename(dict(zip(frame.columns, header, strict=True)))


def check_suffix(path: str, option: str) -> None:
    """Raise UsageError unless `path` ends like a file that rows can be written to."""
    if Path(path).suffix.lower() not in _SINKS:
        raise UsageError(f"{option}: '{path}' has to end in {', '.join(_SINKS)}.")


class RowsFile:
    """A .csv, .ndjson (.jsonl) or .parquet file of rows.

    option: the flag that named the path. excel_safe: whether text in a CSV that a spreadsheet
    would run as a formula is defused. Raises UsageError for another suffix and for a path
    that is one of `sources`, OutputError where the file cannot be written. Nothing stands at
    `path` before `finish`.
    """

    def __init__(
        self, path: str, option: str, sources: Sequence[str] = (), excel_safe: bool = False
    ) -> None:
        check_suffix(path, option)
        self._defuses = excel_safe and path.lower().endswith(".csv")
        place = Path(path)
        if any(_same(place, Path(source)) for source in sources):
            raise UsageError(f"{option}: '{path}' is what is read; name another file.")
        self._place = Replacement(place, option)
        self._sink = _SINKS[place.suffix.lower()](self._place.file)
        self._open = True

    def write(self, rows: pl.DataFrame) -> None:
        """Add rows; all with the same columns."""
        with self._place.told():
            self._sink.write(defused(rows) if self._defuses else rows)

    def finish(self) -> None:
        """Put the file in its place."""
        with self._place.told():
            self._close()
        self._place.commit()

    def discard(self) -> None:
        """Remove what is not finished; harmless after `finish`."""
        try:
            self._close()
        finally:
            self._place.discard()

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._sink.close()


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)
