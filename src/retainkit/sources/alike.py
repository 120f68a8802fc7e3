"""How many rows are like an earlier one, with a bound on the memory it takes to tell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retainkit.wording import counted

_MOST = 1 << 24
_ODD = np.uint64(0x9E3779B97F4A7C15)


class Alike:
    """Rows that repeat an earlier one, told by 64-bit hashes; `exact` up to `most` of them."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._halvings = 0
        self._hashes: list[NDArray[np.uint64]] = []

    @property
    def exact(self) -> bool:
        """Whether every row has been kept."""
        return self._halvings == 0

    def add(self, hashes: NDArray[np.uint64]) -> None:
        """Count a batch: the hash of each row."""
        self._hashes.append(self._kept(hashes))
        while sum(map(len, self._hashes)) > self._most:
            self._halvings += 1
            self._hashes = [self._kept(each) for each in self._hashes]

    def rows(self) -> int:
        """Return how many rows a deduplication would remove."""
        if not self._hashes:
            return 0
        hashes = np.sort(np.concatenate(self._hashes))
        return int((hashes[1:] == hashes[:-1]).sum()) << self._halvings

    def _kept(self, hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
        if self.exact:
            return hashes
        return hashes[hashes < np.uint64(1 << (64 - self._halvings))]


def row_hashes(keys: NDArray[np.uint64], rows: pl.DataFrame) -> NDArray[np.uint64]:
    """Return a hash of each row, whose members have `keys`."""
    rest: NDArray[np.uint64] = rows.drop("member").hash_rows().to_numpy()
    return rest ^ (keys * _ODD)


def alike_notes(rows: int, exact: bool, kept: Sequence[str]) -> list[str]:
    """Return what to say of used rows that are like an earlier one.

    kept: what they are compared in; rows that are equal in every column of the export are fewer.
    """
    if not rows:
        return []
    many = counted(rows, "row repeats", "rows repeat")
    same = f"{', '.join(kept[:-1])} and {kept[-1]}"
    return [
        f"At most {many if exact else f'about {many}'} an earlier one: so many are like one in "
        f"{same}, as lines of one order may be. All count; inspect says how many whole rows "
        "repeat, --dedupe exact leaves those out."
    ]
