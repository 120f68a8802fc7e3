"""Churn: who came and went in each period, how long members stay, who leaves why and comes back."""

from __future__ import annotations

from collections.abc import Iterator

from retainkit.render.view import Block, Document, Lines
from retainkit.render.views import plain
from retainkit.render.views.churn import balance, leaving, survival
from retainkit.results import Result


def view(result: Result) -> Document:
    """Return the grid by period with its figure, then each other question that has an answer."""
    title = f"churn · {balance.title(result.params)}"
    if not result.main.height:
        return Document(title, (Lines(("Nobody was active in this data.",)),))
    by = result.main.columns[: result.main.columns.index("period")]
    return Document(title, tuple(_blocks(result, by)))


def _blocks(result: Result, by: list[str]) -> Iterator[Block]:
    yield from balance.blocks(result, by)
    yield from survival.blocks(result, by)
    yield from leaving.blocks(result, by)
    yield from plain.others(result, "main", filled=True)
