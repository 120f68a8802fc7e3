"""The page headers of a Parquet file, held against its footer before anything reads the pages.

Readers trust a page that says how many values it has, and ask for as much memory: where a flipped
bit makes that less than nothing, the whole process ends. Field numbers are those of Apache Parquet,
parquet.thrift.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from retainkit.sources.faults import damaged
from retainkit.sources.thrift import BrokenError, Fields, Reader, number, part, parts

_MAGIC, _END = b"PAR1", 8  # the last bytes: how long the footer is, and what kind of file it is
_MOST_VALUES = 1 << 28  # of one page; writers end a page at some ten or hundred thousand
_LOOK = 256  # bytes in which most headers end
_LONGEST = 1 << 24  # bytes of a header, with the smallest and the largest value of its page
_DATA, _DICTIONARY, _DATA_2 = 0, 2, 3
_REPEATED = 2  # of how often a field may be there
# Where a header has the struct of its kind of page; the first field of that: how many values.
_OWN = {_DATA: 5, _DICTIONARY: 7, _DATA_2: 8}


class _Chunk(NamedTuple):
    """A column of a row group: where its pages begin and end, and how many values they have."""

    start: int
    end: int
    values: int


def check_pages(path: Path, name: str) -> None:
    """Raise InputError where the pages of a file are not what its footer says.

    Reads the footer and the headers, which are some ten bytes for each some ten thousand values.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        for chunk in _chunks(handle):
            _check(handle, chunk)
    except (ValueError, IndexError, OverflowError) as error:
        raise damaged(name) from error
    finally:
        os.close(handle)


def _chunks(handle: int) -> Iterator[_Chunk]:
    size = os.fstat(handle).st_size
    end = os.pread(handle, _END, max(size - _END, 0))
    if not end.endswith(_MAGIC):
        return  # it is encrypted, or nothing that any reader takes
    length = int.from_bytes(end[:4], "little")
    if length > size - _END:
        raise BrokenError("a footer longer than the file")
    footer = Reader(os.pread(handle, length, size - _END - length)).struct()
    levels = list(_levels(parts(footer, 2)))
    groups = parts(footer, 4)
    if number(footer, 3) != sum(number(group, 3) for group in groups):
        raise BrokenError("another number of rows than its row groups have")
    for group in groups:
        for column, most in zip(parts(group, 1), levels, strict=True):
            found = part(column, 3)
            _check_levels(found, most)
            if most[0] == 0 and number(found, 5) != number(group, 3):
                raise BrokenError("a column of other rows than its row group")
            places = [number(found, 9), number(found, 11) if 11 in found else 0]
            start = min(filter(None, places), default=0)  # 0: there are no pages
            yield _Chunk(start, start + number(found, 7), number(found, 5))


def _levels(schema: Sequence[Fields]) -> Iterator[tuple[int, int]]:
    """Yield how deep the values of each column lie: of repeated fields, of fields not required."""
    open_: list[tuple[int, int, int]] = []  # children still to come, and their levels
    for element in schema[1:]:
        while open_ and not open_[-1][0]:
            open_.pop()
        left, repeated, defined = open_.pop() if open_ else (1, 0, 0)
        open_.append((left - 1, repeated, defined))
        kind = number(element, 3) if 3 in element else 0
        repeated, defined = repeated + (kind == _REPEATED), defined + (kind != 0)
        children = number(element, 5) if 5 in element else 0
        if children:
            open_.append((children, repeated, defined))
        else:
            yield repeated, defined


def _check_levels(column: Fields, most: tuple[int, int]) -> None:
    """Raise BrokenError for tallies of levels that are not there: Arrow would end the process."""
    sizes = column.get(16)
    for field, level in zip((2, 3), most, strict=True):
        tally = sizes.get(field) if isinstance(sizes, dict) else None
        if isinstance(tally, list) and len(tally) not in (0, level + 1):
            raise BrokenError("a tally of levels that are not there")


def _check(handle: int, chunk: _Chunk) -> None:
    """Raise BrokenError unless the pages fill their chunk, and have the values that it has."""
    at, values = chunk.start, 0
    while at < chunk.end:
        fields, length = _header(handle, at)
        kind, unpacked = number(fields, 1), number(fields, 2)
        at += length + number(fields, 3)
        if kind in _OWN:
            many = number(part(fields, _OWN[kind]), 1)
            if many > _MOST_VALUES or (kind == _DICTIONARY and many > unpacked):
                raise BrokenError("more values than there can be")
            values += many if kind != _DICTIONARY else 0
    if at != chunk.end or values != chunk.values:
        raise BrokenError("pages that are not those of the footer")


def _header(handle: int, at: int) -> tuple[Fields, int]:
    """Return the header that begins at a place, and how long it is."""
    size = _LOOK
    while True:
        data = os.pread(handle, size, at)
        reader = Reader(data)
        try:
            return reader.struct(), reader.at
        except IndexError:
            if len(data) < size or size >= _LONGEST:
                raise
            size *= 8
