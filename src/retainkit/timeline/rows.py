"""Rows that fit no single word: frames whose first column is the key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from retainkit.columns import column
from retainkit.periods import Ints
from retainkit.timeline.extras import event_codes
from retainkit.timeline.model import Needs, first_of_each
from retainkit.timeline.packing import Keys
from retainkit.timeline.sorting import sort_order

Side = Literal["member", "event"]

_SORTED = ("key", "time", "marks")


@dataclass(frozen=True)
class Rows:
    """How frames of rows are made, and merged in the order of (key, time, name, marks)."""

    needs: Needs
    segments: Sequence[tuple[str, Side]] = ()

    @property
    def all_kept(self) -> bool:
        """Whether rows that are alike in key, time and marks are all kept, with what else is."""
        return self.needs.keeps_all or any(side == "event" for _, side in self.segments)

    def of(self, keys: Keys, time: Ints, events: pl.DataFrame) -> pl.DataFrame:
        """Return events as a run, in the order of keys."""
        rows = pl.DataFrame([column(keys, "key"), column(time, "time"), events["marks"]])
        if self.all_kept:
            rows = rows.hstack(events.drop("member", "time", "marks"))
        if self.needs.event:
            rows = rows.with_columns(pl.col("event").cast(pl.Categorical))
        return rows[column(np.argsort(keys))]

    def merged(self, runs: list[pl.DataFrame]) -> pl.DataFrame:
        """Return runs as one."""
        if not runs:
            return self._none
        rows = pl.concat(runs)
        keys, times, marks = (rows[name].to_numpy() for name in _SORTED)
        if self.needs.event:  # names first: an order that does not hang on how rows came
            names = event_codes(rows["event"])[1]
            marks = (names << int(marks.max()).bit_length()) | marks
        rows = rows[column(sort_order(keys, times, marks))]
        if self.all_kept or self.needs.repeats:
            return rows
        return rows.filter(column(first_of_each(*(rows[name].to_numpy() for name in _SORTED))))

    @property
    def _none(self) -> pl.DataFrame:
        sides = enumerate(side for _, side in self.segments)
        return pl.DataFrame(
            schema={
                "key": pl.UInt64,
                "time": pl.Int64,
                "marks": pl.UInt32,
                "amount": pl.Float64,
                "order": pl.String,
                "event": pl.Categorical,
                **{f"seg_{i}": pl.String for i, side in sides if side == "event"},
            }
        )
