"""Hostile files by the thousand: no traceback, no hang, no number without its refused rows.

Files of the corpus are changed at random and tried in processes of their own, each by the target
that it is for; see docs/fuzzing.md. The same seed gives the same files. Prints a table of what
became of them, and ends with 1 where one broke a promise: it lies in the folder of --keep, with
what was said.

    python benchmarks/fuzz.py --files 100000 --seconds 36000
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fuzzing.runner import fuzzed
from fuzzing.targets import TARGETS


def main() -> None:
    """Try the files, and say how it went."""
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("--files", type=int, default=2000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--seconds", type=float, default=600, help="Stop after so many.")
    asked.add_argument(
        "--targets", default=",".join(TARGETS), help="Of these, with commas between."
    )
    asked.add_argument("--processes", type=int, default=1, help="So many at a time.")
    asked.add_argument("--keep", type=Path, help="Where files go that break a promise.")
    asked.add_argument("--json", type=Path, help="Write what was seen there, too.")
    args = asked.parse_args()
    keep = args.keep or Path(tempfile.mkdtemp(prefix="found-"))
    names = tuple(args.targets.split(","))
    tally = fuzzed(args.files, args.seed, args.seconds, names, keep, args.processes)
    print(*tally.table(), sep="\n")
    if args.json:
        told = {"seed": args.seed, **tally.told()}
        args.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if tally.findings:
        print(f"What was found lies in {keep}.")
        sys.exit(1)


if __name__ == "__main__":
    main()
