"""What a text file is written in: encoding, line ends, separator; and UTF-8 copies of it."""

from __future__ import annotations

import csv
import errno
import io
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from retainkit.errors import InputError, UsageError, nearest, size_of
from retainkit.sources.around import header_row, known_names, separator_named
from retainkit.sources.badlines import bad_line
from retainkit.sources.encodings import MARK, SEPARATORS, decoded, encoding_of
from retainkit.sources.file import File
from retainkit.sources.files import unwritable
from retainkit.sources.limits import check_lines, too_much
from retainkit.sources.magic import Head, unpacked
from retainkit.sources.options import SourceOptions

BLANKS = " "
_UTF8 = ("utf-8", "utf-8-sig", "ascii")
_SEPARATOR_NAMES = {
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
    "tab": "\t",
    "\\t": "\t",
    "blanks": BLANKS,
}
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SNIFFED_ROWS = 100
_STEADY = 0.8

Rewrite = Callable[[io.TextIOWrapper, io.TextIOWrapper], None]


@dataclass(frozen=True)
class Text:
    """The beginning of a text file.

    `sample` is decoded, its lines end with a newline, and the last one is whole unless the
    file is a single long line. `streams`: Polars can read the file as it lies. `marks`: how many
    byte order marks follow the one that the encoding takes. `overruled`: what to note where it is
    not the encoding that was asked for.
    """

    file: File
    encoding: str
    sample: str
    streams: bool
    marks: int = 0
    overruled: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """The encoding, where it is not UTF-8 or not the one asked for."""
        if self.overruled or self.encoding in _UTF8:
            return self.overruled
        return (f"read as {self.encoding.upper()}",)

    @property
    def leading_blank_lines(self) -> int:
        """How many lines come before the first that is not blank."""
        start = len(self.sample) - len(self.sample.lstrip())
        return self.sample.count("\n", 0, start)

    @property
    def first_line(self) -> str:
        """The first line."""
        return self.sample.partition("\n")[0]

    def rows(self, separator: str) -> list[list[str]]:
        """Return the cells of the first rows that are not blank."""
        return [row for _, row in self.lines(separator)]

    def lines(self, separator: str) -> list[tuple[int, list[str]]]:
        """Return the first rows that are not blank, and the line, from 1, on which each ends."""
        lines = io.StringIO(self.sample)
        cells: Iterator[tuple[int, list[str]]]
        if separator == BLANKS:
            cells = enumerate(map(str.split, lines), 1)
        else:
            reader = csv.reader(lines, delimiter=separator)
            cells = ((reader.line_num, row) for row in reader)
        filled = (each for each in cells if any(map(str.strip, each[1])))
        found: list[tuple[int, list[str]]] = []
        with suppress(csv.Error):  # a cell of more characters than the module takes
            found.extend(islice(filled, _SNIFFED_ROWS))
        return found


def look(file: File, head: Head, options: SourceOptions) -> Text:
    """Return what the head of `file` tells.

    Raises InputError where the encoding is in doubt or a line longer than is allowed.
    """
    check_lines(file, head, options)
    encoding, overruled = encoding_of(file, head, options)
    marked = decoded(head, encoding)
    if marked is None:
        raise _undecodable(file, encoding)
    text = marked.lstrip(MARK)
    marks = len(marked) - len(text)
    if "\x00" in text:
        raise InputError(
            f"'{file.name}' holds NUL bytes: it is binary, damaged, or in another encoding.",
            "If it is UTF-16, say so: --encoding utf-16-le.",
        )
    newlines = "\r\r\n" not in text and ("\n" in text or "\r" not in text)
    streams = newlines and encoding in _UTF8 and not marks
    return Text(file, encoding, _whole_lines(text, head), streams, marks, overruled)


def separator_of(text: Text, option: str | None) -> str:
    """Return the separator: the one asked for, else the one most rows agree on, else a comma.

    One that the first line names (`sep=;`) is that. BLANKS stands for runs of blanks. Raises
    UsageError where `option` is no separator.
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
    directed = separator_named(text.first_line)
    if directed is not None:
        return directed
    scores = [(*_agreement(text.rows(separator)), separator) for separator in SEPARATORS]
    share, width, separator = max(scores, key=lambda score: (score[1] > 1, *score[:2]))
    if width > 1 and share >= _STEADY:
        return separator
    there = known_names(next(iter(text.rows(separator)), []))
    below = [
        (*_agreement(rows[top:]), each)
        for each in SEPARATORS
        if (top := header_row(rows := text.rows(each))) and known_names(rows[top]) >= there
    ]
    if below:  # there are lines above the header
        return max(below, key=lambda score: (score[1] > 1, *score[:2]))[2]
    if width > 1:
        return separator
    share, width = _agreement(text.rows(BLANKS))
    return BLANKS if width > 1 and share >= _STEADY else ","


def copy_as_utf8(
    text: Text, target: Path, options: SourceOptions, rewrite: Rewrite | None = None
) -> Path:
    """Write the whole of `text` to `target` as UTF-8 with newlines, streaming.

    Raises InputError at the first byte that is not in its encoding, as nothing is replaced, and
    past the bytes that `options` allow to be unpacked.
    """
    try:
        with (
            unpacked(text.file.path) as raw,
            io.TextIOWrapper(_Bounded(raw, text.file, options), text.encoding) as source,
            target.open("w", encoding="utf-8", newline="\n") as copy,
        ):
            source.read(text.marks)
            (rewrite or shutil.copyfileobj)(source, copy)
    except UnicodeError as error:
        raise _undecodable(text.file, text.encoding) from error
    except (EOFError, zlib.error) as error:
        raise InputError(f"'{text.file.name}' is truncated or damaged.") from error
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise unwritable(target.parent.parent, error) from error
        raise
    return target


class _Bounded(io.BufferedReader):
    """The bytes of a file, up to those that options allow."""

    def __init__(self, raw: BinaryIO, file: File, options: SourceOptions) -> None:
        super().__init__(cast("io.RawIOBase", raw))
        most = size_of("--max-unpacked", options.max_unpacked)
        self._most = max(most, file.path.stat().st_size)  # one that is not packed is what it is
        self._left, self._name = self._most, file.name

    def read1(self, size: int = -1) -> bytes:
        """Return some bytes; TextIOWrapper reads by this."""
        data = super().read1(size)
        self._left -= len(data)
        if self._left < 0:
            raise too_much(self._name, self._most)
        return data


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
