"""The headline of reports, run by run: lines of characters; a row a run, a column a number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from retainkit.render import cells
from retainkit.render.figures import Spark, sparklines
from retainkit.render.view import Block, Cell, Column, Document, Figure, Grid, Legend
from retainkit.render.views.keys import Row, parts_of
from retainkit.results import Result

_LEAST = 2  # runs that make a trend
_RESTATED = "↻"


def is_drawn(frame: pl.DataFrame) -> bool:
    """Return whether there are runs enough to draw."""
    return frame["as_of"].n_unique() >= _LEAST


def words(row: Row) -> str:
    """Return a value as it is written: shares as percentages, counts whole."""
    value = row["value"]
    if row["unit"] == "share" or value is None or not math.isfinite(value):
        return cells.percent(value)
    return cells.count(round(value))


def view(result: Result) -> Document:
    """Return the numbers as lines, and the runs as a table, the last one first."""
    return Document("trend · the headline, run by run", tuple(_blocks(result)))


def _blocks(result: Result) -> Iterator[Block]:
    if is_drawn(result.main):
        yield _figure(result.main)
    rows = list(result.main.iter_rows(named=True))
    names = list(dict.fromkeys(row["name"] for row in rows))
    runs: dict[Any, dict[str, Row]] = {}
    for row in sorted(rows, key=lambda row: row["as_of"], reverse=True):
        runs.setdefault(row["as_of"], {})[row["name"]] = row
    columns = (
        Column("as of", whole=True),
        *(Column(cells.label(name), "right", optional=True) for name in names),
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
    of = f"of {row['period']}" if row["period"] else "of all time"
    share = row["unit"] == "share"
    between = f", interval {cells.interval(row['low'], row['high'])}" if share else ""
    text = f"{_RESTATED} {words(row)}" if row["restated"] else words(row)
    return Cell(text, hint=of + between)


def _figure(main: pl.DataFrame) -> Figure:
    runs = main["as_of"].unique().sort().to_list()
    parts = parts_of(main, ["name"])
    sparks = [_spark(cells.label(name), rows, runs) for (name,), rows in parts.items()]
    said = [f"{spark.name}: {spark.first} to {spark.last}" for spark in sparks]
    caption = "each number on a scale of its own, its first and its last value"
    return Figure(sparklines(sparks), caption, "; ".join(said))


def _spark(name: str, rows: Sequence[Row], runs: Sequence[object]) -> Spark:
    known = {row["as_of"]: row for row in rows if row["value"] is not None}
    drawn = [known.get(run) for run in runs]
    told = [words(row) for row in drawn if row is not None] or [cells.UNKNOWN]
    return Spark(
        name,
        [None if row is None else row["value"] for row in drawn],
        told[0],
        told[-1],
        marked=[row is not None and row["restated"] for row in drawn],
    )
