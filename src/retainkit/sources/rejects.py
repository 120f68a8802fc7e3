"""The file of refused rows, as they were read, with where they stand and why they were refused."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from retainkit.rowsfile import RowsFile

_OWN = ("file", "row", "reason")


class RejectsFile(RowsFile):
    """Refused rows on their way to the file that --rejects names."""

    def __init__(self, path: str, sources: Sequence[str] = (), excel_safe: bool = False) -> None:
        super().__init__(path, "--rejects", sources, excel_safe)

    def write(self, rows: pl.DataFrame) -> None:
        """Add refused rows: columns __file, __row, fate and __raw (the columns as read)."""
        raw = rows["__raw"].struct.unnest()
        own = rows.select(file="__file", row="__row", reason=pl.col("fate").cast(pl.String))
        names = {name: f"raw_{name}" for name in raw.columns if name in _OWN}
        super().write(own.hstack(raw.rename(names)))
