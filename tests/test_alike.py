"""Rows that are like an earlier one are told where they change what is found, and only there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import retainkit
from retainkit.engine import local
from retainkit.results import Result
from retainkit.sources.alike import Alike, row_hashes

ROWS = """user_id,event_time,event,amount,order_id,note
ann,2024-03-04 08:00,pay,10,o1,x
ann,2024-03-04 08:00,pay,10,o1,x
ann,2024-03-04 08:00,pay,10,o1,y
bob,2024-03-04 08:00,pay,10,o2,x
bob,2024-03-04 08:00,pay,10.5,o2,x
"""
COUNTING: list[tuple[str, dict[str, Any]]] = [
    ("orders", {}),
    ("rfm", {}),
    ("cohort", {"measure": "amount"}),
    ("cohort", {"measure": "orders"}),
    ("cohort", {"min_occurrences": 2}),
    ("funnel", {"steps": ["pay", "pay"]}),
]
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("cohort", {}),
    ("retention", {}),
    ("churn", {}),
    ("funnel", {"steps": ["pay", "refund"]}),
]


def notes(result: Result) -> list[str]:
    return [note for note in result.notes if "repeat" in note and "an earlier one" in note]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "events.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


@pytest.mark.parametrize(("command", "params"), COUNTING)
def test_who_counts_rows_tells(file: Path, command: str, params: dict[str, Any]) -> None:
    answer = getattr(retainkit, command)(file, **params)
    (note,) = notes(answer)
    rows = 3 if params.get("measure") == "orders" or "amount" not in note else 2
    assert note.startswith(f"At most {rows} rows repeat an earlier one: so many are like one in ")
    assert re.search("like one in member(,| and) time", note)
    assert "All count; inspect says how many whole rows repeat, --dedupe exact" in note
    assert notes(getattr(retainkit, command)(file, dedupe="exact", **params)) == []


@pytest.mark.parametrize(("command", "params"), OTHERS)
def test_who_counts_members_does_not(file: Path, command: str, params: dict[str, Any]) -> None:
    assert notes(getattr(retainkit, command)(file, **params)) == []


def test_files_that_overlap_are_told(tmp_path: Path, file: Path) -> None:
    other = tmp_path / "again.csv"
    other.write_text(ROWS.replace("bob,2024-03-04", "bob,2024-03-05"), encoding="utf-8")
    (note,) = notes(retainkit.orders([file, other]))
    assert note.startswith("At most 5 rows repeat")
    assert notes(retainkit.orders([file, other], where="note = 'y'"))[0].startswith(
        "At most 1 row repeats"
    )


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), max_size=60))
def test_they_are_what_a_set_is_short_of(rows: list[tuple[int, int, int]]) -> None:
    names = ["member", "time", "amount"]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Int64), orient="row")
    alike = Alike()
    for part in (frame[:20], frame[20:]):
        alike.add(row_hashes(part["member"].to_numpy().view("u8"), part))
    assert alike.rows() == len(rows) - len(set(rows))


def test_of_more_rows_than_there_is_room_for_it_is_an_estimate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_HASHES", 4096)
    events = pl.DataFrame({"user_id": [f"u{i // 2 % 10_000}" for i in range(40_000)]}).with_columns(
        event_time=pl.lit("2024-03-04"), amount=pl.int_range(40_000) // 2
    )
    (note,) = notes(retainkit.rfm(events))
    assert note.startswith("At most about ")
    assert 15_000 < int(note.split()[3].replace(",", "")) < 25_000
