"""What is said of time zones that are none."""

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest

from retainkit import zones
from retainkit.errors import UsageError
from retainkit.periods import Calendar


def told(tz: str) -> str:
    with pytest.raises(UsageError) as caught:
        Calendar(tz)
    return str(caught.value)


@pytest.mark.parametrize("tz", ["GMT+8", "UTC+8", "utc+08:00", "+08:00", "+8", "+0800"])
def test_an_offset_is_a_place_or_a_turned_sign(tz: str) -> None:
    said = told(tz)
    assert "Did you mean" not in said
    assert "Name a place, like Asia/Shanghai; or Etc/GMT-8, which is 8 hours ahead of UTC" in said
    assert "the sign is turned round" in said


def test_other_offsets() -> None:
    assert "America/New_York; or Etc/GMT+5, which is 5 hours behind UTC" in told("UTC-5")
    assert "like Asia/Kolkata." in told("UTC+5:30")
    assert "Name it UTC." in told("+00:00")
    assert "Name a place; or Etc/GMT-11" in told("GMT+11")
    for tz in ("GMT+25", "UTC+5:17"):
        assert "Zones are named like" in told(tz)


def test_short_names() -> None:
    assert "CST is short for several: name Asia/Shanghai (China), America/Chicago" in told("CST")
    assert "Name the place: Asia/Tokyo." in told("JST")


def test_others_are_told_with_the_nearest() -> None:
    assert "Did you mean 'Asia/Shanghai'?" in told("Asia/Shanghi")


def test_what_is_advised_is_there() -> None:
    known = available_timezones()
    places = {place.split(" ")[0] for names in zones._SHORT.values() for place in names}
    assert {*places, *zones._PLACES.values(), *zones._HALVES.values()} <= known
    for hours, place in zones._PLACES.items():
        turned = ZoneInfo(f"Etc/GMT{-hours:+d}")
        winter = datetime(2024, 1 if hours < 10 else 7, 15)
        assert turned.utcoffset(winter) == ZoneInfo(place).utcoffset(winter)
