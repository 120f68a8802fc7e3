"""A file of a set: Parquet that other tools read, with checksums, whole or not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from retainkit.ingesting.manifest import sha256
from retainkit.replacement import Replacement

if TYPE_CHECKING:
    import pyarrow.parquet as pq

GROUP_ROWS = 1 << 17  # what a scan passes over at once
_TEXT = (pl.Categorical, pl.Enum, pl.Null, pl.Int128, pl.UInt128, pl.Float16)


@dataclass(frozen=True)
class Filed:
    """What was written."""

    bytes: int
    sha256: str
    columns: dict[str, str]


class PartFile:
    """A Parquet file on its way to its place. by_time: whether it is sorted by `time`."""

    def __init__(self, path: Path, *, by_time: bool) -> None:
        self._path, self._by_time = path, by_time
        self._place = Replacement(path, "--output")
        self._writer: pq.ParquetWriter | None = None
        self._columns: dict[str, str] = {}

    def write(self, rows: pl.DataFrame) -> None:
        """Add rows; all with the same columns."""
        table = rows.select(storable(rows)).to_arrow(compat_level=pl.CompatLevel.oldest())
        with self._place.told():
            if self._writer is None:
                self._columns = {field.name: str(field.type) for field in table.schema}
                self._writer = self._opened(table.schema)
            self._writer.write_table(table, row_group_size=GROUP_ROWS)

    def finish(self) -> Filed:
        """Put the file in its place."""
        if self._writer is not None:
            with self._place.told():
                self._writer.close()
        self._place.commit()
        with self._place.told():
            return Filed(self._path.stat().st_size, sha256(self._path), self._columns)

    def discard(self) -> None:
        """Remove what is not finished; harmless after `finish`."""
        self._place.discard()

    def _opened(self, schema: object) -> pq.ParquetWriter:
        import pyarrow.parquet as pq

        order = [pq.SortingColumn(list(self._columns).index("time"))] if self._by_time else None
        return pq.ParquetWriter(
            self._place.file,
            schema,
            compression="zstd",
            write_statistics=True,
            write_page_checksum=True,
            sorting_columns=order,
        )


@contextmanager
def part_file(path: Path, *, by_time: bool) -> Iterator[PartFile]:
    """Give a PartFile, and remove it if it is not finished at the end."""
    file = PartFile(path, by_time=by_time)
    try:
        yield file
    finally:
        file.discard()


def storable(rows: pl.DataFrame) -> Iterator[pl.Expr]:
    """Yield the columns in types that Parquet files have everywhere; categories become text."""
    for name, dtype in rows.schema.items():
        column = pl.col(name)
        yield column.cast(pl.String) if isinstance(dtype, _TEXT) else column
