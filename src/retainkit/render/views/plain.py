"""Any tidy table as it stands: for commands without a view of their own, and for --table."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from retainkit.render import cells
from retainkit.render.view import Block, Cell, Column, Document, Grid, Lines
from retainkit.results import Result
from retainkit.wording import counted


def view(result: Result) -> Document:
    """Return the main table, and the names of the others."""
    return _document(result, "main")


def table_view(result: Result, table: str) -> Document:
    """Return the table called `table`; raises UsageError where there is none."""
    return _document(result, table)


def _document(result: Result, table: str) -> Document:
    frame = result.table(table)
    blocks: list[Block] = [_grid(frame) if frame.height else Lines(("No rows.",))]
    blocks += others(result, table)
    title = result.command if table == "main" else f"{result.command} · {table}"
    return Document(title, tuple(blocks))


def others(result: Result, table: str, *, filled: bool = False) -> Iterator[Lines]:
    """Yield a line with the names of all tables but `table`; filled: of those that have rows."""
    names = [
        f"{name} ({counted(other.height, 'row')})"
        for name, other in result.tables.items()
        if name != table and (other.height or not filled)
    ]
    if names:
        yield Lines((f"Further tables, with --table NAME: {', '.join(names)}",))


def _grid(frame: pl.DataFrame) -> Grid:
    columns = (
        Column(name, "right" if dtype.is_numeric() else "left", optional=position > 0)
        for position, (name, dtype) in enumerate(frame.schema.items())
    )
    rows = (tuple(Cell(cells.anything(value)) for value in row) for row in frame.iter_rows())
    return Grid(tuple(columns), tuple(rows))
