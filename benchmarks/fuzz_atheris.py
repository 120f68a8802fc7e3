"""A target of `tests/fuzzing` under atheris: libFuzzer, led by what of retainkit's code is reached.

Needs the extra `fuzz`. What is new and reaches more code goes to the first folder; a file that
breaks a promise is written as crash-…; other options are libFuzzer's. See docs/fuzzing.md.

    python benchmarks/fuzz_atheris.py rules found tests/fuzzing/corpus/rules -max_total_time=600
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

with atheris.instrument_imports(include=["retainkit"]):
    import retainkit
    from fuzzing.targets import TARGETS

    # All at once: what is imported later would tell of its instruments on stderr.
    for each in pkgutil.walk_packages(retainkit.__path__, "retainkit."):
        if not re.search(r"spark|__main__", each.name):
            importlib.import_module(each.name)

HANG = "-timeout=60"  # seconds; what comes later wins


def main() -> None:
    """Fuzz the target that is named first."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in TARGETS:
        sys.exit(f"Name a target: {', '.join(TARGETS)}.")
    folders = [str(Path(each).resolve()) if Path(each).is_dir() else each for each in sys.argv[2:]]
    place = Path(tempfile.mkdtemp(prefix="atheris-"))
    check, found = TARGETS[name].check, Path.cwd()
    os.chdir(place)  # so that no settings file lies above
    atheris.Setup(
        [sys.argv[0], HANG, f"-artifact_prefix={found}/", *folders],
        lambda data: check(data, place),
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
