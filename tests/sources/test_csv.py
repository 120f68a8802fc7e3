"""CSV as the world writes it: everything text, nothing lost, nothing guessed silently."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from retainkit.errors import InputError
from retainkit.sources import SourceOptions, open_table
from retainkit.sources.mapping import choose

from .opened import opened, refused, write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.csv"


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


def test_every_column_is_text_as_written(file: Path) -> None:
    write(file, "user_id,amount\n00123,1.50\n17850.0,\n")
    table = opened(file)
    assert table.rows == [("00123", "1.50"), ("17850.0", None)]
    assert set(table.frame.dtypes) == {pl.String}
    assert table.notes == ()


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_packing_is_told_by_magic_bytes_not_by_the_suffix(tmp_path: Path, pack) -> None:  # type: ignore[no-untyped-def]
    path = write(tmp_path / "events.csv", pack(b"user_id,time\nu1,2024\n"))
    assert opened(path).rows == [("u1", "2024")]


@pytest.mark.parametrize(
    ("separator", "said"), [(";", "';'"), ("\t", "tabs"), ("|", "'|'"), (",", None)]
)
def test_the_separator_is_sniffed_and_said(file: Path, separator: str, said: str | None) -> None:
    cells = [["user_id", "time", "amount"], ["u1", "2024-01-01", '"1,5;2"'], ["u2", "", "3"]]
    write(file, "".join(separator.join(row) + "\n" for row in cells))
    table = opened(file)
    assert table.rows == [("u1", "2024-01-01", "1,5;2"), ("u2", None, "3")]
    assert table.notes == ((f"'{file}': separated by {said}.",) if said else ())


def test_decimal_commas_do_not_win_over_the_semicolon(file: Path) -> None:
    write(file, "user_id;amount\nu1;1,5\nu2;2,5\n")
    assert opened(file).header == ("user_id", "amount")


def test_separator_settles_what_is_sniffed(file: Path) -> None:
    write(file, "a,b;c\n1,2;3\n")
    assert opened(file, separator=";").header == ("a,b", "c")
    assert opened(file, separator="semicolon").header == ("a,b", "c")
    assert "Did you mean 'semicolon'?" in refused(file, separator="semicolons")


def test_runs_of_blanks_separate_as_in_cdnow(tmp_path: Path) -> None:
    """The layout of CDNOW_master.txt (Fader & Hardie, brucehardie.com/datasets)."""
    path = write(
        tmp_path / "master.txt",
        " customer_id  date number_of_cds  dollar_value\r\n"
        " 00001 19970101  1   11.77\r\n 00002 19970112  1   12.00\r\n\r\n",
    )
    table = opened(path, origin=True)
    assert table.header == ("customer_id", "date", "number_of_cds", "dollar_value")
    assert table.frame.select(table.header).rows() == [
        ("00001", "19970101", "1", "11.77"),
        ("00002", "19970112", "1", "12.00"),
    ]
    assert "separated by blanks" in table.notes[0]


def test_runs_of_blanks_without_a_header(tmp_path: Path) -> None:
    """The layout of CDNOW_sample.txt."""
    path = write(tmp_path / "sample.txt", " 00004 0001 19970101  2   29.33\r\n")
    assert opened(path, header=False).rows == [("00004", "0001", "19970101", "2", "29.33")]


def test_blanks_in_a_single_column_do_not_separate(file: Path) -> None:
    write(file, "user name\nAnn\nBob B\nCy C C\n")
    assert opened(file).header == ("user name",)


def test_without_a_header_the_columns_are_numbered(file: Path) -> None:
    write(file, "u1,2024\nu2,2025,x\n")
    table = opened(file, header=False)
    assert table.header == ("column_1", "column_2", "column_3")
    assert table.rows == [("u1", "2024", None), ("u2", "2025", "x")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_every_kind_of_line_end(file: Path, end: str) -> None:
    write(file, f"user_id,time{end}u1,2024{end}u2,2025{end}")
    table = opened(file)
    assert (table.header, table.rows) == (("user_id", "time"), [("u1", "2024"), ("u2", "2025")])


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blank_lines_are_left_out_wherever_they_are(file: Path, end: str) -> None:
    write(file, end.join(["", "", "a,b", "", "1,2", "", ",", '"",""', "3,", "", ""]))
    assert opened(file).rows == [("1", "2"), ("3", None)]


def test_short_rows_are_filled_and_separators_at_the_end_lose_nothing(file: Path) -> None:
    write(file, "a,b,c\n1\n1,2,3,,\n")
    assert opened(file).rows == [("1", None, None), ("1", "2", "3")]


def test_short_rows_are_counted_with_the_first_line(file: Path) -> None:
    write(file, "a,b,c\n\n1,2,3\n1,2\n\n1\n")
    assert opened(file).notes == (
        f"2 rows have fewer cells than the header: null there (first '{file}', line 4).",
    )


@pytest.mark.parametrize(
    ("rows", "long"),
    [
        ("1,2,3\n1,2\n", [True, False]),
        ("1,2\n1,2,,\n1,2,3\n", [False, False, True]),
        ("1,2\n1,2,,,5\n", [False, True]),
        ("1,2,3,4,5,6,7,8\n,,3\n", [True, True]),
        ('"1",2\n1,"2\n2",,,,,,9\n', [False, True]),
        ("1,2,3\n1\n", [True, False]),
    ],
)
def test_long_rows_are_marked(file: Path, rows: str, long: list[bool]) -> None:
    write(file, "a,b\n" + rows)
    assert opened(file).frame["__long"].to_list() == long
    assert "refused as 'long row'" in opened(file).notes[-1]


@pytest.mark.parametrize("rows", [b"1,2,3\n", b'"1,",2,"3"\n'])
def test_rows_are_looked_at_wherever_they_are(file: Path, rows: bytes) -> None:
    """Past the first 8 MB separators are added up, and rows where they do not add up."""
    many = rows * (9_000_000 // len(rows))
    write(file, b"a,b,c\n" + many + b"1,2,\n1,2\n1,2,3,4\n1,2\n" + many)
    lines = many.count(b"\n")
    short, long = opened(file, select="a").notes
    assert short.startswith("2 rows have fewer cells")
    assert f"line {lines + 3:,})" in short
    assert f"line {lines + 4:,})" in long


def test_a_row_of_far_too_many_cells_is_an_error(file: Path) -> None:
    write(file, "a,b\n1,2\n" + "1," * 5000 + "\n")
    assert "a row of 5,001 cells, and 2 in its header" in refused(file)


def test_the_message_never_shows_a_value(file: Path) -> None:
    write(file, 'a,b\n1,2\n"secret,2\n3,4\n')
    assert "secret" not in refused(file)
    write(file, 'a,b\n1,2\n"secret"x,2\n3,4\n')
    message = refused(file)
    assert "secret" not in message
    assert "line 3 cannot be read: a quote" in message


@pytest.mark.parametrize(
    "rows",
    [
        'ann,2024-03-01,"hi\nbob,2024-03-02,x\ncat,2024-03-03,y"\ndan,2024-03-04,z\n',
        '"ann,2024-03-01,x\nbob",2024-03-02,y\ndan,2024-03-04,z\n',
        'ann,2024-03-01,5" pipe\nbob,2024-03-02,6" pipe\n',
    ],
)
def test_a_quote_that_swallows_rows_is_an_error(file: Path, rows: str) -> None:
    write(file, "user_id,event_time,event\n" + rows)
    message = refused(file)
    assert "line 2: a quote is opened there and closed on line" in message
    assert "look like rows" in message
    assert "ann" not in message


def test_cells_of_several_lines_are_read_and_counted(file: Path) -> None:
    text = "fine, thanks,\nand, by the way, bye\n\n3,5,7"
    write(file, f'user_id,event_time,said\nann,2024-03-01,"{text}"\nbob,2024-03-02,\n')
    assert opened(file).rows == [("ann", "2024-03-01", text), ("bob", "2024-03-02", None)]
    assert opened(file).notes == (
        f"1 row has a quoted cell over several lines (first '{file}', line 2).",
    )


def test_what_is_wrong_far_down_is_told_with_its_line(file: Path) -> None:
    rows = b"".join(b'u%d,"2024-03-01\n"\n' % i for i in range(50_000))
    for bad, line, said in (
        (b"x\0y,2024\n", 100_002, "a NUL byte"),
        (b'u,2024\nu,"2024\n', 100_003, "not closed"),
        (b"x\xff,2024\n", 100_002, "not UTF-8"),
        (b'u,2024-03-01\nu,"2024-03-01\nv,2024-03-01"\n', None, None),
    ):
        write(file, b"user_id,event_time\n" + rows + bad)
        if said is None:
            assert len(opened(file).rows) == 50_002
            continue
        message = refused(file)
        assert f"line {line:,}" in message, message
        assert said in message


def test_header_only_is_an_empty_table_and_nothing_is_an_error(file: Path) -> None:
    write(file, "user_id,time\n")
    assert (opened(file).header, opened(file).rows) == (("user_id", "time"), [])
    write(file, "")
    assert "is empty (0 bytes)" in refused(file)
    write(file, "\n\n")
    assert "no row" in refused(file)


def test_doubled_names_are_all_numbered_and_said(file: Path) -> None:
    write(file, "id,time,id, ,id_1\n1,2,3,4,5\n")
    table = opened(file)
    assert table.header == ("id_2", "time", "id_3", "column_4", "id_1")
    assert table.notes == (f"'{file}': the header names 'id' 2 times: read as 'id_2', 'id_3'.",)


def test_quoted_cells_keep_separators_quotes_and_newlines(file: Path) -> None:
    write(file, '"user\nid",b\n"x,""y""\nz",2\n')
    table = opened(file)
    assert (table.header, table.rows) == (("user\nid", "b"), [('x,"y"\nz', "2")])


def test_a_quote_in_the_header_that_swallows_rows_is_told_without_them(file: Path) -> None:
    write(file, 'user_id,"time,x\n\nann,2024-03-04,1\nbob,7",y,z\ncid,2024-03-05,1,2\n')
    told = refused(file)
    assert "a quote in its header that swallows rows" in told
    assert "ann" not in told
    write(file, 'user_id,"time,\nlocal",x\ncid,2024-03-05,1\n')
    assert opened(file).header == ("user_id", "time,\nlocal", "x")


def test_origin_adds_file_and_row(tmp_path: Path) -> None:
    a = write(tmp_path / "a.csv", "user_id\nu1\n\nu2\n")
    b = write(tmp_path / "b.csv", "user_id\nu3\n")
    table = opened(a, b, origin=True)
    assert table.header == ("user_id",)
    assert_frame_equal(
        table.frame,
        pl.DataFrame(
            {
                "user_id": ["u1", "u2", "u3"],
                "__file": [str(a), str(a), str(b)],
                "__row": [1, 3, 1],
            }
        ),
    )


@pytest.mark.parametrize("name", ["__row", "__long", "__member", "__us", "__kept_user_id"])
@pytest.mark.parametrize("origin", [False, True])
def test_a_column_called_like_ours_gets_another_name(file: Path, name: str, origin: bool) -> None:
    write(file, f"user_id,{name}\nu1,7\nu2,8,9\n")
    table = opened(file, origin=origin)
    assert table.header == ("user_id", f"({name})")
    assert f"the header names '{name}': read as '({name})'" in " ".join(table.notes)
    assert table.frame[f"({name})"].to_list() == ["7", "8"]


def test_an_unclosed_quote_is_one_clear_error(file: Path) -> None:
    write(file, 'a,b\n1,2\n"3,4\n5,6\n')
    assert "quote" in refused(file)


def test_a_truncated_archive_is_one_clear_error(tmp_path: Path) -> None:
    rows = "".join(f"u{i},{i * 7919 % 104729}\n" for i in range(200_000))
    packed = gzip.compress(f"user_id,n\n{rows}".encode())
    path = write(tmp_path / "events.csv.gz", packed[: len(packed) // 2])
    assert "truncated or damaged" in refused(path)
    path = write(tmp_path / "events.csv.gz", packed[:100])
    assert "truncated or damaged" in refused(path)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=8)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.tuples(CELL, CELL, CELL), max_size=8), separator=st.sampled_from(",;\t|"))
def test_what_is_written_quoted_is_read_back(
    file: Path, rows: list[tuple[str, str, str]], separator: str
) -> None:
    """Law: quoting a table and reading it gives the same cells, empty ones null."""
    quoted = [
        separator.join('"' + cell.replace('"', '""') + '"' for cell in row)
        for row in [("user_id", "time", "x"), *rows]
    ]
    write(file, "\n".join(quoted) + "\n")
    wanted = [tuple(cell or None for cell in row) for row in rows if any(row)]
    assert opened(file, separator=separator).rows == wanted


def test_a_column_called_like_a_pattern_does_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "user_id,*,^a$,a,a\n1,2,3,4,5\n")
    assert opened(path).header == ("user_id", "(*)", "(^a$)", "a_1", "a_2")
    assert opened(path, select="user_id").rows == [("1",)]


def test_a_column_called_twice_like_ours_does_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "user_id,__extra,__extra,(__extra)_1,*,*\n1,2,3,4,5,6\n")
    table = opened(path)
    assert table.header == (
        *("user_id", "(__extra)_2", "(__extra)_3", "(__extra)_1", "(*)_1", "(*)_2"),
    )
    assert table.rows == [("1", "2", "3", "4", "5", "6")]


def test_a_name_that_stands_twice_is_said_to_when_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "user_id,user_id,time\n1,2,3\n")
    with open_table([path], SourceOptions()) as table:
        for named in (None, "user_id"):
            with pytest.raises(InputError, match="the header has 'user_id' twice"):
                choose(table.header, {"member": True}, {"member": named})
