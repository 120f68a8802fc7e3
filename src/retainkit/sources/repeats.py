"""Rows that repeat others: found in passes of their own before rows are counted.

A repeat is the only row whose fate hangs on other rows. What is compared is hashed to 64 bits;
where two used rows have the same hash, a second hash decides, so that two different rows are
never taken for one. Memory grows by 8 bytes a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retainkit.schema import unknown_column
from retainkit.sources.quality import FATE, REPEAT

EXACT = "exact"

_PLACE = "__place"
_SEEDS = (0, 0x5EED)
_BATCH = 1 << 20

Hashes = NDArray[np.uint64]


def repeat_keys(dedupe: str | None, header: Sequence[str]) -> tuple[str, ...]:
    """Return the columns in which repeats are equal, none where nothing is asked.

    dedupe: EXACT for all columns, else one column's name. Raises InputError where there is none.
    """
    if dedupe is None:
        return ()
    if dedupe == EXACT:
        return tuple(header)
    if dedupe not in header:
        raise unknown_column("--dedupe", dedupe, header)
    return (dedupe,)


@dataclass(frozen=True)
class Repeats:
    """How repeats among raw rows are found and marked.

    steps, columns: how raw rows become events, as of a `Recipe`; `columns` have `fate`. keys: the
    raw columns in which repeats are equal; a row in which all of several, or the only one, is
    null repeats nothing.
    """

    steps: tuple[Mapping[str, pl.Expr], ...]
    columns: tuple[pl.Expr, ...]
    keys: tuple[str, ...]

    def left_out(self, raw: pl.LazyFrame) -> pl.LazyFrame:
        """Return the events of `raw`, where the fate of those that repeat a used one is REPEAT.

        Reads the rows once, and again where there are repeats. Of rows that are alike the first
        stays: files in the order they are named in, rows in the order of the file.
        """
        placed = raw.with_row_index(_PLACE)
        hashes = [pl.struct(self.keys).hash(seed) for seed in _SEEDS]
        kept = {f"__hash_{i}": each for i, each in enumerate(hashes)}
        kept["__keyed"] = pl.any_horizontal(pl.col(self.keys).is_not_null())
        events = placed.with_columns(**kept)
        for step in self.steps:
            events = events.with_columns(**step)
        events = events.with_columns(pl.col("__fate").alias("fate"))
        repeated = _Places(self._places(events))
        repeat = pl.lit(REPEAT, FATE)
        marked = placed
        for step in self.steps:
            marked = marked.with_columns(**step)
        is_repeat = pl.col(_PLACE).map_batches(
            repeated, return_dtype=pl.Boolean, is_elementwise=True
        )
        fate = pl.when(pl.col("__fate").is_null() & is_repeat).then(repeat)
        return marked.with_columns(__fate=fate.otherwise(pl.col("__fate"))).select(self.columns)

    def _places(self, events: pl.LazyFrame) -> NDArray[np.int64]:
        """Return the places of used rows that repeat one before them, in order."""
        used = events.filter(pl.col("__fate").is_null() & pl.col("__keyed"))
        first = [
            batch["__hash_0"].to_numpy()
            for batch in used.select("__hash_0").collect_batches(
                chunk_size=_BATCH, maintain_order=False
            )
        ]
        hashes: Hashes = np.sort(np.concatenate([np.empty(0, np.uint64), *first]))
        del first
        doubled = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
        del hashes
        if not len(doubled):
            return np.empty(0, np.int64)
        alike = pl.concat(
            batch.filter(pl.Series(_among(batch["__hash_0"].to_numpy(), doubled)))
            for batch in used.select(_PLACE, "__hash_0", "__hash_1").collect_batches(
                chunk_size=_BATCH, maintain_order=False
            )
        )
        firsts = alike.group_by("__hash_0", "__hash_1").agg(pl.col(_PLACE).min())
        places = alike.join(firsts, on=_PLACE, how="anti")[_PLACE]
        return np.sort(places.to_numpy().astype(np.int64))


class _Places:
    """Tells which places are among some, batch by batch."""

    def __init__(self, places: NDArray[np.int64]) -> None:
        self._places = places

    def __call__(self, places: pl.Series) -> pl.Series:
        return pl.Series(_among(places.to_numpy().astype(np.int64), self._places))


def _among(values: NDArray, known: NDArray) -> NDArray[np.bool_]:  # type: ignore[type-arg]
    """Return which values are among `known`, which are in order."""
    if not len(known):
        return np.zeros(len(values), np.bool_)
    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    found: NDArray[np.bool_] = known[at] == values
    return found
