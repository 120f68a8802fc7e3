"""A piece of a CSV as bytes: how many cells its rows have, told without parsing them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]
Words = NDArray[np.uint64]

_NEWLINE, _RETURN, _QUOTE = 10, 13, 34
_NARROW = 200  # cells of a row that are sure to be counted in a byte
_PARSED = 1000  # rows of a block that are looked at one by one
_RIGID = re.compile(r"[-+]?[¥￥$€£]?\d[\d.,:/\- TZ+年月日时分秒時]*元?")
_ROWLIKE = 2  # lines of one row that look like rows: with one the cell is the first or the last
_STEADY = 0.8


@dataclass(frozen=True)
class Grid:
    """How the cells of a CSV lie: what separates them, how many a row has, whether quotes count.

    rigid: the columns, by place, that hold numbers and dates only.
    """

    separator: str
    width: int
    quote: bool = True
    rigid: tuple[int, ...] = ()

    @classmethod
    def of(cls, separator: str, width: int, lines: Sequence[str]) -> Grid:
        """Return the grid of a file of which some `lines`, without the header, are known."""
        rows = [cells for line in lines if len(cells := _cells(line, separator)) == width]
        rigid = []
        for place in range(width):
            filled = [cells[place] for cells in rows if cells[place]]
            steady = sum(map(is_number_or_date, filled))
            if filled and steady >= _STEADY * len(filled):
                rigid.append(place)
        return cls(separator, width, rigid=tuple(rigid))

    def like_a_row(self, line: str) -> bool:
        """Return whether a line has the cells of a row, and numbers and dates where rows do."""
        cells = _cells(line, self.separator)
        if len(cells) != self.width:
            return False
        found = [cells[place] for place in self.rigid if cells[place]]
        return bool(found) and all(map(is_number_or_date, found))


@dataclass(frozen=True)
class Block:
    """What a piece holds; lines are counted from 0.

    swallowed: the first and the last line of a row that holds others, and how many of its lines
    look like rows. The rest is as in `Lines`.
    """

    lines: int
    quotes: bool = False
    nul: int | None = None
    short: int = 0
    first_short: int | None = None
    long: int | None = None
    widest: int = 0
    spanning: int = 0
    first_spanning: int | None = None
    swallowed: tuple[int, int, int] | None = None

    @classmethod
    def of(cls, data: bytes, grid: Grid, exact: bool = True) -> Block:
        """Return what `data` holds, whole rows that end with a newline.

        Unless `exact`, as many separators as rows of one width have are taken to be in such rows:
        a short row makes up for a long one then, which Polars finds and stops at.
        """
        codes = np.frombuffer(data, np.uint8)
        quotes = grid.quote and b'"' in data
        if not exact and b"\0" not in data and _is_even(codes, grid, quotes):
            return cls(int(np.count_nonzero(codes == _NEWLINE)), quotes, widest=grid.width)
        return cls._row_by_row(data, codes, grid, quotes)

    @classmethod
    def _row_by_row(cls, data: bytes, codes: Bytes, grid: Grid, quotes: bool) -> Block:
        newlines: Places = np.flatnonzero(codes == _NEWLINE)
        if (nul := data.find(b"\0")) >= 0:
            return cls(len(newlines), nul=int(np.searchsorted(newlines, nul)))
        separators: Mask = codes == ord(grid.separator)
        ends = newlines
        if quotes:
            inside = _inside(codes)
            separators &= ~inside
            ends = newlines[~inside[newlines]]
        starts = np.append(0, ends[:-1] + 1)
        cells = _per_row(separators, starts, grid.width) + 1
        rows = _Rows(data, grid, newlines, starts, ends, quotes)
        blank = (ends == starts) | ((ends == starts + 1) & (codes[starts] == _RETURN))
        short = rows.really_short(np.flatnonzero((cells < grid.width) & ~blank))
        long = np.flatnonzero(cells > grid.width)
        spans = np.flatnonzero(rows.lines_after > rows.lines_at + 1)
        return cls(
            len(newlines),
            quotes,
            None,
            len(short),
            rows.first_line(short),
            rows.first_long(long),
            int(cells.max(initial=0)),
            len(spans),
            rows.first_line(spans),
            rows.swallowed(spans),
        )


class _Rows:
    """The rows of a piece, a few of which are looked at one by one."""

    def __init__(
        self,
        data: bytes,
        grid: Grid,
        newlines: Places,
        starts: Places,
        ends: Places,
        quotes: bool,
    ) -> None:
        self._data, self._grid, self._quotes = data, grid, quotes
        self._starts, self._ends = starts, ends
        self.lines_at: Places = np.arange(len(starts))
        if len(newlines) != len(ends):
            self.lines_at = np.searchsorted(newlines, starts)
        self.lines_after: Places = np.append(self.lines_at[1:], len(newlines))

    def really_short(self, rows: Places) -> Places:
        """Return those of `rows` that are short when quotes inside of cells are but signs."""
        if not self._quotes or not len(rows):
            return rows
        kept = [row for row in rows[:_PARSED] if len(self._parsed(row)) < self._grid.width]
        return np.append(np.array(kept, dtype=np.int64), rows[_PARSED:])

    def first_line(self, rows: Places) -> int | None:
        """Return the line that the first of `rows` begins on."""
        return int(self.lines_at[rows[0]]) if len(rows) else None

    def first_long(self, rows: Places) -> int | None:
        """Return the line of the first of `rows` where cells past the header hold something."""
        for row in rows[:_PARSED]:
            if any(self._parsed(row)[self._grid.width :]):
                return int(self.lines_at[row])
        return None

    def swallowed(self, rows: Places) -> tuple[int, int, int] | None:
        """Return the first of `rows` that holds others: its lines, and how many are rows."""
        for row in rows[:_PARSED] if self._grid.rigid else ():
            lines = self._text(row).split("\n")
            found = sum(map(self._grid.like_a_row, lines))
            if found >= _ROWLIKE:
                return int(self.lines_at[row]), int(self.lines_after[row]) - 1, found
        return None

    def _text(self, row: int) -> str:
        return self._data[self._starts[row] : self._ends[row]].decode("utf-8", "replace")

    def _parsed(self, row: int) -> list[str]:
        return cells_of(self._text(row), self._grid)


def cells_of(row: str, grid: Grid) -> list[str]:
    """Return the cells of a row."""
    text = row.removesuffix("\r")
    if not grid.quote:
        return text.split(grid.separator)
    reader: Iterator[list[str]] = csv.reader(
        io.StringIO(text, newline=""), delimiter=grid.separator
    )
    try:
        return next(reader, [])
    except csv.Error:  # a cell of more characters than the module takes
        return []


def is_number_or_date(cell: str) -> bool:
    """Return whether a cell is written like a number, an amount of money, a date or a time."""
    return _RIGID.fullmatch(cell) is not None


def last_end(data: bytes, quote: bool) -> int:
    """Return where the last whole row of `data` ends, 0 where none does."""
    end = data.rfind(b"\n") + 1
    codes = np.frombuffer(data, np.uint8)
    if not quote or b'"' not in data or np.count_nonzero(codes[:end] == _QUOTE) % 2 == 0:
        return end
    ends = np.flatnonzero((codes == _NEWLINE) & ~_inside(codes))
    return int(ends[-1]) + 1 if len(ends) else 0


def opening(data: bytes) -> int:
    """Return the line, from 0, on which the quote is opened that is open at the end of `data`."""
    inside = _inside(np.frombuffer(data, np.uint8))
    outside = np.flatnonzero(~inside)
    begun = int(outside[-1]) + 1 if len(outside) else 0
    return data.count(b"\n", 0, begun)


def _is_even(codes: Bytes, grid: Grid, quotes: bool) -> bool:
    """Return whether there are as many separators as rows of one width have."""
    separator = ord(grid.separator)
    if not quotes:
        newlines = int(np.count_nonzero(codes == _NEWLINE))
        separators = int(np.count_nonzero(codes == separator))
    else:
        inside = _inside_bits(codes)
        lines = _bits(codes, _NEWLINE)
        if (lines & inside).any():
            return False
        newlines = int(np.bitwise_count(lines).sum())
        outside = _bits(codes, separator) & ~inside
        separators = int(np.bitwise_count(outside).sum())
    return separators == (grid.width - 1) * newlines


def _bits(codes: Bytes, code: int) -> Words:
    """Return a bit for each byte: whether it is `code`."""
    bits = np.packbits(codes == code, bitorder="little")
    words = np.zeros(-(-len(bits) // 8), np.uint64)
    words.view(np.uint8)[: len(bits)] = bits
    return words


def _inside(codes: Bytes) -> Mask:
    """Return which bytes lie inside quotes."""
    bits = _inside_bits(codes).view(np.uint8)
    inside: Mask = np.unpackbits(bits, count=len(codes), bitorder="little").view(np.bool_)
    return inside


def _inside_bits(codes: Bytes) -> Words:
    """Return a bit for each byte, the parity of the quotes up to it: 64 at a time."""
    words = _bits(codes, _QUOTE)
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    odd = np.bitwise_xor.accumulate(words >> np.uint64(63))
    words[1:] ^= np.uint64(0) - odd[:-1]
    return words


def _per_row(separators: Mask, starts: Places, width: int) -> Places:
    """Return how many separators each row has."""
    ones = separators.view(np.uint8)
    if width <= _NARROW:
        found = np.add.reduceat(ones, starts, dtype=np.uint8).astype(np.int64)
        if int(found.sum()) == np.count_nonzero(separators):
            return found
    return np.add.reduceat(ones, starts, dtype=np.int64)


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip() for cell in line.replace('"', "").split(separator)]
