"""Known formats: fast readers of texts that are all written alike.

A reader takes texts and returns their moments (Int64 us), null for those it does not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from retainkit.errors import UsageError
from retainkit.sources.civil import (
    ABSENT,
    FLOOR,
    OFFSETS,
    ZERO,
    Zones,
    is_absent,
    is_placeholder,
    is_zero,
    to_utc,
)

Match = re.Match[str]
Reader = Callable[[pl.Series], pl.Series]

_DIRECTIVES = {
    **dict.fromkeys(("y", "last", "cy"), "%Y"),
    **dict.fromkeys(("m", "cm"), "%m"),
    **dict.fromkeys(("d", "cd"), "%d"),
    **dict.fromkeys(("H", "cH"), "%H"),
    **dict.fromkeys(("M", "cM"), "%M"),
    **dict.fromkeys(("S", "cS"), "%S"),
}

_TWO_DIGITS = ("m", "d", "first", "second", "H", "M", "S")
_DIRECTIVE = re.compile(r"%(?:[YmdHMS]|[369]f)")
_WIDTHS = {"%Y": 4, **dict.fromkeys(("%m", "%d", "%H", "%M", "%S"), 2)}
_WIDTHS |= {"%3f": 3, "%6f": 6, "%9f": 9}
_SURE = 7_258_118_400_000_000  # 2200-01-01


def strptime_format(match: Match, day_first: bool | None) -> str | None:
    """Return the format that reads times written like the one matched, its zone taken literally.

    None where none does: half days, odd fractions, an undecided order of day and month.
    """
    directives = dict(_DIRECTIVES)
    if match["first"] is not None:
        if day_first is None:
            return None
        directives |= dict(zip(("first", "second"), _order("%d", "%m", day_first), strict=True))
    if match["f"] is not None:
        if len(match["f"]) not in (3, 6, 9):
            return None
        directives["f"] = f"%{len(match['f'])}f"
    if match["half"] is not None:
        return None
    spans = sorted((*match.span(name), sign) for name, sign in directives.items() if match[name])
    text, at = "", 0
    for start, end, sign in spans:
        text, at = text + match.string[at:start] + sign, end
    return text + match.string[at:]


def zone_offset(zone: str | None) -> int | None:
    """Return the offset in us that "Z", "+08:00", "+0800" or "+08" stands for."""
    if zone is None:
        return None
    digits = re.sub(r"\D", "", zone).ljust(4, "0")
    sign = -1 if zone.startswith("-") else 1
    return sign * (int(digits[:2]) * 60 + int(digits[2:])) * 60_000_000


def format_reader(format_: str, zones: Zones, offset: int | None, *, padded: bool) -> Reader:
    """Return the reader of a format of `strptime_format`; `offset` (us) where it has a zone.

    padded: whether months, hours … always have two digits. Polars forgives much that is not in
    the format (missing blanks, short years), so only texts of the format's width, or else of its
    shape, are taken, and years that a misreading would give are left to the thorough reader.
    """
    width = len(_DIRECTIVE.sub(lambda one: "0" * _WIDTHS[one[0]], format_).encode())
    shape = _DIRECTIVE.sub(lambda one: _digits(one[0]), f"^{re.escape(format_)}$")
    tz = zones.times if "%H" in format_ else zones.dates

    def read(texts: pl.Series) -> pl.Series:
        local = _to_datetime(texts, format_)
        plain = local.cast(pl.Int64)
        moments = to_utc(local, tz) if offset is None else plain - offset
        written = texts.str.len_bytes() == width if padded else texts.str.contains(shape)
        sure = written & (plain != 0) & ~is_zero(moments, zones) & plain.is_between(FLOOR, _SURE)
        return moments if sure.all() else moments.zip_with(sure, moments.clear(len(moments)))

    return read


def has_clock(match: Match) -> bool:
    """Return whether a time of day is written, not a date alone."""
    return match["H"] is not None or match["cH"] is not None


def is_padded(match: Match) -> bool:
    """Return whether months, days and the clock are written with two digits."""
    return all(len(match[name] or "00") == 2 for name in _TWO_DIGITS)


def _digits(directive: str) -> str:
    width = _WIDTHS[directive]
    return "[0-9]{1,2}" if width == 2 else f"[0-9]{{{width}}}"


@dataclass(frozen=True)
class Stated:
    """The reader of a format that the user gave, whether it reads an offset, or a time of day."""

    read: Reader
    offset: bool
    clock: bool


def strptime_reader(format_: str, zones: Zones) -> Stated:
    """Return the reader of a format the user gave.

    Raises UsageError for a format without a date.
    """
    has_offset, clock = _check(format_)
    tz = zones.times if clock else zones.dates

    def read(texts: pl.Series) -> pl.Series:
        texts = texts.str.strip_chars()
        if "%z" in format_:
            texts = texts.str.replace("[Zz]$", "+0000")
        local = _to_datetime(texts, format_)
        plain = local.cast(pl.Int64)
        moments = plain if has_offset else to_utc(local, tz)
        odd = is_placeholder(plain) | is_zero(moments, zones)
        return moments.set(odd, ZERO) if odd.any() else moments

    return Stated(read, has_offset, clock)


def clashing(reader: Reader) -> Reader:
    """Return a reader for which times are at fault that `reader` reads."""
    return lambda texts: pl.select(pl.when(reader(texts) >= FLOOR).then(OFFSETS)).to_series()


def in_turn(readers: Sequence[Reader]) -> Reader:
    """Return a reader of what the first one reads; the next is only asked about what is left."""

    def read(batch: pl.Series) -> pl.Series:
        moments = pl.repeat(None, len(batch), dtype=pl.Int64, eager=True)
        for reader in (*readers, _void):
            rows = (moments.is_null() & batch.is_not_null()).arg_true()
            if len(rows) == len(batch):
                moments = reader(batch)
            elif len(rows):
                moments = moments.scatter(rows, reader(batch.gather(rows)))
        return moments

    return read


def _void(texts: pl.Series) -> pl.Series:
    """Read only what says that there is no time."""
    return pl.repeat(None, len(texts), dtype=pl.Int64, eager=True).set(is_absent(texts), ABSENT)


def _to_datetime(texts: pl.Series, format_: str) -> pl.Series:
    return texts.str.to_datetime(format_, time_unit="us", strict=False, cache=False)


def _check(format_: str) -> tuple[bool, bool]:
    """Return whether a format reads an offset itself, and whether a time of day.

    Raises UsageError for one without a date.
    """
    known = pl.Series([datetime(2010, 12, 31, 8, 26, tzinfo=UTC)])
    try:
        back = _to_datetime(known.dt.strftime(format_), format_)
        good = back.dt.date().equals(known.dt.date())
    except pl.exceptions.PolarsError:
        good = False
    if not good:
        raise UsageError(
            f"--time-format: '{format_}' does not read a date and time.",
            "Formats are written like %d.%m.%Y %H:%M:%S (or with %z for an offset).",
        )
    # Seconds since 1970 count from UTC whatever the zone.
    has_offset = back.dtype == pl.Datetime("us", "UTC") or "%s" in format_
    return has_offset, bool((back.dt.hour() > 0).all())


def _order(day: str, month: str, day_first: bool) -> tuple[str, str]:
    return (day, month) if day_first else (month, day)
