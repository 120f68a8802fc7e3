"""What became of cells that were complete when a baseline was saved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isclose
from typing import Any

import polars as pl

from retainkit.checking.cells import Row, is_complete, when
from retainkit.checking.shape import Shape
from retainkit.checking.shapes import shape_of
from retainkit.engine import Request
from retainkit.results import Result
from retainkit.wording import counted

SCHEMA: Mapping[str, Any] = {
    **dict.fromkeys(("metric", "table"), pl.String),
    **dict.fromkeys(("compared", "changed", "gone", "new"), pl.Int64),
    **dict.fromkeys(("value", "cell"), pl.String),
    **dict.fromkeys(("before", "now"), pl.Float64),
}


def restated(name: str, request: Request, saved: Result, now: Result) -> pl.DataFrame:
    """Return, by table with periods, how many cells that were complete have changed since.

    gone: such cells that are no more. new: cells that are complete now, and were not. value,
    cell, before, now: the greatest change of the table's first number.
    """
    rows = []
    for table in now.tables:
        shape = shape_of(request.metric.command, table, request.params)
        if shape.time is None or shape.complete is None:
            continue
        many = len(request.params.by)
        then, today = (_cells(each.tables.get(table), shape, many) for each in (saved, now))
        rows.append((name, table, *_compared(shape, then, today)))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def told(table: pl.DataFrame) -> Iterator[str]:
    """Yield what a reader has to know of restated cells."""
    for row in table.iter_rows(named=True):
        if not row["changed"] and not row["gone"]:
            continue
        most = ""
        if row["cell"] is not None:
            most = f" (most {row['cell']}: {row['before']:.4g}, now {row['now']:.4g})"
        gone = f", {row['gone']:,} are gone" if row["gone"] else ""
        yield (
            f"Restated: of {counted(row['compared'], 'cell')} of '{row['metric']}' "
            f"({row['table']}) that were complete in the baseline, {row['changed']:,} have changed "
            f"since{most}{gone}: events came late, or were deleted."
        )


def _cells(table: pl.DataFrame | None, shape: Shape, by: int) -> dict[tuple[str, ...], Row]:
    """Return the complete rows by what names them."""
    if table is None or not table.height:
        return {}
    names = [*table.columns[:by], str(shape.time), *shape.keys]
    return {
        tuple(when(row[name]) for name in names): row
        for row in table.iter_rows(named=True)
        if is_complete(row, shape)
    }


def _compared(
    shape: Shape, then: Mapping[tuple[str, ...], Row], now: Mapping[tuple[str, ...], Row]
) -> tuple[object, ...]:
    both = [place for place in then if place in now]
    changed = [place for place in both if not _same(shape, then[place], now[place])]
    counts = (len(then), len(changed), len(then) - len(both), len(now) - len(both))
    value = shape.first
    known = [place for place in changed if None not in (then[place][value], now[place][value])]
    if not known:
        return (*counts, value, None, None, None)
    worst = max(known, key=lambda place: abs(now[place][value] - then[place][value]))
    return (*counts, value, " ".join(worst), then[worst][value], now[worst][value])


def _same(shape: Shape, then: Row, now: Row) -> bool:
    """Return whether all numbers are what they were; a number that was not saved is."""
    return all(_alike(then.get(name, now[name]), now[name]) for name in shape.values)


def _alike(then: float | None, now: float | None) -> bool:
    if then is None or now is None:
        return then is now
    return isclose(then, now, rel_tol=1e-9, abs_tol=1e-12)
