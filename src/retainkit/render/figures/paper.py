"""What the drawings share: numbers made drawable, an axis with its labels, a legend."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

_HUGE = 1e300  # so that sums of a few stay finite
_APART = 2  # between labels


def finite(value: float | None) -> float | None:
    """Return a number that can be drawn, or None for what is unknown or no number."""
    if value is None or math.isnan(value):
        return None
    return float(min(max(value, -_HUGE), _HUGE))


def fitted(text: str, width: int) -> str:
    """Return `text` in at most `width` screen cells, with "…" where it is cut."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…" if width > 0 else ""


def thinned(labels: Sequence[str], slot: int, width: int) -> list[int]:
    """Return which labels fit under an axis: every k-th, the first one first.

    slot: cells from one label's place to the next. A label begins at its place, and none passes
    `width`.
    """
    longest = max((cell_len(label) for label in labels), default=0)
    every = -(-(longest + _APART) // slot) if longest > slot - 1 else 1
    drawn = range(0, len(labels), every)
    return [n for n in drawn if n * slot + cell_len(labels[n]) <= width]


def placed(labels: Sequence[str], places: Iterable[tuple[int, int]]) -> str:
    """Return one line with labels[n] at cell c for each (n, c) of `places`, left to right."""
    line = ""
    for number, place in places:
        line += " " * (place - cell_len(line)) + labels[number]
    return line


def legend(items: Iterable[str], width: int) -> list[str]:
    """Return `items` side by side on as few lines as they need; none is broken."""
    lines: list[str] = []
    for item in items:
        if lines and cell_len(lines[-1]) + 3 + cell_len(item) <= width:
            lines[-1] += f"   {item}"
        else:
            lines.append(fitted(item, width))
    return lines
