"""A killed run loses nothing and doubles nothing; `make kills` kills a thousand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "kills.py"


def test_a_handful_of_kills() -> None:
    command = [sys.executable, str(PROGRAM), "--kills", "6", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "nothing lost, nothing doubled" in done.stdout
