"""Delimited text: every column as text, the header read by us, the rows by Polars."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import polars as pl

from retainkit.errors import InputError, size_of
from retainkit.sources.around import (
    has_no_header,
    header_row,
    said_columns,
    separator_named,
)
from retainkit.sources.blocks import Grid
from retainkit.sources.file import File
from retainkit.sources.files import Scratch
from retainkit.sources.limits import any_filled, check_columns
from retainkit.sources.lines import Lines
from retainkit.sources.magic import Head
from retainkit.sources.names import FOOT, LONG, ROW, readable, refuse_swallowed
from retainkit.sources.options import SourceOptions
from retainkit.sources.parts import Kin, Part
from retainkit.sources.stored import Stored
from retainkit.sources.surveyed import surveyed
from retainkit.sources.text import BLANKS, Text, copy_as_utf8, look, separator_of

# Rows may end in a few separators too many, so Polars is given more columns than there are; a
# value in one of them makes the row a long one. (Its own check of long rows looks only when all
# columns are read, and does not forgive empty cells.)
_EXTRA = 4
_MOST_EXTRA = 64
_SHOWING = 200  # lines that show what columns hold
_SPOKEN = {"\t": "tabs", BLANKS: "blanks"}


@dataclass(frozen=True)
class Start:
    """Where the rows of a file begin.

    above: the lines that come before its header and hold something, or whose place is before one
    that does. skip: lines up to its first row. rows: the first of them, from the header on, if
    there is one.
    """

    above: int
    skip: int
    rows: list[list[str]]

    @property
    def notes(self) -> tuple[str, ...]:
        """The lines above the header."""
        if not self.above:
            return ()
        lines = "line 1" if self.above == 1 else f"lines 1 to {self.above:,}"
        return (f"{lines} above the header left out",)


@dataclass(frozen=True)
class Shape:
    """How Polars is to read a file: files of one shape are read as one.

    extra: columns past the header that are looked at. marks: columns that tell of rows that are
    none of the table. under: the cells of those that stand under it.
    """

    separator: str
    names: tuple[str, ...]
    skip: int
    origin: bool
    extra: int
    marks: tuple[str, ...] = ()
    under: tuple[tuple[str | None, ...], ...] = ()


def read_csv(
    file: File, head: Head, options: SourceOptions, scratch: Scratch, *, origin: bool, lines: bool
) -> Part:
    """Return the rows of `file`, every column String, empty cells null, blank lines left out.

    lines: whether to go through its lines first; without, a row longer than the header is an
    error when it is read. Raises InputError where the file has no header or its lines cannot be
    rows, and UsageError for wrong options.
    """
    text = look(file, head, options)
    separator = separator_of(text, options.separator)
    said = said_columns(options)
    start = _start(text, separator, said, header=options.header)
    titles = start.rows[0] if options.header else [""] * max(map(len, start.rows))
    check_columns(file.name, len(titles), options)
    names, renamed = readable(titles)
    refuse_swallowed(file.name, names, separator)
    notes = text.notes
    if separator != ",":
        notes = (*notes, f"separated by {_SPOKEN.get(separator, repr(separator))}")
    path = _utf8(text, separator, scratch, options)
    most = size_of("--max-line", options.max_line)
    grid = _grid(text, separator, names, start.skip)
    seen = surveyed(path, file, text.encoding, grid, most, start.above) if lines else None
    shape = _shape(file, Shape(separator, tuple(names), start.skip, origin, _EXTRA), seen)
    scan = partial(_scan, shape=shape)
    part = Part(
        file.name,
        scan([path]),
        dict.fromkeys(names, pl.String()),
        (*notes, *start.notes),
        renamed,
        Kin(shape, path, scan),
        lines=seen,
        marks=shape.marks,
        separator=None if separator == BLANKS else separator,
        headless=options.header and has_no_header(start.rows[0], said),
    )
    # What a blank line is, engines differ; and what stands around the rows only we know.
    if path != file.path or text.sample[:1].isspace() or start.above or shape.marks:
        return part
    columns = {name: name for name in names}
    stored = Stored(path, "csv", columns, {}, head.packed, separator, options.header)
    return replace(part, stored=stored)


def _start(text: Text, separator: str, said: Collection[str], *, header: bool) -> Start:
    """Return where the rows begin. Raises InputError where there are none."""
    lines = text.lines(separator)
    above = 0
    if separator_named(text.first_line) is not None:
        above, lines = 1, lines[1:]
    if not lines:
        raise InputError(f"'{text.file.name}' has no row that can be read.", "Look at its start.")
    rows = [row for _, row in lines]
    if not header:
        return Start(above, max(above, text.leading_blank_lines), rows)
    top = header_row(rows, said)
    return Start(lines[top - 1][0] if top else above, lines[top][0], rows[top:])


def _grid(text: Text, separator: str, names: Sequence[str], skip: int) -> Grid:
    """Return how the cells lie in the UTF-8 copy of `text`."""
    lines = text.sample.split("\n")[skip : skip + _SHOWING]
    if separator == BLANKS:
        return Grid("\t", len(names), quote=False)
    return Grid.of(separator, len(names), lines)


def _shape(file: File, plain: Shape, seen: Lines | None) -> Shape:
    """Return the shape of a file of which the lines were seen."""
    if seen is None:
        return plain
    width = len(plain.names)
    under = tuple(
        tuple(cell or None for cell in (*cells, *[""] * width)[:width]) for _, cells in seen.under
    )
    marks = (*([LONG] if seen.long is not None else []), *([FOOT] if under else []))
    more = max(seen.widest - width, 0)
    if more > _MOST_EXTRA:
        raise InputError(
            f"'{file.name}' has a row of {seen.widest:,} cells, and {width:,} in its header.",
            "Check --separator, and that its lines end as lines do.",
        )
    return replace(plain, extra=max(more, _EXTRA), marks=marks, under=under)


def _utf8(text: Text, separator: str, scratch: Scratch, options: SourceOptions) -> Path:
    if separator == BLANKS:
        return copy_as_utf8(text, scratch.path(".csv"), options, _tabs_for_blanks)
    return text.file.path if text.streams else copy_as_utf8(text, scratch.path(".csv"), options)


def _scan(paths: list[Path], *, shape: Shape) -> pl.LazyFrame:
    """Return the rows of files of one shape, and its marks."""
    blanks = shape.separator == BLANKS
    names = list(shape.names)
    extras = [f"__extra_{i}" for i in range(1, shape.extra + 1)]
    rows = pl.scan_csv(
        paths,
        has_header=False,
        skip_lines=shape.skip,
        separator="\t" if blanks else shape.separator,
        quote_char=None if blanks else '"',
        schema=dict.fromkeys((*names, *extras), pl.String()),
        missing_columns="insert",
        null_values="",
        glob=False,
        row_index_name=ROW if shape.origin else None,
        row_index_offset=1,
    )
    own = [pl.col(ROW).cast(pl.Int64)] if shape.origin else []
    foot = [_is_row(names, cells) for cells in shape.under]
    marks = [pl.any_horizontal(foot).alias(FOOT)] if foot else []
    if LONG in shape.marks:
        filled = any_filled([*names, *extras])
        is_long = pl.any_horizontal(pl.col(extras).is_not_null())
        return rows.filter(filled).select(*own, *names, is_long.alias(LONG), *marks)
    fits = [pl.col(each).cast(pl.Enum([])).is_null() for each in extras]
    filled = any_filled(names)
    return rows.filter(*fits, filled).select(*own, *names, *marks)


def _is_row(names: Sequence[str], cells: Sequence[str | None]) -> pl.Expr:
    """Return whether a row has just these cells."""
    return pl.all_horizontal(
        pl.col(name).eq_missing(pl.lit(cell, pl.String))
        for name, cell in zip(names, cells, strict=True)
    )


def _tabs_for_blanks(source: io.TextIOWrapper, copy: io.TextIOWrapper) -> None:
    for line in source:
        copy.write("\t".join(line.split()) + "\n")
