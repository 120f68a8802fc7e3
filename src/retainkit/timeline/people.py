"""What a slice knows of its members beside their events: the member table, and their ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from retainkit.timeline.model import Bools, Needs, first_of_each
from retainkit.timeline.packing import Keys
from retainkit.timeline.runs import Bounds

NOBODY: dict[str, pl.DataType] = {"joined": pl.Int64(), "left": pl.Int64()}


@dataclass(frozen=True, eq=False)
class Listed:
    """Members of the member table in the order of their keys, as these are placed in words."""

    keys: Keys
    table: pl.DataFrame

    @classmethod
    def of(cls, keys: Keys, table: pl.DataFrame) -> Listed:
        """Return the members of a table; `keys`: one a row."""
        order = np.argsort(keys)
        return cls(keys[order], table[order])

    def between(self, bounds: Bounds) -> Listed:
        """Return those between `bounds`."""
        within = bounds.of(self.keys)
        return Listed(self.keys[within], self.table[within])

    def with_active(self, active: Keys, needs: Needs) -> tuple[Keys, pl.DataFrame, Bools]:
        """Return everyone who has events (`active`) or is waited for, with what is known of them.

        Waited for is who joined and, where that matters, who left; the rest of the table is
        nobody. The frame has the columns of the table; the last value says whom the table has.
        """
        matters = self.table["joined"].is_not_null()
        if needs.left:
            matters |= self.table["left"].is_not_null()
        known = np.union1d(active, self.keys[matters.to_numpy()])
        people = pl.DataFrame({"key": known}).join(
            self.table.with_columns(key=self.keys), on="key", how="left", maintain_order="left"
        )
        return known, people, np.isin(known, self.keys)


def strangers(active: Keys) -> tuple[Keys, pl.DataFrame, Bools]:
    """Return members of whom no table knows anything, as `Listed.with_active` does."""
    unknown = [pl.repeat(None, len(active), dtype=NOBODY[name], eager=True) for name in NOBODY]
    people = pl.DataFrame(
        [column.alias(name) for name, column in zip(NOBODY, unknown, strict=True)]
    )
    return active, people, np.zeros(len(active), dtype=np.bool_)


def named(keys: Keys, ids: pl.Series) -> pl.DataFrame:
    """Return the id of each key, once, in the order of keys."""
    seen, at = np.unique(keys, return_index=True)
    return pl.DataFrame({"key": seen, "id": ids.gather(at)})


def merged_names(runs: list[pl.DataFrame]) -> pl.DataFrame:
    """Return runs of `named` as one; of no run, nothing."""
    if not runs:
        return pl.DataFrame(schema={"key": pl.UInt64, "id": pl.String})
    names = pl.concat(runs).sort("key")
    return names.filter(pl.Series(first_of_each(names["key"].to_numpy())))
