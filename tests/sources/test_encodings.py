"""Marks, names that are no encodings, and the encoding of the member table."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from retainkit.errors import UsageError
from retainkit.sources import SourceOptions, open_export, open_table

CHINESE = "会员编号,时间\n甲,2024-01-01\n"


def read(path: Path, **options: str) -> tuple[list[str], list[tuple[object, ...]], str]:
    with open_table([path], SourceOptions(**options)) as table:  # type: ignore[arg-type]
        return list(table.header), table.frame.collect().rows(), " ".join(table.notes)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "x.csv"


@pytest.mark.parametrize(
    "name",
    ["undefined", "rot_13", "idna", "punycode", "unicode_escape", "hex", "charmap", "\0", "gb1"],
)
def test_what_is_no_encoding_of_text_is_told_with_those_that_are(file: Path, name: str) -> None:
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UsageError, match="is not known") as told:
        read(file, encoding=name)
    assert "gb18030" in str(told.value.hint)
    assert f"Did you mean '{name}'" not in str(told.value)


def test_utf_16_without_a_mark_asks_for_the_order_of_bytes(file: Path) -> None:
    file.write_bytes(CHINESE.encode("utf-16-le"))
    with pytest.raises(UsageError, match="does not begin with the mark"):
        read(file, encoding="utf-16")
    assert read(file, encoding="utf-16-le")[0] == ["会员编号", "时间"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_wins_over_what_was_asked_for(file: Path, encoding: str) -> None:
    file.write_bytes(CHINESE.encode(encoding))
    header, rows, notes = read(file, encoding="gbk")
    assert (header, rows) == (["会员编号", "时间"], [("甲", "2024-01-01")])
    assert "begins with that mark, not as the GBK of --encoding" in notes


@pytest.mark.parametrize("header", [True, False])
def test_a_mark_twice_is_no_part_of_a_cell(file: Path, header: bool) -> None:
    file.write_bytes(codecs.BOM_UTF8 * 2 + b"user_id,time\na,b\n")
    with open_table([file], SourceOptions(header=header)) as table:
        cells = [*table.header, *table.frame.collect().row(0)]
    assert cells[:2] == (["user_id", "time"] if header else ["column_1", "column_2"])
    assert cells[2:] == (["a", "b"] if header else ["user_id", "time"])


def members(events: Path, table: Path, **options: str) -> tuple[list[str], str]:
    given = SourceOptions(members=table, **options)  # type: ignore[arg-type]
    with open_export([events], given) as (_, found):
        assert found is not None
        return found.frame.collect().to_series(1).to_list(), " ".join(found.notes)


def test_the_member_table_has_its_own_encoding(file: Path, tmp_path: Path) -> None:
    file.write_text("user_id,channel\na,微信\n", encoding="utf-8")
    events = tmp_path / "events.csv"
    events.write_text(CHINESE, encoding="gbk")
    read_as, note = members(events, file, encoding="gbk")
    assert read_as == ["微信"]
    assert "read as UTF-8, which it is" in note
    file.write_text("user_id,channel\na,微信\n", encoding="gbk")
    assert members(events, file, encoding="gbk")[0] == ["微信"]
    file.write_text("user_id,channel\na,微信\n", encoding="big5", errors="replace")
    assert members(events, file, encoding="gbk", member_encoding="big5")[0] == ["微信"]
