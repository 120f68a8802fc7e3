"""Batches of canonical events in, one Timeline out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl

from retainkit.errors import InputError
from retainkit.periods import Calendar, Ints
from retainkit.timeline.model import MONEY_UNIT, Needs, Timeline
from retainkit.timeline.packing import Keys, Ranks, Rows, distinct, member_keys, sort_order

Side = Literal["member", "event"]

_NO_TABLE = pl.DataFrame(schema={"member": pl.Int64, "joined": pl.Int64})
_LARGEST_AMOUNT = (2**63 - 1) // MONEY_UNIT


class HashCollisionError(Exception):
    """Two text ids share a 64-bit key: a signal to hash with another seed, never shown."""


@dataclass
class Builder:
    """Gathers the events of one partition of members, then sorts them into a Timeline.

    table: the member table's rows of this partition (`member, joined, seg_i`), or None.
    Those that never had an event nor joined are nobody's members. segments: the name of each
    segment and the side its column seg_i comes from. seed: what text ids are hashed with.
    """

    needs: Needs
    calendar: Calendar
    segments: Sequence[tuple[str, Side]] = ()
    table: pl.DataFrame | None = None
    seed: int = 0
    _rows: list[Rows] = field(default_factory=list)
    _extras: list[pl.DataFrame] = field(default_factory=list)
    _ids: list[pl.DataFrame] = field(default_factory=list)

    def add(self, events: pl.DataFrame, keys: Keys) -> None:
        """Take used events (`member, time, marks`, …) with the key of each event's member."""
        time = events["time"].to_numpy()
        if self.needs.grain != "exact":
            time = self.calendar.index(time, self.needs.grain)
        rows = Rows(keys, time, events["marks"].to_numpy())
        ranks = self._remember(events["member"], keys)
        if self._keeps_all:
            self._extras.append(events.drop("member", "time", "marks"))
        else:
            rows = distinct(rows, ranks)
        self._rows.append(rows)

    def build(self) -> Timeline:
        """Return the Timeline; raises HashCollisionError where two text ids share a key."""
        rows, extras = self._sorted()
        table = _NO_TABLE if self.table is None else self.table
        table_keys = member_keys(table["member"], self.seed)
        self._remember(table["member"], table_keys)
        self._check_ids()
        joined = table_keys[table["joined"].is_not_null().to_numpy()]
        known = Ranks.of(np.append(rows.keys, joined)).keys
        bounds = np.append(np.searchsorted(rows.keys, known), len(rows)).astype(np.int64)
        at = pl.DataFrame({"key": known}).join(
            table.with_columns(key=table_keys), on="key", how="left", maintain_order="left"
        )
        segments = []
        for i, (name, side) in enumerate(self.segments):
            column = f"seg_{i}"
            values = at[column] if side == "member" else _first_touch(extras, column, bounds, rows)
            segments.append(values.alias(name))
        return Timeline(
            calendar=self.calendar,
            grain=self.needs.grain,
            selectors=self.needs.selectors,
            joined=at["joined"],
            listed=np.isin(known, table_keys),
            segments=pl.DataFrame(segments),
            bounds=bounds,
            time=rows.times,
            marks=rows.marks,
            amount=_millionths(extras["amount"]) if self.needs.amount else None,
            order=_codes(extras) if self.needs.order else None,
        )

    @property
    def _keeps_all(self) -> bool:
        needs = self.needs
        event_side = any(side == "event" for _, side in self.segments)
        return needs.repeats or needs.amount or needs.order or event_side

    def _sorted(self) -> tuple[Rows, pl.DataFrame]:
        rows = Rows.concat(self._rows)
        if not self._keeps_all:
            return distinct(rows), pl.DataFrame()
        order = sort_order(rows)
        extras = (
            pl.concat(self._extras) if self._extras else pl.DataFrame(schema=self._extra_schema)
        )
        return rows.take(order), extras[order] if extras.width else extras

    @property
    def _extra_schema(self) -> dict[str, type[pl.DataType]]:
        names = {
            f"seg_{i}": pl.String for i, (_, side) in enumerate(self.segments) if side == "event"
        }
        return {"amount": pl.Float64, "order": pl.String, **names}

    def _remember(self, ids: pl.Series, keys: Keys) -> Ranks | None:
        """Keep one id for each key of a text column; return the ranks found on the way."""
        if ids.dtype != pl.String or not len(ids):
            return None
        ranks = Ranks.of(keys)
        names = _one_each(ids, ranks)
        self._ids.append(pl.DataFrame({"id": names, "key": ranks.keys}))
        return ranks

    def _check_ids(self) -> None:
        if self._ids:
            known = pl.concat(self._ids)
            _one_each(known["id"], Ranks.of(known["key"].to_numpy()))


def _one_each(ids: pl.Series, ranks: Ranks) -> pl.Series:
    """Return the id of each key; raises HashCollisionError where a key has two."""
    names = ids.gather(ranks.row)
    if not (names.gather(ranks.rank) == ids).all():
        raise HashCollisionError
    return names


def _first_touch(extras: pl.DataFrame, column: str, bounds: Ints, rows: Rows) -> pl.Series:
    """Return each member's value at its first time; the smallest where that time has several."""
    owner = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    first = rows.times == rows.times[bounds[owner]]
    values = pl.DataFrame({"owner": owner[first], "value": extras[column].filter(first)})
    smallest = values.group_by("owner").agg(pl.col("value").min())
    everyone = pl.DataFrame({"owner": np.arange(len(bounds) - 1)})
    return everyone.join(smallest, on="owner", how="left", maintain_order="left")["value"]


def _millionths(amount: pl.Series) -> Ints:
    """Return amounts as integers, none as 0; raises InputError beyond what 64 bits hold."""
    known = amount.fill_nan(None).fill_null(0.0)
    largest = known.abs().max()
    if isinstance(largest, float) and largest >= _LARGEST_AMOUNT:
        raise InputError(
            f"An amount of {largest:.3g} is too large to be summed exactly.",
            f"Amounts reach up to {_LARGEST_AMOUNT:.1e}; give them in a larger unit, "
            'e.g. --amount-col "amount / 1000".',
        )
    return (known * MONEY_UNIT).round().cast(pl.Int64).to_numpy()


def _codes(extras: pl.DataFrame) -> Ints:
    """Return a number for each order id, -1 where there is none or no column of them."""
    if "order" not in extras.columns:
        return np.full(extras.height, -1)
    return extras["order"].rank("dense").cast(pl.Int64).fill_null(-1).to_numpy()
