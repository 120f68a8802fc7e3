"""Counts out of the tables of a report, in the shape that tests need: value by stratum."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retainkit.stats.intervals import Floats

Value = str | None  # of a column; null is one of them
MOST_VALUES = 100  # of a column: those with the most members

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Counts:
    """How many (`part`) of how many (`whole`), Floats[values, strata].

    Values are only compared within a stratum. period: in which of `periods` each stratum lies.
    members: Floats[2, values], how many of how many members each value has in all, where the sums
    over the strata count them more than once. everybody: the same of all, the values that are not
    among the MOST_VALUES too.
    """

    values: tuple[Value, ...]
    part: Floats
    whole: Floats
    period: Ints
    periods: tuple[date, ...]
    members: Floats
    all_part: Floats
    all_whole: Floats
    everybody: Floats

    def without(self, values: Collection[Value]) -> Counts:
        """Return the counts as if members with one of these values had never been."""
        gone = [i for i, value in enumerate(self.values) if value in values]
        kept = [i for i in range(len(self.values)) if i not in gone]
        return replace(
            self,
            values=tuple(self.values[i] for i in kept),
            part=self.part[kept],
            whole=self.whole[kept],
            members=self.members[:, kept],
            all_part=self.all_part - self.part[gone].sum(axis=0),
            all_whole=self.all_whole - self.whole[gone].sum(axis=0),
            everybody=self.everybody - self.members[:, gone].sum(axis=1),
        )

    def by_period(self, strata: Floats) -> Floats:
        """Return sums over the strata of each period, along the last axis."""
        if not len(self.period):
            return np.zeros((*strata.shape[:-1], 0))
        first = np.flatnonzero(np.diff(self.period, prepend=-1))  # strata are sorted by period
        found: Floats = np.add.reduceat(strata, first, axis=-1)
        return found


def counts_of(
    table: pl.DataFrame,
    part: str,
    whole: str,
    *,
    value: str | None = None,
    within: Sequence[str] = (),
    period: str | None = None,
    members: Mapping[Value, tuple[float, float]] | None = None,
) -> Counts:
    """Return the counts of a table.

    value: the column of values; None: all are one. within: the columns that tell strata apart.
    period: the column, one of `within`, of the periods. members: of each value, where they are
    not the sums.
    """
    rows = table.select(
        _value=pl.lit(None, pl.String) if value is None else pl.col(value),
        _period=pl.lit(0) if period is None else pl.col(period),
        _part=pl.col(part).cast(pl.Float64),
        _whole=pl.col(whole).cast(pl.Float64),
        **{name: pl.col(name) for name in within},
    )
    strata = rows.select("_period", *within).unique(maintain_order=True).sort("_period", *within)
    values = rows.group_by("_value", maintain_order=True).agg(pl.col("_whole").sum())
    values = values.sort("_whole", descending=True, maintain_order=True).select("_value")
    placed = rows.join(
        strata.with_row_index("_stratum"), on=["_period", *within], nulls_equal=True
    ).join(values.with_row_index("_row"), on="_value", nulls_equal=True)
    at = placed["_row"].to_numpy(), placed["_stratum"].to_numpy()
    found = np.zeros((2, values.height, strata.height))
    for side, name in enumerate(("_part", "_whole")):
        np.add.at(found[side], at, placed[name].to_numpy())
    periods = strata["_period"].unique(maintain_order=True)
    places = {day: i for i, day in enumerate(periods.to_list())}
    named = values["_value"].to_list()
    each = found.sum(axis=2)
    if members is not None:
        each = np.array([members.get(name, (0, 0)) for name in named]).reshape(-1, 2).T
    kept = slice(MOST_VALUES)
    return Counts(
        values=tuple(named[kept]),
        part=found[0, kept],
        whole=found[1, kept],
        period=np.array([places[day] for day in strata["_period"].to_list()], dtype=np.int64),
        periods=tuple(periods.to_list()) if period is not None else (),
        members=each[:, kept],
        all_part=found[0].sum(axis=0),
        all_whole=found[1].sum(axis=0),
        everybody=each.sum(axis=1),
    )
