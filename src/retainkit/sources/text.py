"""What a text file is written in: encoding, line ends, separator; and UTF-8 copies of it."""

from __future__ import annotations

import codecs
import csv
import io
import shutil
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from encodings.aliases import aliases
from itertools import islice
from pathlib import Path

from retainkit.errors import InputError, UsageError, nearest
from retainkit.schema import ALIASES, fold
from retainkit.sources.files import File
from retainkit.sources.lines import bad_line
from retainkit.sources.magic import Head, unpacked
from retainkit.sources.options import SourceOptions

BLANKS = " "
_UTF8 = ("utf-8", "utf-8-sig", "ascii")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Strict decoders accept each other's bytes as garbage, so only a known header is proof.
_CANDIDATES = ("gb18030", "big5")
_SEPARATORS = (",", "\t", ";", "|")
_SEPARATOR_NAMES = {
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
    "tab": "\t",
    "\\t": "\t",
    "blanks": BLANKS,
}
_SNIFFED_ROWS = 100
_STEADY = 0.8
_KNOWN = frozenset(fold(alias) for names in ALIASES.values() for alias in names)

Rewrite = Callable[[io.TextIOWrapper, io.TextIOWrapper], None]


@dataclass(frozen=True)
class Text:
    """The beginning of a text file.

    `sample` is decoded, its lines end with a newline, and the last one is whole unless the
    file is a single long line. `streams`: Polars can read the file as it lies.
    """

    file: File
    encoding: str
    sample: str
    streams: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """The encoding, where it is not UTF-8."""
        return () if self.encoding in _UTF8 else (f"read as {self.encoding.upper()}",)

    @property
    def leading_blank_lines(self) -> int:
        """How many lines come before the first that is not blank."""
        start = len(self.sample) - len(self.sample.lstrip())
        return self.sample.count("\n", 0, start)

    def rows(self, separator: str) -> list[list[str]]:
        """Return the cells of the first rows that are not blank."""
        lines = io.StringIO(self.sample)
        cells: Iterator[list[str]] = (
            map(str.split, lines) if separator == BLANKS else csv.reader(lines, delimiter=separator)
        )
        try:
            return list(islice((row for row in cells if any(map(str.strip, row))), _SNIFFED_ROWS))
        except csv.Error:
            return []


def look(file: File, head: Head, options: SourceOptions) -> Text:
    """Return what the head of `file` tells. Raises InputError where the encoding is in doubt."""
    encoding = _encoding(file, head, options)
    text = _decode(head, encoding)
    if text is None:
        raise _undecodable(file, encoding)
    if "\x00" in text:
        raise InputError(
            f"'{file.name}' holds NUL bytes: it is binary, damaged, or in another encoding.",
            "If it is UTF-16, say so: --encoding utf-16-le.",
        )
    newlines = "\r\r\n" not in text and ("\n" in text or "\r" not in text)
    return Text(file, encoding, _whole_lines(text, head), newlines and encoding in _UTF8)


def separator_of(text: Text, option: str | None) -> str:
    """Return the separator: the one asked for, else the one most rows agree on, else a comma.

    BLANKS stands for runs of blanks. Raises UsageError where `option` is no separator.
    """
    if option is not None:
        named = _SEPARATOR_NAMES.get(option, option)
        if len(named) != 1 or not named.isascii() or named in '"\r\n':
            known = ", ".join(_SEPARATOR_NAMES)
            raise UsageError(
                f"--separator: '{option}' is not one character or one of {known}."
                f"{nearest(option, _SEPARATOR_NAMES)}"
            )
        return named
    scores = [(*_agreement(text.rows(separator)), separator) for separator in _SEPARATORS]
    share, width, separator = max(scores, key=lambda score: (score[1] > 1, *score[:2]))
    if width > 1:
        return separator
    share, width = _agreement(text.rows(BLANKS))
    return BLANKS if width > 1 and share >= _STEADY else ","


def copy_as_utf8(text: Text, target: Path, rewrite: Rewrite | None = None) -> Path:
    """Write the whole of `text` to `target` as UTF-8 with newlines, streaming.

    Raises InputError at the first byte that is not in its encoding: nothing is replaced.
    """
    try:
        with (
            io.TextIOWrapper(unpacked(text.file.path), text.encoding, "strict") as source,
            target.open("w", encoding="utf-8", newline="\n") as copy,
        ):
            (rewrite or shutil.copyfileobj)(source, copy)
    except UnicodeDecodeError as error:
        raise _undecodable(text.file, text.encoding) from error
    except (EOFError, zlib.error) as error:
        raise InputError(f"'{text.file.name}' is truncated or damaged.") from error
    return target


def _encoding(file: File, head: Head, options: SourceOptions) -> str:
    asked = None if options.encoding is None else _named(options.encoding)
    for mark, encoding in _BOMS:
        if head.data.startswith(mark) and (asked or encoding).startswith(encoding[:5]):
            return encoding
    if asked is not None:
        return asked
    if _decode(head, "utf-8") is not None:
        return "utf-8"
    likely = [encoding for encoding in _CANDIDATES if _header_is_known(head, encoding)]
    if len(likely) != 1:
        raise InputError(
            f"'{file.name}' is not UTF-8, and its header does not tell what it is.",
            "Name its encoding, e.g. --encoding gb18030 or --encoding latin-1.",
        )
    return likely[0]


def _named(encoding: str) -> str:
    try:
        io.TextIOWrapper(io.BytesIO(), encoding)  # codecs.lookup takes hex and rot13 too
        return codecs.lookup(encoding).name
    except LookupError as error:
        raise UsageError(
            f"--encoding: '{encoding}' is not known.{nearest(encoding, set(aliases.values()))}"
        ) from error


def _decode(head: Head, encoding: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(head.data, head.whole)
    except UnicodeDecodeError:
        return None


def _header_is_known(head: Head, encoding: str) -> bool:
    text = _decode(head, encoding)
    header = next((line for line in (text or "").split("\n") if line.strip()), "")
    # An ASCII header reads the same in every encoding and proves nothing.
    cells = (cell.strip('" \r') for mark in _SEPARATORS for cell in header.split(mark))
    return any(not cell.isascii() and fold(cell) in _KNOWN for cell in cells)


def _undecodable(file: File, encoding: str) -> InputError:
    line = bad_line(file.path, encoding)
    where = "" if line is None else f", line {line:,},"
    return InputError(
        f"'{file.name}'{where} holds bytes that are not {encoding.upper()}.",
        "Name its encoding, e.g. --encoding gb18030 or --encoding latin-1.",
    )


def _whole_lines(text: str, head: Head) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if head.whole or "\n" not in text:
        return text
    return text[: text.rindex("\n") + 1]


def _agreement(rows: list[list[str]]) -> tuple[float, int]:
    """Return the share of `rows` as wide as the first one, and that width."""
    width = len(rows[0]) if rows else 0
    return (sum(len(row) == width for row in rows) / len(rows) if rows else 0.0), width
