"""Charts of a document as pictures, for a format that holds them; as text for the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from retainkit.render.view import Block, Chart, Document, Picture


def illustrated(document: Document) -> Document:
    """Return `document` with its charts drawn, if the extra [charts] is installed, else as text."""
    if not any(isinstance(block, Chart) for block in document.blocks):
        return document
    from retainkit.render.charts.convert import installed  # here, as most documents need none

    return _with(document, drawn=installed())


def unillustrated(document: Document) -> Document:
    """Return `document` with what stands for its charts."""
    return _with(document, drawn=False)


def _with(document: Document, *, drawn: bool) -> Document:
    blocks = (each for block in document.blocks for each in _shown(block, drawn=drawn))
    return replace(document, blocks=tuple(blocks))


def _shown(block: Block, *, drawn: bool) -> Iterator[Block]:
    if not isinstance(block, Chart):
        yield block
    elif drawn:
        yield _drawn(block)
    else:
        yield from block.instead


def _drawn(chart: Chart) -> Picture:
    from retainkit.render.charts.inline import inline_svg

    svg, said = inline_svg(chart.result)
    return Picture(svg, chart.caption, said)
