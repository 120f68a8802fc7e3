"""Lines above a header and under the rows: told, left out, and never members."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import retainkit
from retainkit.errors import InputError
from retainkit.sources.around import footers, header_row, separator_named

from .opened import opened, refused, write

HEADER = "会员ID,下单时间,金额\n"
ROWS = "00123,2024-03-01,5\n00124,2024-03-02,6\n"
TABLE = [("00123", "2024-03-01", "5"), ("00124", "2024-03-02", "6")]
FOOTERS = (
    "Total rows: 20",
    "总行数：20",
    "-- end --",
    "(20 rows)",
    "20 rows selected.",
    "共 20 条记录",
    "导出时间：2026-11-01 12:00",
    "导出时间,2026-11-01 12:00",
    "Exported at:,2026-11-01 12:00",
    "制表人：ann,,",
    "# made by x",
    "EOF",
)
NO_FOOTERS = ("ann", "Ann Lee", "wx:12345", "ann,2024-03-03", "ann,2024-03-03,", "report_bot,,")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "f.csv"


@pytest.mark.parametrize(
    ("above", "lines"),
    [
        ("报表名称：订单明细\n", "line 1"),
        ("Export of 2026-11-01\n\n", "line 1"),
        ("\n报表,订单,日期,2026-11-01\n\nby: ann\n", "lines 1 to 4"),
        ('"a title\nof two lines"\nnote,x\n', "lines 1 to 3"),
        ('He said "x\n', "line 1"),
    ],
)
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_lines_above_the_header_are_left_out(
    file: Path, above: str, lines: str, separator: str, encoding: str
) -> None:
    text = above + (HEADER + ROWS).replace(",", separator)
    write(file, text.encode(encoding))
    table = opened(file)
    assert (table.header, table.rows) == (("会员ID", "下单时间", "金额"), TABLE)
    assert f"'{file}': {lines} above the header left out." in table.notes


@pytest.mark.parametrize("footer", FOOTERS)
def test_lines_under_the_rows_are_refused(tmp_path: Path, file: Path, footer: str) -> None:
    write(file, f"A title\n{HEADER}{ROWS}\n合计,,11\n{footer}\n\n")
    rejects = tmp_path / "rejects.csv"
    answer = retainkit.cohort(file, period="day", rejects=str(rejects))
    assert answer.data.refused == {"footer": 1, "total line": 1}
    assert (answer.data.rows, answer.data.members) == (2, 2)
    told = f"1 line of text under the rows refused as 'footer' (first '{file}', line 7)."
    assert told in answer.notes
    assert not any("fewer cells" in note for note in answer.notes)
    assert pl.read_csv(rejects)["reason"].to_list() == ["total line", "footer"]
    assert retainkit.inspect(file).data.refused == answer.data.refused


@pytest.mark.parametrize("row", NO_FOOTERS)
def test_rows_at_the_end_are_rows(file: Path, row: str) -> None:
    write(file, HEADER + ROWS + row + "\n")
    assert "footer" not in retainkit.cohort(file, period="day").data.refused


def test_footers_are_no_ids_to_tell_by(file: Path) -> None:
    write(file, "user_id,event_time\n1.0,2024-03-01\n2.0,2024-03-02\nTotal rows: 2\n")
    answer = retainkit.cohort(file, period="day")
    assert "'user_id' is written like 17850.0 throughout: read as 17850." in answer.notes


def test_files_with_and_without_are_one_export(tmp_path: Path, file: Path) -> None:
    write(file, "title\n" + HEADER + ROWS + "Total rows: 2\n")
    plain = write(tmp_path / "g.csv", HEADER + "00125,2024-03-03,1\n")
    long = write(tmp_path / "h.csv", HEADER + "00126,2024-03-03,1,2\n")
    answer = retainkit.cohort([file, plain, long], period="day")
    assert answer.data.refused == {"footer": 1, "long row": 1}
    assert answer.data.members == 3


def test_the_member_table_too(tmp_path: Path, file: Path) -> None:
    write(file, HEADER + ROWS)
    table = write(tmp_path / "m.csv", "会员名单\n会员ID,入会时间\n00123,2024-01-01\n制表人：,ann\n")
    answer = retainkit.cohort(file, members=table, period="day")
    assert answer.data.members == 2
    assert "Member table: 1 line under the rows is left out." in answer.notes
    assert f"'{table}': line 1 above the header left out." in answer.notes


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "sep=; "])
def test_the_first_line_may_name_the_separator(file: Path, line: str) -> None:
    write(file, line + "\r\n" + (HEADER + "a;2024-03-01;1,5\n").replace(",", ";", 2))
    table = opened(file)
    assert table.rows == [("a", "2024-03-01", "1,5")]
    assert separator_named("sep=a") is None
    write(file, f"{line}\na;2024-03-01;5\n")
    assert opened(file, header=False).rows == [("a", "2024-03-01", "5")]


@pytest.mark.parametrize(
    ("rows", "top"),
    [
        (["user_id,time", "a,2024"], 0),
        (["cust,when,kind", "a,2024-01-01,left", "b,2024-01-01,left"], 0),
        (["cust,when,kind", "user,left,x"], 0),
        (["cust", "ann", "bob,x,y"], 0),
        (["cust,kind", "a,1,left", "b,2,left"], 0),
        (["x,y,z", "a,b,c", "a,b,c,d"], 0),
        (["a,2024-01-01,left", "b,2024-01-02,left"], 0),
        (["title", "cust,when,kind", "a,2024-01-01,x", "b,2024-01-01,y"], 1),
        (["日期,2026-11-01,店", "会员ID,日期,店", "a,2024-01-01,x"], 1),
        (["title", "", "user_id,time"], 2),
        ([], 0),
    ],
)
def test_which_row_is_the_header(rows: list[str], top: int) -> None:
    assert header_row([row.split(",") for row in rows]) == top


def test_names_that_flags_say_are_known(file: Path) -> None:
    write(file, "a note, of two\nkunde,wann\nann,2024-03-01\n")
    answer = retainkit.cohort(file, member_col="lower(kunde)", time_col="wann")
    assert answer.data.members == 1


def test_a_column_of_texts_has_no_footers() -> None:
    assert list(footers([["a"], ["Total rows: 2"]], 1)) == []


def test_a_file_without_a_header_is_told_without_its_values(file: Path) -> None:
    write(file, "13800138000,2024-03-01,5\n13800138001,2024-03-02,6\n")
    told = refused(file)
    assert told.startswith(f"'{file}' seems to have no header: its first line looks like a row")
    assert "--no-header" in told
    assert "138" not in told
    for command in (retainkit.cohort, retainkit.inspect, retainkit.orders):
        with pytest.raises(InputError, match="seems to have no header"):
            command(file)
    assert opened(file, header=False).frame.height == 2


@pytest.mark.parametrize(
    "first",
    [
        "ann,01-Mar-2024 10:00",
        "ann@example.com,pay",
        "3f2b8c1e-9d4a-4b7e-8f60-1a2b3c4d5e6f,pay",
        "ann,2024-03-01T08:00:00Z",
    ],
)
def test_what_no_column_is_called_is_a_value(file: Path, first: str) -> None:
    write(file, f"{first}\n{first}\n")
    assert "seems to have no header" in refused(file)


def test_a_header_with_years_is_one_where_a_name_is_known(file: Path) -> None:
    write(file, "kunde,2023,2024\nann,1,2\n")
    assert "no header" in refused(file)
    assert opened(file, member_col="kunde").header == ("kunde", "2023", "2024")
