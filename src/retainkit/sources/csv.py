"""Delimited text: every column as text, the header read by us, the rows by Polars."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl

from retainkit.errors import InputError
from retainkit.sources.file import File
from retainkit.sources.files import Scratch
from retainkit.sources.limits import any_filled, check_columns
from retainkit.sources.magic import Head
from retainkit.sources.options import SourceOptions
from retainkit.sources.parts import ROW, Kin, Part, readable, refuse_own_names
from retainkit.sources.stored import Stored
from retainkit.sources.text import BLANKS, Text, copy_as_utf8, look, separator_of

# Rows may end in a few separators too many, so Polars is given more columns than there are; a
# value in one of them is an error. (Its own check of long rows looks only when all columns are
# read, and does not forgive empty cells.)
_EXTRA = tuple(f"__extra_{i}" for i in range(1, 5))
_SPOKEN = {"\t": "tabs", BLANKS: "blanks"}


def read_csv(
    file: File, head: Head, options: SourceOptions, scratch: Scratch, *, origin: bool
) -> Part:
    """Return the rows of `file`, every column String, empty cells null, blank lines left out.

    Raises InputError where the file has no header, and UsageError for wrong options.
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
    scan = partial(_scan, separator=separator, names=names, skip=skip, origin=origin)
    kin = Kin(("csv", separator, skip), path, scan)
    part = Part(file.name, scan([path]), dict.fromkeys(names, pl.String()), notes, renamed, kin)
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


def _utf8(text: Text, separator: str, scratch: Scratch, options: SourceOptions) -> Path:
    if separator == BLANKS:
        return copy_as_utf8(text, scratch.path(".csv"), options, _tabs_for_blanks)
    return text.file.path if text.streams else copy_as_utf8(text, scratch.path(".csv"), options)


def _scan(
    paths: list[Path], *, separator: str, names: list[str], skip: int, origin: bool
) -> pl.LazyFrame:
    blanks = separator == BLANKS
    rows = pl.scan_csv(
        paths,
        has_header=False,
        skip_rows=skip,
        separator="\t" if blanks else separator,
        quote_char=None if blanks else '"',
        schema=dict.fromkeys((*names, *_EXTRA), pl.String()),
        missing_columns="insert",
        null_values="",
        glob=False,
        row_index_name=ROW if origin else None,
        row_index_offset=1,
    )
    fits = [pl.col(extra).cast(pl.Enum([])).is_null() for extra in _EXTRA]
    filled = any_filled(names)
    own = [pl.col(ROW).cast(pl.Int64)] if origin else []
    return rows.filter(*fits, filled).select(*own, *names)


def _tabs_for_blanks(source: io.TextIOWrapper, copy: io.TextIOWrapper) -> None:
    for line in source:
        copy.write("\t".join(line.split()) + "\n")
