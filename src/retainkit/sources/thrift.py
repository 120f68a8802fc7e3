"""Thrift's compact protocol, as far as Parquet's metadata needs it: numbers, structs and lists.

Source: Apache Thrift, doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

from typing import TypeAlias

_TRUE, _FALSE, _BYTE, _I64, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 6, 7, 8, 9, 10, 12
_DEEPEST = 16
_LONG = 15  # as the length of a list: it follows

Fields: TypeAlias = "dict[int, Value]"
Value: TypeAlias = "int | Fields | list[Value] | None"


class BrokenError(ValueError):
    """Bytes that are not what they should be."""


class Reader:
    """Reads the structs in `data`. at: where it is. Raises IndexError where the bytes end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, deep: int = 0) -> Fields:
        """Return the fields of a struct by number; those that are no numbers are None."""
        if deep > _DEEPEST:
            raise BrokenError("nested too deep")
        fields: Fields = {}
        field = 0
        while head := self._data[self.at]:
            self.at += 1
            field = field + (head >> 4) if head >> 4 else self._signed()
            kind = head & 15
            if _BYTE < kind <= _I64:  # most are
                fields[field] = self._signed()
            else:
                fields[field] = None if kind in (_TRUE, _FALSE) else self._value(kind, deep)
        self.at += 1
        return fields

    def _value(self, kind: int, deep: int) -> Value:
        if _BYTE < kind <= _I64:
            return self._signed()
        if kind == _BINARY:
            length = self._varint()
            self._pass(length)
        elif kind == _STRUCT:
            return self.struct(deep + 1)
        elif kind in (_LIST, _SET):
            return self._list(deep)
        elif kind in (_TRUE, _FALSE, _BYTE):  # in a list; fields have no byte of their own
            self._pass(1)
        elif kind == _DOUBLE:
            self._pass(8)
        else:
            raise BrokenError("an unknown type")
        return None

    def _list(self, deep: int) -> list[Value]:
        head = self._byte()
        many = self._varint() if head >> 4 == _LONG else head >> 4
        if many > len(self._data) - self.at:  # each takes a byte at least
            raise IndexError
        return [self._value(head & 15, deep) for _ in range(many)]

    def _pass(self, length: int) -> None:
        self.at += length
        if self.at > len(self._data):
            raise IndexError

    def _byte(self) -> int:
        byte = self._data[self.at]
        self.at += 1
        return byte

    def _varint(self) -> int:
        value = shift = 0
        if (byte := self._data[self.at]) < 0x80:  # most are
            self.at += 1
            return byte
        while (byte := self._byte()) >= 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > 63:
                raise BrokenError("a number without end")
        return value | byte << shift

    def _signed(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)


def number(fields: Fields, field: int) -> int:
    """Return a field that is a number from 0 on; raises BrokenError where it is not."""
    found = fields.get(field)
    if not isinstance(found, int) or found < 0:
        raise BrokenError(f"field {field} is no number from 0 on")
    return found


def part(fields: Fields, field: int) -> Fields:
    """Return a field that is a struct; raises BrokenError where it is not."""
    found = fields.get(field)
    if not isinstance(found, dict):
        raise BrokenError(f"field {field} is no struct")
    return found


def parts(fields: Fields, field: int) -> list[Fields]:
    """Return a field that is a list of structs; raises BrokenError where it is not."""
    found = fields.get(field)
    if not isinstance(found, list):
        raise BrokenError(f"field {field} is no list")
    structs = [each for each in found if isinstance(each, dict)]
    if len(structs) < len(found):
        raise BrokenError(f"field {field} has what is no struct")
    return structs
