"""Which encoding a text file is in: by its mark, as asked for, UTF-8, or what its header tells."""

from __future__ import annotations

import codecs
import io
from encodings.aliases import aliases
from itertools import islice

from retainkit.errors import InputError, UsageError, nearest
from retainkit.schema import ALIASES, fold
from retainkit.sources.around import LOOKED_AT
from retainkit.sources.file import File
from retainkit.sources.magic import Head
from retainkit.sources.options import SourceOptions

SEPARATORS = (",", "\t", ";", "|")
MARK = "\ufeff"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ORDERED = ("utf-16", "utf-32")  # are read by a mark that says which byte comes first
# Strict decoders accept each other's bytes as garbage, so only a known header is proof.
_CANDIDATES = ("gb18030", "big5")
_KNOWN = frozenset(fold(alias) for names in ALIASES.values() for alias in names)
# Codecs of Python's in which no file is written.
_NO_TEXT = {
    *("undefined", "idna", "punycode", "unicode-escape", "raw-unicode-escape", "charmap"),
    *("mbcs", "oem", "utf-7"),
    *("rot13", "rot-13", "hex", "base64", "bz2", "zlib", "uu", "quopri"),
    *(f"{name}-codec" for name in ("hex", "base64", "bz2", "zlib", "uu", "quopri")),
}
_COMMON = (
    *("utf-8", "utf-16-le", "utf-16-be", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr"),
    *("latin-1", "cp1252", "cp1251"),
)


def encoding_of(file: File, head: Head, options: SourceOptions) -> tuple[str, tuple[str, ...]]:
    """Return the encoding of `file`, and what to note where it is not the one asked for.

    Raises InputError where it is in doubt, UsageError where what was asked for is no encoding.
    """
    asked = None if options.encoding is None else named(options.encoding)
    found = next((name for mark, name in _BOMS if head.data.startswith(mark)), None)
    if found is not None:
        overruled = asked is not None and not _agree(asked, found)
        return found, (_overruled(asked, found),) if overruled else ()
    if asked in _ORDERED:
        raise UsageError(
            f"--encoding: '{file.name}' does not begin with the mark that tells the order of its "
            f"bytes, so {asked} does not say enough.",
            f"Say {asked}-le or {asked}-be.",
        )
    is_utf8 = decoded(head, "utf-8") is not None
    if asked is not None:
        if file.is_members and is_utf8 and not head.data.isascii() and not _agree(asked, "utf-8"):
            return "utf-8", (_overruled(asked, "utf-8"),)
        return asked, ()
    if is_utf8:
        return "utf-8", ()
    likely = [encoding for encoding in _CANDIDATES if _header_is_known(head, encoding)]
    if len(likely) != 1:
        raise InputError(
            f"'{file.name}' is not UTF-8, and its header does not tell what it is.",
            "Name its encoding, e.g. --encoding gb18030 or --encoding latin-1.",
        )
    return likely[0], ()


def named(encoding: str) -> str:
    """Return the name of an encoding of text. Raises UsageError for what is none."""
    try:
        io.TextIOWrapper(io.BytesIO(), encoding)  # codecs.lookup takes hex and rot13 too
        name = codecs.lookup(encoding).name
    except (LookupError, UnicodeError, ValueError):  # a codec may fail as it is made
        name = ""
    if name in ("", *_NO_TEXT):
        real = {name for name in aliases.values() if name.replace("_", "-") not in _NO_TEXT}
        raise UsageError(
            f"--encoding: '{encoding}' is not known.{nearest(encoding, real)}",
            f"Encodings of text are {', '.join(_COMMON)} and others.",
        )
    return name


def decoded(head: Head, encoding: str) -> str | None:
    """Return the beginning of a file in an encoding, None where it is not in it."""
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(head.data, head.whole)
    except UnicodeError:
        return None


def _agree(one: str, other: str) -> bool:
    """Return whether two encodings are the same, or one of them with its order of bytes."""
    return one[:5] == other[:5]


def _overruled(asked: str | None, found: str) -> str:
    why = "as it begins with that mark" if found != "utf-8" else "which it is"
    told = found.removesuffix("-sig").upper()
    return f"read as {told}, {why}, not as the {str(asked).upper()} of --encoding"


def _header_is_known(head: Head, encoding: str) -> bool:
    text = decoded(head, encoding)
    lines = islice((line for line in (text or "").split("\n") if line.strip()), LOOKED_AT)
    # An ASCII header reads the same in every encoding and proves nothing.
    cells = (
        cell.strip('" \r') for line in lines for mark in SEPARATORS for cell in line.split(mark)
    )
    return any(not cell.isascii() and fold(cell) in _KNOWN for cell in cells)
