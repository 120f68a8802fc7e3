"""Orders: who orders first and again, when they do, and what sales are made of."""

from __future__ import annotations

from collections.abc import Iterator

from retainkit.render.view import Block, Document, Lines
from retainkit.render.views import plain
from retainkit.render.views.orders import sales, when, windows
from retainkit.results import Result


def view(result: Result) -> Document:
    """Return the windows, the days on which orders come, and sales by period."""
    return Document("orders · who orders first, and again", tuple(_blocks(result)))


def _blocks(result: Result) -> Iterator[Block]:
    by = result.main.columns[: result.main.columns.index("days")]
    summary = result.tables.get("summary")
    if summary is None or summary["orders"].eq_missing(0).all():
        yield Lines(("Nobody ordered in this data.",))
        return
    yield from windows.blocks(result, by)
    yield from when.blocks(result, by)
    yield from sales.blocks(result, by)
    yield from plain.others(result, "main", filled=True)
