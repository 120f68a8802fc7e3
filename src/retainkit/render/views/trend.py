"""The headline of reports, run by run: a row a run, a column a number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from retainkit.render import cells
from retainkit.render.view import Block, Cell, Column, Document, Grid, Legend
from retainkit.results import Result

Row = Mapping[str, Any]

_RESTATED = "↻"


def view(result: Result) -> Document:
    """Return the runs, the last one first."""
    return Document("trend · the headline, run by run", tuple(_blocks(result)))


def _blocks(result: Result) -> Iterator[Block]:
    rows = list(result.main.iter_rows(named=True))
    names = list(dict.fromkeys(row["name"] for row in rows))
    runs: dict[Any, dict[str, Row]] = {}
    for row in sorted(rows, key=lambda row: row["as_of"], reverse=True):
        runs.setdefault(row["as_of"], {})[row["name"]] = row
    columns = (
        Column("as of", whole=True),
        *(Column(name, "right", optional=True) for name in names),
    )
    drawn = (
        (Cell(cells.moment(as_of)), *(_cell(told.get(name)) for name in names))
        for as_of, told in runs.items()
    )
    yield Grid(columns, tuple(drawn), optional_name="numbers", ordered=True)
    if any(row["restated"] for row in rows):
        yield Legend((f"{_RESTATED}: a run before told another value of the same period",))


def _cell(row: Row | None) -> Cell:
    if row is None or row["value"] is None:
        return Cell(cells.UNKNOWN)
    share = row["unit"] == "share"
    value = cells.percent(row["value"]) if share else cells.count(round(row["value"]))
    of = f"of {row['period']}" if row["period"] else "of all time"
    between = f", interval {cells.interval(row['low'], row['high'])}" if share else ""
    text = f"{_RESTATED} {value}" if row["restated"] else value
    return Cell(text, hint=of + between)
