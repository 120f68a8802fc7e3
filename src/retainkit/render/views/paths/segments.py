"""Segments side by side: how many begin, how many arrive, on how many different paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from retainkit.render import cells
from retainkit.render.view import Block, Cell, Column, Grid
from retainkit.render.views.keys import Parts, Row, interval_title

_MOST = 20


def compared(parts: Parts, by: Sequence[str], params: Mapping[str, object]) -> Iterator[Block]:
    """Yield the grid with a row for each segment, the largest first."""
    asked = params.get("to") is not None
    arrivals = (
        Column("arrive", "right"),
        Column(interval_title(params), "right", optional=True, rank=1),
        Column("arrived in", "right", optional=True),
    )
    columns = (
        *(Column(name) for name in by),
        Column("journeys", "right"),
        *(arrivals if asked else ()),
        Column("paths", "right"),
    )
    rows = {key: rows[0] for key, rows in parts.items()}
    order = sorted(rows, key=lambda key: -rows[key]["journeys"])
    drawn = tuple(
        (*map(Cell, map(cells.label, key)), *_cells(rows[key], asked)) for key in order[:_MOST]
    )
    left = len(order) - len(drawn)
    named = f", the {_MOST} largest of {cells.count(len(order))}" if left else ""
    yield Grid(columns, drawn, caption=f"by {', '.join(by)}{named}")


def _cells(row: Row, asked: bool) -> Iterator[Cell]:
    yield Cell(cells.count(row["journeys"]))
    if asked:
        yield Cell(cells.percent(row["rate"]), hint=f"{cells.count(row['arrived'])} arrive")
        yield Cell(cells.interval(row["ci_low"], row["ci_high"]))
        yield Cell(cells.duration(row["median_seconds"]))
    yield Cell(cells.count(row["paths"]))
