"""Rows by their keys: the segments of a table, written where they change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from retainkit.render import cells
from retainkit.render.view import Cell

Row = Mapping[str, Any]
Key = tuple[object, ...]  # of a segment
Parts = dict[Key, list[Row]]


def interval_title(params: Mapping[str, object]) -> str:
    """Return the title of a column of intervals: 95% interval."""
    return f"{float(str(params.get('confidence', 0.95))) * 100:g}% interval"


def parts_of(frame: pl.DataFrame, by: Sequence[str]) -> Parts:
    """Return the rows by segment, in plain Python: Polars takes a column named "*" for all."""
    parts: Parts = {}
    for row in frame.iter_rows(named=True):
        parts.setdefault(tuple(row[name] for name in by), []).append(row)
    return parts


def largest(parts: Parts, size: str, most: int) -> Parts:
    """Return the `most` segments whose greatest `size` is greatest, in the order they are in."""
    sizes = {key: max(row[size] or 0 for row in rows) for key, rows in parts.items()}
    kept = set(sorted(parts, key=lambda key: -sizes[key])[:most])
    return {key: rows for key, rows in parts.items() if key in kept}


def label_of(key: Sequence[object]) -> str:
    """Return a segment's name without the names of its columns."""
    return ", ".join(map(cells.label, key))


def caption_of(by: Sequence[str], key: Sequence[object]) -> str:
    """Return a segment's name with the names of its columns."""
    return ", ".join(f"{name}: {cells.label(value)}" for name, value in zip(by, key, strict=True))


def keyed(parts: Parts, drawn: Callable[[Row], tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    """Yield a row of cells for each row, led by what of its key differs from the row above."""
    above: Sequence[object] = []
    for key, rows in parts.items():
        for row in rows:
            same = repeated(key, above)
            names = [cells.label(value) for value in key]
            yield (*key_cells(names, same), *drawn(row))
            above = key


def key_cells(names: Sequence[str], same: int) -> Iterator[Cell]:
    """Yield the cells of a row's keys; same: how many of them only repeat the row above."""
    yield from (Cell(repeats=name) for name in names[:same])
    yield from map(Cell, names[same:])


def repeated(values: Sequence[object], above: Sequence[object]) -> int:
    """Return how many keys only repeat the row above, from the left; as data, not as drawn."""
    pairs = zip(values, above, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), len(above))
