"""The table as a whole: samples, errors that name their file, foreign files."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pytest

from retainkit.errors import InputError, UsageError
from retainkit.sources import SourceOptions, open_table

from .opened import opened, refused, write


def test_a_sample_is_the_first_rows(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / f"{name}.csv", "user_id\n" + "".join(f"{name}{i}\n" for i in range(10)))
    with open_table([tmp_path], SourceOptions()) as table:
        assert table.sample(12)["user_id"].to_list()[-2:] == ["b0", "b1"]


def test_a_sample_that_cannot_be_read_is_an_input_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'a\n"1"2\n')
    with open_table([path], SourceOptions()) as table, pytest.raises(InputError):
        table.sample()


def test_columns_of_several_files_are_joined_by_name(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "user_id,time\nu1,1\n")
    write(tmp_path / "b.csv", "time;user_id\n2;u2\n")
    table = opened(tmp_path)
    assert table.rows == [("u1", "1"), ("u2", "2")]
    assert table.notes == (f"'{tmp_path / 'b.csv'}': separated by ';'.",)


def test_a_note_shared_by_many_files_is_said_once(tmp_path: Path) -> None:
    for i in range(3):
        write(tmp_path / f"{i}.csv", "user_id;time\nu1;1\n")
    assert opened(tmp_path).notes == (f"'{tmp_path / '0.csv'}' and 2 more: separated by ';'.",)


def test_the_file_at_fault_is_named_among_many(tmp_path: Path) -> None:
    for i in range(20):
        write(tmp_path / f"{i:02}.csv", "a,b\n1,2\n")
    bad = write(tmp_path / "07.csv", 'a,b\n"1"1,2\n')
    assert f"'{bad}', line 2 cannot be read" in refused(tmp_path)


def test_an_error_that_is_not_the_files_passes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a\nx\n")
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        opened(path, select="b")


def test_the_nullary_source_is_a_usage_error() -> None:
    with pytest.raises(UsageError), open_table([], SourceOptions()):
        pass


def test_a_url_is_left_to_polars(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"user_id": [1]}).write_parquet(path)
    assert opened(path.as_uri(), origin=True).rows == [(1, path.as_uri(), 1)]
    text = write(tmp_path / "a.csv", "user_id\n00123\n")
    assert opened(text.as_uri()).rows == [("00123",)]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"PK\x03\x04rest", "a ZIP archive, not CSV"),
        (b"PK\x03\x04..[Content_Types].xml", "an Excel workbook that cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an Excel workbook that cannot be read"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\r\n<!DOCTYPE HTML><title>Log in</title>", "an HTML page"),
        (b"\xef\xbb\xbf<html lang=en>", "an HTML page"),
        (b"<?xml version='1.0'?>", "an XML document"),
        (b"SQLite format 3\x00", "a SQLite database"),
    ],
)
def test_foreign_files_are_told_by_their_first_bytes(
    tmp_path: Path, data: bytes, what: str
) -> None:
    assert f"is {what}" in refused(write(tmp_path / "events.csv", data))
    message = refused(write(tmp_path / "events.parquet", data))
    assert message.splitlines()[0].endswith("not Parquet.") or "workbook" in message


def test_parquet_in_an_archive_asks_to_unpack_it(tmp_path: Path) -> None:
    assert "Unpack" in refused(write(tmp_path / "a.parquet.gz", gzip.compress(b"PAR1" * 9)))
