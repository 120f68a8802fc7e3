"""Rows told apart by small integer codes and added up by NumPy: what tallies are made of.

A frame's group-by hashes every row; counting by a dense code is one pass, several times faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retainkit.columns import column
from retainkit.metrics.base import segment_keys
from retainkit.periods import Ints
from retainkit.timeline import Bools, Timeline

_LIMB = 22  # bits; 2**31 of them add up exactly in a float, which is what NumPy counts in
_DENSE = 1 << 16  # codes that are always worth a place of their own


NAMELESS = "(no name)"


def segments_of(timeline: Timeline, by: Sequence[str], member: Ints) -> list[pl.Series]:
    """Return the segments of members as columns seg_i, one row an item of `member`."""
    keys = zip(segment_keys(by), by, strict=True)
    return [timeline.segments[name].gather(member).alias(key) for key, name in keys]


def event_names(timeline: Timeline) -> tuple[pl.Series, Ints]:
    """Return the names of events, and for each row which it has; these have to be asked for."""
    assert timeline.event is not None
    assert timeline.names is not None
    return timeline.names.fill_null(NAMELESS), timeline.event


@dataclass(frozen=True, eq=False)
class Groups:
    """The group of each row. code: Ints[rows]; keys: one row for each code, with rows or not."""

    code: Ints
    keys: pl.DataFrame

    @classmethod
    def of_members(cls, timeline: Timeline, by: tuple[str, ...], member: Ints) -> Groups:
        """Return the groups of rows about `member`, by segments as seg_i."""
        groups = cls(np.zeros(len(member), dtype=np.int64), pl.DataFrame({"": [None]}))
        for key, name in zip(segment_keys(by), by, strict=True):
            segment = timeline.segments[name]
            code = segment.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
            values = pl.concat(
                [pl.Series([None], dtype=pl.String), segment.drop_nulls().unique().sort()]
            )
            groups = groups._split(code[member], values.alias(key))
        return groups

    def by(self, name: str, values: Ints) -> Groups:
        """Return finer groups, told apart also by `values`, one a row."""
        if not len(values):
            return self._split(values, pl.Series(name, [], dtype=pl.Int64))
        low, high = int(values.min()), int(values.max())
        if high - low >= max(4 * len(values), _DENSE):
            seen, code = np.unique(values, return_inverse=True)
            return self._split(code, column(seen, name))
        return self._split(values - low, column(np.arange(low, high + 1), name))

    def take(self, rows: Ints | Bools | slice) -> Groups:
        """Return some of the rows, or rows of theirs."""
        return Groups(self.code[rows], self.keys)

    def present(self) -> Groups:
        """Return the same groups without keys that no row has."""
        there = np.bincount(self.code, minlength=self.keys.height) > 0
        return Groups(np.cumsum(there)[self.code] - 1, self.keys[column(np.flatnonzero(there))])

    def tally(self, **measures: Ints | Bools | None) -> pl.DataFrame:
        """Return one row a group that has any: its keys and each measure summed; None: rows.

        The one group of everything, told apart by nothing, is there without rows, too.
        """
        count = np.bincount(self.code, minlength=self.keys.height)
        some = column(np.flatnonzero(count if self.keys.width > 1 else count >= 0))
        summed = {name: self._measured(count, values)[some] for name, values in measures.items()}
        return self.keys.drop("")[some].with_columns(**summed)

    def _split(self, code: Ints, values: pl.Series) -> Groups:
        count = len(values)
        finer = self.code * count + code
        if self.keys.height * count > max(4 * len(code), _DENSE):
            seen, finer = np.unique(finer, return_inverse=True)
        else:
            seen = np.arange(self.keys.height * count)
        if not count:
            return Groups(finer, self.keys.clear().with_columns(values))
        keys, at = column(seen // count), column(seen % count)
        return Groups(finer, self.keys[keys].with_columns(values[at]))

    def _measured(self, count: Ints, values: Ints | Bools | None) -> pl.Series:
        if values is None or (values.dtype == np.bool_ and values.all()):
            return column(count)
        if values.dtype == np.bool_:
            return column(np.bincount(self.code[values.view(np.bool_)], minlength=len(count)))
        return self._sums(values.view(np.int64))

    def _sums(self, values: Ints) -> pl.Series:
        """Return exact sums a code: of small numbers at once, of others limb by limb."""
        if len(values) and values.min() >= 0 and int(values.max()) >> _LIMB == 0:
            return self._limb(values)
        mask = (1 << _LIMB) - 1
        limbs = (values & mask, (values >> _LIMB) & mask, values >> 2 * _LIMB)
        sums = pl.DataFrame([self._limb(limb).alias(str(i)) for i, limb in enumerate(limbs)])
        weighted = [
            pl.col(str(i)).cast(pl.Int128) * pl.lit(1 << i * _LIMB, pl.Int128) for i in range(3)
        ]
        return sums.select(pl.sum_horizontal(weighted)).to_series()

    def _limb(self, values: NDArray[np.int64]) -> pl.Series:
        sums = np.bincount(self.code, weights=values, minlength=self.keys.height)
        return column(sums.astype(np.int64))
