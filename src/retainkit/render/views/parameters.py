"""The parameters of fitted models, each with its error and its interval."""

from __future__ import annotations

from collections.abc import Sequence

from retainkit.render import cells
from retainkit.render.view import Cell, Column, Grid
from retainkit.render.views import keys
from retainkit.render.views.keys import Row, interval_title, parts_of
from retainkit.results import Result


def parameters(result: Result, by: Sequence[str], caption: str, most: int | None = None) -> Grid:
    """Return the table `parameters`, led by its columns `by`: of the first `most` of these."""
    columns = (
        *(Column(name) for name in by),
        Column("parameter"),
        Column("value", "right"),
        Column("error", "right", optional=True),
        Column(interval_title(result.params), "right", optional=True, rank=1),
    )
    parts = dict(list(parts_of(result.tables["parameters"], by).items())[:most])
    return Grid(columns, tuple(keys.keyed(parts, _drawn)), caption=caption)


def _drawn(row: Row) -> tuple[Cell, ...]:
    return (
        Cell(row["parameter"]),
        Cell(cells.compact(row["value"])),
        Cell(cells.compact(row["standard_error"])),
        Cell(cells.between(row["ci_low"], row["ci_high"])),
    )
