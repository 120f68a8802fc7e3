"""Calendar arithmetic against Polars' own zone database and against zoneinfo."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.clock import periods_later
from retainkit.choices import DatePeriod
from retainkit.errors import UsageError
from retainkit.periods import DAY, HOUR, PERIODS, Calendar, Window, duration, whole_periods

ZONES = (
    *("UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"),
    *("Asia/Kolkata", "Africa/Casablanca", "Pacific/Apia"),
)
MOMENTS = st.integers(-(10**15), 4 * 10**15)  # 1938 to 2096
zones = st.sampled_from(ZONES)
moments = st.lists(MOMENTS, min_size=1, max_size=50).map(lambda us: np.array(us, dtype=np.int64))


def local(us: np.ndarray, tz: str) -> pl.Series:
    return pl.Series(us).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(tz)


@given(moments, zones)
def test_days_are_local_dates(us: np.ndarray, tz: str) -> None:
    dates = local(us, tz).dt.date().cast(pl.Int32).to_list()
    assert Calendar(tz).days(us).tolist() == dates


@given(moments, zones)
def test_weeks_begin_on_the_chosen_day(us: np.ndarray, tz: str) -> None:
    for start, weekday in (("monday", 0), ("sunday", 6), ("saturday", 5)):
        calendar = Calendar(tz, start)
        first = calendar.names(calendar.index(us, "week"), "week")
        assert set((first.dt.weekday() - 1).to_list()) == {weekday}
        gap = local(us, tz).dt.date() - first
        assert gap.min() >= timedelta(0)
        assert gap.max() < timedelta(days=7)


@given(moments, zones)
def test_months_quarters_and_years_are_those_of_the_local_date(us: np.ndarray, tz: str) -> None:
    calendar, dates = Calendar(tz), local(us, tz).dt.date()
    for period, every in (("month", "1mo"), ("quarter", "1q"), ("year", "1y")):
        names = calendar.names(calendar.index(us, period), period)
        assert names.to_list() == dates.dt.truncate(every).to_list()


@given(moments, zones, st.sampled_from(PERIODS))
def test_a_period_starts_where_its_index_begins(us: np.ndarray, tz: str, period: str) -> None:
    calendar = Calendar(tz)
    index = calendar.index(us, period)
    starts = calendar.starts(index, period)
    assert (starts <= us).all()
    assert (calendar.index(starts, period) == index).all()
    assert (calendar.index(starts - 1, period) == index - 1).all() or tz == "Pacific/Apia"


def test_the_day_that_apia_skipped_does_not_exist() -> None:
    # Samoa went from 29 to 31 December 2011 at midnight, crossing the date line.
    calendar = Calendar("Pacific/Apia")
    before = datetime(2011, 12, 30, 9, 59, tzinfo=UTC)
    us = np.array([int(before.timestamp() * 1e6)], dtype=np.int64)
    later = us + 2 * 60 * 1_000_000
    assert calendar.names(calendar.index(us, "day"), "day").to_list() == [date(2011, 12, 29)]
    assert calendar.names(calendar.index(later, "day"), "day").to_list() == [date(2011, 12, 31)]


def test_daylight_saving_days_have_23_and_25_hours() -> None:
    # United States 2024: clocks forward on 10 March, back on 3 November.
    calendar = Calendar("America/New_York")
    for day, hours in ((date(2024, 3, 10), 23), (date(2024, 11, 3), 25), (date(2024, 7, 1), 24)):
        length = calendar.midnight(day + timedelta(days=1)) - calendar.midnight(day)
        assert length == hours * HOUR
    begin, end = calendar.midnight(date(2024, 11, 3)), calendar.midnight(date(2024, 11, 4))
    inside = np.arange(begin, end, HOUR, dtype=np.int64)
    assert len(np.unique(calendar.index(inside, "hour"))) == 25


def test_iso_weeks_and_leap_days_at_new_year() -> None:
    # ISO 8601: 2021-01-03 is still week 53 of 2020, which began on 2020-12-28.
    calendar = Calendar()
    us = np.array([calendar.midnight(date(2021, 1, 3))], dtype=np.int64)
    assert calendar.names(calendar.index(us, "week"), "week").to_list() == [date(2020, 12, 28)]
    february = calendar.index(np.array([calendar.midnight(date(2024, 2, 29))]), "month")
    march = calendar.index(np.array([calendar.midnight(date(2024, 3, 1))]), "month")
    assert (march - february).tolist() == [1]


def test_midnight_that_is_skipped_is_the_end_of_the_gap() -> None:
    # Sao Paulo 2018-11-04: 00:00 became 01:00, so the day begins at 03:00 UTC.
    at = Calendar("America/Sao_Paulo").midnight(date(2018, 11, 4))
    assert datetime.fromtimestamp(at / 1e6, UTC) == datetime(2018, 11, 4, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "utc"),
    [
        ("2024-03-01", datetime(2024, 2, 29, 16, tzinfo=UTC)),
        ("2024-03-01 12:00", datetime(2024, 3, 1, 4, tzinfo=UTC)),
        ("2024-03-01T12:00+02:00", datetime(2024, 3, 1, 10, tzinfo=UTC)),
        (date(2024, 3, 1), datetime(2024, 2, 29, 16, tzinfo=UTC)),
        (datetime(2024, 3, 1, 8), datetime(2024, 3, 1, tzinfo=UTC)),
    ],
)
def test_moments_are_read_in_the_zone(value: object, utc: datetime) -> None:
    us = Calendar("Asia/Shanghai").moment(value, "--since")
    assert datetime.fromtimestamp(us / 1e6, UTC) == utc


def test_wrong_words_are_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'Asia/Shanghai'"):
        Calendar("Asia/Shanghia")
    with pytest.raises(UsageError, match="Did you mean 'sunday'"):
        Calendar("UTC", "sonday")
    with pytest.raises(UsageError, match="--since: 'soon' is not a date"):
        Calendar().moment("soon", "--since")


def test_durations() -> None:
    assert duration("30d", "--lookback") == 30 * DAY
    assert duration("1.5h", "--window") == 90 * 60 * 1_000_000
    with pytest.raises(UsageError, match="not a length of time"):
        duration("a while", "--lookback")


@given(MOMENTS, zones, st.sampled_from(PERIODS))
def test_complete_means_over_and_begun_means_started(as_of: int, tz: str, period: str) -> None:
    window = Window(Calendar(tz), as_of, as_of, as_of)
    last = np.array([window.last_complete(period)], dtype=np.int64)
    begun = np.array([window.last_begun(period)], dtype=np.int64)
    # Where a zone skipped a local day, the skipped one has no length and ends where it starts.
    assert window.calendar.starts(last + 1, period)[0] <= as_of
    assert window.calendar.starts(begun, period)[0] < as_of


def test_a_gap_that_straddles_midnight_ends_the_day_before() -> None:
    # Toronto 1919-03-30: 23:30 became 00:30, so the 31st begins at 04:30 UTC.
    at = Calendar("America/Toronto").midnight(date(1919, 3, 31))
    assert at / 1e6 == datetime(1919, 3, 31, 4, 30, tzinfo=UTC).timestamp()


def periods_one_by_one(since: date, until: date, period: DatePeriod) -> int:
    if until < since:
        return -next(n for n in count(1) if periods_later(since, -n, period) <= until)
    return next(n for n in count() if periods_later(since, n + 1, period) > until)


# Near the ends of months, and of February in a leap year or none.
EDGES = st.builds(
    lambda year, month, day: date(year, month, 1) + timedelta(days=day),
    st.sampled_from((1899, 1900, 2019, 2020, 2021, 2024)),
    st.integers(1, 12),
    st.sampled_from((-2, -1, 0, 26, 27, 28, 29)),
)
DATES = EDGES | st.dates(date(1890, 1, 1), date(2040, 1, 1))


@given(
    st.lists(st.tuples(DATES, DATES | st.integers(-3, 800)), min_size=1, max_size=30),
    st.sampled_from(get_args(DatePeriod)),
)
def test_whole_periods_are_those_counted_one_by_one(
    pairs: list[tuple[date, date | int]], period: DatePeriod
) -> None:
    both = [
        (one, one + timedelta(days=other) if isinstance(other, int) else other)
        for one, other in pairs
    ]
    if period in ("day", "week"):  # one by one that takes long over a century
        both = [(one, min(other, one + timedelta(days=800))) for one, other in both]
        both = [(one, max(other, one - timedelta(days=800))) for one, other in both]
    since, until = (
        np.array(days, dtype="M8[D]").astype(np.int64) for days in zip(*both, strict=True)
    )
    expected = [periods_one_by_one(one, other, period) for one, other in both]
    assert whole_periods(since, until, period).tolist() == expected


@pytest.mark.parametrize(
    ("since", "until", "period", "many"),
    [
        ("2024-01-31", "2024-02-28", "month", 0),
        ("2024-01-31", "2024-02-29", "month", 1),
        ("2024-01-31", "2024-03-30", "month", 1),
        ("2024-01-31", "2024-03-31", "month", 2),
        ("2023-11-30", "2024-02-28", "quarter", 0),
        ("2023-11-30", "2024-02-29", "quarter", 1),
        ("2024-02-29", "2025-02-27", "year", 0),
        ("2024-02-29", "2025-02-28", "year", 1),
        ("2024-02-29", "2028-02-28", "year", 3),
        ("2024-03-05", "2024-03-12", "week", 1),
        ("2024-03-05", "2024-03-04", "year", -1),
    ],
)
def test_whole_periods_by_hand(since: str, until: str, period: DatePeriod, many: int) -> None:
    days = (np.array([day], dtype="M8[D]").astype(np.int64) for day in (since, until))
    assert whole_periods(*days, period).tolist() == [many]


def test_no_days_have_no_periods_between() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert whole_periods(none, none, "month").tolist() == []
