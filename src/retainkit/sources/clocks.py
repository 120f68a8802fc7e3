"""Local times that a clock never shows, or shows twice, because it is put forward or back.

How they are read is settled (`civil.to_utc`); here they are found, to be counted. Only what lies
where a clock is changed is looked at: an hour or so a year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retainkit.columns import column
from retainkit.periods import DAY, Calendar, Ints
from retainkit.sources.civil import FLOOR, MIN
from retainkit.wording import counted

CLOCK = "clock"
_SKIPPED, _TWICE = 1, 2
_KINDS = pl.UInt8()
_LAST = 4_102_444_800_000_000 - 2 * DAY  # Polars knows changes of the clock to the end of 2099


@dataclass(frozen=True)
class Clock:
    """The clock by which the times of a column were written. tz: its zone.

    wall: takes values as they stand in the column and returns the local times written there (us);
    null for what is no local time of day: unreadable, with an offset, a date alone.
    """

    tz: str
    wall: Callable[[pl.Series], pl.Series]

    def kinds(self, values: pl.Expr, us: pl.Expr) -> pl.Expr:
        """Return for each value, which is read as `us`, whether its clock was changed (UInt8)."""
        both = pl.struct(values.alias("value"), us.alias("us"))
        return both.map_batches(self._kinds, return_dtype=_KINDS, is_elementwise=True)

    def count(self, values: pl.Series, us: pl.Series) -> tuple[int, int]:
        """Return how many of the values do not exist, and how many exist twice."""
        return _counts(self._kinds(pl.DataFrame({"value": values, "us": us}).to_struct()))

    def _kinds(self, rows: pl.Series) -> pl.Series:
        kinds = pl.repeat(0, len(rows), dtype=_KINDS, eager=True)
        us = rows.struct.field("us").fill_null(MIN).to_numpy()
        forward, back = np.zeros(len(us), bool), np.zeros(len(us), bool)
        for since, until, ahead in self._changes(us):
            found = forward if ahead else back
            found |= (us >= since) & (us < until)
        near = np.flatnonzero(forward | back)
        if not near.size:
            return kinds
        at, put_back = column(near), column(back[near])
        shown, written = _shown(us[near], self.tz), self.wall(rows.struct.field("value").gather(at))
        skipped, twice = written != shown, (written == shown) & put_back
        kinds = kinds.scatter(at.filter(skipped.fill_null(False)), _SKIPPED)
        return kinds.scatter(at.filter(twice.fill_null(False)), _TWICE)

    def _changes(self, us: Ints) -> Iterator[tuple[int, int, bool]]:
        """Yield from when until when (us) readings may be moved (True) or the earlier of two."""
        times = us[us >= FLOOR] if len(us) and us.min() < FLOOR else us
        if not len(times):
            return
        last = min(int(times.max()) + DAY, _LAST)
        for at, before, after in Calendar(self.tz).changes(int(times.min()) - DAY, last):
            ends = at, at + after - before
            yield min(ends), max(ends), after > before


def moved(used: pl.DataFrame) -> tuple[int, int]:
    """Return how many times of a batch of events do not exist, and how many exist twice."""
    return _counts(used[CLOCK]) if CLOCK in used.columns else (0, 0)


def moved_notes(title: str, tz: str, skipped: int, twice: int) -> list[str]:
    """Return what to say of so many times of a column that do not exist, and that exist twice."""
    said = []
    if skipped:
        none = counted(skipped, "time does not exist", "times do not exist")
        said.append(f"'{title}': {none} in {tz} (clocks are put forward): moved forward as much.")
    if twice:
        both = counted(twice, "time exists", "times exist")
        said.append(f"'{title}': {both} twice in {tz} (clocks are put back): the earlier is taken.")
    return said


def _counts(kinds: pl.Series) -> tuple[int, int]:
    return int((kinds == _SKIPPED).sum()), int((kinds == _TWICE).sum())


def _shown(us: NDArray[np.int64], tz: str) -> pl.Series:
    """Return what a clock shows (us) at moments."""
    moments = column(us).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(tz)
    return moments.dt.replace_time_zone(None).cast(pl.Int64)
