"""Encodings: marks first, then strict UTF-8, then only what a known header proves."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from retainkit.sources import SourceOptions, open_table

from .opened import opened, refused, write

CHINESE = "会员编号,下单时间,城市\n001,2024-01-01,上海\n"
ROWS = [("001", "2024-01-01", "上海")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "orders.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8_is_read_as_it_lies(file: Path, encoding: str) -> None:
    write(file, CHINESE.encode(encoding))
    table = opened(file)
    assert (table.header[0], table.rows, table.notes) == ("会员编号", ROWS, ())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "gb18030"])
def test_other_encodings_are_found_and_said(file: Path, encoding: str) -> None:
    write(file, CHINESE.encode(encoding))
    table = opened(file)
    assert table.rows == ROWS
    assert table.notes == (f"'{file}': read as {encoding.upper()}.",)


def test_packed_gb18030_streams_too(file: Path) -> None:
    write(file, gzip.compress(CHINESE.encode("gb18030")))
    assert opened(file).rows == ROWS


def test_big5_is_told_apart_by_the_header_it_spells(file: Path) -> None:
    write(file, "日期,城市\n2024,臺北\n".encode("big5"))
    assert opened(file).rows == [("2024", "臺北")]


@pytest.mark.parametrize(
    "data",
    ["user_id,ville\n1,Orléans\n".encode("latin-1"), "名前,日付\n1,2\n".encode("shift-jis")],
)
def test_doubt_is_an_error_that_asks(file: Path, data: bytes) -> None:
    write(file, data)
    assert "--encoding" in refused(file)


def test_encoding_settles_it(file: Path) -> None:
    write(file, "user_id,ville\n1,Orléans\n".encode("latin-1"))
    assert opened(file, encoding="latin-1").rows == [("1", "Orléans")]


@pytest.mark.parametrize(
    ("named", "written"), [("utf8", "utf-8-sig"), ("utf-16-le", "utf-16"), ("utf-16", "utf-16")]
)
def test_a_mark_is_no_part_of_the_header_when_the_encoding_is_named(
    file: Path, named: str, written: str
) -> None:
    write(file, CHINESE.encode(written))
    assert opened(file, encoding=named).header[0] == "会员编号"


def test_an_unknown_encoding_is_a_usage_error(file: Path) -> None:
    write(file, CHINESE)
    assert "'gb1803' is not known. Did you mean 'gb18030" in refused(file, encoding="gb1803")
    assert "'hex' is not known" in refused(file, encoding="hex")


@pytest.mark.parametrize("column", ["a", "b"])
def test_a_bad_byte_late_in_the_file_is_an_error_whatever_is_read(file: Path, column: str) -> None:
    write(file, b"a,b\n" + b"1,2\n" * 100_000 + b"1,\xff\n")
    assert "not UTF-8" in refused(file, select=column)


def test_nothing_is_decoded_lossily(file: Path) -> None:
    write(file, CHINESE.encode("gb18030") * 20_000 + b"\xff\xff\n")
    assert "holds bytes that are not GB18030" in refused(file)


def test_nul_bytes_are_refused(file: Path) -> None:
    write(file, "a,b\n1,2\n".encode("utf-16-le"))
    assert "utf-16-le" in refused(file)
    assert opened(file, encoding="utf-16-le").rows == [("1", "2")]
    write(file, b"a,b\n1\x00,2\n")
    assert "NUL" in refused(file)


def test_temporary_copies_are_gone_afterwards(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    write(file, CHINESE.encode("gb18030"))

    def interrupted() -> None:
        with open_table([file], SourceOptions()):
            assert list(scratch.iterdir())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(scratch.iterdir())


def test_a_traditional_header_tells_big5(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "用戶ID,下單時間\n甲,2024-01-01\n".encode("big5"))
    assert opened(path).header == ("用戶ID", "下單時間")


def test_bytes_of_another_encoding_are_told_with_their_line(tmp_path: Path) -> None:
    rows = "用户,下单时间\n".encode("gbk") + b"u,2024-03-01\n" * 40_000
    path = write(tmp_path / "a.csv", rows + b"\xff\xff,2024-03-01\n")
    message = refused(path, encoding="gb18030")
    assert "line 40,002, holds bytes that are not GB18030" in message
