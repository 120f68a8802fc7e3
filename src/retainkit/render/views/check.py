"""Check: what is not as it should be, one line each; then every verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from retainkit.render import cells, named
from retainkit.render.view import Block, Cell, Column, Document, Grid, Lines
from retainkit.render.views import plain
from retainkit.results import Result

Row = Mapping[str, Any]

_WORST_FIRST = ("breach", "undecided", "warn")


def view(result: Result) -> Document:
    """Return the stories of what is amiss, and a row a verdict."""
    rows = list(result.main.iter_rows(named=True))
    return Document(f"check · {_counted(rows)}", tuple(_blocks(result, rows)))


def _counted(rows: Sequence[Row]) -> str:
    many = {kind: sum(row["verdict"] == kind for row in rows) for kind in (*_WORST_FIRST, "pass")}
    return ", ".join(f"{count:,} {kind}" for kind, count in many.items() if count)


def _blocks(result: Result, rows: Sequence[Row]) -> Iterator[Block]:
    stories = [
        f"{kind}: {_story(row)}" for kind in _WORST_FIRST for row in rows if row["verdict"] == kind
    ]
    if stories:
        yield Lines(tuple(stories))
    yield _verdicts(rows)
    yield from plain.others(result, "main", filled=True)


def _story(row: Row) -> str:
    owner = f" ({row['owner']})" if row["owner"] else ""
    return f"{row['story']}{owner}"


def _verdicts(rows: Sequence[Row]) -> Grid:
    columns = (
        Column("verdict"),
        Column("rule"),
        Column("where"),
        Column("at", optional=True, rank=3, whole=True),
        Column("number", "right"),
        Column("bound", optional=True, rank=1),
        Column("interval", "right", optional=True),
        Column("n", "right", optional=True),
    )
    return Grid(columns, tuple(_cells(row) for row in rows))


def _cells(row: Row) -> tuple[Cell, ...]:
    name = row["value"]
    ends = [named.told(name, row[end]) for end in ("ci_low", "ci_high")]
    return (
        Cell(row["verdict"]),
        Cell(row["rule"]),
        Cell(", ".join(part for part in (row["segment"], row["cell"]) if part)),
        Cell(row["at"] or ""),
        Cell(named.told(name, row["estimate"])),
        Cell(row["bound"]),
        Cell(cells.UNKNOWN if row["ci_low"] is None else "–".join(ends)),
        Cell(cells.count(row["n"])),
    )
