"""Every row of docs/bad-inputs.md is put to the command, and every test is of such a row."""

from __future__ import annotations

import re
from pathlib import Path

from bad import PAGE

HERE = Path(__file__).parent
ROWS = re.findall(r"^\| `([a-z]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
MODULES = [path.read_text(encoding="utf-8") for path in HERE.glob("test_bad_*.py")]


def test_rows_have_names_of_their_own() -> None:
    assert len(ROWS) == len(set(ROWS)) == 47


def test_every_row_is_tested_and_every_case_is_a_row() -> None:
    """A case names its row; a test that is no case begins with the name of it."""
    cases = {row for text in MODULES for row in re.findall(r'Case\(\s*"([a-z]+)"', text)}
    assert cases <= set(ROWS)
    tests = {row for text in MODULES for row in re.findall(r"def test_([a-z]+)_", text)}
    assert set(ROWS) - cases - tests == set()


def test_tests_that_are_no_cases_are_of_a_row() -> None:
    for path in HERE.glob("test_bad_*.py"):
        if path.name != Path(__file__).name:
            text = path.read_text(encoding="utf-8")
            assert set(re.findall(r"def test_([a-z]+)_", text)) <= set(ROWS), path.name
