"""How wide each column of a Grid is drawn, and which ones do not fit; counted in screen cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from retainkit.render.view import Column, Grid

GAP = 2  # between columns; heated ones touch, with one space inside on each side
_NARROWEST = 12  # no name is shortened below this
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
    """The columns that are drawn, and the titles of those that do not fit."""

    placed: tuple[Placed, ...]
    left_out: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """From the first column to the last."""
        return _taken(self.placed)


def optional_titles(grid: Grid) -> tuple[str, ...]:
    """Return the titles of the columns that may be left out."""
    return tuple(column.title for column in grid.columns if column.optional)


def lay_out(grids: Sequence[Grid], width: int) -> list[Layout]:
    """Return a layout for each grid within `width`.

    Names are shortened first, then optional columns are left out from the right. Grids with the
    same optional columns draw the same ones, equally wide, so that they can be compared.
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
    return [_cut(placed, fitting) for placed in shortened]


def _natural(grid: Grid) -> list[Placed]:
    widths = [cell_len(column.title) for column in grid.columns]
    for row in (*grid.rows, *grid.summary):
        widths = [max(w, cell_len(cell.text)) for w, cell in zip(widths, row, strict=True)]
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
    placed = list(placed)
    optional = _optional(placed)
    over = _taken(placed) - width
    if optional:
        # No more than the optional columns could use, no less than their share of the page.
        must = _taken(placed) - _taken(optional)
        over = min(over, must - int(width * _NAMES_SHARE))
    for _ in range(over):
        names = [p for p in placed if p.column.align == "left" and not p.column.optional]
        widest = max(names, key=lambda p: p.width, default=None)
        if widest is None or widest.width <= _NARROWEST:
            break
        placed[widest.position] = replace(widest, width=widest.width - 1)
    return placed


def _fitting(placed: Sequence[Placed], width: int) -> int:
    """Return how many optional columns fit beside the others, from the left."""
    optional = _optional(placed)
    while optional and _taken(placed) > width:
        last = optional.pop()
        placed = [p for p in placed if p is not last]
    return len(optional)


def _cut(placed: Sequence[Placed], fitting: int) -> Layout:
    left_out = _optional(placed)[fitting:]
    drawn = tuple(p for p in placed if p not in left_out)
    return Layout(drawn, tuple(p.column.title for p in left_out))
