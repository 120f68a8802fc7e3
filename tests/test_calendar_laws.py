"""The calendar on generated moments: equal to zoneinfo asked one moment at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from oracle.clock import EPOCH, Periods, first_instant, local_day
from retainkit.choices import Period, Weekday
from retainkit.periods import Calendar
from strategies import MICROSECOND, History, histories


def us(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


@settings(max_examples=40, deadline=None)
@given(histories(), st.sampled_from(get_args(Period)), st.sampled_from(get_args(Weekday)))
def test_equal_to_zoneinfo(history: History, period: Period, week_start: Weekday) -> None:
    tz = history.tz
    # Clocks change by half an hour there, so hours of one length have no one alignment.
    assume((period, tz) != ("hour", "Australia/Lord_Howe"))
    moments = [row["time"] for row in history.events]
    calendar, periods = Calendar(tz, week_start), Periods(period, tz, week_start)
    index = calendar.index(np.array([us(moment) for moment in moments]), period)
    numbers = [periods.number(moment) for moment in moments]
    assert (index - index[0]).tolist() == [number - numbers[0] for number in numbers]
    names = calendar.names(index, period)
    if period == "hour":  # a repeated hour equals no datetime of another zone (PEP 495)
        names = names.dt.convert_time_zone("UTC")
    assert names.to_list() == [periods.name(one) for one in numbers]
    for later in (0, 1):
        begins = [us(periods.begins(number + later)) for number in numbers]
        assert calendar.starts(index + later, period).tolist() == begins
    tomorrow = local_day(moments[0], tz) + timedelta(days=1)
    assert calendar.next_midnight(us(moments[0])) == us(first_instant(tomorrow, tz))


def test_the_oracle_by_hand() -> None:
    # São Paulo skipped midnight of 2018-11-04: the day began at 01:00, which is 03:00 UTC.
    first = datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert first_instant(date(2018, 11, 4), "America/Sao_Paulo") == first
    # Toronto went from 23:30 to 00:30 on 1919-03-30.
    assert first_instant(date(1919, 3, 31), "America/Toronto") == datetime(
        1919, 3, 31, 4, 30, tzinfo=UTC
    )
    new_year = [datetime(2020, 12, 31, tzinfo=UTC), datetime(2021, 1, 3, tzinfo=UTC)]
    weeks = Periods("week")
    assert [weeks.name(weeks.number(day)) for day in new_year] == [date(2020, 12, 28)] * 2
    weeks = Periods("week", week_start="sunday")
    assert weeks.name(weeks.number(new_year[0])) == date(2020, 12, 27)
    assert weeks.name(weeks.number(new_year[1])) == date(2021, 1, 3)
    quarters = Periods("quarter", "Asia/Shanghai")
    begins = quarters.begins(quarters.number(datetime(2024, 3, 31, 17, tzinfo=UTC)))
    assert begins == datetime(2024, 4, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    hours = Periods("hour", "Asia/Kolkata")
    begins = hours.begins(hours.number(datetime(2024, 1, 1, 12, 29, tzinfo=UTC)))
    assert begins == datetime(2024, 1, 1, 11, 30, tzinfo=UTC)
