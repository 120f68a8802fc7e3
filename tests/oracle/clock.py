"""The local calendar, asked of zoneinfo one moment at a time: slow, plain, easy to check."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
ELAPSED = {"hour": HOUR, "day": DAY, "week": 7 * DAY, "month": 30 * DAY}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def local_day(moment: datetime, tz: str) -> date:
    return moment.astimezone(ZoneInfo(tz)).date()


@cache
def first_instant(day: date, tz: str) -> datetime:
    """The first moment of a local date: midnight, or what comes where midnight is skipped."""
    moment = datetime.combine(day, time(), ZoneInfo(tz)).astimezone(UTC)
    while local_day(moment - timedelta(minutes=1), tz) == day:
        moment -= timedelta(minutes=1)
    return moment


def periods_later(day: date, many: int, kind: str) -> date:
    """The day so many periods later: the same day of the month, or the last one it has."""
    if kind in ("day", "week"):
        return day + timedelta(days=many * (7 if kind == "week" else 1))
    months = day.year * 12 + day.month - 1 + many * {"month": 1, "quarter": 3, "year": 12}[kind]
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@dataclass(frozen=True)
class Periods:
    """The periods of one kind in one zone, numbered so that neighbours differ by one."""

    kind: str
    tz: str = "UTC"
    week_start: str = "monday"

    def number(self, moment: datetime) -> int:
        if self.kind == "hour":
            return (moment + self._minutes(moment) - EPOCH) // HOUR
        day = local_day(moment, self.tz)
        if self.kind == "day":
            return day.toordinal()
        if self.kind == "week":
            return (day.toordinal() - 1 - WEEKDAYS.index(self.week_start)) // 7
        months = day.year * 12 + day.month - 1
        return months // {"month": 1, "quarter": 3, "year": 12}[self.kind]

    def name(self, number: int) -> date | datetime:
        """The first day of the period; of an hour its start."""
        if self.kind == "hour":
            return self.begins(number)
        if self.kind == "day":
            return date.fromordinal(number)
        if self.kind == "week":  # 0001-01-01, the ordinal 1, is a Monday
            return date.fromordinal(number * 7 + 1 + WEEKDAYS.index(self.week_start))
        months = number * {"month": 1, "quarter": 3, "year": 12}[self.kind]
        return date(months // 12, months % 12 + 1, 1)

    def begins(self, number: int) -> datetime:
        if self.kind == "hour":
            moment = EPOCH + number * HOUR
            return moment - self._minutes(moment)
        first = self.name(number)
        return first_instant(first, self.tz)

    def _minutes(self, moment: datetime) -> timedelta:
        """How far the zone's hours are shifted against those of UTC (India: 30 minutes)."""
        offset = moment.astimezone(ZoneInfo(self.tz)).utcoffset() or timedelta()
        return offset % HOUR
