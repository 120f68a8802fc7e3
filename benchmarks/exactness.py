"""How many cells the tests compare with DuckDB's SQL and a brute force, and that they agree.

Runs these tests with the comparison counted; RETAINKIT_CASES says how many generated cases of each
law are tried, as for `make laws`.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from figures import Piece, save

TESTS = Path(__file__).parents[1] / "tests"
COUNTED = "RETAINKIT_COUNTED"  # the file that the count goes to
cells = 0


def pytest_configure() -> None:
    """Count what is compared, as a plugin of the tests, before they import it."""
    import agreement

    same = agreement.assert_same

    def counted(table, expected, keys):  # type: ignore[no-untyped-def]
        global cells
        same(table, expected, keys)
        cells += sum(map(len, expected))

    agreement.assert_same = counted


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the count."""
    text = f"{cells} {session.testscollected} {session.testsfailed}"
    Path(os.environ[COUNTED]).write_text(text, encoding="utf-8")


def main() -> None:
    """Run the tests, and say how many cells agree."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", default="1", help="Of each law, as a share of what it says.")
    asked.add_argument("--json", type=Path, help="Where to write what was seen, too.")
    args = asked.parse_args()
    compared = re.compile("import .*(assert_same|compare)\\b")
    tests = [
        path for path in sorted(TESTS.glob("test_*.py")) if compared.search(path.read_text("utf-8"))
    ]
    with tempfile.TemporaryDirectory() as folder:
        count = Path(folder) / "count"
        began = time.monotonic()
        here = os.pathsep.join([str(Path(__file__).parent), str(TESTS), *sys.path])
        env = {**os.environ, "PYTHONPATH": here, COUNTED: str(count), "RETAINKIT_CASES": args.cases}
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "exactness",
            "-p",
            "no:xdist",
            *tests,
        ]
        subprocess.run(command, env=env, check=False, cwd=TESTS.parent)
        compared_cells, ran, failed = map(int, count.read_text("utf-8").split())
    took = time.monotonic() - began
    print(
        f"{compared_cells:,} cells agree in {ran:,} tests, {failed} of which failed ({took:.0f} s)"
    )
    if args.json:
        told = f"{ran:,} tests, their cases ×{args.cases}"
        save(args.json, [Piece("exactness", compared_cells, failed, took, told=told)])
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
