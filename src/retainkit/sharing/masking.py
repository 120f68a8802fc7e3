"""Results without the cells that may not be told, and without the tables that are not protected."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from retainkit.results import Result
from retainkit.sharing.layouts import CAME
from retainkit.sharing.sheets import Sheet, book_of
from retainkit.sharing.values import members_by_value
from retainkit.stats.suppression import Mask, suppressed


@dataclass(frozen=True)
class Shared:
    """What can be shared of results.

    small: how many cells of too few members are left out; more: how many beside them. rare: of
    each column, its values that too few members have.
    """

    results: Mapping[str, Result]
    small: int
    more: int
    rare: Mapping[str, Collection[str | None]]


def shared(results: Mapping[str, Result], columns: Mapping[str, str | None], least: int) -> Shared:
    """Return results whose cells of fewer than `least` members are null, and cannot be worked out.

    columns: whose values each result compares, if any; values of fewer members are left out by
    name. Tables that are not protected are empty. Post-processing of what is returned tells no
    more than it does: numbers, pictures and sentences have to be made of it alone.
    """
    book = book_of(results, columns)
    cells, of = book.cells()
    left_out = suppressed(cells, least)
    small = left_out & (cells.members > 0) & (cells.members < least)
    hidden, printed = left_out[of], np.array(book.cost) > 0
    masked = {(each.part, each.name[1]): _masked(each, hidden) for each in book.sheets}
    rare = _rare(results, columns, least)
    made = {
        part: replace(
            result,
            tables={
                table: _without(masked.get((part, table), frame.clear()), rare, columns[part])
                for table, frame in result.tables.items()
            },
            notes=(),
        )
        for part, result in results.items()
    }
    few = int((small[of] & printed).sum())
    return Shared(made, few, int((hidden & printed).sum()) - few, rare)


def _masked(sheet: Sheet, hidden: Mask) -> pl.DataFrame:
    """Return a table with null for what is hidden, and for what is computed from it."""
    layout, frame = sheet.layout, sheet.frame.drop(CAME, strict=False)
    gone = {name: (at >= 0) & hidden[at] for name, at in sheet.places.items()}
    known = {*layout.told, *layout.keys, *([] if sheet.by is None else [sheet.by])}
    masks = {}
    for column in frame.columns:
        if column in known:
            continue
        of = (column,) if column in layout.cells else layout.made.get(column, tuple(layout.cells))
        mask = np.logical_or.reduce([gone[name] for name in of if name in gone])
        if column in layout.across:
            mask = np.full(frame.height, any(each.any() for each in gone.values()))
        masks[column] = pl.when(pl.Series(~mask)).then(pl.col(column))
    return frame.with_columns(**masks)


def _rare(
    results: Mapping[str, Result], columns: Mapping[str, str | None], least: int
) -> dict[str, list[str | None]]:
    """Return the values of each column that fewer than `least` members have."""
    most: dict[str, dict[str | None, int]] = {}
    for part, column in columns.items():
        main = results[part].main
        if column is not None and not {"members", "size"}.isdisjoint(main.columns):
            many = most.setdefault(column, {})
            for value, members in members_by_value(main).items():
                many[value] = max(many.get(value, 0), members)
    return {
        column: [value for value, members in many.items() if members < least]
        for column, many in most.items()
    }


def _without(
    frame: pl.DataFrame, rare: Mapping[str, Collection[str | None]], column: str | None
) -> pl.DataFrame:
    """Return a table without the rows of values that few members have."""
    gone = [] if column is None else list(rare.get(column, ()))
    if not gone or frame.is_empty():
        return frame
    return frame.filter(~pl.col(frame.columns[0]).is_in(gone, nulls_equal=True))
