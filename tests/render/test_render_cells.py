from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retainkit.render import cells

FRACTIONS = st.floats(0, 1) | st.builds(
    lambda a, b: a / (a + b + 1), st.integers(0), st.integers(0)
)


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        (0.0, "0%"),
        (1e-12, "<0.1%"),
        (0.0004999, "<0.1%"),
        (0.001, "0.1%"),
        (0.3818, "38.2%"),
        (0.9994, "99.9%"),
        (0.9996, ">99.9%"),
        (1.0, "100%"),
        (1.00001, ">100%"),
        (1.5, "150.0%"),
        (-0.0001, ">-0.1%"),
        (-0.25, "-25.0%"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_percent(fraction: float | None, text: str) -> None:
    assert cells.percent(fraction) == text


@settings(deadline=None)
@given(FRACTIONS)
def test_percent_is_never_a_false_zero_or_a_false_hundred(fraction: float) -> None:
    text = cells.percent(fraction)
    assert (text == "0%") == (fraction == 0)
    assert (text == "100%") == (fraction == 1)
    assert len(text) <= 6
    assert not text.startswith(("0.0", "100.0"))


@settings(deadline=None)
@given(st.tuples(FRACTIONS, FRACTIONS).map(sorted))
def test_percent_keeps_order(pair: list[float]) -> None:
    first, second = (float(cells.percent(f).strip("<>%")) for f in pair)
    assert first <= second


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.001, "<0.01"),
        (-0.001, ">-0.01"),
        (0.005, "0.01"),
        (4.267, "4.27"),
        (9.996, "10.0"),
        (99.96, "100"),
        (1234.4, "1,234"),
        (9999.6, "10.0k"),
        (12_345, "12.3k"),
        (999_400, "999k"),
        (999_500, "1.00M"),
        (-4_500_000, "-4.50M"),
        (7.1e13, "71.0T"),
        (None, "–"),
        (float("inf"), "–"),
    ],
)
def test_compact(value: float | None, text: str) -> None:
    assert cells.compact(value) == text


@settings(deadline=None)
@given(st.floats(1e-300, 1e14))
def test_compact_is_short_never_zero_and_near(value: float) -> None:
    text = cells.compact(value)
    assert len(text) <= 7
    if text.startswith("<"):
        assert value < 0.005
    else:
        unit = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}.get(text[-1], 1)
        shown = float(text.rstrip("kMBT").replace(",", "")) * unit
        assert shown == pytest.approx(value, rel=0.006, abs=0.0051)
        assert shown > 0


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_decimal_is_never_a_false_zero_or_one(value: float) -> None:
    shown = float(cells.decimal(value).replace(",", ""))
    assert shown == pytest.approx(value, rel=1e-5)
    assert (shown in (0, 1)) == (value in (0, 1))


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.352, 0.413, "35.2–41.3%"),
        (0.0, 0.0002, "0–<0.1%"),
        (None, 0.2, "–"),
        (0.9, 1, "90.0–100%"),
    ],
)
def test_interval(low: float | None, high: float | None, text: str) -> None:
    assert cells.interval(low, high) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(3, 7, "3–7"), (3, 1_204, "3–1,204"), (0, None, "0 or later"), (None, None, "–")],
)
def test_open_interval(low: int | None, high: int | None, text: str) -> None:
    assert cells.open_interval(low, high) == text


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (0.0, "0"),
        (0.0123, "+1.2"),
        (-0.004, "-0.4"),
        (0.0001, "<+0.1"),
        (-1e-9, ">-0.1"),
        (-1.0, "-100.0"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_points(difference: float | None, text: str) -> None:
    assert cells.points(difference) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "<1 s"),
        (1, "1 s"),
        (59, "59 s"),
        (59.6, "1 min"),
        (90, "1.5 min"),
        (597, "10 min"),
        (3_569, "59 min"),
        (3_570, "1 h"),
        (10_800, "3 h"),
        (84_599, "23 h"),
        (84_600, "1 d"),
        (172_800, "2 d"),
        (216_000, "2.5 d"),
        (1_204 * 86_400, "1,204 d"),
        (None, "–"),
        (float("inf"), "–"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert cells.duration(seconds) == text


@settings(deadline=None)
@given(st.floats(1, 1e9))
def test_durations_are_near_and_in_the_largest_unit(seconds: float) -> None:
    number, unit = cells.duration(seconds).split()
    value = float(number.replace(",", ""))
    size, most = {"s": (1, 59), "min": (60, 59), "h": (3_600, 23), "d": (86_400, 1e9)}[unit]
    assert value * size == pytest.approx(seconds, rel=0.0501)
    assert 1 <= value <= most


@pytest.mark.parametrize(
    ("unit", "text"),
    [("month", "2010-12"), ("quarter", "2010-Q4"), ("year", "2010"), ("week", "2010-12-01")],
)
def test_periods_go_by_their_own_names(unit: str, text: str) -> None:
    assert cells.period(date(2010, 12, 1), unit) == text


def test_hours_carry_their_offset_only_where_the_clock_shows_them_twice() -> None:
    berlin = ZoneInfo("Europe/Berlin")  # 2024-10-27 03:00+02:00 became 02:00+01:00
    hours = [datetime(2024, 10, 27, h, tzinfo=UTC).astimezone(berlin) for h in (0, 1, 2)]
    assert [cells.period(hour, "hour") for hour in hours] == [
        "2024-10-27 02:00+02:00",
        "2024-10-27 02:00+01:00",
        "2024-10-27 03:00",
    ]


def test_unknown_is_a_dash_and_a_missing_name_says_so() -> None:
    unknown = [cells.count(None), cells.day(None), cells.moment(None), cells.anything(None)]
    assert unknown == ["–"] * 4
    assert cells.period(None, "month") == "–"
    assert (cells.label(None), cells.label("")) == ("(none)", "(empty)")


def test_of_a_very_long_name_the_beginning_is_shown() -> None:
    assert cells.label("价" * 1000) == "价" * 1000
    assert cells.label("价" * 10**6) == "价" * 1000 + "… (1,000,000 characters)"


def test_anything_goes_by_its_type() -> None:
    values = [True, 1234, 0.25, date(2024, 2, 29), datetime(2024, 2, 29, 8, 30, tzinfo=UTC), "a\nb"]
    shown = ["yes", "1,234", "0.25", "2024-02-29", "2024-02-29 08:30", "a b"]
    assert [cells.anything(value) for value in values] == shown


@settings(deadline=None)
@given(st.text(st.characters()), st.integers(0, 3))
def test_clean_text_holds_nothing_that_a_screen_obeys_or_hides(text: str, repeat: int) -> None:
    cleaned = cells.clean(text * repeat)
    assert {unicodedata.category(c) for c in cleaned}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert len(cleaned) == len(text) * repeat
    assert cells.clean(cleaned) == cleaned
    cleaned.encode()


@pytest.mark.parametrize(
    "hidden",
    [
        *("\x1b", "\x07", "\x00", "\x7f", "\x9b"),  # escape, bell, NUL, DEL, one-byte CSI
        *("\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad"),  # bidi, zero width
        *("\u2028", "\u115f", "\u3164", "\ufffe", "\U0001ffff", "\udc80", "\U000e0041"),
    ],
)
def test_hidden_characters_become_visible(hidden: str) -> None:
    assert cells.clean(f"a{hidden}b") == "a\ufffdb"


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("私域　社群", "Ünïcode", "emoji 🎉", "a\u00a0b", "[red]", "</script>"):
        assert cells.clean(name) == name


@settings(deadline=None)
@given(st.floats(0, 1), st.integers(1, 40))
def test_bars_show_the_smallest_part_and_stay_in_their_column(fraction: float, width: int) -> None:
    bar = cells.bar(fraction, width)
    assert len(bar) <= width
    assert (bar == "") == (fraction == 0)
