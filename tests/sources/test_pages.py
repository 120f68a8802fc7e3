"""Pages of Parquet are held against the footer before Polars or Arrow read them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from retainkit.errors import InputError
from retainkit.sources.pages import check_pages
from retainkit.sources.thrift import BrokenError, Reader

NESTED = {"a": [1, 2], "s": {"t": "x", "u": [{"v": 1.5}]}, "m": None, "b": True}


def frame(rows: int = 300) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "user_id": [f"u{i % 7}" for i in range(rows)],
            "event_time": [datetime(2024, 1, 1 + i % 28) for i in range(rows)],
            "amount": [None if i % 3 else i / 4 for i in range(rows)],
        }
    )


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "brotli"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_what_arrow_writes_is_whole(tmp_path: Path, compression: str, version: str) -> None:
    path = tmp_path / "f.parquet"
    nested = pa.Table.from_pylist([NESTED, {}, NESTED])
    for table in (frame().to_arrow(), frame(0).to_arrow(), nested, nested.slice(0, 0)):
        for dictionary in (True, False):
            parquet.write_table(
                table,
                path,
                compression=compression,
                data_page_version=version,
                use_dictionary=dictionary,
                data_page_size=200,
                row_group_size=100,
                write_page_index=True,
                write_page_checksum=True,
            )
            check_pages(path, "f.parquet")


def test_an_empty_row_group_before_others_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    table = frame().to_arrow()
    with parquet.ParquetWriter(path, table.schema) as writer:
        writer.write_table(table.slice(0, 0))
        writer.write_table(table)
    check_pages(path, "f.parquet")


def test_what_polars_and_duckdb_write_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    for rows in (0, 1, 5000):
        frame(rows).write_parquet(path, row_group_size=1000, data_page_size=512)
        check_pages(path, "f.parquet")
        told = "SELECT i AS user_id, [i, 2] AS l, {'x': 'y'} AS s, NULL::INT AS n"
        duckdb.sql(f"COPY ({told} FROM range({rows}) t(i)) TO '{path}' (FORMAT parquet)")
        check_pages(path, "f.parquet")


def signed(value: int) -> bytes:
    """Return a number as Thrift writes it: zigzag, seven bits a byte."""
    value = value << 1 if value >= 0 else (-value << 1) - 1
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def less_than_none(path: Path) -> None:
    """Write a file whose first page says that it has -n values, and is else as it was."""
    pl.DataFrame(
        {"user_id": range(1000), "event_time": [datetime(2024, 1, 1)] * 1000}
    ).write_parquet(path, compression="uncompressed")
    data = path.read_bytes()
    many, fewer = signed(1000), signed(-1000)
    assert len(many) == len(fewer)
    path.write_bytes(data[:4] + data[4:].replace(b"\x2c\x15" + many, b"\x2c\x15" + fewer, 1))
    assert path.read_bytes() != data


def test_less_than_no_values_end_no_process(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    less_than_none(path)
    with pytest.raises(InputError, match="truncated or damaged"):
        check_pages(path, "f.parquet")
    code = f"import polars as pl; pl.read_parquet({str(path)!r})"
    alone = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert alone.returncode < 0  # what it is for: when Polars raises here, this module can go
    done = subprocess.run(
        [sys.executable, "-m", "retainkit", "cohort", "f.parquet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "100"},
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: 'f.parquet' cannot be read: it is truncated or damaged.")


def test_numbers_of_rows_that_differ_are_told(tmp_path: Path) -> None:
    """Of the file, of its row group, and of each column: whoever trusts one loses rows."""
    path = tmp_path / "f.parquet"
    pl.DataFrame({"user_id": range(1000), "time": range(1000)}).write_parquet(path)
    check_pages(path, "f.parquet")
    data = path.read_bytes()
    footer = len(data) - 8 - parquet.read_metadata(path).serialized_size
    many, more = (b"\x16" + signed(rows) for rows in (1000, 1001))  # a field of 64 bits
    places = [
        found.start() for found in re.finditer(re.escape(many), data) if found.start() > footer
    ]
    assert len(places) == 4
    for place in places:
        path.write_bytes(data[:place] + more + data[place + len(more) :])
        with pytest.raises(InputError, match="truncated or damaged"):
            check_pages(path, "f.parquet")


def test_tallies_of_levels_that_are_not_there_end_no_process(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    parquet.write_table(pa.table({"user_id": [["a"], None, []]}), path)
    footer = parquet.read_metadata(path).serialized_size
    data = path.read_bytes()
    start = len(data) - 8 - footer
    told = Reader(data[start:-8]).struct()
    assert told[4][0][1][0][3][16][3] == [1, 1, 0, 1]  # type: ignore[index, call-overload]
    tally, longer = b"\x46" + b"\x02\x02\x00\x02", b"\x56" + b"\x02\x02\x00\x02\x00"
    assert data[start:].count(tally) == 1
    broken = data[start:-8].replace(tally, longer)
    path.write_bytes(data[:start] + broken + len(broken).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(InputError, match="truncated or damaged"):
        check_pages(path, "f.parquet")


@settings(max_examples=200)
@given(at=st.integers(0, 10**6), bit=st.integers(0, 7), cut=st.integers(0, 3))
def test_whatever_is_flipped_there_is_one_answer(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int, cut: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "flipped.parquet"
    frame().write_parquet(path)
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(data[: len(data) - cut * at % len(data)])
    with suppress(InputError):  # and nothing else
        check_pages(path, "f.parquet")


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", IndexError),
        (b"\x15", IndexError),
        (b"\x18\x7f", IndexError),
        (b"\x19\xf8\xff\xff\xff\xff\x0f", IndexError),
        (b"\x15" + b"\xff" * 12, BrokenError),
        (b"\x1c" * 40, BrokenError),
        (b"\x1d\x00", BrokenError),
    ],
)
def test_bytes_that_are_no_struct(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        Reader(data).struct()


def test_structs_are_read() -> None:
    inner = b"\x15\x03\x00"
    data = (
        b"\x15\x04" + b"\x11" + b"\x18\x02hi" + b"\x1c" + inner + b"\x19\x2c" + inner * 2 + b"\x00"
    )
    expected: dict[int, Any] = {1: 2, 2: None, 3: None, 4: {1: -2}, 5: [{1: -2}, {1: -2}]}
    assert Reader(data + b"more").struct() == expected
