"""Tallies of several requests as one table of entries, so that Spark sums them all at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from retainkit.engine.spark.travel import Schema, home, nulls

PAGE = "page"


@dataclass(frozen=True)
class Page:
    """One kind of tally: its columns, and which of them are measures."""

    schema: Schema
    measures: tuple[str, ...]

    @property
    def keys(self) -> Schema:
        """The columns that are no measures."""
        return {name: kind for name, kind in self.schema.items() if name not in self.measures}


@dataclass(frozen=True)
class Ledger:
    """A page for each kind of tally.

    An entry has the number of its page, the keys of every page (null are those of others), and as
    many sums as the page with most measures.
    """

    pages: tuple[Page, ...]

    @classmethod
    def of(cls, tallies: Sequence[pl.DataFrame], measures: Sequence[tuple[str, ...]]) -> Ledger:
        """Return the ledger for tallies like these; raises TypeError for measures that round."""
        pairs = list(zip(tallies, measures, strict=True))
        for tally, names in pairs:
            rounding = [name for name in names if not tally.schema[name].is_integer()]
            if rounding:
                raise TypeError(f"measures of a tally are whole numbers, unlike {rounding}")
        return cls(tuple(Page(dict(tally.schema), names) for tally, names in pairs))

    @property
    def keys(self) -> Schema:
        """What entries are summed by."""
        return {PAGE: pl.Int64(), **dict(self._keys)}

    @property
    def sums(self) -> Schema:
        """What is summed."""
        most = max(len(page.measures) for page in self.pages)
        return {f"sum_{i}": pl.Int128() for i in range(most)}

    @property
    def schema(self) -> Schema:
        """The columns of entries."""
        return {**self.keys, **self.sums}

    def entries(self, number: int, tally: pl.DataFrame) -> pl.DataFrame:
        """Return a tally as entries of its page."""
        page = self.pages[number]
        called = self._called(number)
        absent = [(name, kind) for name, kind in self.schema.items() if name not in called]
        measures = [pl.col(name).cast(pl.Int128) for name in page.measures]
        return (
            tally.with_columns(measures)
            .select(pl.col(old).alias(new) for new, old in called.items())
            .with_columns(nulls(absent))
            .with_columns(pl.lit(number, pl.Int64).alias(PAGE))
            .select(*self.schema)
        )

    def tally(self, number: int, entries: pl.DataFrame) -> pl.DataFrame:
        """Return the tally of a page, of entries that have travelled."""
        page = self.pages[number]
        called = self._called(number)
        own = entries.filter(pl.col(PAGE) == number)
        columns = own.select(pl.col(new).alias(old) for new, old in called.items())
        return home(columns, page.schema)

    @property
    def _keys(self) -> list[tuple[str, pl.DataType]]:
        return [
            (f"key_{number}_{i}", kind)
            for number, page in enumerate(self.pages)
            for i, kind in enumerate(page.keys.values())
        ]

    def _called(self, number: int) -> Mapping[str, str]:
        """Return the columns of a page's tally by what they are called in entries."""
        page = self.pages[number]
        keys = {f"key_{number}_{i}": name for i, name in enumerate(page.keys)}
        return {**keys, **{f"sum_{i}": name for i, name in enumerate(page.measures)}}
