"""Calendar and elapsed time: which period a moment falls in, when periods begin and end.

Moments are int64 microseconds since 1970-01-01 UTC ("us"). A period is an integer index that
grows by one from each period to the next, so an age is a difference of two indices. Days and
longer periods are those of the local calendar, daylight saving included; hours are real hours,
aligned to the zone's minutes, so that the hour lived twice in autumn is two hours.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import cast, get_args
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retainkit.choices import DatePeriod, Period, Weekday
from retainkit.columns import column
from retainkit.errors import InputError, UsageError, check_choice, nearest
from retainkit.zones import advice

PERIODS: tuple[Period, ...] = get_args(Period)
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

Ints = NDArray[np.int64]

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# Elapsed units: a period's length in us where time is counted from the member's own start.
ELAPSED: dict[Period, int] = {"hour": HOUR, "day": DAY, "week": 7 * DAY, "month": 30 * DAY}

FURTHEST = 100_000  # the largest age one can ask for: hours of 11 years, days of 273

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WEEKDAY = 3  # 1970-01-01 was a Thursday
_MONTHS: dict[Period, int] = {"month": 1, "quarter": 3, "year": 12}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w)")
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


def duration(text: str, option: str) -> int:
    """Return the microseconds of "90s", "15m", "12h", "30d" or "4w"; raises UsageError."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"{option}: '{text}' is not a length of time like 12h, 30d or 4w.")
    if float(match[1]) * _UNITS[match[2]] > FURTHEST * DAY:
        raise UsageError(f"{option}: '{text}' is longer than {FURTHEST:,} days.")
    return round(float(match[1]) * _UNITS[match[2]])


def whole_periods(since: Ints, until: Ints, period: DatePeriod) -> Ints:
    """Return how many whole periods lie between the days `since` and `until`, arrays of one shape.

    The greatest n such that `since` plus n periods is not after `until`; negative where `until`
    comes first. Months later is the same day of the month, in a month that lacks it the last one:
    from 31 January it is one month to 28 or 29 February, and two to 31 March.
    """
    if period in ("day", "week"):
        return (until - since) // (7 if period == "week" else 1)
    begun, month = _months(since), _months(until)
    first, beyond = (_first_days(each) for each in (month, month + 1))
    day = since - _first_days(begun)
    due = first + np.minimum(day, beyond - first - 1)
    whole: Ints = (month - begun - (until < due)) // _MONTHS[period]
    return whole


@dataclass(frozen=True)
class Calendar:
    """The calendar of one time zone. Raises UsageError for an unknown zone or weekday."""

    tz: str = "UTC"
    week_start: Weekday = "monday"

    def __post_init__(self) -> None:
        check_choice("--week-start", self.week_start, WEEKDAYS)
        if self.tz not in _usual_zones() and self.tz not in _zones():
            known, hint = advice(self.tz)
            near = "" if known else nearest(self.tz, _zones())
            raise UsageError(f"--tz: there is no time zone '{self.tz}'.{near}", hint)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone's rules."""
        return ZoneInfo(self.tz)

    def index(self, us: Ints, period: Period) -> Ints:
        """Return the index of the period each moment falls in."""
        if period == "hour":
            return (us + self._offset(us) % HOUR) // HOUR
        if period == "week":
            return (us + (self._offset(us) + self._week_shift * DAY)) // (7 * DAY)
        return self.from_days(self.days(us), period)

    def days(self, us: Ints) -> Ints:
        """Return local dates as days since 1970-01-01."""
        return (us + self._offset(us)) // DAY

    def from_days(self, days: Ints, period: Period) -> Ints:
        """Return the index of the period (a day or longer) each local date falls in."""
        if period == "day":
            return days
        if period == "week":
            return (days + self._week_shift) // 7
        return _months(days) // _MONTHS[period]

    def first_days(self, index: Ints, period: Period) -> Ints:
        """Return the first local date of each period (a day or longer)."""
        if period == "day":
            return index
        if period == "week":
            return index * 7 - self._week_shift
        return _first_days(index * _MONTHS[period])

    def starts(self, index: Ints, period: Period) -> Ints:
        """Return the first moment of each period."""
        if period == "hour":
            return cast(Ints, index * HOUR - self._offset(index * HOUR) % HOUR)
        firsts, back = np.unique(self.first_days(index, period), return_inverse=True)
        return np.array([self.midnight(_date(day)) for day in firsts], dtype=np.int64)[back]

    def names(self, index: Ints, period: Period) -> pl.Series:
        """Return what periods are called: their first day, or for hours their first moment."""
        if period == "hour":
            starts = column(self.starts(index, period)).cast(pl.Int64)
            return starts.cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(self.tz)
        return column(self.first_days(index, period)).cast(pl.Int32).cast(pl.Date)

    def midnight(self, day: date) -> int:
        """Return the first moment of a local date (after the gap where midnight is skipped)."""
        us = self._us(datetime(day.year, day.month, day.day, tzinfo=self.zone))
        while self.aware(us - MINUTE).date() == day:  # the gap began before midnight
            us -= MINUTE
        return us

    def next_midnight(self, us: int) -> int:
        """Return the end of the local date that a moment falls in."""
        today = int(self.days(np.array([us], dtype=np.int64))[0])
        return self.midnight(_date(today + 1))

    def moment(self, value: str | date | datetime, option: str) -> int:
        """Return the moment a user names: a date is its midnight, no offset means this zone."""
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value.strip())
            except ValueError:
                raise UsageError(
                    f"{option}: '{value}' is not a date or time.",
                    "Write it like 2024-03-01, 2024-03-01T12:00 or 2024-03-01T12:00+08:00.",
                ) from None
        if not isinstance(value, datetime):
            return self.midnight(value)
        return self._us(value if value.tzinfo else value.replace(tzinfo=self.zone))

    def changes(self, first: int, last: int) -> list[tuple[int, int, int]]:
        """Return (at, before, after) of changes of the clock from `first` to `last` (us).

        before, after: what to add to get local wall time until then, and from then on.
        """
        years = range(self.aware(first).year, self.aware(last).year + 1)
        known = [change for year in years for change in _offsets(self.tz, year)]
        pairs = pairwise(known)
        return [
            (at, before, after)
            for (_, before), (at, after) in pairs
            if before != after and first <= at <= last
        ]

    def aware(self, us: int) -> datetime:
        """Return a moment as a datetime in this zone; raises InputError outside years 1 to 9999."""
        try:
            return (_EPOCH + timedelta(microseconds=us)).astimezone(self.zone)
        except OverflowError:
            raise InputError(f"A time lies outside the years 1 to 9999 ({us} us).") from None

    @property
    def _week_shift(self) -> int:
        return _EPOCH_WEEKDAY - WEEKDAYS.index(self.week_start)

    @staticmethod
    def _us(moment: datetime) -> int:
        return (moment - _EPOCH) // timedelta(microseconds=1)

    def _offset(self, us: Ints) -> Ints | np.int64:
        """Return what to add to get local wall time: one number, or one for each moment."""
        if self.tz == "UTC" or not len(us):
            return np.int64(0)
        first, last = self.aware(int(us.min())).year, self.aware(int(us.max())).year
        years = [
            _offsets(self.tz, year) for year in range(max(first - 1, 1), min(last + 2, 10_000))
        ]
        since = np.array([at for year in years for at, _ in year], dtype=np.int64)
        offsets = np.array([offset for year in years for _, offset in year], dtype=np.int64)
        ends = np.searchsorted(since, np.array([us.min(), us.max()]), side="right") - 1
        low, high = np.maximum(ends, 0)
        if (offsets[low : high + 1] == offsets[low]).all():
            return np.int64(offsets[low])
        return offsets[np.maximum(np.searchsorted(since, us, side="right") - 1, 0)]


@dataclass(frozen=True)
class Window:
    """What was observed: the first and last event, and as-of, the end of observation (us).

    since: the stated start of observation, or None.
    """

    calendar: Calendar
    first: int
    last: int
    as_of: int
    since: int | None = None

    def last_begun(self, period: Period) -> int:
        """Return the index of the last period that began before as-of."""
        return self._index(self.as_of - 1, period)

    def last_complete(self, period: Period) -> int:
        """Return the index of the last period that ended at or before as-of."""
        return self._index(self.as_of, period) - 1

    def _index(self, us: int, period: Period) -> int:
        return int(self.calendar.index(np.array([us], dtype=np.int64), period)[0])


@lru_cache(maxsize=1)
def _usual_zones() -> frozenset[str]:
    """Return the zones that tzdata lists: a small file, where the system's are a search."""
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=int(day))


def _months(days: Ints) -> Ints:
    """Return months since 1970-01 of days since 1970-01-01, by a table where dates lie close."""
    if not len(days):
        return days
    low, high = int(days.min()), int(days.max())
    if high - low > len(days):
        return days.astype("M8[D]").astype("M8[M]").astype(np.int64)
    table = np.arange(low, high + 1).astype("M8[D]").astype("M8[M]").astype(np.int64)
    return table[days - low]


def _first_days(months: Ints) -> Ints:
    """Return the first days of months since 1970-01, as days since 1970-01-01."""
    return months.astype("M8[M]").astype("M8[D]").astype(np.int64)


@lru_cache(maxsize=4096)
def _offsets(tz: str, year: int) -> tuple[tuple[int, int], ...]:
    """Return (since, offset), both us, for a UTC year: at its start and at each change."""
    zone = ZoneInfo(tz)

    def offset(us: int) -> int:
        at = (_EPOCH + timedelta(microseconds=us)).astimezone(zone)
        return cast(timedelta, at.utcoffset()) // timedelta(microseconds=1)

    start = (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
    begin = max(start, -62_135_510_400 * SECOND)  # a day into year 1: local time must exist
    changes = [(begin, offset(begin))]
    for day in range(1, 367):
        at = start + day * DAY
        if at > begin and offset(at) != changes[-1][1]:
            changes.append(_change(offset, at - DAY, at))
    return tuple(changes)


def _change(offset: Callable[[int], int], low: int, high: int) -> tuple[int, int]:
    """Return the first second in (low, high] with the offset of `high`, and that offset."""
    after = offset(high)
    while high - low > SECOND:
        middle = (low + high) // (2 * SECOND) * SECOND
        low, high = (low, middle) if offset(middle) == after else (middle, high)
    return high, after
