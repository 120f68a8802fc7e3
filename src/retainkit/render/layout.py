"""How wide each column of a Grid is drawn, and which ones do not fit; counted in screen cells."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from retainkit.render.view import MARK, Cell, Column, Grid

GAP = 2  # between columns; heated ones touch, with one space inside on each side
_ARROW, _MOST_LINES = " > ", 4  # of a path
_NARROWEST = 12  # no name is shortened below this to draw an optional column
_LEAST = 3  # nor any text below this
_NAMES_SHARE = 0.6  # of the page, for what must be drawn, where optional columns want room too


@dataclass(frozen=True)
class Placed:
    """A column to be drawn: its position in the grid's rows and the width of its text."""

    column: Column
    position: int
    width: int

    @property
    def taken(self) -> int:
        """The width with the space around the text."""
        return self.width + (GAP if self.column.heated or self.position else 0)


@dataclass(frozen=True)
class Layout:
    """The columns that are drawn, and what those that do not fit are called."""

    placed: tuple[Placed, ...]
    left_out: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """From the first column to the last."""
        return _taken(self.placed)


def optional_titles(grid: Grid) -> tuple[str, ...]:
    """Return what the columns that may be left out are called."""
    return tuple(column.name for column in grid.columns if column.optional)


def text_of(cell: Cell, column: Column) -> str:
    """Return what a cell holds, with its mark; heated columns have a place of its own for that."""
    return cell.text + MARK if cell.provisional and not column.heated else cell.text


def in_lines(grid: Grid) -> Grid:
    """Return `grid` with paths that are too long for a line in several rows."""
    places = [n for n, column in enumerate(grid.columns) if column.breaks]
    if not places:
        return grid
    rows = (line for row in grid.rows for line in _lines(row, places, grid.columns))
    return replace(grid, rows=tuple(rows))


def _lines(
    row: tuple[Cell, ...], places: Sequence[int], columns: Sequence[Column]
) -> Iterator[tuple[Cell, ...]]:
    texts = {n: broken(row[n].text, columns[n].breaks) for n in places}
    for line in range(max(map(len, texts.values()))):
        cells = row if line == 0 else (Cell(),) * len(row)
        parts = {n: lines[line] for n, lines in texts.items() if line < len(lines)}
        yield tuple(
            replace(cell, text=parts[n]) if n in parts else cell for n, cell in enumerate(cells)
        )


def broken(path: str, width: int) -> list[str]:
    """Return a path, "a > b > c", in lines; of a very long one the middle is left out."""
    first, *words = path.split(_ARROW)
    lines = [first]
    for word in words:
        longer = f"{lines[-1]}{_ARROW}{word}"
        if cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(f"  > {word}")
    if len(lines) <= _MOST_LINES:
        return lines
    kept = lines[: _MOST_LINES - 1]
    hidden = len(words) - sum(len(line.strip("> ").split(_ARROW)) for line in kept)
    return [*kept, f"  > ({hidden:,} more) > {words[-1]}"]


def lay_out(grids: Sequence[Grid], width: int) -> list[Layout]:
    """Return a layout for each grid within `width`.

    Names are shortened first, then optional columns are left out from the right, then names are
    shortened further; numbers are never cut. Grids with the same optional columns draw the same
    ones, equally wide, so that they can be compared.
    """
    alike: dict[tuple[str, ...], list[Grid]] = {}
    for grid in grids:
        alike.setdefault(optional_titles(grid), []).append(grid)
    layouts = {titles: iter(_alike(group, width)) for titles, group in alike.items()}
    return [next(layouts[optional_titles(grid)]) for grid in grids]


def _alike(grids: Sequence[Grid], width: int) -> list[Layout]:
    natural = [_natural(grid) for grid in grids]
    widest = [max(p.width for p in same) for same in zip(*map(_optional, natural), strict=True)]
    shortened = [_shortened(_widened(placed, widest), width) for placed in natural]
    fitting = min(_fitting(placed, width) for placed in shortened)
    return [_squeezed(_cut(placed, fitting), width) for placed in shortened]


def _natural(grid: Grid) -> list[Placed]:
    widths = [cell_len(column.title) for column in grid.columns]
    for row in (*grid.rows, *grid.summary):
        texts = (text_of(*each) for each in zip(row, grid.columns, strict=True))
        widths = [max(w, cell_len(text)) for w, text in zip(widths, texts, strict=True)]
    return [Placed(*each) for each in zip(grid.columns, range(len(widths)), widths, strict=True)]


def _optional(placed: Iterable[Placed]) -> list[Placed]:
    return [p for p in placed if p.column.optional]


def _taken(placed: Iterable[Placed]) -> int:
    return sum(p.taken for p in placed)


def _widened(placed: Sequence[Placed], widest: Sequence[int]) -> list[Placed]:
    """Return `placed` with the optional columns as wide as `widest` says, in turn."""
    widths = iter(widest)
    return [replace(p, width=next(widths)) if p.column.optional else p for p in placed]


def _shortened(placed: Sequence[Placed], width: int) -> list[Placed]:
    """Return `placed` with its widest names cut until there is room for the rest."""
    over = _taken(placed) - width
    if optional := [p for p in _optional(placed) if not p.column.rank]:
        # No more than the optional columns could use, no less than their share of the page.
        must = _taken(placed) - _taken(optional)
        over = min(over, must - int(width * _NAMES_SHARE))
    return _less(placed, over, _names(placed), _NARROWEST)


def _squeezed(layout: Layout, width: int) -> Layout:
    """Return `layout` with names cut to a rest, then dates, where even what must be is too wide."""
    placed = layout.placed
    for texts in (_names(placed), {p.position for p in placed if p.column.align == "left"}):
        placed = tuple(_less(placed, _taken(placed) - width, texts, _LEAST))
    return replace(layout, placed=placed)


def _names(placed: Iterable[Placed]) -> set[int]:
    """Return the positions of the columns that may be shortened."""
    columns = ((p.position, p.column) for p in placed)
    return {n for n, c in columns if c.align == "left" and not (c.optional or c.whole)}


def _less(placed: Sequence[Placed], over: int, texts: set[int], least: int) -> list[Placed]:
    """Return `placed` narrower by up to `over`, the widest of `texts` cut first."""
    widths = iter(levelled([p.width for p in placed if p.position in texts], over, least))
    return [replace(p, width=next(widths)) if p.position in texts else p for p in placed]


def levelled(widths: Sequence[int], over: int, least: int) -> list[int]:
    """Return `widths` with `over` in all taken away, one by one from the widest, to `least`."""

    def gained(level: int) -> int:
        return sum(max(width - level, 0) for width in widths if width > least)

    levels = range(least, max((least, *widths)) + 1)
    level = levels[bisect_left(levels, -max(over, 0), key=lambda level: -gained(level))]
    more = over - gained(level) if level > least else 0
    cut = []
    for width in widths:
        one_more = width >= level and more > 0
        cut.append(min(width, level - one_more))
        more -= one_more
    return cut


def _kept_first(placed: Iterable[Placed]) -> list[Placed]:
    """Return the optional columns, those first that are left out last."""
    return sorted(_optional(placed), key=lambda p: (-p.column.rank, p.position))


def _fitting(placed: Sequence[Placed], width: int) -> int:
    """Return how many optional columns fit beside the others."""
    optional = _kept_first(placed)
    while optional and _taken(placed) > width:
        last = optional.pop()
        placed = [p for p in placed if p is not last]
    return len(optional)


def _cut(placed: Sequence[Placed], fitting: int) -> Layout:
    left_out = {p.position for p in _kept_first(placed)[fitting:]}
    return Layout(
        tuple(p for p in placed if p.position not in left_out),
        tuple(p.column.name for p in placed if p.position in left_out),
    )
