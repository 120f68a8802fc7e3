"""A promise that is broken is found: what holds retainkit to its promises is held to its own."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import polars as pl
import pytest

from fuzzing import differential, promises
from fuzzing.promises import MARK, Broken, Ran, check_numbers, check_private, check_same, command
from fuzzing.runner import Line, Tally

GOOD = {
    "rows": 2,
    "refused": 1,
    "refused_by_reason": {"no time": 1},
    "left_out": {},
    "rows_read": 3,
}
NOTES = ["1 row refused: no time 1."]


def ran(out: object = "", err: str = "", code: int = 0) -> Ran:
    """Return a run that said so."""
    return Ran((), code, json.dumps(out).encode(), err)


def result(notes: list[str], **data: Any) -> Ran:
    """Return a run that wrote a result of these data."""
    return ran({"command": "cohort", "data": GOOD | data, "notes": notes})


@pytest.fixture
def events(tmp_path: Path) -> str:
    path = tmp_path / "events.csv"
    path.write_text("user_id,time\nann,2024-03-04\n", encoding="utf-8")
    return str(path)


def test_rows_that_do_not_add_up() -> None:
    check_numbers(result(NOTES), rows=3)
    for bad, rows in (
        (result([]), None),
        (result(NOTES), 4),
        (result(NOTES, rows_read=4), None),
        (result(NOTES, refused_by_reason={}), None),
    ):
        with pytest.raises(Broken):
            check_numbers(bad, rows)


def test_a_number_that_is_none() -> None:
    with pytest.raises(Broken, match="NaN is no JSON"):
        check_numbers(Ran((), 0, b'{"data": NaN}', ""))


def test_values_told_and_answers_that_change() -> None:
    with pytest.raises(Broken, match="a member's value"):
        check_private(ran(err=f"Error: {MARK} is no date."))
    check_same(ran("a"), ran("a"))
    with pytest.raises(Broken, match="out differs"):
        check_same(ran("a"), ran("b"))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (KeyError("x"), "fault of retainkit: KeyError"),
        (pl.exceptions.PanicException("x"), "fault of retainkit: PanicException"),
        (SystemExit(7), "exit code 7"),
        (SystemExit(1), "there are 0 errors"),
    ],
)
def test_ends_that_none_may_have(events: str, error: BaseException, told: str) -> None:
    with (
        mock.patch("retainkit.sources.scan.locate", side_effect=error),
        pytest.raises(Broken, match=told),
    ):
        command(["cohort", events])


def test_what_takes_too_long_or_too_much(events: str) -> None:
    for limit, told in (("SECONDS", "slow"), ("BYTES", "memory")):
        with mock.patch.object(promises, limit, -1), pytest.raises(Broken, match=told):
            command(["cohort", events])


def test_a_count_that_is_not_duckdbs(tmp_path: Path) -> None:
    export = differential.export(Random(1))
    differential.compare(export, tmp_path)
    with (
        mock.patch.object(differential, "_found", return_value={"rows": -1}),
        pytest.raises(Broken, match="rows differ"),
    ):
        differential.compare(export, tmp_path)


@pytest.mark.parametrize("end", ["os.abort()", "os._exit(3)"])
def test_a_process_that_dies_is_a_finding(tmp_path: Path, end: str) -> None:
    (tmp_path / "at-hand-5").write_bytes(b"bad")
    line = Line(1, 5, 1, 6, ("csv",), tmp_path / "keep", Tally(), tmp_path)
    told = '{"begin": 5, "target": "csv"}'
    dying = [sys.executable, "-c", f"import os; os.write(1, b'{told}\\n'); {end}"]
    with mock.patch("fuzzing.runner.worker", return_value=dying):
        line.begin()
    while line.process is not None:
        line.hear()
    what = signal.Signals.SIGABRT.name if "abort" in end else "exit 3"
    assert dict(line.tally.findings) == {("csv", f"{what} of the process"): 1}
    kept = [path for path in (tmp_path / "keep").rglob("1-5") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [b"bad"]
    assert line.done
