"""The lines of a CSV, gone through once before its rows are read: what Polars would pass over.

A quoted cell may swallow the rows after it, a NUL byte may stand anywhere, and rows may be shorter
or longer than the header. Bytes are looked at by NumPy, block by block on several threads, at a
fraction of what reading the rows takes.
"""

from __future__ import annotations

import csv
import io
import os
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from retainkit.errors import InputError
from retainkit.sources.blocks import Block, Grid, last_end, opening
from retainkit.sources.magic import unpacked
from retainkit.wording import counted

_BLOCK = 1 << 17  # fits the cache of a core with what is computed of it
_MOST = 1 << 26  # bytes of one row: a cell that is longer is a quote never closed, or no CSV
_THREADS = 8
_EXACT = 64  # blocks in which every row is looked at; further down they are added up first


@dataclass(frozen=True)
class Lines:
    """What was seen of the rows of one CSV; lines are counted from 1, as an editor does.

    short: rows with fewer cells than the header. widest: the most cells of a row. long: the first
    line with more cells than the header that hold something. spanning: rows with a quoted cell
    over several lines.
    """

    short: int = 0
    first_short: int | None = None
    long: int | None = None
    widest: int = 0
    spanning: int = 0
    first_spanning: int | None = None


def survey(path: Path, name: str, grid: Grid) -> Lines:
    """Return what the rows of a UTF-8 CSV are like; grid: how its cells lie.

    Raises InputError, with the line, for NUL bytes, for quotes that are not closed or swallow
    rows, and for rows of more than 64 MB.
    """
    tally = _Tally(name)
    threads = min(_THREADS, os.cpu_count() or 1)
    try:
        with unpacked(path) as stream, ThreadPoolExecutor(threads) as pool:
            waiting: deque[Future[Block]] = deque()
            for number, data in enumerate(_blocks(stream, grid.quote, tally)):
                exact = number < _EXACT
                waiting.append(pool.submit(Block.of, data, grid, exact))
                while len(waiting) > 2 * threads:
                    tally.add(waiting.popleft().result())
            while waiting:
                tally.add(waiting.popleft().result())
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"'{name}' cannot be read: it is truncated or damaged.", "Fetch or export it again."
        ) from error
    tally.close()
    return tally.lines()


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
    return said


class _Tally:
    """Adds blocks up in their order, so that lines have numbers."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.unclosed = b""  # rows at the end of which a quote is open
        self._line = 1
        self._blocks: list[Block] = []
        self._sum = Lines()

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
            line = self._line + opening(self.unclosed)
            raise InputError(
                f"'{self.name}', line {line:,}: a quote is opened there and not closed.",
                'Remove it, or double it where it is meant ("").',
            )

    def lines(self) -> Lines:
        """Return the sum."""
        return self._sum


def _blocks(stream: BinaryIO, quote: bool, tally: _Tally) -> Iterator[bytes]:
    """Yield the file in pieces that end where a row ends."""
    rest = b""
    while data := stream.read(max(_BLOCK, len(rest))):
        data = rest + data
        end = last_end(data, quote)
        rest = data[end:]
        if len(rest) > _MOST:
            break
        if end:
            yield data[:end]
    if len(rest) > _MOST and not (quote and rest.count(b'"') % 2):
        raise InputError(
            f"'{tally.name}' has a line of more than {_MOST >> 20} MB.",
            "It is no CSV, or its lines end in another way.",
        )
    if quote and rest.count(b'"') % 2:
        tally.unclosed = rest
    elif rest:
        yield rest + b"\n"


def _swallowed(name: str, at: int, lines: tuple[int, int, int]) -> InputError:
    first, last, rows = lines
    return InputError(
        f"'{name}', line {at + first:,}: a quote is opened there and closed on line "
        f"{at + last:,}, and {rows:,} of these lines look like rows of their own, which would be "
        "lost inside a cell.",
        'Remove the quote, or double it where it is meant (""). A quoted cell may have several '
        "lines, but not rows.",
    )


def bad_line(path: Path, encoding: str) -> int | None:
    """Return the first line with bytes that are not in `encoding`, None where there is none."""
    with io.TextIOWrapper(unpacked(path), encoding, "replace") as text:
        return next((i for i, line in enumerate(text, 1) if "\ufffd" in line), None)


def bad_quote(path: Path, separator: str) -> int | None:
    """Return the first line with a quote that does not stand around a cell, None without one."""
    with io.TextIOWrapper(unpacked(path), "utf-8", "replace", newline="") as text:
        rows = csv.reader(text, delimiter=separator, strict=True)
        try:
            for _ in rows:
                pass
        except csv.Error:
            return rows.line_num
    return None
