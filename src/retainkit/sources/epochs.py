"""Times written as numbers: seconds, milli-, micro- or nanoseconds since 1970, by magnitude."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import polars as pl

from retainkit.errors import InputError
from retainkit.sources.civil import EPOCHS, ZERO, Zones, is_placeholder, is_zero
from retainkit.sources.day_first import Column
from retainkit.sources.quality import one_unit

Unit = Literal["s", "ms", "us", "ns"]
_UNITS: tuple[Unit, ...] = get_args(Unit)
_WORDS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_LEAST = {"s": 10**8, "ms": 10**11, "us": 10**14, "ns": 10**17}
_TEXT = r"^-?[0-9]{9,19}(?:\.[0-9]+)?$"
_COMPACT = r"^(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9](?:[0-9]{6})?$"


@dataclass(frozen=True)
class Epoch:
    """A unit of time since 1970; each unit has the magnitudes it has between 1973 and 5138."""

    unit: Unit
    zones: Zones

    def moments(self, numbers: pl.Expr) -> pl.Expr:
        """Return us since 1970; ZERO, EPOCHS for another unit, null where unreadable."""
        size, us = numbers.abs(), self._us(numbers)
        ours = _has_magnitude(size, self.unit)
        return (
            pl.when(is_zero(us, self.zones) | (ours & is_placeholder(us)))
            .then(ZERO)
            .when(ours)
            .then(us)
            .when(size >= _LEAST["s"])
            .then(EPOCHS)
        )

    def _us(self, numbers: pl.Expr) -> pl.Expr:
        if self.unit == "ns":
            return (numbers // 1000).cast(pl.Int64, strict=False)
        factor = {"s": 1_000_000, "ms": 1000, "us": 1}[self.unit]
        return (numbers * factor).round().cast(pl.Int64, strict=False)

    def note(self, title: str) -> str:
        """Return what a reader should know."""
        return f"Times in '{title}' are {_WORDS[self.unit]} since 1970."


def is_epoch_text(text: pl.Series) -> pl.Series:
    """Return whether texts are numbers that can be an epoch and are no date like 20101201."""
    return text.str.contains(_TEXT) & ~text.str.contains(_COMPACT)


def learn_epoch(numbers: pl.Series, column: Column, zones: Zones) -> Epoch:
    """Return the unit of a sample (seconds where nothing tells); raises InputError for several."""
    size = numbers.filter(~numbers.cast(pl.Float64).is_in(_zeros(zones))).abs()
    units = [unit for unit in _UNITS if _any(size, unit)]
    if len(units) > 1:
        raise InputError(
            f"The times in {column.place} are epochs of several magnitudes: "
            f"{' and '.join(_WORDS[unit] for unit in units)}.",
            one_unit(column.title, column.flag),
        )
    return Epoch(units[0] if units else "s", zones)


def _zeros(zones: Zones) -> list[float]:
    """Return the numbers that are a zero date in some unit, whatever magnitude they have."""
    return [zero * 1000.0**power for zero in zones.zeros for power in (-2, -1, 0, 1)]


def _has_magnitude(size: pl.Expr, unit: Unit) -> pl.Expr:
    if unit == "ns":
        return size >= _LEAST[unit]
    return size.is_between(_LEAST[unit], _LEAST[unit] * 1000, closed="left")


def _any(size: pl.Series, unit: Unit) -> bool:
    return bool(size.to_frame("size").select(_has_magnitude(pl.col("size"), unit).any()).item())
