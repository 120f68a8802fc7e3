"""NDJSON: values as text exactly as written, no key lost."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .opened import opened, refused, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.ndjson"


def lines(*records: str) -> str:
    return "".join(record + "\n" for record in records)


def test_integers_never_go_through_floats(file: Path) -> None:
    write(file, lines('{"id":"00123","n":9007199254740993}', '{"n":12345678901234567890,"f":1.5}'))
    table = opened(file)
    assert table.header == ("id", "n", "f")
    assert table.rows == [
        ("00123", "9007199254740993", None),
        (None, "12345678901234567890", "1.5"),
    ]
    assert set(table.frame.dtypes) == {pl.String}


def test_booleans_nulls_and_nested_values_are_text(file: Path) -> None:
    write(file, '{"b":true,"nothing":null,"o":{"a":[1,"x"]}}\n')
    (row,) = opened(file).rows
    assert row[:2] == ("true", None)
    assert json.loads(row[2]) == {"a": [1, "x"]}


def test_a_key_that_comes_late_is_a_column(file: Path) -> None:
    write(file, '{"id":1}\n' * 5_000 + '{"id":2,"late":"x"}\n')
    table = opened(file)
    assert table.header == ("id", "late")
    assert table.rows[-1] == ("2", "x")


def test_a_key_of_many_shapes_is_text(file: Path) -> None:
    write(file, lines('{"a":1}', "", '{"a":{"b":1}}', '{"a":[1]}', '{"a":"x"}'))
    assert [row[0] for row in opened(file).rows] == ["1", '{"b": 1}', "[1]", "x"]


@pytest.mark.parametrize("suffix", [".ndjson.gz", ".jsonl", ".json", ".dat"])
def test_by_suffix_and_by_content(tmp_path: Path, suffix: str) -> None:
    data = '{"id":"é","n":1}\r\n{"id":"b","n":2}\r\n'.encode()
    path = write(tmp_path / f"x{suffix}", gzip.compress(data) if "gz" in suffix else data)
    table = opened(path, origin=True)
    assert table.rows == [("é", "1", str(path), 1), ("b", "2", str(path), 2)]


def test_a_byte_order_mark_is_no_part_of_it(file: Path) -> None:
    write(file, '\ufeff{"id":1}\n')
    assert opened(file).rows == [("1",)]


def test_an_array_is_refused_with_the_way_out(file: Path) -> None:
    write(file, '[{"id":1},\n{"id":2}]\n')
    assert "jq -c" in refused(file)


@pytest.mark.parametrize("bad", ['{"id":', "{'id': 1}"])
def test_a_bad_line_is_named_by_its_number(file: Path, bad: str) -> None:
    write(file, lines('{"id":1}', "", bad))
    assert "line 3" in refused(file)


def test_objects_without_keys_are_refused(file: Path) -> None:
    write(file, "{}\n")
    assert "no keys" in refused(file)


VALUE = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=6)
RECORD = st.dictionaries(st.sampled_from(["id", "time", "会员", 'a"b']), VALUE, min_size=1)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(records=st.lists(RECORD, min_size=1, max_size=8), ascii_only=st.booleans())
def test_what_is_written_is_read_back_as_text(
    file: Path, records: list[dict[str, object]], ascii_only: bool
) -> None:
    """Law: each scalar comes back as the text JSON has for it, each absent key as null."""
    write(file, lines(*(json.dumps(record, ensure_ascii=ascii_only) for record in records)))
    table = opened(file)

    def text(value: object) -> str | None:
        return value if value is None or isinstance(value, str) else json.dumps(value)

    assert table.rows == [
        tuple(text(record.get(name)) for name in table.header) for record in records
    ]


def test_a_line_that_is_no_object_is_refused(file: Path) -> None:
    write(file, lines('{"id":1}', "5"))
    assert "not one JSON object" in refused(file)


def test_values_nested_without_end_are_told_with_their_line(file: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    write(file, lines('{"a": "[["}', f'{{"a": {deep}}}'))
    assert "line 2: its values are nested more than 500 deep" in refused(file)


@pytest.mark.parametrize("escapes", ['\\"', '"\\', "[\\"])
def test_a_line_of_quotes_is_gone_through_once(file: Path, escapes: str) -> None:
    """Beginning anew at each of its million signs would take hours."""
    write(file, lines('{"a": 1}', '{"a": ' + "[" * 501 + '"' + escapes * 1_000_000))
    assert "line 2" in refused(file)
