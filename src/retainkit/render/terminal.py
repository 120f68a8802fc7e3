"""Documents on a terminal, through Rich: aligned by display width, never wider than the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import StringIO

from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from retainkit.render.heat import RAMP, Shade, shade
from retainkit.render.layout import Layout, Placed, in_lines, lay_out, optional_titles, text_of
from retainkit.render.options import RenderOptions
from retainkit.render.view import MARK, Cell, Document, Figure, Grid, Legend, Lines

_BOLD, _DIM, _PLAIN = Style(bold=True), Style(dim=True), Style()
_PROVISIONAL = Style(dim=True, italic=True)
_BULLET = "• "

Line = list[Segment]


def draw(document: Document, options: RenderOptions) -> str:
    """Return `document` as text of at most `options.width` columns, with ANSI codes if coloured."""
    out = StringIO()
    console = Console(
        file=out,
        width=options.width,
        height=25,  # without one, Rich takes a dumb terminal for 80 columns whatever the width
        force_terminal=options.color,
        force_jupyter=False,
        color_system="truecolor" if options.color else None,
        no_color=not options.color,
        legacy_windows=False,
    )
    console.print(Screen(document))
    return out.getvalue()


@dataclass(frozen=True)
class Screen:
    """A Rich renderable that fits the console it is printed on.

    width: at most so many columns, or what the console has. Heat is drawn where there are 256
    colours or more and NO_COLOR is not set; without it every number and mark still stands.
    """

    document: Document
    width: int | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(self.width or options.max_width, options.max_width)
        colours = "" if console.no_color else console.color_system or ""
        for line in _Page(console, width, colours).lines(self.document):
            yield from _trimmed(line)
            yield Segment.line()


@dataclass(frozen=True)
class _Page:
    console: Console
    width: int
    colours: str  # as Rich names them

    @property
    def coloured(self) -> bool:
        return self.colours in ("256", "truecolor")

    def lines(self, document: Document) -> Iterator[Line]:
        yield from self.paragraph(document.title, style=_BOLD)
        yield from self.blocks(document)
        indent = max((len(word) for word, _ in document.facts), default=0) + 2
        yield []
        for word, sentence in document.facts:
            yield from self.paragraph(sentence, f"{word:<{indent}}")
        if document.notes:
            yield []
        for note in document.notes:
            yield from self.paragraph(note, _BULLET)

    def paragraph(self, text: str, lead: str = "", style: Style = _PLAIN) -> Iterator[Line]:
        """Yield `text` wrapped, its lines indented by the length of `lead`."""
        room = max(self.width - len(lead), 8)
        for number, line in enumerate(Text(text).wrap(self.console, room)):
            before = Segment(lead if number == 0 else " " * len(lead), _DIM)
            yield [before, Segment(line.plain.rstrip(), style)]

    def blocks(self, document: Document) -> Iterator[Line]:
        grids = [in_lines(block) for block in document.blocks if isinstance(block, Grid)]
        layouts = lay_out(grids, self.width)
        # Told once, after the last of the grids that leave out the same columns.
        last = {optional_titles(grid): number for number, grid in enumerate(grids)}
        number = 0
        for block in document.blocks:
            if isinstance(block, Grid):
                yield []
                yield from self.grid(grids[number], layouts[number])
                if last[optional_titles(block)] == number and layouts[number].left_out:
                    yield from self.paragraph(self.left_out(block, layouts[number]), style=_DIM)
                number += 1
            elif isinstance(block, Figure):
                yield []
                yield from self.figure(block)
            elif isinstance(block, Lines | Legend) and (said := list(self.sentences(block))):
                yield []
                yield from said

    def sentences(self, block: Lines | Legend) -> Iterator[Line]:
        if isinstance(block, Lines) and block.caption:
            yield from self.paragraph(block.caption, style=_BOLD)
        if isinstance(block, Legend) and block.scale and self.coloured:
            ramp = [Segment(" ", _heated(step, self.colours)) for step in RAMP]
            yield [Segment(f"{block.scale.low} "), *ramp, Segment(f" {block.scale.high}")]
        style = _DIM if isinstance(block, Legend) else _PLAIN
        for item in block.items:
            yield from self.paragraph(item, style=style)

    def figure(self, figure: Figure) -> Iterator[Line]:
        if figure.caption:
            yield from self.paragraph(figure.caption, style=_BOLD)
        for line in figure.lines:
            cut = cell_len(line) > self.width
            yield [Segment(set_cell_size(line, self.width) if cut else line)]

    def left_out(self, grid: Grid, layout: Layout) -> str:
        name, verb = grid.optional_name, "do"
        if len(layout.left_out) == 1:
            name, verb = name.removesuffix("s"), "does"
        fits = f"{verb} not fit in {self.width} columns"
        return f"{name} {_span(layout.left_out)} {fits}: {grid.widen}"

    def grid(self, grid: Grid, layout: Layout) -> Iterator[Line]:
        if grid.caption:
            yield from self.paragraph(grid.caption, style=_BOLD)
        titles = [Cell(column.title) for column in grid.columns]
        yield self.row(titles, layout, _DIM)
        for row in grid.rows:
            yield self.row(row, layout, _PLAIN)
        if grid.summary:
            yield [Segment("─" * layout.width, _DIM)]
        for row in grid.summary:
            yield self.row(row, layout, _BOLD)

    def row(self, row: Sequence[Cell], layout: Layout, style: Style) -> Line:
        line = []
        for number, placed in enumerate(layout.placed):
            cell = row[placed.position]
            gap = "" if number == 0 or placed.column.heated else "  "
            line.append(Segment(gap + _padded(cell, placed), self.style(cell, style)))
        return line

    def style(self, cell: Cell, style: Style) -> Style:
        if cell.provisional:
            return _PROVISIONAL
        if cell.heat is None or not self.coloured:
            return style
        return style + _heated(shade(cell.heat), self.colours)


@cache
def _heated(shade: Shade, colours: str) -> Style:
    ansi = Color.from_ansi(shade.ansi)
    return Style(color=shade.ink, bgcolor=ansi if colours == "256" else shade.background)


def _padded(cell: Cell, placed: Placed) -> str:
    text = text_of(cell, placed.column)
    text = _fitted(text, placed.width, right=placed.column.align == "right")
    if not placed.column.heated:
        return text
    return f" {text}{MARK if cell.provisional else ' '}"


def _fitted(text: str, width: int, *, right: bool) -> str:
    """Return `text` in exactly `width` screen cells, shortened with "…" where it is longer."""
    length = cell_len(text)
    if length > width:
        text = set_cell_size(text, width - 1).rstrip() + "…"
        length = cell_len(text)
    blank = " " * (width - length)
    return blank + text if right else text + blank


def _span(titles: Sequence[str]) -> str:
    """Return "9–12" for a run of ages, else the titles one by one."""
    if len(titles) > 2 and all(title.isdecimal() for title in titles):
        return f"{titles[0]}–{titles[-1]}"
    return ", ".join(titles)


def _trimmed(line: Line) -> Line:
    """Return `line` without the blank that ends it, unless that blank is coloured."""
    while line and not line[-1].text.strip() and not (line[-1].style or _PLAIN).bgcolor:
        line = line[:-1]
    if line and not (line[-1].style or _PLAIN).bgcolor:
        line = [*line[:-1], Segment(line[-1].text.rstrip(), line[-1].style)]
    return line
