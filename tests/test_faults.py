"""Every file operation of a command gone wrong: `benchmarks/faults.py`, in a small."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "benchmarks" / "faults.py"

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not (shutil.which("cc") or shutil.which("gcc")),
    reason="faults are injected below the C library, by a compiler",
)


def broken(*asked: str) -> str:
    """Try faults; return what was said of them, and "" where none broke anything."""
    command = [sys.executable, str(PROGRAM), *asked]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert done.returncode in (0, 1), done.stderr
    assert " faults, " in done.stdout, "none was tried"
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize(
    ("name", "step"), [("ingest, the first run", "300"), ("cohort -o FILE --rejects", "180")]
)
def test_some_operations_go_wrong(name: str, step: str) -> None:
    assert not broken("--only", name, "--step", step)


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    [
        *("ingest, the first run", "ingest, new", "ingest --rebuild", "ingest --snapshots"),
        *("cohort -o FILE --rejects", "churn", "report -o FOLDER", "report --history"),
        *("demo", "init"),
    ],
)
def test_each_operation_goes_wrong(name: str) -> None:
    assert not broken("--only", name, "--step", "2")
