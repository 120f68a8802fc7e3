"""Run the experiments on reliability, and write what was seen into docs/reliability.md.

`make reliability` runs all, some hours; with KILLS=20 REPORTS=5 STEP=50 FUZZED=200 CASES=0.1
it is a trial of minutes. What each saw is kept in reliability.json, in place of what it saw before,
and the table is made of that alone; without an argument it is only made again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from figures import Piece, load, save

HERE = Path(__file__).parent
FIGURES = HERE / "reliability.json"
PAGE = HERE.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- figures: make reliability writes them -->", "<!-- figures: end -->"
HEAD = "| tried | what | broke | took | seeds | when |\n|---:|---|---:|---:|---|---|"


@dataclass(frozen=True)
class Experiment:
    """What is tried, and by which script.

    what: each of those tried, in words. size: the argument that says how many, "" where that is
    fixed; more: further arguments. told: whether what single pieces tell stands in the table.
    """

    name: str
    what: str
    script: str
    size: str = ""
    seeded: bool = True
    told: bool = False
    more: tuple[str, ...] = ()


EXPERIMENTS = (
    Experiment(
        "kills",
        "runs of `ingest` killed at a random moment; sets compared row by row",
        "kills.py",
        "--kills",
    ),
    Experiment(
        "faults",
        "file operations of commands that write, each gone wrong in one way",
        "faults.py",
        "--step",
        seeded=False,
        told=True,
    ),
    Experiment(
        "soak",
        "runs of `report` that get SIGKILL or SIGTERM at a random moment",
        "soak.py",
        "--runs",
    ),
    Experiment(
        "fuzz",
        "damaged and hostile files read",
        "fuzz.py",
        "--files",
        more=("--seconds", "86400"),
    ),
    Experiment(
        "limits", "inputs made to take all memory or time", "limits.py", seeded=False, told=True
    ),
    Experiment(
        "determinism",
        "answers under other threads, hash seeds, orders of rows and files; JSON compared",
        "determinism.py",
    ),
    Experiment(
        "exactness",
        "cells of results compared with DuckDB's SQL and a brute force",
        "exactness.py",
        "--cases",
        seeded=False,
    ),
)


def tried(experiment: Experiment, size: str, seed: str) -> list[Piece]:
    """Run an experiment; return what it saw."""
    script = HERE / experiment.script
    if not script.exists():
        print(f"{experiment.name}: left out, there is no {experiment.script}.", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seen.json"
        command = [sys.executable, str(script), "--json", str(path), *experiment.more]
        command += [experiment.size, size] if experiment.size else []
        command += ["--seed", seed] if experiment.seeded else []
        done = subprocess.run(command, check=False)
        if not path.exists():  # it stopped where something broke
            told = f"ended with {done.returncode}"
            return [Piece(experiment.name, 0, 1, 0, seed if experiment.seeded else "", told)]
        return seen_in(path)


def seen_in(path: Path) -> list[Piece]:
    """Return what a script wrote down; fuzz.py does so in its own way."""
    told = json.loads(path.read_text(encoding="utf-8"))
    if isinstance(told, list):
        return load(path)
    broke = sum(found["files"] for found in told["findings"])
    return [Piece("fuzz", told["files"], broke, told["seconds"], str(told["seed"]))]


def table(pieces: Iterable[Piece]) -> Iterator[str]:
    """Yield the lines of the table, as Markdown: an experiment each, then what its pieces tell."""
    by_name: dict[str, list[Piece]] = {each.name: [] for each in EXPERIMENTS}
    for piece in pieces:
        by_name[piece.experiment].append(piece)
    yield from HEAD.split("\n")
    for experiment in EXPERIMENTS:
        seen = by_name[experiment.name]
        if seen:
            yield row(experiment.what, seen)
    for experiment in EXPERIMENTS:
        seen = by_name[experiment.name]
        if experiment.told and seen:
            yield ""
            yield f"`{experiment.script}`: " + "; ".join(detail(piece) for piece in seen) + "."


def row(what: str, seen: Sequence[Piece]) -> str:
    """Return the line of an experiment."""
    count, broke = sum(piece.tried for piece in seen), sum(piece.broke for piece in seen)
    seeds = ", ".join(dict.fromkeys(piece.seed for piece in seen if piece.seed)) or "–"
    days = sorted({piece.day for piece in seen})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    took = lasted(sum(piece.seconds for piece in seen))
    return f"| {count:,} | {what} | **{broke:,}** | {took} | {seeds} | {when} |"


def lasted(seconds: float) -> str:
    """Return a time in minutes, a short one in seconds."""
    return f"{seconds / 60:,.0f} min" if seconds >= 120 else f"{seconds:.0f} s"


def detail(piece: Piece) -> str:
    """Return what a piece tells, with its number where it is one of many tried."""
    return f"{piece.told} {piece.tried:,}" if piece.tried > 1 else piece.told


def written(page: str, pieces: Iterable[Piece]) -> str:
    """Return a page with the table between its marks."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return "\n".join([before + BEGIN, "", *table(pieces), "", END + after])


def brought(sizes: Mapping[str, str], seed: str, added: Sequence[Path]) -> None:
    """Run the experiments that have a size, and write down what all have seen."""
    for experiment in EXPERIMENTS:
        size = sizes.get(experiment.name, "0")
        seen = tried(experiment, size, seed) if size != "0" else []
        if seen:
            others = [each for each in load(FIGURES) if each.experiment != experiment.name]
            save(FIGURES, [*others, *seen])
    for path in added:
        save(FIGURES, [*load(FIGURES), *seen_in(path)])
    PAGE.write_text(written(PAGE.read_text("utf-8"), load(FIGURES)), encoding="utf-8")


def main() -> None:
    """Run what is asked for, then write the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    for each in EXPERIMENTS:
        asked.add_argument(f"--{each.name}", default="0", help=f"{each.what}; 0: left out")
    asked.add_argument("--seed", default="1")
    asked.add_argument("--add", type=Path, nargs="*", default=[], help="What was seen elsewhere.")
    args = vars(asked.parse_args())
    sizes = {each.name: args[each.name] for each in EXPERIMENTS}
    brought(sizes, args["seed"], args["add"])
    broken = sum(piece.broke for piece in load(FIGURES))
    sys.exit(f"{broken} broke" if broken else 0)


if __name__ == "__main__":
    main()
