"""Workbooks: the sheet, the header, dates and ids as a person sees them in Excel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from typer.testing import CliRunner

import retainkit
from retainkit.cli import app
from retainkit.errors import InputError, UsageError
from retainkit.sources import excel

Sheet = Sequence[Sequence[Any]]
HEADER = ("会员ID", "下单时间", "金额")
ROWS = [
    HEADER,
    ("00123", datetime(2024, 3, 1, 8, 30), 12.5),
    (17850, datetime(2024, 3, 2, 23, 59, 59), 3),
    ("00123", date(2024, 4, 3), -1),
]


def workbook(path: Path, *sheets: tuple[str, Sheet]) -> Path:
    book = xlsxwriter.Workbook(str(path))
    formats = {
        datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        date: book.add_format({"num_format": "yyyy/m/d"}),
    }
    for name, rows in sheets:
        sheet = book.add_worksheet(name)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                if cell is not None:
                    sheet.write(i, j, cell, formats.get(type(cell)))
    book.close()
    return path


def told(path: Path, *args: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["cohort", str(path), "-f", "csv", *args])
    return done.exit_code, done.stdout, done.stderr


def test_a_workbook_is_read_as_it_looks(tmp_path: Path) -> None:
    book = workbook(tmp_path / "导出.xlsx", ("订单", ROWS), ("空", []))
    found = retainkit.cohort(book, tz="Asia/Shanghai", measure="amount")
    rows = found.main.select("size", "value").rows()
    assert rows == [(2, 15.5), (2, -1.0)]
    assert found.data.members == 2
    assert found.data.last is not None
    assert found.data.last.isoformat() == "2024-04-03T00:00:00+08:00"
    assert any("sheet '订单' of a workbook" in note for note in found.notes)


def test_ids_keep_their_zeros_and_rows_their_numbers(tmp_path: Path) -> None:
    rows = [*ROWS, (None, None, None), ("x", "no time", 1), (None, None, None)]
    book = workbook(tmp_path / "a.xlsx", ("s", [("导出于 2024-05-01",), (), *rows]))
    rejects = tmp_path / "rejects.csv"
    found = retainkit.retention(book, rejects=str(rejects))
    assert found.data.members == 2
    assert found.data.refused == {"unreadable time": 1}
    assert any("2 rows above the header left out" in note for note in found.notes)
    assert rejects.read_text().splitlines()[1].split(",")[1] == "8"  # as Excel counts


def test_one_of_several_sheets_has_to_be_named(tmp_path: Path) -> None:
    book = workbook(tmp_path / "a.xlsx", ("orders", ROWS), ("说明", [("who", "asks")]))
    code, _, said = told(book)
    assert code == 1
    assert "2 sheets: 'orders' (4 rows), '说明' (1 row)" in said
    assert "--sheet NAME" in said
    assert told(book, "--sheet", "orders")[0] == 0
    code, _, said = told(book, "--sheet", "order")
    assert (code, "Did you mean 'orders'?" in said) == (2, True)


def test_days_of_excel_in_a_column_of_times_are_times(tmp_path: Path) -> None:
    rows = [("user_id", "time", "n"), ("a", 45352.3541666667, 45352), ("b", 45353, 45353)]
    found = retainkit.cohort(workbook(tmp_path / "a.xlsx", ("s", rows)), period="day")
    assert [str(day) for day in found.main["cohort"].unique().sort()] == [
        "2024-03-01",
        "2024-03-02",
    ]
    assert found.data.first is not None
    assert found.data.first.isoformat() == "2024-03-01T08:30:00+00:00"
    assert any("numbers in 'time' taken as days of Excel" in note for note in found.notes)


def test_the_member_table_may_be_a_workbook(tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    events.write_text("user_id,time\n00123,2024-03-05\n")
    table = workbook(
        tmp_path / "m.xlsx", ("会员", [("会员号", "入群时间"), ("00123", date(2024, 2, 1))])
    )
    found = retainkit.cohort(events, members=table)
    assert str(found.main["cohort"][0]) == "2024-02-01"


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv", "a.parquet.xlsx"])
def test_it_is_told_by_its_bytes(tmp_path: Path, name: str) -> None:
    assert told(workbook(tmp_path / name, ("s", ROWS)))[0] == 0


def test_what_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = workbook(tmp_path / "a.xlsx", ("s", ROWS))
    (tmp_path / "cut.xlsx").write_bytes(whole.read_bytes()[:-900])
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)
    empty = workbook(tmp_path / "empty.xlsx", ("s", []))
    for path, said in (
        (tmp_path / "cut.xlsx", "damaged or encrypted"),
        (tmp_path / "old.xls", "damaged or encrypted"),
        (empty, "a workbook with nothing in it"),
    ):
        with pytest.raises(InputError, match=said):
            retainkit.cohort(path)
    with pytest.raises(UsageError, match="has no sheet 't'"):
        retainkit.cohort(whole, sheet="t")
    monkeypatch.setattr(excel, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="it is not installed") as error:
        retainkit.cohort(whole)
    assert "retainkit[excel]" in str(error.value)
