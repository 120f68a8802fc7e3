"""Rows of files that are no rows of members: each by its reason, all of them counted."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import retainkit

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
