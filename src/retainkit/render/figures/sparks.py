"""Lines of one row each, below each other: how numbers went over the same runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from retainkit.render import cells
from retainkit.render.figures.paper import finite, fitted, legend

_LEVELS = "▁▂▃▄▅▆▇█"
_UNKNOWN, _MARK = "·", "↻"
_NAME = 30  # screen cells
_WIDEST = 4  # cells of one run
_NARROWEST = 8


class Spark(NamedTuple):
    """A number over runs. first, last: its ends in words. marked: which get a mark below."""

    name: str
    values: Sequence[float | None]
    first: str
    last: str
    marked: Sequence[bool] = ()


def sparklines(sparks: Sequence[Spark], width: int = 80) -> tuple[str, ...]:
    """Return a line for each number, from its own lowest value to its own highest.

    All have a value for each run, None where it is not known. Where not all runs fit, the last
    ones are drawn and the legend says how many.
    """
    runs = max((len(spark.values) for spark in sparks), default=0)
    if not runs:
        return ()
    names = [fitted(spark.name, _NAME) for spark in sparks]
    ends = [f"{spark.first} → {spark.last}" for spark in sparks]
    margin = max(map(cell_len, names))
    room = max(width - margin - max(map(cell_len, ends)) - 4, _NARROWEST)
    slot = max(min(room // runs, _WIDEST), 1)
    drawn = min(runs, room // slot)
    lines = []
    for spark, name, end in zip(sparks, names, ends, strict=True):
        blank = " " * (margin - cell_len(name))
        lines.append(f"{name}{blank}  {_line(spark.values[-drawn:], slot)}  {end}")
        marks = "".join(
            (_MARK if mark else " ").ljust(slot) for mark in list(spark.marked)[-drawn:]
        )
        if marks.strip():
            lines.append(" " * (margin + 2) + marks)
    lines += ["", *legend(_words(sparks, runs, drawn), width)]
    return tuple(fitted(line.rstrip(), width) for line in lines)


def _line(values: Sequence[float | None], slot: int) -> str:
    known = [value for value in map(finite, values) if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    return "".join(_sign(finite(value), low, high) * slot for value in values)


def _sign(value: float | None, low: float, high: float) -> str:
    if value is None:
        return _UNKNOWN
    if high <= low:
        return _LEVELS[len(_LEVELS) // 2]
    return _LEVELS[round((value - low) / (high - low) * (len(_LEVELS) - 1))]


def _words(sparks: Sequence[Spark], runs: int, drawn: int) -> Iterator[str]:
    yield f"{_LEVELS[0]}{_LEVELS[-1]} lowest, highest"
    values = [finite(value) for spark in sparks for value in spark.values[-drawn:]]
    if None in values:
        yield f"{_UNKNOWN} not known"
    if any(mark for spark in sparks for mark in list(spark.marked)[-drawn:]):
        yield f"{_MARK} restated"
    if drawn < runs:
        yield f"the last {cells.count(drawn)} of {cells.count(runs)} runs"
