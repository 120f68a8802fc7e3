"""What a rule holds a number against: limits, or a change from what it was."""

from __future__ import annotations

import math
from dataclasses import dataclass

from retainkit.errors import UsageError


@dataclass(frozen=True)
class Limits:
    """The least and the most that is allowed; None where there is no such limit."""

    least: float | None = None
    most: float | None = None

    def beyond(self, value: float) -> float:
        """Return how far `value` lies outside; within it is negative, the distance to the edge."""
        edges = [-math.inf]
        if self.least is not None:
            edges.append(_less(self.least, value))
        if self.most is not None:
            edges.append(_less(value, self.most))
        return max(edges)


@dataclass(frozen=True)
class Change:
    """How far a number may fall (or rise) below what it was.

    most: in its own unit, or where `relative` as a share of what it was. previous: it was the mean
    of so many complete cells before it, or, where that is None, what a saved result has.
    """

    most: float
    relative: bool = False
    rise: bool = False
    previous: int | None = None

    def limits(self, before: float) -> Limits:
        """Return the limits that a number has that was `before`."""
        reach = self.most * abs(before) if self.relative else self.most
        return Limits(most=before + reach) if self.rise else Limits(least=before - reach)


Bound = Limits | Change


def _less(value: float, other: float) -> float:
    """Return value - other; 0 where only the rounding of what they are made of tells them apart."""
    return 0.0 if math.isclose(value, other, rel_tol=1e-9, abs_tol=1e-12) else value - other


def number(option: str, given: object) -> tuple[float, bool]:
    """Return the number that is given, and whether it was said in percent; raises UsageError."""
    text = str(given).strip()
    percent = isinstance(given, str) and text.endswith("%")
    try:
        if isinstance(given, bool):
            raise ValueError
        value = float(text.removesuffix("%")) if percent else float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{option}: '{given}' is no number like 0.25 or 25%.")
    return (value / 100 if percent else value), percent
