"""Delimited text: every column as text, the header read by us, the rows by Polars."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl

from retainkit.errors import InputError
from retainkit.sources.blocks import Grid
from retainkit.sources.file import File
from retainkit.sources.files import Scratch
from retainkit.sources.limits import any_filled, check_columns
from retainkit.sources.lines import Lines, survey
from retainkit.sources.magic import Head
from retainkit.sources.names import LONG, ROW, readable, refuse_own_names
from retainkit.sources.options import SourceOptions
from retainkit.sources.parts import Kin, Part
from retainkit.sources.stored import Stored
from retainkit.sources.text import BLANKS, Text, copy_as_utf8, look, separator_of

# Rows may end in a few separators too many, so Polars is given more columns than there are; a
# value in one of them makes the row a long one. (Its own check of long rows looks only when all
# columns are read, and does not forgive empty cells.)
_EXTRA = 4
_MOST_EXTRA = 64
_SHOWING = 200  # lines that show what columns hold
_SPOKEN = {"\t": "tabs", BLANKS: "blanks"}


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
    names, renamed = _names(text, separator, header=options.header)
    check_columns(file.name, len(names), options)
    if origin:
        refuse_own_names(file.name, names)
    notes = text.notes
    if separator != ",":
        notes = (*notes, f"separated by {_SPOKEN.get(separator, repr(separator))}")
    skip = text.leading_blank_lines + options.header
    path = _utf8(text, separator, scratch, options)
    seen = survey(path, file.name, _grid(text, separator, names, skip)) if lines else None
    extra = _extra(file, seen, len(names))
    long = seen is not None and seen.long is not None
    if long:
        refuse_own_names(file.name, names)
    scan = partial(
        _scan, separator=separator, names=names, skip=skip, origin=origin, extra=extra, long=long
    )
    kin = Kin(("csv", separator, skip, extra, long), path, scan)
    schema = dict.fromkeys(names, pl.String())
    part = Part(file.name, scan([path]), schema, notes, renamed, kin, lines=seen)
    part = replace(part, separator=None if separator == BLANKS else separator)
    if path != file.path or text.sample[:1].isspace():  # what a blank line is, engines differ
        return part
    columns = {name: name for name in names}
    stored = Stored(path, "csv", columns, {}, head.packed, separator, options.header)
    return replace(part, stored=stored)


def _names(
    text: Text, separator: str, *, header: bool
) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    rows = text.rows(separator)
    if not rows:
        raise InputError(f"'{text.file.name}' has no row that can be read.", "Look at its start.")
    if header:
        return readable(rows[0])
    return [f"column_{i}" for i in range(1, max(map(len, rows)) + 1)], {}


def _grid(text: Text, separator: str, names: Sequence[str], skip: int) -> Grid:
    """Return how the cells lie in the UTF-8 copy of `text`."""
    lines = text.sample.split("\n")[skip : skip + _SHOWING]
    if separator == BLANKS:
        return Grid("\t", len(names), quote=False)
    return Grid.of(separator, len(names), lines)


def _extra(file: File, seen: Lines | None, width: int) -> int:
    """Return how many columns past the header have to be looked at."""
    if seen is None:
        return _EXTRA
    more = max(seen.widest - width, 0)
    if more > _MOST_EXTRA:
        raise InputError(
            f"'{file.name}' has a row of {seen.widest:,} cells, and {width:,} in its header.",
            "Check --separator, and that its lines end as lines do.",
        )
    return max(more, _EXTRA)


def _utf8(text: Text, separator: str, scratch: Scratch, options: SourceOptions) -> Path:
    if separator == BLANKS:
        return copy_as_utf8(text, scratch.path(".csv"), options, _tabs_for_blanks)
    return text.file.path if text.streams else copy_as_utf8(text, scratch.path(".csv"), options)


def _scan(
    paths: list[Path],
    *,
    separator: str,
    names: list[str],
    skip: int,
    origin: bool,
    extra: int,
    long: bool,
) -> pl.LazyFrame:
    """Return the rows; `extra` columns more are looked at, and with `long` LONG tells of them."""
    blanks = separator == BLANKS
    extras = [f"__extra_{i}" for i in range(1, extra + 1)]
    rows = pl.scan_csv(
        paths,
        has_header=False,
        skip_rows=skip,
        separator="\t" if blanks else separator,
        quote_char=None if blanks else '"',
        schema=dict.fromkeys((*names, *extras), pl.String()),
        missing_columns="insert",
        null_values="",
        glob=False,
        row_index_name=ROW if origin else None,
        row_index_offset=1,
    )
    own = [pl.col(ROW).cast(pl.Int64)] if origin else []
    if long:
        filled = any_filled([*names, *extras])
        is_long = pl.any_horizontal(pl.col(extras).is_not_null())
        return rows.filter(filled).select(*own, *names, is_long.alias(LONG))
    fits = [pl.col(each).cast(pl.Enum([])).is_null() for each in extras]
    filled = any_filled(names)
    return rows.filter(*fits, filled).select(*own, *names)


def _tabs_for_blanks(source: io.TextIOWrapper, copy: io.TextIOWrapper) -> None:
    for line in source:
        copy.write("\t".join(line.split()) + "\n")
