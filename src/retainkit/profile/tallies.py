"""Counts that grow batch by batch and keep their memory bounded.

What needs every row (repeats) or every pair (members of a day) is kept as hashes. Where these
become too many, only those in a shrinking share of the hash range stay, and the count becomes an
estimate: equal things have equal hashes, so a share of the hashes is a fair sample.
"""

from __future__ import annotations

import polars as pl

MOST_PAIRS = 1 << 22
_SLACK = 1 << 20
_COUNTED = {"rows": pl.Int64, "first": pl.Int64, "last": pl.Int64}


class Counts:
    """Rows, and the first and last time (us), by the values of one column.

    Memory grows with the number of distinct values.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._parts: list[pl.DataFrame] = []
        self._settled = 0

    def add(self, rows: pl.DataFrame) -> None:
        """Count rows; they have the key column and `time`."""
        time = pl.col("time")
        self._parts.append(
            rows.group_by(self._key).agg(rows=pl.len(), first=time.min(), last=time.max())
        )
        if sum(part.height for part in self._parts) > 2 * self._settled + _SLACK:
            self._settle()

    def table(self) -> pl.DataFrame:
        """Return the key, rows (Int64), first and last, ordered by key."""
        self._settle()
        if not self._parts:
            return pl.DataFrame(schema={self._key: pl.String, **_COUNTED})
        return self._parts[0].sort(self._key)

    def _settle(self) -> None:
        if self._parts:
            total = pl.concat(self._parts).group_by(self._key)
            sums = total.agg(
                pl.col("rows").cast(pl.Int64).sum(), pl.col("first").min(), pl.col("last").max()
            )
            self._parts, self._settled = [sums], sums.height


class Reach:
    """Distinct members by the values of one column; `exact` until there are MOST_PAIRS."""

    def __init__(self, key: str, most: int = MOST_PAIRS) -> None:
        self._key = key
        self._most = most
        self._halvings = 0
        self._pairs = pl.DataFrame()

    @property
    def exact(self) -> bool:
        """Whether every pair has been kept."""
        return self._halvings == 0

    def add(self, keys: pl.Series, members: pl.Series) -> None:
        """Count a batch: the key and the member's hash (UInt64) of each row."""
        new = pl.DataFrame({self._key: keys, "hash": members}).filter(self._kept()).unique()
        pairs = pl.concat([self._pairs, new]).unique() if self._pairs.height else new
        while pairs.height > self._most:
            self._halvings += 1
            pairs = pairs.filter(self._kept())
        self._pairs = pairs

    def table(self) -> pl.DataFrame:
        """Return the key and `members` (Int64)."""
        if not self._pairs.height:
            return pl.DataFrame(schema={self._key: pl.String, "members": pl.Int64})
        size = pl.len().cast(pl.Int64) * (1 << self._halvings)
        return self._pairs.group_by(self._key).agg(members=size)

    def _kept(self) -> pl.Expr:
        return pl.col("hash") <= pl.lit((1 << (64 - self._halvings)) - 1, pl.UInt64)
