"""How time columns are read: formats, zones, epochs, and what is refused."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retainkit.errors import InputError, UsageError
from retainkit.sources.civil import ABSENT, CEILING, EPOCHS, FLOOR, MIN, OFFSETS, ZERO
from retainkit.sources.day_first import Column
from retainkit.sources.options import SourceOptions
from retainkit.sources.times import Times, learn_times

MARKS = {ABSENT: "absent", ZERO: "zero", OFFSETS: "offsets", EPOCHS: "epochs"}


def learn(values: pl.Series, sample: int = 1000, **options: object) -> Times:
    frame = values.alias("t").to_frame().lazy()
    column = Column(pl.col("t"), frame, values.head(sample), "when")
    return learn_times(column, SourceOptions(**options))


def read(values: list[object] | pl.Series, sample: int = 1000, **options: object) -> list[object]:
    """Return each value as an ISO time in UTC, the name of its mark, or None."""
    series = values if isinstance(values, pl.Series) else pl.Series(values, strict=False)
    times = learn(series, sample, **options)
    us = series.alias("t").to_frame().lazy().select(times.expr).collect().to_series()
    assert us.dtype == pl.Int64
    return [
        MARKS.get(one) or (datetime(1970, 1, 1) + timedelta(microseconds=one)).isoformat(" ")
        if one is not None
        else None
        for one in us
    ]


def test_the_bounds_of_placeholders() -> None:
    epoch = date(1970, 1, 1)
    assert timedelta(microseconds=FLOOR) == date(1900, 1, 2) - epoch
    assert timedelta(microseconds=CEILING) == date(9999, 1, 1) - epoch
    assert all(MIN < mark < FLOOR for mark in MARKS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2010-12-01T08:26:30", "2010-12-01 08:26:30"),
        ("2010-12-01 08:26:30", "2010-12-01 08:26:30"),
        ("2010-12-01 08:26", "2010-12-01 08:26:00"),
        ("2010-12-01 8:26", "2010-12-01 08:26:00"),
        ("2010-12-01", "2010-12-01 00:00:00"),
        ("2010/12/1 8:26", "2010-12-01 08:26:00"),
        ("2010.12.1", "2010-12-01 00:00:00"),
        ("20101201", "2010-12-01 00:00:00"),
        ("20101201 08:26", "2010-12-01 08:26:00"),
        ("20101201082630", "2010-12-01 08:26:30"),
        ("20101201T082630Z", "2010-12-01 08:26:30"),
        ("2010-12-01 08:26:30.5", "2010-12-01 08:26:30.500000"),
        ("2010-12-01T08:26:30.123Z", "2010-12-01 08:26:30.123000"),
        ("2010-12-01T08:26:30.123456789Z", "2010-12-01 08:26:30.123456"),
        ("2010-12-01T08:26:30+08:00", "2010-12-01 00:26:30"),
        ("2010-12-01 08:26:30 +0800", "2010-12-01 00:26:30"),
        ("2010-12-01 08:26:30-05", "2010-12-01 13:26:30"),
        ("2010-12-01 08:26:30 UTC", "2010-12-01 08:26:30"),
        ("2023年11月16日 15:08", "2023-11-16 15:08:00"),
        ("2023年11月16日 15:08:09", "2023-11-16 15:08:09"),
        ("2023年11月6日", "2023-11-06 00:00:00"),
        ("2023年11月16日 15时08分09秒", "2023-11-16 15:08:09"),
        ("2010-12-01 08:26:30 PM", "2010-12-01 20:26:30"),
        ("2010-12-01 12:00 am", "2010-12-01 00:00:00"),
        ("2012-02-29", "2012-02-29 00:00:00"),
        ("31/12/2010 8:26", "2010-12-31 08:26:00"),
        ("12/31/2010 8:26", "2010-12-31 08:26:00"),
        ("31.12.2010", "2010-12-31 00:00:00"),
        ("12-31-2010 08:26:30", "2010-12-31 08:26:30"),
        ("1291191990", "2010-12-01 08:26:30"),
        ("1291191990123", "2010-12-01 08:26:30.123000"),
        ("1291191990123456", "2010-12-01 08:26:30.123456"),
        ("1291191990123456789", "2010-12-01 08:26:30.123456"),
        ("1291191990.5", "2010-12-01 08:26:30.500000"),
    ],
)
def test_reads_what_exports_write(text: str, expected: str) -> None:
    assert read([text]) == [expected]
    assert read([f" {text}\t"]) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("", "absent"), ("  ", "absent"), ("NULL", "absent"), ("NaT", "absent"), ("-", "absent")),
        *(("0000-00-00", "zero"), ("0000-00-00 00:00:00", "zero"), ("1900-01-01", "zero")),
        *(("1970-01-01 00:00:00", "zero"), ("1970-01-01", "zero"), ("9999-12-31", "zero")),
        ("1970-01-01 00:00:01", "1970-01-01 00:00:01"),
        ("2011-02-29", None),
        ("2011-02-03T02:38:50+518:00", None),  # as the git log of requests has it once
        ("2011-02-03 24:00", None),
        ("2011-02-03 10:60", None),
        ("2011-02-03 10:00+16:00", None),
        ("1/2/11", None),
        ("2011-13-01", None),
        ("2011-1-0", None),
        ("yesterday", None),
        ("２０１１-02-03", None),
    ],
)
def test_refuses_what_is_no_time(text: str, expected: str | None) -> None:
    good = "2010-12-01T08:26:30Z" if "+" in text else "2010-12-01 08:26:30"
    assert read([good, good, text]) == ["2010-12-01 08:26:30"] * 2 + [expected]
    assert read([good, good, text], sample=2)[2] == expected


def test_null_is_null() -> None:
    assert read(pl.Series([None, "2010-12-01"])) == [None, "2010-12-01 00:00:00"]
    assert read(pl.Series([None, None])) == [None, None]


def test_formats_that_the_sample_lacks_are_read_all_the_same() -> None:
    texts = ["2010-12-01 08:26:30", "2010/12/1", "20101201", "2023年11月16日", "2010-12-01 08:26"]
    assert read(texts, sample=1) == read(texts, sample=5)
    assert None not in read(texts, sample=1)


def test_naive_times_are_in_the_zone() -> None:
    assert read(["2010-12-01"], tz="Asia/Shanghai") == ["2010-11-30 16:00:00"]
    assert read([date(2010, 12, 1)], tz="Asia/Shanghai") == ["2010-11-30 16:00:00"]
    assert read([datetime(2010, 12, 1, 8)], tz="Asia/Shanghai") == ["2010-12-01 00:00:00"]
    assert read(["2010-12-01 00:00"], tz="UTC", naive_tz="Asia/Shanghai") == ["2010-11-30 16:00:00"]


# 2021-03-14 02:30 does not exist in New York, 2021-11-07 01:30 exists twice (IANA time zones);
# 2011-12-30 does not exist in Samoa, which skipped the day.
@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        ("America/New_York", "2021-03-14 01:59:59", "2021-03-14 06:59:59"),
        ("America/New_York", "2021-03-14 02:30:00", "2021-03-14 07:30:00"),
        ("America/New_York", "2021-03-14 03:00:00", "2021-03-14 07:00:00"),
        ("America/New_York", "2021-11-07 01:30:00", "2021-11-07 05:30:00"),
        ("Asia/Shanghai", "1986-05-04 02:30:00", "1986-05-03 18:30:00"),
        ("Pacific/Apia", "2011-12-30 09:00:00", "2011-12-30 19:00:00"),
    ],
)
def test_times_that_clocks_skip_or_repeat(zone: str, local: str, expected: str) -> None:
    assert read([local], tz=zone) == [expected]
    assert read([local.replace("-", "/")] * 2, tz=zone, sample=0)[0] == expected
    assert read([datetime.fromisoformat(local)], tz=zone) == [expected]
    assert read([local], tz=zone, time_format=("%Y-%m-%d %H:%M:%S",)) == [expected]


def test_typed_columns() -> None:
    aware = datetime(2010, 12, 1, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert read([aware], tz="America/New_York") == ["2010-12-01 00:00:00"]
    moment = pl.Series([datetime(2010, 12, 1, 8, 26, 30, 123456), None])
    for unit, expected in (("ms", "30.123000"), ("us", "30.123456"), ("ns", "30.123456")):
        assert read(moment.cast(pl.Datetime(unit))) == [f"2010-12-01 08:26:{expected}", None]
    assert read([date(1970, 1, 1), date(2010, 12, 1)]) == ["zero", "2010-12-01 00:00:00"]
    categories = pl.Series(["2010-12-01", "2010-12-02"], dtype=pl.Categorical)
    assert read(categories) == ["2010-12-01 00:00:00", "2010-12-02 00:00:00"]


def test_zero_is_told_in_local_time() -> None:
    assert read([datetime(1970, 1, 1)], tz="Asia/Shanghai") == ["zero"]
    assert read(["1970-01-01 00:00:00"], tz="Asia/Shanghai") == ["zero"]


def test_zero_is_told_where_1970_begins_in_utc_or_in_the_zone() -> None:
    good = "2010-12-01 08:26:30"
    for zone, text in (
        ("Asia/Shanghai", "1970-01-01 08:00:00"),  # epoch 0, as Shanghai's clocks show it
        ("America/New_York", "1969-12-31 19:00"),
    ):
        for sample in (1, 2):
            assert read([good, text], sample=sample, tz=zone)[1] == "zero"
            assert read([good, text], sample=sample, tz="UTC", naive_tz=zone)[1] == "zero"
        assert read([datetime.fromisoformat(text)], tz=zone) == ["zero"]
        stated = {"time_format": ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")}
        assert read([text], tz=zone, **stated) == ["zero"]
        assert read([text], tz="UTC") == [f"{text}:00"[:19]]
    zoned = "2010-12-01T08:26:30Z"
    for text in ("1970-01-01T08:00:00+08:00", "1969-12-31T16:00:00Z"):
        assert read([zoned, text], tz="Asia/Shanghai")[1] == "zero"
    midnight = datetime(1970, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert read([midnight], tz="Asia/Shanghai") == ["zero"]
    assert read([midnight], tz="UTC") == ["1969-12-31 16:00:00"]
    for unit in (1, 1_000, 1_000_000):
        epochs = [1_291_191_990 * unit, 0, -28_800 * unit]
        assert read(epochs, tz="Asia/Shanghai")[1:] == ["zero", "zero"]
        assert read(list(map(str, epochs)), tz="Asia/Shanghai")[1:] == ["zero", "zero"]


@pytest.mark.parametrize("dtype", [pl.Int64, pl.UInt64, pl.Float64, pl.String, pl.Int32])
def test_epochs_by_magnitude(dtype: type[pl.DataType]) -> None:
    seconds = pl.Series([1_291_191_990, 0, 7, None]).cast(dtype)
    assert read(seconds) == ["2010-12-01 08:26:30", "zero", None, None]
    if dtype != pl.Int32:
        assert read(pl.Series([1_291_191_990_000]).cast(dtype)) == ["2010-12-01 08:26:30"]


def test_integers_that_are_dates() -> None:
    assert read([20101201, 20101231]) == ["2010-12-01 00:00:00", "2010-12-31 00:00:00"]
    assert read([20101201082630]) == ["2010-12-01 08:26:30"]


def test_epochs_of_several_magnitudes_are_an_error() -> None:
    with pytest.raises(InputError, match="seconds and milliseconds"):
        read([1_291_191_990, 1_291_191_990_000])
    assert read([1_291_191_990, 1_291_191_990_000], sample=1)[1] == "epochs"
    assert read(["1291191990", "1291191990000"], sample=1)[1] == "epochs"


def test_epochs_as_text_among_rubbish() -> None:
    assert read(["1291191990", "", "x", None]) == ["2010-12-01 08:26:30", "absent", None, None]
    assert read([float("nan"), 1_291_191_990.25]) == [None, "2010-12-01 08:26:30.250000"]


def test_offsets_mixed_with_none_are_an_error_unless_said() -> None:
    mixed = ["2010-12-01 08:00:00+08:00", "2010-12-01 08:00:00"]
    with pytest.raises(InputError, match="--naive-tz"):
        read(mixed)
    assert read(mixed, sample=1)[1] == "offsets"
    assert read(mixed[::-1], sample=1)[1] == "offsets"
    assert read(mixed, naive_tz="UTC") == ["2010-12-01 00:00:00", "2010-12-01 08:00:00"]


def test_a_wrong_naive_zone_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"--naive-tz: .*Asia/Shanghai"):
        read(["2010-12-01"], naive_tz="Asia/Shanghi")


class TestDayOrMonthFirst:
    undecided = ("01/04/2024", "02-05-2024 8:00", "03.06.2024")

    def test_undecided_names_both_readings_and_the_flags(self) -> None:
        with pytest.raises(InputError, match=r"1 April .*4 January.*no row decides") as caught:
            read(list(self.undecided))
        assert "--day-first or --month-first" in str(caught.value)

    def test_the_flag_settles_it(self) -> None:
        assert read(["01/04/2024"], day_first=True) == ["2024-04-01 00:00:00"]
        assert read(["01/04/2024"], day_first=False) == ["2024-01-04 00:00:00"]

    @pytest.mark.parametrize(
        ("decider", "first"),
        [("13/04/2024", "2024-04-01 00:00:00"), ("4/31/2024", "2024-01-04 00:00:00")],
    )
    def test_the_whole_column_decides(self, decider: str, first: str) -> None:
        texts = [*self.undecided, decider]
        for sample in (1, 4):
            assert read(texts, sample=sample)[0] == first
        note = learn(pl.Series(texts), 1).notes[0]
        assert ("day" if decider.startswith("13") else "month") in note

    def test_a_column_of_both_is_an_error(self) -> None:
        with pytest.raises(InputError, match="some rows read only one way"):
            read(["13/04/2024", "04/13/2024"])


class TestExplicitFormats:
    def test_are_tried_in_order_and_nothing_else(self) -> None:
        formats = ("%d %b %Y", "%m/%d/%y %H:%M")
        texts = ["16 Nov 2023", " 11/16/23 15:08 ", "2023-11-16", "", None]
        expected = ["2023-11-16 00:00:00", "2023-11-16 15:08:00", None, "absent", None]
        assert read(texts, time_format=formats) == expected

    def test_with_an_offset_of_their_own(self) -> None:
        texts = ["16.11.2023 15:08 +0800"]
        expected = ["2023-11-16 07:08:00"]
        assert read(texts, time_format=("%d.%m.%Y %H:%M %z",), tz="Asia/Tokyo") == expected
        assert read(["1700118480"], time_format=("%s",), tz="Asia/Tokyo") == expected

    @pytest.mark.parametrize("text", ["%H:%M", "%Q", "%Y-%m", "day", "%"])
    def test_have_to_read_a_date(self, text: str) -> None:
        with pytest.raises(UsageError, match="--time-format"):
            read(["2023-11-16"], time_format=(text,))


def test_what_cannot_be_a_time_is_an_error() -> None:
    with pytest.raises(InputError, match="'when' holds List"):
        read(pl.Series([[1, 2]]))


def test_notes_say_what_was_assumed() -> None:
    assert learn(pl.Series(["2010-12-01"]), tz="Asia/Tokyo").notes == (
        "Times in 'when' have no offset: taken as Asia/Tokyo.",
    )
    assert learn(pl.Series(["2010-12-01T00:00Z"])).notes == ()
    assert learn(pl.Series([1_291_191_990])).notes == ("Times in 'when' are seconds since 1970.",)


FORMATS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y/%m/%d %H:%M:%S", "%Y%m%d %H:%M:%S"),
    *("%Y%m%d%H%M%S", "%Y年%m月%d日 %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d %I:%M:%S %p"),
)
# Polars knows daylight saving to the end of 2099.
moments = (
    st.datetimes(datetime(1950, 1, 1), datetime(2099, 1, 1))
    .map(lambda moment: moment.replace(microsecond=0))
    .filter(lambda moment: moment != datetime(1970, 1, 1))
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(moments, min_size=1, max_size=20),
    st.sampled_from(FORMATS),
    st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York", "Europe/London"]),
    st.integers(0, 3),
)
def test_reads_as_pythons_zoneinfo_does(
    locals_: list[datetime], format_: str, zone: str, sample: int
) -> None:
    # PEP 495: fold=0 takes the earlier of two times, and the offset before a gap.
    utc = [one.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for one in locals_]
    expected = [one.replace(tzinfo=None).isoformat(" ") for one in utc]
    texts = [one.strftime(format_) for one in locals_]
    assert read(texts, sample, tz=zone, day_first=True) == expected


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(
            moments.map(str),
            st.text(alphabet="0123456789-/:.TZ年月日 ", max_size=20).map(
                lambda text: text.replace(" ", "", 3)
            ),
            moments.map(lambda one: one.strftime("%Y%m%d%H%M")),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_row_does_not_depend_on_its_neighbours(texts: list[str]) -> None:
    good = ["2010-12-01 08:26:30"] * 9
    together = read(good + texts, day_first=True, naive_tz="UTC")[9:]
    alone = [read([*good, text], sample=9, day_first=True, naive_tz="UTC")[9] for text in texts]
    assert together == alone


class TestFormatsWithAndWithoutOffsets:
    formats = ("%Y-%m-%d %H:%M%z", "%Y-%m-%d %H:%M")

    def test_z_is_an_offset(self) -> None:
        texts = ["2024-03-01 08:00Z", "2024-03-01 08:00+08:00"]
        expected = ["2024-03-01 08:00:00", "2024-03-01 00:00:00"]
        assert read(texts, time_format=self.formats[:1]) == expected

    def test_together_on_one_column_need_a_zone(self) -> None:
        texts = ["2024-03-01 08:00Z", "2024-03-01 08:00"]
        with pytest.raises(InputError, match="with a UTC offset and times without"):
            read(texts, time_format=self.formats)
        assert read(texts, sample=1, time_format=self.formats)[1] == "offsets"
        both = read(texts, time_format=self.formats, naive_tz="Asia/Tokyo")
        assert both == ["2024-03-01 08:00:00", "2024-02-29 23:00:00"]

    def test_one_of_them_is_enough(self) -> None:
        assert read(["2024-03-01 08:00"], time_format=self.formats) == ["2024-03-01 08:00:00"]

    def test_naive_ones_are_noted(self) -> None:
        notes = learn(pl.Series(["2024-03-01 08:00"]), time_format=self.formats[1:]).notes
        assert notes == ("Times in 'when' have no offset: taken as UTC.",)
        assert learn(pl.Series(["2024-03-01 08:00Z"]), time_format=self.formats[:1]).notes == ()


APART = {"tz": "America/New_York", "naive_tz": "UTC"}


class TestDatesWithoutATimeOfDay:
    """They are that date in --tz, whatever --naive-tz says of times."""

    midnight, noon = "2024-03-01 05:00:00", "2024-03-01 12:00:00"

    @pytest.mark.parametrize(
        "text", ["2024-03-01", "2024/3/1", "1.3.2024", "20240301", "2024年3月1日"]
    )
    def test_as_text(self, text: str) -> None:
        assert read([text] * 3, day_first=True, **APART) == [self.midnight] * 3
        assert read(["x", text], sample=1, day_first=True, **APART)[1] == self.midnight

    def test_as_dates_and_numbers(self) -> None:
        assert read([date(2024, 3, 1)], **APART) == [self.midnight]
        assert read([20240301], **APART) == [self.midnight]

    def test_among_times_each_row_by_itself(self) -> None:
        mixed = ["2024-03-01", "2024-03-01 12:00", "2024-03-01 00:00", "2024-03-01T12:00Z"]
        expected = [self.midnight, self.noon, "2024-03-01 00:00:00", self.noon]
        for sample in (0, 1, 4):
            assert read(mixed, sample=sample, **APART) == expected

    def test_in_formats_that_are_stated(self) -> None:
        formats = ("%d.%m.%Y %H:%M", "%d.%m.%Y")
        texts = ["01.03.2024", "01.03.2024 12:00"]
        assert read(texts, time_format=formats, **APART) == [self.midnight, self.noon]

    def test_are_noted_where_the_zones_differ(self) -> None:
        texts = pl.Series(["2024-03-01", "2024-03-01 12:00"])
        dates = "Dates in 'when' without a time of day are dates in America/New_York."
        times = "Times in 'when' have no offset: taken as UTC."
        assert learn(texts, **APART).notes == (times, dates)
        assert learn(texts.head(1), **APART).notes == (dates,)
        assert learn(texts, tz="UTC").notes == (times,)
        assert learn(pl.Series([date(2024, 3, 1)]), **APART).notes == (dates,)
