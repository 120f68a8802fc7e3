"""The lines of a CSV, gone through once before its rows are read: what Polars would pass over.

A quoted cell may swallow the rows after it, a NUL byte may stand anywhere, and rows may be shorter
or longer than the header. Bytes are looked at by NumPy, block by block on several threads, at a
fraction of what reading the rows takes.
"""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from retainkit.errors import InputError
from retainkit.sources.around import LOOKED_UNDER, footers
from retainkit.sources.blocks import Block, Grid, cells_of, last_end, opening
from retainkit.sources.faults import damaged
from retainkit.sources.limits import endless
from retainkit.sources.magic import unpacked
from retainkit.wording import counted

_BLOCK = 1 << 17  # fits the cache of a core with what is computed of it
_THREADS = 8
_TAIL = 1 << 14  # bytes at the end of a file in which lines under the rows are looked for
_EXACT = 64  # blocks in which every row is looked at; further down they are added up first

Under = tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Lines:
    """What was seen of the rows of one CSV; lines are counted from 1, as an editor does.

    short: rows with fewer cells than the header. widest: the most cells of a row. long: the first
    line with more cells than the header that hold something. spanning: rows with a quoted cell
    over several lines. under: the lines of text that stand under the rows, and the cells of each.
    """

    short: int = 0
    first_short: int | None = None
    long: int | None = None
    widest: int = 0
    spanning: int = 0
    first_spanning: int | None = None
    under: Under = ()


def survey(path: Path, name: str, grid: Grid, most: int, above: int = 0) -> Lines:
    """Return what the rows of a UTF-8 CSV are like.

    grid: how its cells lie. most: bytes of one row. above: how many lines come before its header.

    Raises InputError, with the line, for NUL bytes, for quotes that are not closed or swallow
    rows, and for rows of more than `most` bytes.
    """
    tally = _Tally(name, above)
    threads = min(_THREADS, os.cpu_count() or 1)
    try:
        with unpacked(path) as stream, ThreadPoolExecutor(threads) as pool:
            waiting: deque[Future[Block]] = deque()
            for number, data in enumerate(_blocks(stream, grid.quote, most, tally)):
                tally.seen(data)
                exact = number < _EXACT
                waiting.append(pool.submit(Block.of, data, grid, exact))
                while len(waiting) > 2 * threads:
                    tally.add(waiting.popleft().result())
            while waiting:
                tally.add(waiting.popleft().result())
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(name) from error
    tally.close()
    return _without_under(tally.lines(), tally.under(grid), grid.width)


def _without_under(seen: Lines, under: Under, width: int) -> Lines:
    """Return what was seen, with lines of text under the rows, which are no short rows."""
    short = seen.short - sum(len(cells) < width for _, cells in under)
    first = seen.first_short if short > 0 else None
    return replace(seen, under=under, short=max(short, 0), first_short=first)


def notes(files: list[tuple[str, Lines]]) -> list[str]:
    """Return what to know of the rows of several files, each kind of row in one note."""
    said = []
    short = [(name, each.first_short, each.short) for name, each in files if each.short]
    spans = [(name, each.first_spanning, each.spanning) for name, each in files if each.spanning]
    for found, one, many in (
        (
            short,
            "row has fewer cells than the header: null there",
            "rows have fewer cells than the header: null there",
        ),
        (
            spans,
            "row has a quoted cell over several lines",
            "rows have quoted cells over several lines",
        ),
    ):
        if found:
            name, line, _ = found[0]
            count = counted(sum(rows for *_, rows in found), one, many)
            where = f", in {len(found):,} files" if len(found) > 1 else ""
            said.append(f"{count}{where} (first '{name}', line {line:,}).")
    long = [(name, each.long) for name, each in files if each.long is not None]
    if long:
        name, line = long[0]
        said.append(
            "Rows with more cells than the header are refused as 'long row' "
            f"(first '{name}', line {line:,}): check --separator, and quote cells that hold it."
        )
    under = [(name, each.under) for name, each in files if each.under]
    if under:
        name, lines = under[0]
        said.append(
            f"{counted(sum(len(each) for _, each in under), 'line')} of text under the rows "
            f"refused as 'footer' (first '{name}', line {lines[0][0]:,})."
        )
    return said


class _Tally:
    """Adds blocks up in their order, so that lines have numbers."""

    def __init__(self, name: str, above: int) -> None:
        self.name = name
        self.above = above
        self.unclosed = b""  # rows at the end of which a quote is open
        self.bound: int | None = None  # how much of them was looked at, where there is more
        self._line = 1 + above
        self._sum = Lines()
        self._tail = b""

    def seen(self, data: bytes) -> None:
        """Remember the end of what is read, as far as it matters."""
        end = data[-_TAIL:]
        self._tail = end if len(end) == _TAIL else (self._tail + end)[-_TAIL:]

    def under(self, grid: Grid) -> Under:
        """Return the lines of text under the rows, with their numbers, and their cells."""
        lines = self._tail.decode("utf-8", "replace").split("\n")[:-1]
        # The first is the header, or a piece of a line.
        rows = [cells_of(line, grid) for line in lines[max(1, len(lines) - LOOKED_UNDER) :]]
        found = sorted(footers(rows, grid.width))
        return tuple((self._line - len(rows) + i, tuple(rows[i])) for i in found)

    def add(self, block: Block) -> None:
        """Take the next block. Raises InputError for what makes the file unusable."""
        at, before = self._line, self._sum
        if block.nul is not None:
            raise InputError(
                f"'{self.name}', line {at + block.nul:,}: there is a NUL byte, so that the file "
                "is binary or damaged.",
                "Fetch or export it again.",
            )
        if block.swallowed is not None:
            raise _swallowed(self.name, at, block.swallowed)

        def first(known: int | None, found: int | None) -> int | None:
            return known if known is not None or found is None else at + found

        self._sum = Lines(
            before.short + block.short,
            first(before.first_short, block.first_short),
            first(before.long, block.long),
            max(before.widest, block.widest),
            before.spanning + block.spanning,
            first(before.first_spanning, block.first_spanning),
        )
        self._line += block.lines

    def close(self) -> None:
        """Raise InputError where the file ends, or a row does not, with a quote open."""
        if self.unclosed:
            line, within, else_ = self._line + opening(self.unclosed), "", ""
            if self.bound is not None:
                within = f" within the {self.bound:,} bytes that --max-line allows"
                else_ = " Allow longer rows with --max-line."
            raise InputError(
                f"'{self.name}', line {line:,}: a quote is opened there and not closed{within}.",
                f'Remove it, or double it where it is meant ("").{else_}',
            )

    def lines(self) -> Lines:
        """Return the sum."""
        return self._sum


def _blocks(stream: BinaryIO, quote: bool, most: int, tally: _Tally) -> Iterator[bytes]:
    """Yield the file, from its header on, in pieces that end where a row ends."""
    rest = _without_lines(stream, tally.above)
    while data := stream.read(max(_BLOCK, len(rest))):
        data = rest + data
        end = last_end(data, quote)
        rest = data[end:]
        if end:
            yield data[:end]
        if len(rest) > most:
            break
    if quote and rest.count(b'"') % 2:
        tally.unclosed = rest
        tally.bound = most if len(rest) > most else None
    elif len(rest) > most:
        raise endless(tally.name, None, most)
    elif rest:
        yield rest + b"\n"


def _without_lines(stream: BinaryIO, lines: int) -> bytes:
    """Read what comes before some of the first lines, and return what was read beyond them."""
    rest = b""
    while lines and (data := stream.read(_BLOCK)):
        pieces = data.split(b"\n", lines)
        lines -= len(pieces) - 1
        rest = pieces[-1]
    return rest


def _swallowed(name: str, at: int, lines: tuple[int, int, int]) -> InputError:
    first, last, rows = lines
    return InputError(
        f"'{name}', line {at + first:,}: a quote is opened there and closed on line "
        f"{at + last:,}, and {rows:,} of these lines look like rows of their own, which would be "
        "lost inside a cell.",
        'Remove the quote, or double it where it is meant (""). A quoted cell may have several '
        "lines, but not rows.",
    )
