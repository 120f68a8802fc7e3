"""Whole processes, run in turn and measured.

This process must stay small. Linux counts what the parent held when it started a child into the
child's peak memory, so nothing here may import Polars or write the data.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Command = Sequence[str]


@dataclass(frozen=True)
class Run:
    """One finished process."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    output: str


@dataclass(frozen=True)
class Measured:
    """The medians of the runs of one command."""

    seconds: float
    cpu_seconds: float
    peak_mib: float


def in_turn(
    commands: Mapping[str, Command], runs: int, check: Callable[[str, str], None] | None = None
) -> dict[str, Measured]:
    """Run each command once to warm up, then all of them `runs` times, round by round.

    `check` is given the name and the output of every run.
    """
    finished: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            run = timed(name, command)
            if check:
                check(name, run.output)
            if turn:
                finished[name].append(run)
    return {name: _medians(done) for name, done in finished.items()}


def timed(name: str, command: Command) -> Run:
    """Run `command` to its end; one that fails ends everything."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stdout is not None
    with process.stdout as pipe:
        output = pipe.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{name} failed with {process.returncode}: {' '.join(command)}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, _mib(usage), output)


def _medians(runs: Sequence[Run]) -> Measured:
    return Measured(
        statistics.median(run.seconds for run in runs),
        statistics.median(run.cpu_seconds for run in runs),
        statistics.median(run.peak_mib for run in runs),
    )


def _mib(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
