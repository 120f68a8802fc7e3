"""How much of a thing is too much: columns, lines without end, what files hold when unpacked."""

from __future__ import annotations

import mmap
import os
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO

import polars as pl

from retainkit.errors import InputError, size_of
from retainkit.sources.file import File
from retainkit.sources.magic import Head, unpacked
from retainkit.sources.options import SourceOptions

_PIECE = 1 << 20
_DENSE = 100
_TOGETHER = 16  # terms of one "or": in Polars a chain of them takes the square of its length


def check_columns(name: str, columns: int, options: SourceOptions) -> None:
    """Raise InputError for more columns than are allowed."""
    if columns > options.max_columns:
        raise InputError(
            f"'{name}' has more columns than the {options.max_columns:,} that --max-columns "
            "allows.",
            "Check --separator, export only what is needed, or allow more with --max-columns.",
        )


def any_filled(columns: Sequence[str]) -> pl.Expr:
    """Return whether one of many columns is not null, as a tree of conditions."""
    terms = [pl.col(name).is_not_null() for name in columns]
    while len(terms) > 1:
        groups = (terms[i : i + _TOGETHER] for i in range(0, len(terms), _TOGETHER))
        terms = [pl.any_horizontal(group) for group in groups]
    return terms[0]


def check_lines(file: File, head: Head, options: SourceOptions) -> None:
    """Raise InputError for a line of a text file that is longer than is allowed.

    A plain file is looked at in a place here and there: a long line has none without it. A packed
    one, which has to be unpacked for it, is looked at where it holds far more than it should, or
    where its first line goes on and on.
    """
    most = size_of("--max-line", options.max_line)
    if head.packed:
        if not head.whole and (_is_dense(file) or not _ends(head.data)):
            # What is truncated is told by whoever reads its rows.
            with suppress(OSError, EOFError, zlib.error), unpacked(file.path) as stream:
                _check_stream(file, stream, most)
        return
    with file.path.open("rb") as raw, mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as data:
        step = max(most // 2, 1)
        for start in range(0, len(data) - step + 1, step):
            if not _found(data, start, start + step):
                first = max(data.rfind(b"\n", 0, start), data.rfind(b"\r", 0, start)) + 1
                if not _found(data, first, min(first + most, len(data))) and most < (
                    len(data) - first
                ):
                    raise endless(file.name, data[:first].count(b"\n") + 1, most)


def check_workbook(file: File, options: SourceOptions) -> None:
    """Raise InputError for a workbook that holds more than is allowed."""
    most = size_of("--max-unpacked", options.max_unpacked)
    if zipfile.is_zipfile(file.path):
        with zipfile.ZipFile(file.path) as book:
            if sum(each.file_size for each in book.infolist()) > most:
                raise too_much(file.name, most)


def too_much(name: str, most: int) -> InputError:
    """Return the error for a file that holds more than `most` bytes."""
    return InputError(
        f"'{name}' holds more than the {most:,} bytes, unpacked, that --max-unpacked allows.",
        "Check where it comes from; allow more with --max-unpacked, or write it as Parquet.",
    )


def _is_dense(file: File) -> bool:
    """Return whether a gzip file says that it holds over 100 times what it takes."""
    with file.path.open("rb") as raw:
        raw.seek(-4, os.SEEK_END)
        return int.from_bytes(raw.read(4), "little") > _DENSE * file.path.stat().st_size


def _check_stream(file: File, stream: BinaryIO, most: int) -> None:
    number, length = 1, 0
    while piece := stream.read(_PIECE):
        if _ends(piece):
            number += piece.count(b"\n")
            length = len(piece) - 1 - max(piece.rfind(b"\n"), piece.rfind(b"\r"))
        else:
            length += len(piece)
        if length > most:
            raise endless(file.name, number, most)


def _ends(data: bytes) -> bool:
    return b"\n" in data or b"\r" in data


def _found(data: mmap.mmap, start: int, end: int) -> bool:
    return data.find(b"\n", start, end) >= 0 or data.find(b"\r", start, end) >= 0


def endless(name: str, line: int | None, most: int) -> InputError:
    """Return the error for a line, or a row, of more than `most` bytes."""
    place = f"'{name}' has a line that" if line is None else f"'{name}', line {line:,}: it"
    return InputError(
        f"{place} is longer than the {most:,} bytes that --max-line allows.",
        "Look for a quote that is not closed or a line end that is missing; allow more with "
        "--max-line.",
    )
