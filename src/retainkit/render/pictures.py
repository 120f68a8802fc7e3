"""Charts of a document as pictures, for a format that holds them; as text for the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from retainkit.render.view import Block, Chart, Document, Picture
from retainkit.render.views.facts import facts
from retainkit.results import Result


def illustrated(document: Document, name: str = "") -> Document:
    """Return `document` with its charts drawn, if the extra [charts] is installed, else as text.

    name: what sets their ids apart on a page of several documents.
    """
    if not any(isinstance(block, Chart) for block in document.blocks):
        return document
    from retainkit.render.charts.convert import installed  # here, as most documents need none

    return _with(document, name, drawn=installed())


def unillustrated(document: Document) -> Document:
    """Return `document` with what stands for its charts."""
    return _with(document, "", drawn=False)


def alone(result: Result) -> Document:
    """Return the picture of a Result's first table as a document, with what it is of."""
    from retainkit.render.charts.inline import inline_svg

    drawn = inline_svg(result)
    return Document(drawn.title, (Picture(drawn.svg, "", drawn.said),), facts(result))


def _with(document: Document, name: str, *, drawn: bool) -> Document:
    blocks = (each for block in document.blocks for each in _shown(block, name, drawn=drawn))
    return replace(document, blocks=tuple(blocks))


def _shown(block: Block, name: str, *, drawn: bool) -> Iterator[Block]:
    if not isinstance(block, Chart):
        yield block
    elif drawn:
        yield _drawn(block, name)
    else:
        yield from block.instead


def _drawn(chart: Chart, name: str) -> Picture:
    from retainkit.render.charts.inline import inline_svg

    table = next(iter(chart.result.tables))
    drawn = inline_svg(chart.result, f"{name}-{table}" if name else "")
    return Picture(drawn.svg, chart.caption, drawn.said)
