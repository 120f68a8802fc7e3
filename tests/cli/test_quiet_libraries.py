"""What libraries write to stderr by themselves is left out; what retainkit says is one error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from retainkit.cli.failures import TRACEBACK

PANICS = """
import os, sys
from unittest import mock
from retainkit.cli import main
from retainkit.errors import InputError

def fail(*_):
    os.write(2, b"thread 'polars-1' panicked at ann,2024-01-01")
    raise InputError("It is damaged.")

with mock.patch("retainkit.sources.scan.locate", side_effect=fail):
    sys.argv = ["retainkit", "cohort", "x.csv"]
    main()
"""


@pytest.mark.parametrize("asked", [False, True])
def test_a_panic_is_not_shown_unless_asked_for(asked: bool) -> None:
    env = {**os.environ, TRACEBACK: "1" if asked else ""}
    done = subprocess.run([sys.executable, "-c", PANICS], env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.endswith("Error: It is damaged.\n")
    assert ("ann" in done.stderr) == asked


def test_a_closed_stderr_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("user_id,time\nann,2024-01-01\n", encoding="utf-8")
    command = f"{sys.executable} -m retainkit cohort {path} -f csv 2>&-"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("cohort,")


def test_a_line_of_an_error_has_an_end(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("a" * 900_000 + ",time\nann,2024-01-01\n", encoding="utf-8")
    command = [sys.executable, "-m", "retainkit", "cohort", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert len(done.stderr) < 4000
