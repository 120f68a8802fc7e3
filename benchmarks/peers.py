"""retainkit beside DuckDB on the same files, whole processes in turn; run by `make bench`.

    python benchmarks/peers.py [--events 5000000] [--runs 5] [--folder build/bench]

Prints a table of median seconds, the ratio of medians, and peak memory. Both must give the same
matrix; a difference ends the run with an error.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

SECOND = 1_000_000
START, END = 1_700_000_000, 1_745_000_000  # seconds since 1970: 17 months

DUCK = """
import duckdb, sys
duckdb.sql("set enable_progress_bar = false")
duckdb.sql(f'''
    with active as (
        select distinct user_id, date_trunc('week', event_time::timestamp) as week
        from '{sys.argv[1]}'
    ),
    starts as (select user_id, min(week) as cohort from active group by user_id)
    select cohort::date as cohort, datediff('week', cohort, week) as age, count(*) as returned
    from active join starts using (user_id)
    where age <= 12
    group by all order by all
''').write_csv('/dev/stdout')
"""


@dataclass(frozen=True)
class Run:
    """One finished process."""

    seconds: float
    peak_mib: float
    output: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path("build/bench"))
    asked = parser.parse_args()
    print(f"{asked.events:,} events, {os.cpu_count()} cores, medians of {asked.runs} runs\n")
    print("| file | retainkit s | DuckDB s | ratio | retainkit MiB | DuckDB MiB |")
    print("|---|---|---|---|---|---|")
    for path in written(asked.folder, asked.events):
        ours, theirs = in_turn(commands(path), asked.runs)
        if matrix(ours[0].output) != matrix(theirs[0].output):
            sys.exit(f"{path}: the answers differ")
        print(row(path.name, ours, theirs))


def commands(path: Path) -> tuple[list[str], list[str]]:
    weekly = ["cohort", str(path), "--period", "week", "-f", "csv", "-q"]
    return [sys.executable, "-m", "retainkit", *weekly], [sys.executable, "-c", DUCK, str(path)]


def in_turn(pair: Sequence[list[str]], runs: int) -> tuple[list[Run], list[Run]]:
    """Run both commands by turns, after one warm-up each."""
    finished: tuple[list[Run], list[Run]] = ([], [])
    for turn in range(runs + 1):
        for command, done in zip(pair, finished, strict=True):
            run = timed(command)
            if turn:
                done.append(run)
    return finished


def timed(command: list[str]) -> Run:
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"failed: {' '.join(command)}")
    return Run(time.perf_counter() - begin, peak(usage), output)


def peak(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def row(name: str, ours: list[Run], theirs: list[Run]) -> str:
    mine, other = (statistics.median(run.seconds for run in runs) for runs in (ours, theirs))
    memory = (statistics.median(run.peak_mib for run in runs) for runs in (ours, theirs))
    cells = [name, f"{mine:.2f}", f"{other:.2f}", f"{mine / other:.2f}"]
    return "| " + " | ".join([*cells, *(f"{mib:.0f}" for mib in memory)]) + " |"


def matrix(text: str) -> dict[tuple[str, str], int]:
    """Return returned by (cohort, age); cells of nobody are absent in one of the answers."""
    rows = csv.DictReader(io.StringIO(text))
    cells = {(row["cohort"][:10], row["age"]): int(row["returned"]) for row in rows}
    return {cell: count for cell, count in cells.items() if count}


def written(folder: Path, events: int) -> list[Path]:
    """Write the files, unless they are there: a seed, heavy-tailed members, in time order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}-{events}" for name in ("integer", "text")]
    files = [path.with_suffix(".parquet") for path in paths] + [paths[1].with_suffix(".csv")]
    if not all(file.exists() for file in files):
        rng = np.random.default_rng(2024)
        people = max(events // 28, 1)
        member = (rng.pareto(1.2, events) * people / 60).astype(np.int64) % people + 1
        moment = pl.Series(np.sort(rng.integers(START, END, events)) * SECOND)
        frame = pl.DataFrame({"user_id": member, "event_time": moment.cast(pl.Datetime("us"))})
        frame.write_parquet(files[0])
        padded = pl.col("user_id").cast(pl.String).str.zfill(9)
        text = frame.with_columns(user_id="member-0000000-" + padded)
        text.write_parquet(files[1])
        text.write_csv(files[2], datetime_format="%Y-%m-%d %H:%M:%S")
    return files


if __name__ == "__main__":
    main()
