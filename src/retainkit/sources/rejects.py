"""The file of refused rows: written beside its place and moved there whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import polars as pl

from retainkit.errors import OutputError, UsageError
from retainkit.replacement import Replacement

if TYPE_CHECKING:
    import pyarrow.parquet as pq

_OWN = ("file", "row", "reason")


class _Sink(Protocol):
    def write(self, rows: pl.DataFrame) -> None: ...

    def close(self) -> None: ...


class _Csv:
    def __init__(self, handle: BinaryIO) -> None:
        self._handle = handle
        self._begun = False

    def write(self, rows: pl.DataFrame) -> None:
        nested = [name for name, dtype in rows.schema.items() if dtype.is_nested()]
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
            self._writer = pq.ParquetWriter(self._handle, table.schema)
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


class RejectsFile:
    """Refused rows on their way to a .csv, .ndjson (.jsonl) or .parquet file.

    Raises UsageError for another suffix and for a path that is one of `sources`, OutputError
    where the file cannot be written. Nothing stands at `path` before `finish`.
    """

    def __init__(self, path: str, sources: Sequence[str] = ()) -> None:
        self._path = Path(path)
        sink = _SINKS.get(self._path.suffix.lower())
        if sink is None:
            raise UsageError(f"--rejects: '{path}' has to end in {', '.join(_SINKS)}.")
        if self._path.is_symlink():
            raise OutputError(f"--rejects: '{path}' is a link.", "Name the file itself.")
        if any(_same(self._path, Path(source)) for source in sources):
            raise UsageError(f"--rejects: '{path}' is what is read; name another file.")
        self._place = Replacement(self._path, "--rejects")
        self._sink = sink(self._place.file)
        self._open = True

    def write(self, rows: pl.DataFrame) -> None:
        """Add refused rows: columns __file, __row, fate and __raw (the columns as read)."""
        raw = rows["__raw"].struct.unnest()
        own = rows.select(file="__file", row="__row", reason=pl.col("fate").cast(pl.String))
        names = {name: f"raw_{name}" for name in raw.columns if name in _OWN}
        with self._place.told():
            self._sink.write(own.hstack(raw.rename(names)))

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
