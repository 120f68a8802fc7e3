"""A chart of columns along time: what came stacked above a line, what went below it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from rich.cells import cell_len

from retainkit.render import cells
from retainkit.render.figures.paper import finite, fitted, legend, placed, thinned
from retainkit.render.view import MARK

ABOVE, BELOW = "█▒▓", "░▚"  # the fills, from the line outwards
_WIDEST = 9  # cells from one column to the next
_TICK = 6  # cells of the longest number on the axis
_WHOLE = 10_000  # up to it numbers are written in full
_NARROWEST_PLOT = 8
_STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)


Column = tuple[float, ...]


class Series(NamedTuple):
    """Counts by period; what is unknown, negative or no number is drawn as nothing."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class _Side:
    """The series on one side of the line, and the parts of each period's column in rows."""

    fills: str
    parts: tuple[tuple[int, ...], ...]

    @property
    def rows(self) -> int:
        """The height of its highest column."""
        return max(map(sum, self.parts), default=0)

    def sign(self, period: int, row: int) -> str:
        """Return the fill of a period's column in the row at a distance from the line."""
        for fill, rows in zip(self.fills, self.parts[period], strict=False):
            if row < rows:
                return fill
            row -= rows
        return " "


def diverging_columns(
    labels: Sequence[str],
    above: Sequence[Series],
    below: Sequence[Series],
    width: int = 80,
    height: int = 14,
    *,
    marked: Sequence[bool] = (),
) -> tuple[str, ...]:
    """Return the chart of counts by period; both sides have one scale.

    labels: what the periods are called, in order. above: up to three series, from the line
    outwards, below: up to two. height: rows of columns, without the axis and the legend. marked:
    which periods get a mark on the axis. Where not all periods fit, the last ones are drawn and
    the legend says how many. What is not zero is never drawn as nothing.
    """
    if not labels:
        return ()
    first = max(len(labels) - max(width - _TICK - 2, _NARROWEST_PLOT), 0)
    drawn = len(labels) - first
    unit, sides = _scaled(_columns(above, first, drawn), _columns(below, first, drawn), height)
    ticks = [_tick(side.rows * unit) for side in sides]
    margin = max(map(cell_len, [*ticks, "0"]))
    room = max(width - margin - 2, _NARROWEST_PLOT)
    slot = max(min(room // drawn, _WIDEST), 1)
    marks = [*marked, *[False] * len(labels)][first : len(labels)]
    lines = [
        *_plot(sides, ticks, margin, slot, drawn),
        *_axis(labels[first:], marks, margin, slot, room),
        "",
        *legend(_words(above, below, marks, first), width),
    ]
    return tuple(fitted(line.rstrip(), width) for line in lines)


def _columns(side: Sequence[Series], first: int, drawn: int) -> list[Column]:
    """Return the counts of each period that is drawn, series by series."""
    known = ([finite(value) or 0.0 for value in series.values] for series in side)
    columns = zip(*known, strict=True) if side else [()] * (first + drawn)
    return [tuple(max(value, 0.0) for value in column) for column in columns][first:]


def _scaled(
    above: Sequence[Column], below: Sequence[Column], height: int
) -> tuple[float, tuple[_Side, _Side]]:
    """Return how many one row stands for, and both sides in rows of it.

    It is a round number and at least 1, as counts have no parts.
    """
    highest = sum(max(map(sum, side), default=0.0) for side in (above, below))
    least = max(height, len(ABOVE) + len(BELOW))
    size = 10.0 ** max(math.floor(math.log10(max(highest / least, 1))), 0)
    while True:
        for unit in (step * size for step in _STEPS):
            sides = (_side(above, ABOVE, unit), _side(below, BELOW, unit))
            if unit == int(unit) and sides[0].rows + sides[1].rows <= least:
                return unit, sides
        size *= 10


def _side(columns: Sequence[Column], fills: str, unit: float) -> _Side:
    return _Side(fills, tuple(_parts(column, unit) for column in columns))


def _tick(value: float) -> str:
    return cells.count(round(value)) if value < _WHOLE else cells.compact(value)


def _parts(values: Sequence[float], unit: float) -> tuple[int, ...]:
    """Return the rows of each part: their sum is the column's, and no part is lost."""
    ends = [0]
    for number, value in enumerate(values):
        end = math.floor(sum(values[: number + 1]) / unit + 0.5)
        ends.append(max(end, ends[-1] + (value > 0)))
    # A part that was given a row of its own pushes those after it no further than the column.
    top = max(math.floor(sum(values) / unit + 0.5), sum(value > 0 for value in values))
    for number in range(len(values), 0, -1):
        room = top - sum(value > 0 for value in values[number:])
        ends[number] = min(ends[number], room)
    return tuple(after - before for before, after in pairwise(ends))


def _plot(
    sides: Sequence[_Side], ticks: Sequence[str], margin: int, slot: int, drawn: int
) -> Iterator[str]:
    above, below = sides
    for row in reversed(range(above.rows)):
        tick = ticks[0] if row == above.rows - 1 else ""
        yield f"{tick:>{margin}} │{_row(above, row, slot, drawn)}"
    yield f"{0:>{margin}} ┼{'─' * (slot * drawn)}"
    for row in range(below.rows):
        tick = ticks[1] if row == below.rows - 1 else ""
        yield f"{tick:>{margin}} │{_row(below, row, slot, drawn)}"


def _row(side: _Side, row: int, slot: int, drawn: int) -> str:
    gap = 0 if slot == 1 else max(slot // 4, 1)
    signs = (side.sign(period, row) if side.parts else " " for period in range(drawn))
    return "".join(sign * (slot - gap) + " " * gap for sign in signs)


def _axis(
    labels: Sequence[str], marks: Sequence[bool], margin: int, slot: int, room: int
) -> Iterator[str]:
    """Yield the labels that fit, under a line with their places and the marks of periods."""
    labelled = thinned(labels, slot, room) or [0]
    signs = dict.fromkeys(labelled, "┬")
    signs |= {number: MARK for number, mark in enumerate(marks) if mark}
    ruler = "".join(signs.get(n, "─") + "─" * (slot - 1) for n in range(len(labels)))
    yield f"{'':>{margin}} └{ruler}"
    texts = [fitted(label, room) for label in labels]
    yield placed(texts, ((number, margin + 2 + number * slot) for number in labelled))


def _words(
    above: Sequence[Series], below: Sequence[Series], marks: Sequence[bool], first: int
) -> Iterator[str]:
    for side, fills, where in ((above, ABOVE, "above"), (below, BELOW, "below")):
        for series, fill in zip(side, fills, strict=False):
            yield f"{fill * 2} {series.name} ({where})"
    if any(marks):
        yield f"{MARK} not over yet"
    if first:
        periods = cells.count(len(marks) + first)
        yield f"the last {cells.count(len(marks))} of {periods} periods"
