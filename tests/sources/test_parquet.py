"""Parquet: its own types, several files as one, and damage contained."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

import polars as pl
import pytest

from retainkit.errors import InputError
from retainkit.sources import SourceOptions, open_table

from .opened import opened, refused, write


def parquet(path: Path, **columns: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(columns).write_parquet(path)
    return path


def test_types_are_kept_and_the_name_is_literal(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a[1].parquet", user_id=[1, 2], time=[date(2024, 1, 1), None])
    table = opened(path, origin=True)
    assert table.frame.schema == {
        "user_id": pl.Int64,
        "time": pl.Date,
        "__file": pl.String,
        "__row": pl.Int64,
    }
    assert table.frame["__row"].to_list() == [1, 2]


def test_the_content_decides_not_the_suffix(tmp_path: Path) -> None:
    path = parquet(tmp_path / "events.parquet", user_id=[1])
    assert opened(path.rename(tmp_path / "events.csv")).rows == [(1,)]


def test_hive_keys_are_text(tmp_path: Path) -> None:
    parquet(tmp_path / "dt=2024-01-01/part-0.parquet", user_id=[1])
    parquet(tmp_path / "dt=2024-01-02/part-0.parquet", user_id=[2])
    assert opened(tmp_path).rows == [(1, "2024-01-01"), (2, "2024-01-02")]


def test_a_column_missing_in_a_file_is_null_there_and_said(tmp_path: Path) -> None:
    a = parquet(tmp_path / "a.parquet", user_id=[1], city=["x"])
    b = parquet(tmp_path / "b.parquet", amount=[1.5], user_id=[2])
    table = opened(a, b)
    assert table.rows == [(1, "x", None), (2, None, 1.5)]
    assert table.notes == (
        f"column 'city' is not in '{b}': null there.",
        f"column 'amount' is not in '{a}': null there.",
    )


def test_differently_typed_columns_become_exact_text(tmp_path: Path) -> None:
    a = parquet(tmp_path / "a.parquet", id=[9007199254740993], t=[datetime(2024, 1, 1, 8)])
    b = parquet(tmp_path / "b.parquet", id=["00123"], t=["2024-01-01"])
    table = opened(a, b)
    assert table.rows == [
        ("9007199254740993", "2024-01-01 08:00:00.000000"),
        ("00123", "2024-01-01"),
    ]
    assert table.notes[0] == f"column 'id' is Int64 in '{a}', String in '{b}': read as text."


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        (pl.Int32, pl.Int64, pl.Int64),
        (pl.UInt64, pl.Int64, pl.String),
        (pl.Float32, pl.Float64, pl.Float64),
        (pl.Int64, pl.Float64, pl.Float64),
        (pl.Null, pl.Int64, pl.Int64),
        (pl.Datetime("ms"), pl.Datetime("ns"), pl.Datetime("us")),
        (pl.Datetime("us", "UTC"), pl.Datetime("us"), pl.String),
        (pl.Categorical, pl.String, pl.String),
    ],
)
def test_only_types_that_lose_nothing_are_widened(
    tmp_path: Path, left: pl.DataType, right: pl.DataType, wanted: pl.DataType
) -> None:
    for name, dtype in (("a", left), ("b", right)):
        pl.DataFrame({"x": pl.Series([None], dtype=dtype)}).write_parquet(
            tmp_path / f"{name}.parquet"
        )
    assert opened(tmp_path).frame.schema == {"x": wanted}


def test_whole_floats_and_integers_are_one_number(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", user_id=[1.0, None, 2.0], amount=[5, 7, 9])
    parquet(tmp_path / "b.parquet", user_id=[1, 2, 3], amount=[12.5, 1.0, 2.0])
    assert opened(tmp_path).rows == [(1, 5), (None, 7), (2, 9), (1, 12.5), (2, 1), (3, 2)]


def test_a_whole_float_beside_text_is_written_as_an_integer(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", x=[17850.0, 1.5, None])
    parquet(tmp_path / "b.parquet", x=["17850", "2.0", "00123"])
    parquet(tmp_path / "c.parquet", x=[Decimal("7.00"), Decimal("7.25"), None])
    values = ["17850", "1.5", None, "17850", "2.0", "00123", "7", "7.25", None]
    assert opened(tmp_path).frame["x"].to_list() == values


def test_integers_that_no_float_holds_stay_exact_beside_floats(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", x=[2**53 + 1, 1])
    parquet(tmp_path / "b.parquet", x=[1.0, 2.5])
    assert opened(tmp_path).frame["x"].to_list() == ["9007199254740993", "1", "1", "2.5"]


@pytest.mark.parametrize("name", ["*", "^a$"])
def test_a_column_called_like_a_pattern_is_only_a_column(tmp_path: Path, name: str) -> None:
    columns = {"user_id": ["u"], "a": ["x"], name: ["y"]}
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame(columns).write_ndjson(tmp_path / "b.ndjson")
    pl.DataFrame(columns).write_csv(tmp_path / "c.csv")
    table = opened(tmp_path, origin=True)
    assert table.header == ("user_id", "a", f"({name})")
    assert table.frame[f"({name})"].to_list() == ["y"] * 3
    assert f"the header names '{name}': read as '({name})'" in table.notes[0]
    assert opened(pl.DataFrame(columns)).header == table.header
    both = pl.DataFrame({**columns, f"({name})": ["z"]})
    assert opened(both).header == ("user_id", "a", f"(({name}))", f"({name})")


def test_nested_columns_that_differ_are_left_out_and_said(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", user_id=[1], props=[{"a": 1}])
    parquet(tmp_path / "b.parquet", user_id=[2], props=[{"a": 1, "b": 2}])
    table = opened(tmp_path)
    assert table.header == ("user_id",)
    assert "left out" in table.notes[0]


def test_formats_may_be_mixed(tmp_path: Path) -> None:
    parquet(tmp_path / "a.parquet", user_id=[17850])
    write(tmp_path / "b.csv", "user_id\n00123\n")
    write(tmp_path / "c.ndjson", '{"user_id": 7}\n')
    assert opened(tmp_path).rows == [("17850",), ("00123",), ("7",)]


def test_damage_is_one_error_that_names_the_file(tmp_path: Path) -> None:
    good = parquet(tmp_path / "good.parquet", user_id=list(range(5000)))
    data = good.read_bytes()
    bad = write(tmp_path / "bad.parquet", data[: len(data) // 2])
    assert f"'{bad}' cannot be read" in refused(good, bad)
    write(bad, "user_id\n1\n")
    assert "is not Parquet" in refused(bad)


def test_damage_inside_is_found_while_reading(tmp_path: Path) -> None:
    good = parquet(tmp_path / "a.parquet", user_id=list(range(5000)))
    data = bytearray(good.read_bytes())
    data[4:400] = b"\xff" * 396
    bad = write(tmp_path / "b.parquet", bytes(data))
    assert f"'{bad}' cannot be read" in refused(tmp_path)


def test_flipped_bytes_raise_nothing_but_input_errors(tmp_path: Path) -> None:
    """BAD_INPUTS: Polars panics (a BaseException) on hostile Parquet; it must be contained."""
    data = parquet(tmp_path / "a.parquet", user_id=["u1", "u2"] * 50).read_bytes()
    random, path = Random(2), tmp_path / "flipped.parquet"
    for _ in range(40):
        flipped = bytearray(data)
        flipped[random.randrange(4, len(data))] ^= 1 << random.randrange(8)
        write(path, bytes(flipped))
        try:
            opened(path)
        except InputError as error:
            assert str(path) in error.message  # noqa: PT017  (some flips are read in silence)


def test_only_the_columns_asked_for_are_read(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", user_id=[1], time=[2], blob=["x"])
    with open_table([path], SourceOptions()) as table:
        plan = table.frame.select("user_id", "time").explain()
    assert "2/3 COLUMNS" in plan
