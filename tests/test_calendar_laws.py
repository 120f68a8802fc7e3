"""The calendar on generated moments: equal to zoneinfo asked one moment at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import get_args

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
    assert calendar.names(index, period).to_list() == [periods.name(one) for one in numbers]
    for later in (0, 1):
        begins = [us(periods.begins(number + later)) for number in numbers]
        assert calendar.starts(index + later, period).tolist() == begins
    tomorrow = local_day(moments[0], tz) + timedelta(days=1)
    assert calendar.next_midnight(us(moments[0])) == us(first_instant(tomorrow, tz))
