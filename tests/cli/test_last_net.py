"""What nothing foresees, and Ctrl-C before there is a command: one line, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from retainkit.cli.failures import TRACEBACK

FAULTY = """
import sys
from unittest import mock
from retainkit.cli import main
with mock.patch("retainkit.sources.scan.locate", side_effect={error}):
    sys.argv = ["retainkit", "cohort", {path!r}]
    main()
"""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("KeyError('ann')", "Error: This is a fault of retainkit, not of yours: KeyError in reta"),
        ("MemoryError", "Error: Memory is used up."),
    ],
)
@pytest.mark.parametrize("asked", [False, True])
def test_it_is_one_line_and_code_1(error: str, told: str, asked: bool, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("user_id,time\nann,2024-01-01\n", encoding="utf-8")
    env = {**os.environ, TRACEBACK: "1" if asked else ""}
    code = FAULTY.format(error=error, path=str(path))
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 1
    assert told in done.stderr
    assert ("Traceback" in done.stderr) == asked
    assert asked or "ann" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_while_importing_is_quiet() -> None:
    code = (
        "import os, signal, sys, retainkit.__main__ as start\n"
        "class Slow:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'retainkit.cli': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Slow())\n"
        "start.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "Interrupted.\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_folder_without_room_for_stdin_is_told(tmp_path: Path) -> None:
    code = (
        "import resource, sys\n"
        "from retainkit.cli import main\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        f"sys.argv = ['retainkit', 'cohort', '-', '--temp-dir', {str(tmp_path)!r}]\n"
        "main()\n"
    )
    rows = "user_id,time\na,2024-01-01\n" * 5000
    done = subprocess.run([sys.executable, "-c", code], input=rows, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: A temporary copy cannot be written to '{tmp_path}'")
    assert "--temp-dir" in done.stderr
