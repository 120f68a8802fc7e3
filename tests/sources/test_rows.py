"""Rows of files that are no rows of members: each by its reason, all of them counted."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import retainkit
from retainkit.errors import InputError

from .opened import write

HEADER = "user_id,event_time,amount\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.csv"


def test_long_rows_are_refused_and_written_out(tmp_path: Path, file: Path) -> None:
    write(file, HEADER + "a,2024-03-01,1\nb,2024-03-01,2,x\na,2024-03-02,3,\nc,2024-03-02\n")
    plain = write(tmp_path / "more.csv", HEADER + "d,2024-03-02,1\n")
    rejects = tmp_path / "rejects.csv"
    for options in ({}, {"rejects": str(rejects)}, {"since": "2024-03-01"}):
        answer = retainkit.cohort([file, plain], period="day", **options)
        assert answer.data.refused == {"long row": 1}
        assert (answer.data.rows, answer.data.members) == (4, 3)
    assert pl.read_csv(rejects).rows() == [(str(file), 2, "long row", "b", "2024-03-01", 2)]
    assert retainkit.inspect([file, plain]).data.refused == {"long row": 1}


def test_long_rows_of_the_member_table_are_left_out(tmp_path: Path, file: Path) -> None:
    write(file, HEADER + "a,2024-03-05,1\n")
    table = write(tmp_path / "members.csv", "user_id,joined\na,2024-03-01\nb,2024-03-02,x\n")
    answer = retainkit.cohort(file, members=table, period="day")
    assert answer.data.members == 1
    assert "Member table: 1 row with more cells than the header is left out." in answer.notes


TOTALS = ("合计", "合计：", " 小计 ", "合 计", "Total", "TOTAL:", "tOtAl", "Grand total")


def test_total_lines_are_refused(tmp_path: Path, file: Path) -> None:
    lines = "".join(f"{word},2024-03-0{i % 9 + 1},30\n" for i, word in enumerate(TOTALS))
    write(file, HEADER + "totally,2024-03-01,1\nann,2024-03-01,1\n" + lines + ",2024-03-01,1\n")
    rejects = tmp_path / "rejects.csv"
    answer = retainkit.cohort(file, period="day", max_rejects=1, rejects=str(rejects))
    assert answer.data.refused == {"total line": len(TOTALS), "no member": 1}
    assert answer.data.members == 2
    found = pl.read_csv(rejects).filter(reason="total line")
    assert found["row"].to_list() == list(range(3, 3 + len(TOTALS)))


def test_total_lines_among_many_long_ids_are_refused(file: Path) -> None:
    """Columns of long ids are looked at as a whole from a million rows on."""
    many = "".join(f"user-{i:09},2024-03-01,1\n" for i in range(1_100_000))
    write(file, HEADER + many + "grandtotal,2024-03-01,1\nSub-Total:,2024-03-01,1\n")
    assert retainkit.cohort(file, period="day").data.refused == {"total line": 2}


def test_total_lines_do_not_settle_how_ids_are_read(file: Path) -> None:
    write(file, HEADER + "1.0,2024-03-01,1\n2.0,2024-03-01,1\n总计,2024-03-01,2\n")
    assert "'user_id' is written like 17850.0 throughout: read as 17850." in (
        retainkit.cohort(file, period="day").notes
    )


def test_total_lines_of_the_member_table_are_left_out(tmp_path: Path, file: Path) -> None:
    write(file, HEADER + "a,2024-03-05,1\n")
    table = write(tmp_path / "members.csv", "user_id,joined\na,2024-03-01\n合计：,2024-01-02\n")
    answer = retainkit.cohort(file, members=table, period="day")
    assert answer.data.members == 1
    assert "Member table: 1 total line is left out." in answer.notes


def test_a_file_without_a_header_among_others_is_an_error(tmp_path: Path, file: Path) -> None:
    write(file, HEADER + "ann,2024-03-01,1\n")
    headless = write(tmp_path / "more.csv", "bob,2024-03-02,5\ncat,2024-03-02,5\n")
    for inputs in ([file, headless], [headless, file], [tmp_path]):
        with pytest.raises(InputError, match=r"more\.csv' has no header") as caught:
            retainkit.cohort(inputs)
        assert "bob" not in str(caught.value)
    other = write(tmp_path / "other.csv", "user_id,2024-01\nbob,5\n")
    assert retainkit.cohort([file, other], max_rejects=1).data.members == 1


IDS = "user_id,event_time,amount,event_id\n"


def test_exact_repeats_are_left_out(tmp_path: Path, file: Path) -> None:
    rows = "a,2024-03-01 08:00,10,e1\nb,2024-03-02,5,\n"
    write(file, IDS + rows + rows + "a,2024-03-01 08:00,10,e2\n,2024-03-01,1,\n,2024-03-01,1,\n")
    other = write(tmp_path / "overlap.csv", IDS + rows + "c,2024-03-03,1,e9\n")
    rejects = tmp_path / "rejects.csv"
    for options in ({}, {"rejects": str(rejects)}):
        answer = retainkit.orders([file, other], dedupe="exact", **options)
        assert answer.data.left_out == {"repeat": 4}
        assert answer.data.refused == {"no member": 2}
        assert (answer.data.rows, answer.data.members) == (4, 3)
        assert answer.tables["value"]["sales"].sum() == 26
    assert retainkit.inspect([file, other], dedupe="exact").data.left_out == {"repeat": 4}


def test_the_first_used_row_of_each_value_stays(file: Path) -> None:
    write(
        file,
        IDS
        + ",2024-03-01,1,e1\na,2024-03-01,2,e1\na,2024-03-01,4,e1\n"
        + "b,2024-03-02,8,\nb,2024-03-02,8,\nb,2024-03-01,16,e2\nb,2024-03-02,32,e2\n",
    )
    answer = retainkit.orders(file, dedupe="event_id")
    assert answer.data.left_out == {"repeat": 2}
    assert answer.tables["value"]["sales"].sum() == 2 + 8 + 8 + 16
    later = retainkit.orders(file, dedupe="event_id", since="2024-03-02")
    assert later.data.left_out == {"before --since": 4}
    assert later.tables["value"]["sales"].sum() == 8 + 8 + 32


def test_dedupe_of_a_column_that_is_not_there(file: Path) -> None:
    write(file, IDS + "a,2024-03-01,1,e1\n")
    with pytest.raises(InputError, match=r"'event_ids' .*--dedupe|--dedupe.*'event_ids'"):
        retainkit.orders(file, dedupe="event_ids")


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.sampled_from(["", "x"]))),
    cut=st.integers(0, 50),
)
def test_dedupe_is_what_a_set_of_rows_is(
    tmp_path: Path, rows: list[tuple[str, int, str]], cut: int
) -> None:
    """Law: rows read = used + refused + left out, and used are the distinct ones, cut anywhere."""
    for name, part in (("1", rows[:cut]), ("2", rows[cut:])):
        lines = "".join(f"{who},2024-03-0{day},{word}\n" for who, day, word in part)
        write(tmp_path / f"{name}.csv", "user_id,event_time,note\n" + lines)
    data = retainkit.cohort(tmp_path, dedupe="exact", period="day").data
    assert data.rows == len(set(rows))
    assert data.rows + sum(data.left_out.values()) == len(rows)
