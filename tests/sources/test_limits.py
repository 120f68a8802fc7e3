"""Limits: columns, lines without end, what is unpacked."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import polars as pl
import pytest

from retainkit.errors import InputError, UsageError
from retainkit.sources import SourceOptions, open_table


def read(path: Path, **options: object) -> pl.DataFrame:
    with open_table([path], SourceOptions(**options)) as table:  # type: ignore[arg-type]
        return table.frame.collect(engine="streaming")


@pytest.mark.parametrize("suffix", ["csv", "ndjson", "parquet"])
def test_many_columns_are_read_and_too_many_told(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    frame = pl.DataFrame({f"c{i}": ["1"] for i in range(1200)})
    {"csv": frame.write_csv, "ndjson": frame.write_ndjson, "parquet": frame.write_parquet}[suffix](
        path
    )
    assert read(path).select(frame.columns).equals(frame)
    with pytest.raises(InputError, match="more columns than the 1,000 that --max-columns"):
        read(path, max_columns=1000)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("rows", [0, 3, 2000])
def test_a_line_that_is_too_long_is_told_with_its_number(
    tmp_path: Path, end: str, rows: int
) -> None:
    path = tmp_path / "x.csv"
    lines = ["a,b", *["1,2"] * rows, f"1,{'x' * 5000}", "1,2", ""]
    path.write_text(end.join(lines), encoding="utf-8", newline="")
    assert read(path, max_line="6kB").height == rows + 2
    number = rows + 2 if "\n" in end else 1
    with pytest.raises(InputError, match=rf"line {number:,}: it is longer than the 4,000 bytes"):
        read(path, max_line="4kB")


@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_a_first_line_without_end_is_told(tmp_path: Path, pack: object) -> None:
    path = tmp_path / "x.csv"
    assert callable(pack)
    path.write_bytes(pack(b"user_id," + b"x" * 3_000_000))
    with pytest.raises(InputError, match="line 1: it is longer than the 1,000,000 bytes"):
        read(path, max_line="1MB")


@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_a_row_of_many_lines_has_the_bound_of_a_line(tmp_path: Path, pack: object) -> None:
    path = tmp_path / "x.csv"
    assert callable(pack)
    lines = "".join(f"{i % 7}\n" for i in range(1_000_000))
    path.write_bytes(pack(f'user_id,time\n1,2\n"{lines}",2\n3,4\n'.encode()))
    assert read(path).height == 3
    with pytest.raises(InputError, match="line 3: a quote is opened there and not closed within"):
        read(path, max_line="1MB")


def test_a_dense_file_is_looked_at_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b"user_id,time\n" + b"1,2\n" * 500_000 + b"x" * 5_000_000))
    with pytest.raises(InputError, match="line 500,002: it is longer than the 1,000,000 bytes"):
        read(path, max_line="1MB")


def test_what_has_to_be_copied_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress("会员编号,时间\n".encode("gbk") + b"1,2\n" * 50_000))
    assert read(path, encoding="gbk").height == 50_000
    with pytest.raises(InputError, match="holds more than the 100,000 bytes, unpacked, that --max"):
        read(path, encoding="gbk", max_unpacked="100kB")
    path = tmp_path / "x.ndjson.gz"
    path.write_bytes(gzip.compress(b'{"a": "1"}\n' * 50_000))
    with pytest.raises(InputError, match="--max-unpacked"):
        read(path, max_unpacked="100kB")


def test_a_workbook_that_blows_up_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/worksheets/sheet1.xml", " " * 2_000_000)
    with pytest.raises(InputError, match="holds more than the 1,000,000 bytes"):
        read(path, max_unpacked="1MB")


@pytest.mark.parametrize("option", ["max_line", "max_unpacked"])
def test_a_limit_is_a_size(tmp_path: Path, option: str) -> None:
    with pytest.raises(UsageError, match=f"--{option.replace('_', '-')}: 'much' is not a size"):
        SourceOptions(**{option: "much"})  # type: ignore[arg-type]


def test_a_line_of_words_is_no_header_that_takes_hours(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a " * 400_000 + "\nann,2024-01-01,1\n")
    with pytest.raises(InputError, match="more columns than the 2,000"):
        read(path)
