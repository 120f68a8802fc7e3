"""A chart of shares by age that change in steps: one curve with its interval, or several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from retainkit.render import cells
from retainkit.render.figures.paper import finite, fitted, legend, placed, thinned

MOST_CURVES = 6
_LETTERS = "ABCDEF"
_BAND = "░"
_TICKS = ("100%", "75%", "50%", "25%", "0%")
_QUARTERS = len(_TICKS) - 1
_WIDEST = 6  # cells of one age
_NARROWEST_PLOT = 8
_CORNERS = {True: ("┐", "└"), False: ("┘", "┌")}  # where the curve falls, where it rises

Sheet = list[list[str]]
Rows = list[int | None]  # of a curve in each column, None where it is not known


class Curve(NamedTuple):
    """Shares from 0 to 1 by age, each holding until the next one; low, high: their interval.

    times: whole ages that rise. A share that is unknown or no number leaves a gap.
    """

    name: str
    times: Sequence[int]
    values: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()


def step_curve(curves: Sequence[Curve], width: int = 80, height: int = 12) -> tuple[str, ...]:
    """Return the chart of up to six curves, over ages from the first one to the last one.

    One curve is a line in the band of its interval. Several are lines of letters, without
    intervals; where they meet the letters take turns. height: rows from 0% to 100%, rounded to
    quarters. Ages that are more than there are columns share them, and the last one is drawn.
    """
    curves = [curve for curve in curves if len(curve.times)][:MOST_CURVES]
    if not curves:
        return ()
    quarter = max(round(height / _QUARTERS), 1)
    ages = range(
        min(int(curve.times[0]) for curve in curves),
        max(int(curve.times[-1]) for curve in curves) + 1,
    )
    margin = max(map(len, _TICKS))
    room = max(width - margin - 2, _NARROWEST_PLOT)
    slot = max(min(room // len(ages), _WIDEST), 1)
    columns = _columns(ages, slot, room)
    rows = quarter * _QUARTERS
    sheet: Sheet = [[" "] * len(columns) for _ in range(rows + 1)]
    if len(curves) == 1:
        _draw_band(sheet, curves[0], columns)
        _draw_line(sheet, _rows_of(curves[0].times, curves[0].values, columns, rows))
    else:
        _draw_letters(sheet, [_rows_of(c.times, c.values, columns, rows) for c in curves])
    lines = [*_plot(sheet, margin, quarter), *_axis(ages, columns, slot, margin), ""]
    lines += legend(_words(curves), width)
    return tuple(fitted(line.rstrip(), width) for line in lines)


def _columns(ages: range, slot: int, room: int) -> list[int]:
    """Return the age that each column of the drawing shows."""
    if len(ages) * slot <= room:
        return [age for age in ages for _ in range(slot)]
    return [ages[(column + 1) * len(ages) // room - 1] for column in range(room)]


def _rows_of(
    times: Sequence[int], values: Sequence[float | None], columns: Sequence[int], rows: int
) -> Rows:
    """Return where the curve is in each column, in rows from the top."""
    known = {int(t): v for t, v in zip(times, values, strict=False)}
    drawn: dict[int, int | None] = {}
    last: int | None = None
    for age in range(int(times[0]), int(times[-1]) + 1):
        if age in known:
            share = finite(known[age])
            last = None if share is None else round((1 - min(max(share, 0), 1)) * rows)
        drawn[age] = last
    return [drawn.get(age) for age in columns]


def _draw_band(sheet: Sheet, curve: Curve, columns: Sequence[int]) -> None:
    if not (curve.low and curve.high):
        return
    ends = [
        _rows_of(curve.times, side, columns, len(sheet) - 1) for side in (curve.high, curve.low)
    ]
    for column, (high, low) in enumerate(zip(*ends, strict=True)):
        if high is not None and low is not None:
            for row in range(high, low + 1):
                sheet[row][column] = _BAND


def _draw_line(sheet: Sheet, at: Rows) -> None:
    before = None
    for column, row in enumerate(at):
        if row is not None:
            sheet[row][column] = "─"
        if row is not None and before is not None and row != before:
            falls = row > before
            for between in range(min(row, before) + 1, max(row, before)):
                sheet[between][column] = "│"
            sheet[before][column], sheet[row][column] = _CORNERS[falls]
        before = row


def _draw_letters(sheet: Sheet, curves: Sequence[Rows]) -> None:
    for column in range(len(sheet[0])):
        here: dict[int, str] = {}
        for letter, rows in zip(_LETTERS, curves, strict=False):
            row = rows[column]
            if row is not None:
                here[row] = here.get(row, "") + letter
        for row, letters in here.items():
            sheet[row][column] = letters[column % len(letters)]


def _plot(sheet: Sheet, margin: int, quarter: int) -> Iterator[str]:
    for number, signs in enumerate(sheet):
        part, rest = divmod(number, quarter)
        tick = "" if rest else _TICKS[part]
        yield f"{tick:>{margin}} {'│' if rest else '┤'}{''.join(signs)}"


def _axis(ages: range, columns: Sequence[int], slot: int, margin: int) -> Iterator[str]:
    """Yield a line with a sign at each age that has its number below it."""
    if len(ages) * slot == len(columns):
        starts = list(range(0, len(columns), slot))
        names = [cells.count(age) for age in ages]
    else:
        starts, names = list(range(len(columns))), [cells.count(age) for age in columns]
        slot = 1
    labelled = thinned(names, slot, len(columns)) or [0]
    signs = ["─"] * len(columns)
    for number in labelled:
        signs[starts[number]] = "┬"
    yield f"{'':>{margin}} └{''.join(signs)}"
    yield placed(names, ((number, margin + 2 + starts[number]) for number in labelled))


def _words(curves: Sequence[Curve]) -> Iterator[str]:
    if len(curves) > 1:
        yield from (f"{letter} {c.name}" for letter, c in zip(_LETTERS, curves, strict=False))
        return
    yield f"── {curves[0].name}"
    if curves[0].low:
        yield f"{_BAND * 2} its interval"
