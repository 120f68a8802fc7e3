"""Documents as GitHub-flavoured Markdown; every column is written, data never becomes markup."""

from __future__ import annotations

import re
from collections.abc import Iterable

from retainkit.render.options import RenderOptions
from retainkit.render.view import MARK, Block, Cell, Document, Figure, Grid, Legend, Lines

_SIGNS = re.compile(r"[\\`*\[\]|~$]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;"})
# What opens a list, a heading, a rule or a quote where a paragraph begins.
_BLOCK_START = re.compile(r"^(\d{0,9})([-+#=.)]+(?=\s|$)|>)")


def draw(document: Document, options: RenderOptions) -> str:
    """Return `document` as Markdown that ends with one newline."""
    del options
    facts = (f"- **{escape(word)}**: {escape(text)}" for word, text in document.facts)
    parts = [
        f"### {escape(document.title)}",
        *map(block, document.blocks),
        "\n".join(facts),
    ]
    if document.notes:
        parts.extend(["**notes**", listed(document.notes)])
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """Return `text` so that Markdown shows it as it is, within a line or a table cell."""
    return _SIGNS.sub(r"\\\g<0>", text.strip()).translate(_ENTITIES)


def _paragraph(text: str) -> str:
    return _BLOCK_START.sub(r"\1\\\2", escape(text))


def listed(items: Iterable[str]) -> str:
    """Return sentences as a list that opens no block of their own."""
    return "\n".join(f"- {_paragraph(item)}" for item in items)


def block(drawn: Block, level: int = 4) -> str:
    """Return one block, its caption as a heading of that level; charts have become others."""
    caption = drawn.caption if isinstance(drawn, Grid | Lines | Figure) else ""
    heading = [f"{'#' * level} {escape(caption)}"] if caption else []
    if isinstance(drawn, Grid):
        return "\n\n".join([*heading, _grid(drawn)])
    if isinstance(drawn, Figure):
        return "\n\n".join([*heading, _fenced(drawn.lines)])
    assert isinstance(drawn, Lines | Legend)
    return "\n\n".join(heading + [_paragraph(item) for item in drawn.items])


def _fenced(lines: Iterable[str]) -> str:
    """Return lines as they stand, in a fence longer than any run of backticks in them."""
    text = "\n".join(lines)
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", text))])
    return f"{fence}\n{text}\n{fence}"


def _grid(grid: Grid) -> str:
    lines = [_row(escape(column.title) for column in grid.columns)]
    lines.append(_row("--:" if column.align == "right" else ":--" for column in grid.columns))
    lines.extend(_row(map(_cell, row)) for row in grid.rows)
    lines.extend(_row(map(_strong, row)) for row in grid.summary)
    return "\n".join(lines)


def _row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _cell(cell: Cell) -> str:
    return escape(cell.text + MARK if cell.provisional else cell.text)


def _strong(cell: Cell) -> str:
    return f"**{_cell(cell)}**" if cell.text else ""
