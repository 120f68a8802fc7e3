"""retainkit beside its peers on the same files, whole processes in turn; run by `make bench`.

Every peer must give retainkit's answer: a difference ends the run with an error. Prints Markdown
tables of medians: seconds, retainkit's as a multiple of the peer's, seconds of all cores (steadier
on a machine that does other work too), and peak memory.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from answers import Agreement
from measure import Measured, in_turn
from queries import FUNNEL, HERE, OURS, PEERS, QUESTIONS, RETAINKIT, ours

DATA = ("integer", "text", "csv")
SMALL = "small"
SMALL_EVENTS = 100_000
SMALL_RUNS = 15
MILLION = 1_000_000
CSV_EVENTS = 5 * MILLION  # as in data.py


def main() -> None:
    asked = arguments()
    peers = present([OURS, *asked.peers])
    print(machine(peers), flush=True)
    if asked.scale:
        growth(asked.folder, asked.scale, asked.runs)
        return
    data = [name for name in asked.only if name != SMALL]
    for question in asked.question:
        kinds = [kind_of(question, name) for name in data if question != FUNNEL or name != "csv"]
        paths = written(asked.folder, asked.events, kinds)
        for kind, path in paths.items():
            print(f"\n## {question}, {title(kind, asked.events)}\n", flush=True)
            compare(question, path, peers, asked.runs)
    if SMALL in asked.only:
        files = written(asked.folder, SMALL_EVENTS, ["integer"])
        small(files["integer"], max(asked.runs, SMALL_RUNS))


def kind_of(question: str, data: str) -> str:
    """Return the kind of data that a question is asked of."""
    return f"{FUNNEL}-{data}" if question == FUNNEL else data


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    others = [name for name in PEERS if name != OURS]
    parser.add_argument("--events", type=int, default=50 * MILLION, help="rows of Parquet")
    parser.add_argument("--runs", type=int, default=5, help="of each peer, after one to warm up")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="of the data")
    tables = [*DATA, SMALL]
    parser.add_argument("--only", nargs="+", choices=tables, default=tables, help="tables")
    parser.add_argument("--peers", nargs="*", choices=others, default=others)
    parser.add_argument("--question", nargs="+", choices=QUESTIONS, default=QUESTIONS)
    parser.add_argument(
        "--scale",
        type=lambda text: [int(word) for word in text.split(",")],
        metavar="1,2,5,...",
        help="instead: how retainkit's cohort grows with millions of events",
    )
    return parser.parse_args()


def present(names: Sequence[str]) -> list[str]:
    """Return the peers that can run, and say which cannot."""
    for name in names:
        if not PEERS[name].installed:
            print(f"{name} is left out: no module {PEERS[name].module}")
    return [name for name in names if PEERS[name].installed]


def machine(peers: Sequence[str]) -> str:
    modules = dict.fromkeys(PEERS[name].module for name in peers)
    versions = ", ".join(f"{module} {version(module)}" for module in modules)
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def written(folder: Path, events: int, kinds: Sequence[str]) -> dict[str, Path]:
    """Let another process write the data (this one has to stay small, see measure.py)."""
    command = [sys.executable, str(HERE / "data.py"), str(folder), str(events), *kinds]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(zip(kinds, map(Path, done.stdout.splitlines()), strict=True))


def title(name: str, events: int) -> str:
    if name == "csv":
        return f"CSV of {min(events, CSV_EVENTS):,} events, text ids"
    return f"Parquet of {events:,} events, {name} ids"


def compare(question: str, path: Path, peers: Sequence[str], runs: int) -> None:
    """Measure the peers on one question and one data set, and print their table."""
    agreement = Agreement(question)
    peers = [name for name in peers if question in PEERS[name].questions]

    def check(name: str, output: str) -> None:
        if PEERS[name].answers:
            agreement.check(name, output)

    found = in_turn({name: PEERS[name].command(question, path) for name in peers}, runs, check)
    mine = found[OURS].seconds
    table(found, "retainkit / peer", {name: mine / one.seconds for name, one in found.items()})
    answers = sum(PEERS[name].answers for name in peers)
    print(f"\n{answers} answers of {len(agreement.expected)} rows agree; runs: {runs}.", flush=True)


def small(path: Path, runs: int) -> None:
    """Print what is start-up: a small input, and none, beside merely importing."""
    pairs = {
        f"cohort of {SMALL_EVENTS:,} events": ours("cohort", path),
        "import typer, rich, polars": [sys.executable, "-c", "import typer, rich, polars"],
        "--help": [RETAINKIT, "--help"],
        "import typer, rich.console": [sys.executable, "-c", "import typer, rich.console"],
    }
    print("\n## Small inputs\n", flush=True)
    found = in_turn(pairs, runs)
    seconds = [measured.seconds for measured in found.values()]
    ratios = {
        name: mine / floor
        for name, mine, floor in zip(list(found)[::2], seconds[::2], seconds[1::2], strict=True)
    }
    table(found, "to the imports below", ratios)
    print(f"\nRuns: {runs}.", flush=True)


def table(found: dict[str, Measured], ratio: str, ratios: dict[str, float]) -> None:
    print(f"| | seconds | {ratio} | CPU seconds | peak MiB |")
    print("|---|---:|---:|---:|---:|")
    for name, measured in found.items():
        share = f"{ratios[name]:.2f}" if name in ratios else ""
        used = f"{measured.cpu_seconds:.2f} | {measured.peak_mib:.0f}"
        print(f"| {name} | {measured.seconds:.2f} | {share} | {used} |")


def growth(folder: Path, millions: Sequence[int], runs: int) -> None:
    """Print how seconds and memory of retainkit's weekly matrix grow; all sizes in turn."""
    paths = {
        f"{count}": written(folder, count * MILLION, ["integer"])["integer"] for count in millions
    }
    found = in_turn({count: ours("cohort", path) for count, path in paths.items()}, runs)
    print("\n## cohort by size, Parquet, integer ids\n")
    print("| million events | seconds | seconds a million more | peak MiB | MiB a million more |")
    print("|---:|---:|---:|---:|---:|")
    before: tuple[int, Measured] | None = None
    for count, measured in found.items():
        more = ["", ""]
        if before:
            events = int(count) - before[0]
            more[0] = f"{(measured.seconds - before[1].seconds) / events:.3f}"
            more[1] = f"{(measured.peak_mib - before[1].peak_mib) / events:.1f}"
        cells = [count, f"{measured.seconds:.2f}", more[0], f"{measured.peak_mib:.0f}", more[1]]
        print(f"| {' | '.join(cells)} |")
        before = int(count), measured
    print(f"\nRuns: {runs}.")


if __name__ == "__main__":
    main()
