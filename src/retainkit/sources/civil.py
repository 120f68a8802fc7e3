"""Dates and times as people write them: one pattern that knows them all, row by row.

This is the thorough reader. It is slower than a known format, so `times` lets formats learned
from a sample read what they can and leaves only the rest to `read_civil`; what both read, they
read alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property, reduce
from operator import or_
from typing import TypeVar

import polars as pl

from retainkit.periods import Calendar

Numbers = TypeVar("Numbers", pl.Expr, pl.Series)

# What a time column may hold instead of a moment. Moments are far above: years 1900 to 9998.
MIN = -(2**63)
ABSENT, ZERO, OFFSETS, EPOCHS = MIN + 1, MIN + 2, MIN + 3, MIN + 4

_HOUR_US = 3_600_000_000
DAY_US = 86_400_000_000
FLOOR = -25_566 * DAY_US  # 1900-01-02: what lies before is a placeholder, not an event
CEILING = 2_932_532 * DAY_US  # 9999-01-01: "never"
_YEARS = -(2**56), 2**58  # us: from before the year 0 to after 9999
_NO_TIME = ("", "-", "null", "none", "nan", "nat", "na", "n/a", "\\n")

_DATE = (
    r"(?:(?P<y>[0-9]{4})[-/.年](?P<m>[0-9]{1,2})[-/.月](?P<d>[0-9]{1,2})日?"
    r"|(?P<first>[0-9]{1,2})[-/.](?P<second>[0-9]{1,2})[-/.](?P<last>[0-9]{4})"
    r"|(?P<cy>[0-9]{4})(?P<cm>[0-9]{2})(?P<cd>[0-9]{2})(?:T?(?P<cH>[0-9]{2})(?P<cM>[0-9]{2})(?P<cS>[0-9]{2}))?)"
)
_TIME = (
    r"(?:[T\s]+(?P<H>[0-9]{1,2})[:时](?P<M>[0-9]{1,2})(?:[:分](?P<S>[0-9]{1,2})(?:[.,](?P<f>[0-9]{1,9}))?秒?)?"
    r"分?\s*(?P<half>[AaPp][Mm])?)?"
)
_ZONE = r"\s*(?P<zone>Z|UTC|[+-](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?)?"
PATTERN = re.compile(rf"^{_DATE}{_TIME}{_ZONE}$")


@dataclass(frozen=True)
class Zones:
    """The zone of times that have no offset, and that of dates without a time of day."""

    times: str
    dates: str

    @cached_property
    def zeros(self) -> tuple[int, ...]:
        """The moments (us) at which 1970 begins in UTC or in one of these zones: zero dates."""
        zones = ("UTC", self.times, self.dates)
        return tuple({Calendar(tz).midnight(date(1970, 1, 1)) for tz in zones})


@dataclass(frozen=True)
class Style:
    """What the rows of one column have in common.

    zones: where what has no offset is. day_first: how 01/04/2024 reads, None where nobody
    said. offset: whether all times have one (True), none has (False), or either may (None).
    """

    zones: Zones
    day_first: bool | None = None
    offset: bool | None = None


def read_civil(text: pl.Series, style: Style) -> pl.Series:
    """Return the moments (us) that texts name, or why there is none (null: unreadable)."""
    parts = _parts(text, style.day_first).with_columns(absent=is_absent(text))
    naive = to_utc(parts["local"], style.zones.times)
    if style.zones.dates != style.zones.times:
        naive = to_utc(parts["local"], style.zones.dates).zip_with(parts["timeless"], naive)
    zoned = parts["local"].cast(pl.Int64) - parts["offset"]
    us = naive.zip_with(parts["zone"].is_null(), zoned)
    return parts.select(
        pl.when("absent")
        .then(ABSENT)
        .when(pl.col("zero") | (is_placeholder(pl.col("local").cast(pl.Int64)) & us.is_not_null()))
        .then(ZERO)
        .when(is_zero(us, style.zones))
        .then(ZERO)
        .when(_clashes(style) & us.is_not_null())
        .then(OFFSETS)
        .otherwise(us)
        .cast(pl.Int64)
    ).to_series()


def read_walls(text: pl.Series, day_first: bool | None) -> pl.Series:
    """Return the local times (us) written; null where with an offset, or a date alone."""
    local = pl.col("local").cast(pl.Int64)
    naive = pl.col("zone").is_null() & ~pl.col("timeless")
    return _parts(text, day_first).select(pl.when(naive).then(local)).to_series()


def to_utc(local: pl.Series, tz: str) -> pl.Series:
    """Return the moments (us) of local Datetimes: the earlier of two, forward over a gap.

    Null in years that no calendar has; Polars would panic.
    """
    if tz == "UTC":
        return local.cast(pl.Int64)
    known = local.cast(pl.Int64).is_between(*_YEARS)
    if not known.all():
        local = local.zip_with(known, local.clear(len(local)))
    moments = _direct_utc(local, tz)
    # A time in a gap is as long after the gap as the same time hours earlier is before it.
    for hours in (3, 25):
        if moments.null_count() > local.null_count():
            earlier = _direct_utc(local.dt.offset_by(f"-{hours}h"), tz) + hours * _HOUR_US
            moments = moments.zip_with(moments.is_not_null(), earlier)
    return moments


def _direct_utc(local: pl.Series, tz: str) -> pl.Series:
    zoned = local.dt.replace_time_zone(tz, ambiguous="earliest", non_existent="null")
    return zoned.cast(pl.Int64)


def is_absent(text: pl.Series) -> pl.Series:
    """Return whether a text says that there is no time."""
    return text.str.strip_chars().str.to_lowercase().is_in(_NO_TIME)


def is_placeholder(us: Numbers) -> Numbers:
    """Return whether a local time (us) is one that systems write for "no time"."""
    return (us == 0) | (us < FLOOR) | (us >= CEILING)


def is_zero(moments: Numbers, zones: Zones) -> Numbers:
    """Return whether a moment (us) is where 1970 begins, in UTC or in one of the zones."""
    return reduce(or_, (moments == zero for zero in zones.zeros))


def _parts(text: pl.Series, day_first: bool | None) -> pl.DataFrame:
    """Return what texts say: local, offset, zone, zero (the year is 0000), timeless."""
    groups = text.str.strip_chars().str.extract_groups(PATTERN.pattern).struct.unnest()
    parts = groups.select(
        _date(day_first), _clock(), _offset(), "zone", zero=_is_zero(), timeless=_is_timeless()
    )
    return parts.with_columns(
        local=pl.col("date").cast(pl.Datetime("us")) + pl.duration(microseconds="clock")
    )


def _date(day_first: bool | None) -> pl.Expr:
    first, second = pl.col("first"), pl.col("second")
    if day_first is None:
        first = second = pl.lit(None, pl.String)
    day, month = (first, second) if day_first else (second, first)
    year = pl.coalesce("y", "last", "cy")
    text = pl.concat_str(
        year, pl.coalesce("m", month, "cm"), pl.coalesce("d", day, "cd"), separator="-"
    )
    return text.str.to_date("%Y-%m-%d", strict=False).alias("date")


def _clock() -> pl.Expr:
    """Return the us since midnight, null where the clock is none."""
    hour = pl.coalesce("H", "cH", pl.lit("0")).cast(pl.Int64)
    minute = pl.coalesce("M", "cM", pl.lit("0")).cast(pl.Int64)
    second = pl.coalesce("S", "cS", pl.lit("0")).cast(pl.Int64)
    fraction = pl.col("f").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64).fill_null(0)
    half = pl.col("half").str.to_lowercase()
    valid = (hour < 24) & (minute < 60) & (second <= 60)
    hour_of_day = (
        pl.when(half.is_null())
        .then(hour)
        .when(hour.is_between(1, 12))
        .then(hour % 12 + 12 * (half == "pm").cast(pl.Int64))
    )
    us = ((hour_of_day * 60 + minute) * 60 + second) * 1_000_000 + fraction
    return pl.when(valid).then(us).alias("clock")


def _offset() -> pl.Expr:
    digits = pl.col("zone").str.replace_all(r"\D", "").str.pad_end(4, "0")
    hours, minutes = digits.str.head(2).cast(pl.Int64), digits.str.tail(2).cast(pl.Int64)
    sign = pl.when(pl.col("zone").str.starts_with("-")).then(-1).otherwise(1)
    return (sign * (hours * 60 + minutes) * 60_000_000).alias("offset")


def _is_timeless() -> pl.Expr:
    return pl.coalesce("H", "cH").is_null()


def _is_zero() -> pl.Expr:
    return (pl.coalesce("y", "last", "cy") == "0000").fill_null(False)


def _clashes(style: Style) -> pl.Expr:
    if style.offset is None:
        return pl.lit(False)
    return pl.col("zone").is_not_null() != style.offset
