"""The cells of tables, numbered, and the sums that hold between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np
import polars as pl

from retainkit.metrics.cohort import period_at_age
from retainkit.results import Result
from retainkit.sharing.layouts import CAME, CARRIED, LAYOUTS, LINKS, Layout, Link
from retainkit.stats.suppression import Cells, Ints, Sum

_CLOSE = 1e-9  # of money: sums of floats
_WEIGHT = 1e9  # of cells that are left out only where nothing else helps
_NONE = -1  # the place of a cell that is not there


@dataclass(frozen=True, eq=False)
class Sheet:
    """A table whose cells are numbered. part: whose it is. by: its column of values, if any.

    places: of each column, and of `before:` and `first:` ones, the cell of each row.
    """

    part: str
    name: tuple[str, str]
    frame: pl.DataFrame
    by: str | None
    layout: Layout
    places: Mapping[str, Ints]

    @property
    def keys(self) -> list[str]:
        """The columns that name its rows, beside those of values."""
        return [key for key in self.layout.keys if key in self.frame.columns]


@dataclass(eq=False)
class Book:
    """All sheets of a report, and their cells."""

    sheets: list[Sheet] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    members: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    sums: dict[tuple[int, tuple[int, ...]], None] = field(default_factory=dict)
    same: list[int] = field(default_factory=list)  # of each cell, another that it equals, or itself

    def cells(self) -> tuple[Cells, Ints]:
        """Return everything that is published, and which of it each cell is: equals are one."""
        roots = [self._root(cell) for cell in range(len(self.value))]
        first = sorted(set(roots))
        place = {root: at for at, root in enumerate(first)}
        of = np.array([place[root] for root in roots], dtype=np.int64)
        cost = np.zeros(len(first))
        np.maximum.at(cost, of, self.cost)
        sums = {
            (int(of[total]), tuple(sorted(of[list(parts)].tolist()))): None
            for total, parts in self.sums
        }
        return Cells(
            value=np.array(self.value, dtype=np.float64)[first],
            members=np.array(self.members, dtype=np.float64)[first],
            cost=cost,
            sums=[
                Sum(total, np.array(parts, dtype=np.int64))
                for total, parts in sums
                if total not in parts and len(set(parts)) == len(parts)
            ],
        ), of

    def _root(self, cell: int) -> int:
        while self.same[cell] != cell:
            cell = self.same[cell]
        return cell

    def add(self, value: float, members: float, cost: float) -> int:
        """Return the place of a new cell; cost: as of `Cells`."""
        self.value.append(value)
        self.members.append(members)
        self.cost.append(cost)
        self.same.append(len(self.same))
        return len(self.value) - 1

    def bind(self, total: int, parts: Sequence[int]) -> None:
        """Say that a cell is the sum of others, if it is."""
        own = tuple(dict.fromkeys(parts))
        if total in own or not own or _NONE in (total, *own):
            return
        found = sum(self.value[part] for part in own)
        if abs(found - self.value[total]) > _CLOSE * max(abs(found), 1.0):
            return
        told = [part for part in own if self.value[part]]
        if len(told) == 1:
            self.same[self._root(total)] = self._root(told[0])
        elif told:
            self.sums[total, tuple(told)] = None


def book_of(results: Mapping[str, Result], columns: Mapping[str, str | None]) -> Book:
    """Return the cells of results by part; columns: whose values each part compares, if any."""
    book = Book()
    for part, result in results.items():
        for table, frame in result.tables.items():
            layout = LAYOUTS.get((result.command, table))
            if layout is not None and frame.height:
                by = None if columns[part] is None else frame.columns[0]
                told = _dated(frame, result)
                book.sheets.append(_sheet(book, part, (result.command, table), told, by))
    for sheet in book.sheets:
        _split(book, sheet)
        _carry(book, sheet)
    for fine, coarse in permutations(book.sheets, 2):
        if fine.name == coarse.name and fine.by is not None and coarse.by is None:
            _add_up(book, fine, coarse)
        for link in LINKS:
            _link(book, link, fine, coarse)
    return book


def _dated(frame: pl.DataFrame, result: Result) -> pl.DataFrame:
    """Return a table of cohorts and ages with the period of each cell."""
    period = str(result.params.get("period"))
    dated = frame.schema.get("cohort") == pl.Date and frame.schema.get("age") == pl.Int64
    return frame.with_columns(period_at_age(period).alias(CAME)) if dated else frame


def _sheet(
    book: Book, part: str, name: tuple[str, str], frame: pl.DataFrame, by: str | None
) -> Sheet:
    layout = LAYOUTS[name]
    values = [] if by is None else [by]
    places: dict[str, Ints] = {}
    for column, members in layout.cells.items():
        if column in frame.columns:
            own = [key for key in layout.once.get(column, layout.keys) if key in frame.columns]
            weight = _WEIGHT if column in layout.kept else 1.0
            cells = frame.select(*values, *own, __value=column, __members=members)
            places[column] = _numbered(book, cells, weight)
    within = [*values, *(["period"] if "step" in layout.keys and "period" in frame.columns else [])]
    for column in list(places):
        before, first = _neighbours(frame, within, places[column])
        places[f"before:{column}"], places[f"first:{column}"] = before, first
    return Sheet(part, name, frame, by, layout, places)


def _numbered(book: Book, cells: pl.DataFrame, weight: float) -> Ints:
    """Return the place of the cell of each row: its keys, value and members.

    Rows alike in keys and value share one.
    """
    places: dict[object, int] = {}
    found = []
    for *keys, value, many in cells.iter_rows():
        if value is None:
            found.append(_NONE)
            continue
        alike = (*keys, value)
        if alike not in places:
            size = float(many or 0)
            places[alike] = book.add(float(value), size, (size or 1.0) * weight)
        found.append(places[alike])
    return np.array(found, dtype=np.int64)


def _neighbours(frame: pl.DataFrame, within: Sequence[str], places: Ints) -> tuple[Ints, Ints]:
    """Return the cell of the row before and of the first row, of the same value and period."""
    rows = pl.DataFrame({"place": places}).hstack(frame.select(within))
    before, first = pl.col("place").shift(1), pl.col("place").first()
    if within:
        before, first = before.over(within), first.over(within)
    told = rows.select(before=before.fill_null(_NONE), first=first)
    return told["before"].to_numpy(), told["first"].to_numpy()


def _split(book: Book, sheet: Sheet) -> None:
    """Bind the parts of each row to their whole; who is in none of them is a cell, too."""
    for split in sheet.layout.splits:
        names = (split.whole, *split.parts)
        if not all(name in sheet.places for name in names):
            continue
        rows = dict.fromkeys(zip(*(sheet.places[name].tolist() for name in names), strict=True))
        for whole, *parts in rows:
            there = [part for part in parts if part != _NONE]
            if whole == _NONE or not there:
                continue
            rest = book.value[whole] - sum(book.value[part] for part in there)
            if split.rest and rest > 0:
                there.append(book.add(rest, rest, 0.0))
            book.bind(whole, there)


def _carry(book: Book, sheet: Sheet) -> None:
    """Bind cells to those of the row before, where they are told twice."""
    for name, before, now in CARRIED:
        if name == sheet.name and now in sheet.places:
            pairs = zip(sheet.places[now], sheet.places[f"before:{before}"], strict=True)
            for total, part in pairs:
                book.bind(int(total), [int(part)])


def _add_up(book: Book, fine: Sheet, coarse: Sheet) -> None:
    """Bind the values of a column to the whole."""
    if fine.keys == coarse.keys:
        keys = [(key, key) for key in fine.keys]
        for column in fine.layout.cells:
            _bind(book, (fine, column), (coarse, column), keys)


def _link(book: Book, link: Link, fine: Sheet, coarse: Sheet) -> None:
    """Bind cells of two sheets as a link says; both of all members, or of values of one column."""
    if fine.by != coarse.by or (*fine.name, *coarse.name) != (*link.fine[:2], *link.coarse[:2]):
        return
    keys = list(link.keys)
    both = [fine.frame.columns, coarse.frame.columns]
    if any(key not in names for pair in keys for key, names in zip(pair, both, strict=True)):
        return
    if fine.by is not None:
        keys.append((fine.by, fine.by))
    _bind(book, (fine, link.fine[2]), (coarse, link.coarse[2]), keys, complete=link.complete)


def _bind(
    book: Book,
    fine: tuple[Sheet, str],
    coarse: tuple[Sheet, str],
    keys: Sequence[tuple[str, str]],
    *,
    complete: bool = False,
) -> None:
    parts: dict[object, list[int]] = {}
    for key, place in _rows(fine, [own for own, _ in keys], complete=complete):
        parts.setdefault(key, []).append(place)
    for key, place in _rows(coarse, [other for _, other in keys], complete=False):
        book.bind(place, [part for part in parts.get(key, []) if part != _NONE])


def _rows(
    of: tuple[Sheet, str], keys: Sequence[str], *, complete: bool
) -> Iterator[tuple[object, int]]:
    """Yield the key and the cell of each row."""
    sheet, column = of
    if column not in sheet.places:
        return
    named = sheet.frame.select(keys).rows() if keys else [()] * sheet.frame.height
    over = sheet.frame["complete"].to_list() if complete else [True] * sheet.frame.height
    for key, place, told in zip(named, sheet.places[column].tolist(), over, strict=True):
        if told:
            yield key, place
