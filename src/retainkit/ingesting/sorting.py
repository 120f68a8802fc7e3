"""Rows in the order of time, however many: sorted runs on disk, brought together piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import polars as pl

from retainkit.errors import OutputError
from retainkit.sources.faults import FAULTS
from retainkit.sources.files import Scratch

TIME, ROW = "time", "__row"
HELD_ROWS = 1 << 19
HELD_BYTES = 1 << 28
_STEP = 1 << 12  # of a run's rows, one in so many is known by its time
_RUN_GROUP = 1 << 16


class _Mark(NamedTuple):
    time: datetime
    row: int


class Sorting:
    """Takes rows in any order and gives them back by `time`, then by `__row`.

    Memory holds about `held` rows at once, or HELD_BYTES; what is more goes to files of `scratch`.
    """

    def __init__(self, scratch: Scratch, held: int = HELD_ROWS) -> None:
        self._scratch, self._most = scratch, held
        self._held: list[pl.DataFrame] = []
        self._rows = self._bytes = 0
        self._runs: list[Path] = []
        self._marks: list[pl.DataFrame] = []

    def add(self, rows: pl.DataFrame) -> None:
        """Take rows; all with the same columns."""
        if not rows.height and self._held:
            return
        self._held.append(rows)
        self._rows += rows.height
        self._bytes += int(rows.estimated_size())
        if self._rows >= self._most or self._bytes >= HELD_BYTES:
            self._spill()

    def pieces(self) -> Iterator[pl.DataFrame]:
        """Yield all rows, piece by piece; at least one piece, which may be empty."""
        if not self._runs:
            yield self._taken()
            return
        if self._held:
            self._spill()
        rows = pl.scan_parquet(self._runs, glob=False)
        for low, high in pairwise([None, *self._bounds(), None]):
            yield rows.filter(_between(low, high)).sort(TIME, ROW).collect()

    def _taken(self) -> pl.DataFrame:
        rows = pl.concat(self._held).sort(TIME, ROW)
        self._held, self._rows, self._bytes = [], 0, 0
        return rows

    def _spill(self) -> None:
        run, path = self._taken(), self._scratch.path(".run.parquet")
        try:
            run.write_parquet(path, compression="lz4", row_group_size=_RUN_GROUP)
        except FAULTS as error:
            raise OutputError(f"Temporary files cannot be written: {error}.") from error
        self._runs.append(path)
        self._marks.append(run.select(TIME, ROW).gather_every(_STEP))

    def _bounds(self) -> list[_Mark]:
        """Return the moments and rows between which about as many rows lie as may be held."""
        marks = pl.concat(self._marks).sort(TIME, ROW)
        apart = max(self._most // _STEP, 1)
        return [_Mark(*row) for row in marks.gather_every(apart, apart).iter_rows()]


def _between(low: _Mark | None, high: _Mark | None) -> pl.Expr:
    """Return whether a row lies from `low` on and before `high`."""
    time, row = pl.col(TIME), pl.col(ROW)
    found = pl.lit(True)
    if low is not None:  # the plain comparison lets whole row groups be passed over
        found = (time >= low.time) & ((time > low.time) | (row >= low.row))
    if high is not None:
        found = found & (time <= high.time) & ((time < high.time) | (row < high.row))
    return found
