"""The page headers of a Parquet file, held against its footer before anything reads the pages.

Readers trust a page that says how many values it has, and ask for as much memory: where a flipped
bit makes that less than nothing, the whole process ends. The format: Apache Parquet,
parquet.thrift, in Thrift's compact protocol.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from retainkit.sources.faults import damaged

MOST_VALUES = 1 << 28  # of one page; writers end a page at some ten thousand
_LOOK = 256  # bytes in which most headers end
_LONGEST = 1 << 24  # bytes of a header, with the smallest and the largest value of its page
_DEEPEST = 8
_DATA, _INDEX, _DICTIONARY, _DATA_2 = range(4)
# Fields of a header: by type of page, where the struct of its own lies; the first of that is the
# number of values.
_OWN = {_DATA: 5, _DICTIONARY: 7, _DATA_2: 8}
_TYPE, _UNPACKED, _PACKED = 1, 2, 3
_TRUE, _FALSE, _BYTE, _I64, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 6, 7, 8, 9, 10, 12

Fields = dict[int, "int | Fields"]


@dataclass(frozen=True)
class Chunk:
    """A column of a row group: where its pages begin and end, and how many values they have."""

    start: int
    end: int
    values: int


class _BrokenError(ValueError):
    """Bytes that are no header of a page."""


def check_pages(path: Path, name: str) -> None:
    """Raise InputError where the pages of a file are not what its footer says.

    Reads their headers, which are some hundred bytes for each some ten thousand values.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        for chunk in _chunks(path, name):
            _check(handle, chunk)
    except _BrokenError as error:
        raise damaged(name) from error
    finally:
        os.close(handle)


def _chunks(path: Path, name: str) -> Iterator[Chunk]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        footer = parquet.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        raise damaged(name) from error
    for at in range(footer.num_row_groups):
        group = footer.row_group(at)
        for column in range(footer.num_columns):
            found = group.column(column)
            places = (found.data_page_offset, found.dictionary_page_offset)
            start = min((place for place in places if place), default=0)  # 0: there is none
            yield Chunk(start, start + found.total_compressed_size, found.num_values)


def _check(handle: int, chunk: Chunk) -> None:
    at, values = chunk.start, 0
    while at < chunk.end:
        fields, length = _header(handle, at)
        kind = _number(fields, _TYPE)
        packed, unpacked = _number(fields, _PACKED), _number(fields, _UNPACKED)
        at += length + packed
        if kind in _OWN:
            own = fields.get(_OWN[kind])
            if not isinstance(own, dict):
                raise _BrokenError("no header of its own")
            many = _number(own, 1)
            if many > MOST_VALUES or (kind == _DICTIONARY and many > unpacked):
                raise _BrokenError("more values than there can be")
            values += many if kind != _DICTIONARY else 0
    if at != chunk.end or values != chunk.values:
        raise _BrokenError("pages that are not those of the footer")


def _number(fields: Fields, at: int) -> int:
    """Return a field that is a number from 0 on."""
    found = fields.get(at)
    if not isinstance(found, int) or found < 0:
        raise _BrokenError("no number from 0 on")
    return found


def _header(handle: int, at: int) -> tuple[Fields, int]:
    """Return the fields of the header that begins at a place, and its length."""
    size = _LOOK
    while True:
        data = os.pread(handle, size, at)
        try:
            reader = _Reader(data)
            return reader.struct(_DEEPEST), reader.at
        except IndexError:
            if len(data) < size or size >= _LONGEST:
                raise _BrokenError("a header without end") from None
            size *= 8


class _Reader:
    """Reads Thrift's compact protocol; raises IndexError where the bytes end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, deep: int) -> Fields:
        """Return the numbers and structs among the fields of a struct; others are passed over."""
        if not deep:
            raise _BrokenError("nested too deep")
        fields: Fields = {}
        field = 0
        while head := self._byte():
            field = field + (head >> 4) if head >> 4 else self._signed()
            kind = head & 15
            if kind == _STRUCT:
                fields[field] = self.struct(deep - 1)
            elif _BYTE < kind <= _I64:
                fields[field] = self._signed()
            else:
                self._pass(kind, deep)
        return fields

    def _byte(self) -> int:
        byte = self._data[self.at]
        self.at += 1
        return byte

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) >= 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > 63:
                raise _BrokenError("a number without end")
        return value | byte << shift

    def _signed(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _pass(self, kind: int, deep: int) -> None:
        """Pass over a value that is no number and no struct."""
        if kind in (_TRUE, _FALSE):
            return
        if kind == _BYTE:
            self.at += 1
        elif kind == _DOUBLE:
            self.at += 8
        elif kind == _BINARY:
            length = self._varint()
            self.at += length
        elif kind in (_LIST, _SET):
            head = self._byte()
            many = head >> 4 if head >> 4 < 15 else self._varint()
            if many > len(self._data):
                raise IndexError
            for _ in range(many):
                self._element(head & 15, deep)
        else:
            raise _BrokenError("an unknown type")

    def _element(self, kind: int, deep: int) -> None:
        if kind == _STRUCT:
            self.struct(deep - 1)
        elif kind in (_TRUE, _FALSE):
            self.at += 1
        elif _BYTE < kind <= _I64:
            self._varint()
        else:
            self._pass(kind, deep)
