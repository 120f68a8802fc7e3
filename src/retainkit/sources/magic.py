"""What a file really is, told by its first bytes; names lie."""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast

from retainkit.errors import InputError
from retainkit.sources.file import File
from retainkit.sources.files import STDIN_NAME

# An object, or a list of some: how it is written no header of a CSV is.
_JSON = re.compile(rb"""\{\s*["}]|\[\s*\{\s*["}]""")
Format = Literal["csv", "ndjson", "parquet", "excel"]

HEAD_BYTES = 256 * 1024
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_PARQUET = b"PAR1"
_JSON_SUFFIXES = (".ndjson", ".jsonl", ".json")
_PARQUET_SUFFIXES = (".parquet", ".pq")
_UNPACK = "Unpack it first; .gz and .zst are read as they are."
_PAGE = "It may be a login or error page saved in place of the export."
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
# What the first files inside a ZIP archive are called, or hold, that is a workbook.
_INSIDE = (
    b"xl/workbook",
    b"[Content_Types].xml",
    b"application/vnd.oasis.opendocument.spreadsheet",
)
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive", _UNPACK),
    (_OLD_EXCEL, "an old Excel workbook", _UNPACK),
    (b"%PDF-", "a PDF", "Ask for the export as CSV or Parquet."),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ", "an xz archive", _UNPACK),
    (b"7z\xbc\xaf", "a 7z archive", _UNPACK),
    (b"Rar!\x1a", "a RAR archive", _UNPACK),
    (b"SQLite format 3\x00", "a SQLite database", "Export the table as CSV or Parquet."),
    (b"ARROW1\x00", "an Arrow IPC file", "Write it as Parquet."),
    (b"Obj\x01", "an Avro file", "Write it as Parquet."),
    (b"\x89PNG", "a picture", "Ask for the export as CSV or Parquet."),
    (b"\xff\xd8\xff", "a picture", "Ask for the export as CSV or Parquet."),
    (_GZIP, "packed twice", "Unpack it once; .gz and .zst are read as they are."),
)
_MARKUP: tuple[tuple[bytes, str, str], ...] = (
    (b"<!doctype html", "an HTML page", _PAGE),
    (b"<html", "an HTML page", _PAGE),
    (b"<?xml", "an XML document", _PAGE),
    *((tag, "an HTML page", _PAGE) for tag in (b"<!--", b"<head", b"<body", b"<meta", b"<script")),
    *((tag, "an HTML page", _PAGE) for tag in (b"<title", b"<div")),
    (b"<table", "a table of HTML, as web systems call Excel", "Open and save it as CSV."),
    (b"<style", "an HTML page", _PAGE),
    (b"mime-version:", "a web archive", "Open and save it as CSV."),
)
_TAR, _TAR_AT = b"ustar", 257  # what stands where in a tar archive


@dataclass(frozen=True)
class Head:
    """The first bytes of a file, unpacked, and whether they are all there is."""

    data: bytes
    whole: bool
    packed: bool


def unpacked(path: Path) -> BinaryIO:
    """Open `path` for reading its bytes, through gzip or zstd where it is packed."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic.startswith(_GZIP):
        return cast("BinaryIO", gzip.open(path))
    if magic == _ZSTD:
        import pyarrow as pa

        return cast("BinaryIO", pa.input_stream(str(path), compression="zstd"))
    return path.open("rb")


def read_head(file: File) -> Head:
    """Return the beginning of `file`. Raises InputError where it is empty or damaged."""
    try:
        with file.path.open("rb") as raw:
            packed = raw.read(4).startswith((_GZIP, _ZSTD))
        with unpacked(file.path) as stream:
            data = stream.read(HEAD_BYTES)
            whole = not stream.read(1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"'{file.name}' cannot be unpacked: it is truncated or damaged.",
            "Fetch or export it again.",
        ) from error
    if not data:
        hint = "Export it again."
        if file.name == STDIN_NAME:
            hint = "Pipe something in; '-' can be read once, for one of source and --members."
        raise InputError(f"'{file.name}' is empty (0 bytes).", hint)
    return Head(data, whole, packed)


def format_of(file: File, head: Head) -> Format:
    """Return the format to read `file` as. Raises InputError naming what it is instead."""
    start = head.data[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(_PARQUET):
        if head.packed:
            raise InputError(f"'{file.name}' is Parquet inside an archive.", _UNPACK)
        return "parquet"
    if _is_workbook(head.data) and not head.packed:
        return "excel"
    _refuse_foreign(file, head.data, start)
    if file.suffix in _PARQUET_SUFFIXES:
        raise InputError(
            f"'{file.name}' is not Parquet: it does not begin with PAR1.",
            "Fetch or export it again, or give it the suffix of what it is.",
        )
    if file.suffix in _JSON_SUFFIXES or _JSON.match(start):
        return "ndjson"
    return "csv"


def _is_workbook(data: bytes) -> bool:
    if data.startswith(_OLD_EXCEL):
        return True
    return data.startswith(b"PK\x03\x04") and any(sign in data for sign in _INSIDE)


def _refuse_foreign(file: File, data: bytes, start: bytes) -> None:
    found = [each for each in _FOREIGN if start.startswith(each[0])]
    found += [each for each in _MARKUP if start.lower().startswith(each[0])]
    if data[_TAR_AT:].startswith(_TAR):
        found.append((_TAR, "a tar archive", _UNPACK))
    if not found:
        return
    _, what, hint = found[0]
    if _is_workbook(data):
        what = "an Excel workbook inside an archive"
    wanted = {".parquet": "Parquet", ".pq": "Parquet"} | dict.fromkeys(_JSON_SUFFIXES, "NDJSON")
    raise InputError(f"'{file.name}' is {what}, not {wanted.get(file.suffix, 'CSV')}.", hint)
