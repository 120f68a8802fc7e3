"""Ids: kept as written, and told from what stands for nobody."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainkit.errors import InputError
from retainkit.sources.ids import Ids, learn_ids
from retainkit.sources.nobody import NO_ID
from retainkit.sources.options import SourceOptions


def learn(values: pl.Series, sample: int = 1000, **options: Any) -> Ids:
    frame, head = values.alias("id").to_frame().lazy(), values.head(sample)
    return learn_ids("id", frame, head, "会员ID", SourceOptions(**options))


def read(values: list[object] | pl.Series, sample: int = 1000, **options: Any) -> list[object]:
    series = values if isinstance(values, pl.Series) else pl.Series(values)
    expr = learn(series, sample, **options).expr
    return series.alias("id").to_frame().select(expr).to_series().to_list()


def test_text_is_kept_as_written() -> None:
    ids = ["00123", "abc==", "A1", "a1", "１２３", "1.50"]
    assert read(ids) == ids


@pytest.mark.parametrize(
    "text", [" 00123", "00123\t", "\t00123\t", '="00123"', ' ="00123" ', "　00123"]
)
def test_what_excel_makes_people_put_around_ids_goes(text: str) -> None:
    assert read([text, "7x"]) == ["00123", "7x"]


@pytest.mark.parametrize("nobody", [*NO_ID, "NULL", "Null", "NaN", "None", " - ", '=""', "\t"])
def test_nobody_is_null(nobody: str) -> None:
    assert read([nobody, "7x", None]) == [None, "7x", None]


def test_integers_stay_and_0_is_nobody() -> None:
    column = pl.Series([17850, 0, None, -3], dtype=pl.Int32)
    assert read(column) == [17850, None, None, -3]
    assert learn(column).expr is not None


def test_unsigned_integers_stay_while_they_fit() -> None:
    assert read(pl.Series([1, None], dtype=pl.UInt64)) == [1, None]
    assert read(pl.Series([1, 2**63], dtype=pl.UInt64)) == ["1", str(2**63)]


class TestFloats:
    def test_as_text_throughout_become_whole(self) -> None:
        assert read(["17850.0", None, "", "0.0", " 12347.0 "]) == [
            "17850",
            None,
            None,
            None,
            "12347",
        ]
        assert "read as 17850" in learn(pl.Series(["17850.0"])).notes[0]

    @pytest.mark.parametrize("other", ["17850", "x.0", "1.5", "0123.0"])
    def test_as_text_mixed_with_others_stay(self, other: str) -> None:
        for sample in (1, 2):
            assert read(["17850.0", other], sample) == ["17850.0", other]
            assert "as written" in learn(pl.Series(["17850.0", other]), sample).notes[0]

    def test_columns_of_whole_numbers_become_integers(self) -> None:
        column = pl.Series([17850.0, None, float("nan"), 0.0])
        assert read(column) == [17850, None, None, None]
        assert "read as integers" in learn(column).notes[0]

    def test_columns_of_others_become_text(self) -> None:
        assert read([1.0, 2.5]) == ["1", "2.5"]
        assert "digits" in learn(pl.Series([2.0**53, 1.0])).notes[0]

    def test_decimals_too(self) -> None:
        assert read(pl.Series(["17850", None], dtype=pl.String).cast(pl.Decimal(20, 0))) == [
            17850,
            None,
        ]


@pytest.mark.parametrize("word", ["nUlL", "NONE", "gUest", "Undefined", "N/a", "\\n", "nil"])
def test_words_for_nobody_are_known_in_any_case(word: str) -> None:
    assert read([word, "u1", "Bob", "12"]) == [None, "u1", "Bob", "12"]


def test_rounded_numbers_are_warned_about() -> None:
    assert read(["1.23E+11", "5"]) == ["1.23E+11", "5"]
    assert "digits were lost" in learn(pl.Series(["1.23E+11"])).notes[0]


def test_other_types_are_taken_as_text() -> None:
    assert read(pl.Series(["a", "null", None], dtype=pl.Categorical)) == ["a", None, None]
    assert read(pl.Series([b"\x00\xff"])) == ["00ff"]
    assert read(pl.Series([None, None])) == [None, None]


def test_lists_are_no_ids() -> None:
    with pytest.raises(InputError, match="'会员ID' holds List"):
        read(pl.Series([[1]]))


@given(
    st.lists(st.one_of(st.none(), st.from_regex(r"[0-9]{1,3}(\.0)?", fullmatch=True)), min_size=1)
)
def test_a_column_is_read_the_same_whatever_the_sample(ids: list[str | None]) -> None:
    column = pl.Series(ids, dtype=pl.String)
    assert read(column, sample=1) == read(column)


@pytest.mark.parametrize("sign", ["\u200b", "\ufeff", "\u200c", "\u200d", "\u2060", "\u2003"])
def test_what_cannot_be_seen_around_an_id_goes(sign: str) -> None:
    assert read([f"{sign}7x", f"7x{sign} ", f'="{sign}7x"', f"7{sign}x"]) == [
        *["7x"] * 3,
        f"7{sign}x",
    ]
    many = pl.Series(["7x"]).extend_constant("7x", 1 << 20)  # a long column is looked at first
    assert set(read(pl.concat([many, pl.Series([f"7x{sign}", "8\t"])]))) == {"7x", "8"}


@pytest.mark.parametrize("nobody", ["#N/A", "(null)", "(NULL)", "\\N", "０", "ＮＵＬＬ", "Ｎull"])
def test_what_programs_write_for_nobody_is_null(nobody: str) -> None:
    assert read([nobody, "7x"]) == [None, "7x"]


class TestOptions:
    def test_ids_that_a_user_calls_nobody(self) -> None:
        options = {"nobody": ("Test-1", "999", " till ", "ＰＯＳ")}
        ids = ["TEST-1", "test-1", "999", "TILL", "pos", "7x", "guest"]
        assert read(ids, **options) == [*[None] * 5, "7x", None]
        assert read(pl.Series([999, 0, 5]), **options) == [None, None, 5]
        assert read(pl.Series([999.0, 0.0, 5.0]), **options) == [None, None, 5]
        assert read(["999.0", "5.0"], **options) == [None, "5"]

    def test_in_a_long_column(self) -> None:
        many = pl.Series(["member-000001"]).extend_constant("member-000001", 1 << 20)
        ids = pl.concat([many, pl.Series(["long-test-id", "LONG-TEST-ID"])])
        assert set(read(ids)) == {"member-000001", "long-test-id", "LONG-TEST-ID"}
        assert set(read(ids, nobody=("Long-Test-Id",))) == {"member-000001", None}

    def test_full_width_ids_are_told_and_folded(self) -> None:
        ids = ["１２３", "123", "ａb", "七"]
        assert read(ids) == ids
        (note,) = learn(pl.Series(ids)).notes
        assert "1 id differs from another one only by full-width" in note
        assert "--normalize-ids" in note
        assert read(ids, normalize_ids=True) == ["123", "123", "ab", "七"]
        assert learn(pl.Series(ids), normalize_ids=True).notes == ()
        assert learn(pl.Series(["１２３", "七"])).notes == ()


class TestLostDigits:
    said = "digits were lost before retainkit read them"

    def test_floats_beyond_what_they_hold(self) -> None:
        (note,) = learn(pl.Series([4.2e17, 1.0, None])).notes
        assert f"beyond 2^53: {self.said}" in note
        (note,) = learn(pl.Series([4.2e17, 1.5])).notes
        assert "not all are whole" in note

    @pytest.mark.parametrize("dtype", [pl.String, pl.Int64, pl.UInt64])
    def test_long_ids_that_a_spreadsheet_rounded(self, dtype: type[pl.DataType]) -> None:
        ids = pl.Series([123456789012345000, 123456789012346000, 5]).cast(dtype)
        (note,) = learn(ids).notes
        assert self.said in note
        assert "15 digits" in note
        kept = pl.Series([123456789012345000, 123456789012346001, 5]).cast(dtype)
        assert learn(kept).notes == ()

    def test_one_long_id_or_a_few_digits_may_be_chance(self) -> None:
        assert learn(pl.Series(["123456789012345000", "5"])).notes == ()
        assert learn(pl.Series(["1234567890123450", "1234567890123460"])).notes == ()
