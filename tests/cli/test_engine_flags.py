"""The flags of the engine from outside: what they tell, refuse and leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from invoked import invoked

COMMAND = [sys.executable, "-m", "retainkit", "cohort"]
# As the program itself, with so little room for rows that every batch is spilled.
CRAMPED = """
import sys
from retainkit.engine.memory import Budget
from retainkit.sources import stream
Budget.room, stream.BATCH = 1000, 20_000
{more}
from retainkit.cli import main
sys.argv = ["retainkit", "cohort", *sys.argv[1:]]
main()
"""
NO_ROOM_ON_DISK = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))"
SLOWLY = """
import time
from retainkit.timeline import Builder
real = Builder.timeline
Builder.timeline = lambda builder, bounds: (time.sleep(30), real(builder, bounds))[1]
"""
# Polars does so with what a signal raises inside one of its callbacks.
TURNED = """
import os, sys
from retainkit.errors import InputError
from retainkit.engine import local
def batches(*_):
    try:
        os.kill(os.getpid(), {sent})
    except BaseException:
        raise InputError("The file is damaged.")
local.Local.tallied = batches
from retainkit.cli import main
sys.argv = ["retainkit", "cohort", sys.argv[1], "-q"]
main()
"""


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(5)
    rows, path = 100_000, tmp_path_factory.mktemp("data") / "events.parquet"
    time = pl.Series(np.sort(rng.integers(1_700_000_000, 1_720_000_000, rows)))
    ids = pl.Series(rng.integers(0, 9_000, rows)).cast(pl.String)
    frame = pl.DataFrame({"user_id": "u" + ids, "event_time": pl.from_epoch(time)})
    frame.write_parquet(path, row_group_size=10_000)
    return path


def run(*args: object) -> subprocess.CompletedProcess[str]:
    return invoked("cohort", *args)


def cramped(*args: object, more: str = "") -> list[str]:
    return [sys.executable, "-c", CRAMPED.format(more=more), *map(str, args)]


def test_verbose_tells_how_the_run_went(events: Path) -> None:
    done = run(events, "--verbose", "-q", "-f", "json", "--since", "2024-03-01")
    told = dict(line.split(": ", 1) for line in done.stderr.splitlines())
    assert told["columns"] == "user_id, event_time (2 there)"
    assert told["read"].startswith("1 file, 6 of 10 row groups, ")
    assert told["partitions"].startswith("1, worked ")
    assert told["spill"] == "none"
    for stage in ("plan", "read and sort", "count", "summarise"):
        assert stage in told["seconds"]
    assert '"verbose"' not in done.stdout
    assert '"memory"' not in done.stdout  # it changes no number, so it is no parameter


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--memory", "lots"], 2, "--memory: 'lots' is not a size like 2GB or 1500MB."),
        (["--memory", "20MB"], 2, "--memory: 20MB is too little to read files at all."),
        (["--temp-dir", "nowhere"], 2, "--temp-dir: there is no folder 'nowhere'."),
        (["--spark-master", "local[2]"], 2, "--spark-master means something with --engine spark"),
        (["--engine", "spark", "--memory", "2GB"], 2, "are for --engine local"),
        (["--engine", "sparc"], 2, "'sparc' is not one of"),
    ],
)
def test_wrong_flags_are_one_message(
    events: Path, flags: list[str], code: int, message: str
) -> None:
    done = run(events, *flags)
    assert done.returncode == code
    assert message in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_spilled_rows_give_the_same_answer_and_leave_nothing(events: Path, tmp_path: Path) -> None:
    whole = run(events, "-f", "json")
    command = cramped(events, "-f", "json", "--temp-dir", tmp_path, "--verbose")
    spilled = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert " files\n" in spilled.stderr
    assert spilled.stdout == whole.stdout
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_one_error(events: Path, tmp_path: Path) -> None:
    command = cramped(events, "--temp-dir", tmp_path, more=NO_ROOM_ON_DISK)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert f"Error: Temporary files cannot be written to '{tmp_path}'" in done.stderr
    assert "--temp-dir" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_removes_what_it_spilled(
    events: Path, tmp_path: Path, sent: int, code: int
) -> None:
    command = cramped(events, "--temp-dir", tmp_path, more=SLOWLY)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ)
    end = time.monotonic() + 30
    while not list(tmp_path.glob("*/*.arrow")):
        assert time.monotonic() < end, "nothing was spilled"
        time.sleep(0.02)
    process.send_signal(sent)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == code, stderr
    assert b"Traceback" not in stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_that_a_library_turns_into_its_own_error_still_ends_the_run(
    events: Path, sent: int, code: int
) -> None:
    command = [sys.executable, "-c", TURNED.format(sent=int(sent)), events]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    assert done.stderr in ("", "Interrupted.\n")
