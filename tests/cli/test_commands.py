"""The installed command, driven as its users drive it: streams, files, exit codes, signals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from invoked import invoked

COMMAND = [sys.executable, "-m", "retainkit"]
EVENTS = "user_id,time\na,2024-01-01\na,2024-01-02\nb,2024-01-01\nb,2024-01-09\n,2024-01-03\n"


def run(*args: object, **env: str) -> subprocess.CompletedProcess[str]:
    return invoked(*args, COLUMNS="80", **env)


def started(
    *args: object, stdin: str | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the installed command as a process of its own."""
    return subprocess.run(
        [*COMMAND, *map(str, args)],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "80", **env},
        timeout=60,
    )


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.csv"
    path.write_text(EVENTS, encoding="utf-8")
    return path


def test_the_triangle_is_all_there_is_on_stdout(events: Path) -> None:
    done = started("cohort", events, "--period", "day")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^2024-01-01 +2 +100% +50\.0% +0% ", done.stdout, re.MULTILINE)
    assert "4 of 5 rows, 2 members" in done.stdout
    assert "1 row refused: no member 1." in done.stdout
    assert "\x1b" not in done.stdout


def test_json_holds_the_whole_result(events: Path) -> None:
    answer = json.loads(run("retention", events, "-f", "json", "--days", "1").stdout)
    assert answer["format"] == "retainkit/1"
    assert answer["data"]["refused"] == 1
    assert answer["data"]["rows"] == 4
    on = answer["tables"]["main"][0]
    assert (on["mode"], on["mature"], on["returned"], on["rate"]) == ("on", 2, 1, 0.5)


def test_stdin_is_a_source() -> None:
    done = started("cohort", "-", "-f", "csv", "-q", stdin=EVENTS)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1].startswith("2024-01-01,0,2,2,1.0,")


def test_formats_without_room_for_notes_put_them_on_stderr(events: Path) -> None:
    done = run("cohort", events, "-f", "csv")
    assert "1 row refused: no member 1." in done.stderr
    assert run("cohort", events, "-f", "csv", "--quiet").stderr == ""


def test_the_suffix_of_the_output_picks_the_format(events: Path, tmp_path: Path) -> None:
    for suffix in ("json", "csv", "parquet", "md", "html", "txt", "svg", "png"):
        done = run("cohort", events, "-o", tmp_path / f"out.{suffix}", "-q")
        assert (done.returncode, done.stdout) == (0, ""), suffix
    frame = pl.read_parquet(tmp_path / "out.parquet")
    assert frame.columns[:4] == ["cohort", "age", "size", "returned"]
    assert json.loads((tmp_path / "out.json").read_text())["command"] == "cohort"
    assert (tmp_path / "out.svg").read_text().startswith("<svg ")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    pooled = tmp_path / "pooled.csv"
    assert run("cohort", events, "-o", pooled, "--table", "pooled", "-q").returncode == 0
    assert pooled.read_text().startswith("age,cohorts,size")


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["nope.csv"], 1, ["nope.csv"]),
        (["{events}", "--period", "fortnight"], 2, ["fortnight"]),
        (["{events}", "--perod", "day"], 2, ["--period"]),
        (["{events}", "--tz", "Asia/Shanghia"], 2, ["Did you mean 'Asia/Shanghai'"]),
        (["{events}", "--member-col", "usr_id"], 1, ["usr_id", "Did you mean 'user_id'"]),
        (["{events}", "--by", "chanel"], 1, ["--by", "chanel"]),
        (["{events}", "--event-col", "tme"], 1, ["--event-col", "Did you mean 'time'"]),
        (["{events}", "--mode", "within", "--brackets", "1-2"], 2, ["--brackets"]),
        (["{events}", "--start-event", "buy["], 2, ["buy["]),
        (["{events}", "--table", "mian"], 2, ["Did you mean 'main'"]),
        (["{events}", "-o", "out.docx"], 2, ["out.docx", ".json"]),
        (["{events}", "--max-rejects", "0.1"], 1, ["1 of 5", "--rejects"]),
        (["{events}", "--confidence", "95"], 2, ["--confidence"]),
        ([], 2, ["nothing to read"]),
    ],
)
def test_a_fault_is_one_message_and_an_exit_code(
    events: Path, args: list[str], code: int, words: list[str]
) -> None:
    done = run("cohort", *(arg.format(events=events) for arg in args))
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_a_picture_that_cannot_be_is_told_before_anything_is_read(tmp_path: Path) -> None:
    done = run("inspect", tmp_path / "none.csv", "-f", "svg")
    assert done.returncode == 2
    assert "inspect has no picture. These have: " in done.stderr
    assert "cohort (main, pooled)" in done.stderr


def test_refused_rows_can_be_kept(events: Path, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    assert run("cohort", events, "--rejects", rejects, "-q").returncode == 0
    (row,) = pl.read_csv(rejects, infer_schema=False).rows(named=True)
    assert "no member" in row.values()
    assert "2024-01-03" in row.values()


def test_a_failed_write_leaves_the_old_file_whole(events: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    target.write_text("old")
    done = run("cohort", events, "--table", "none", "-o", target)
    assert done.returncode == 2
    assert target.read_text() == "old"
    assert run("cohort", events, "-o", tmp_path / "no" / "out.json").returncode == 1
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_inputs_and_links_are_not_written_over(events: Path, tmp_path: Path) -> None:
    assert run("cohort", events, "-o", events).returncode == 2
    assert events.read_text() == EVENTS
    link = tmp_path / "link.csv"
    link.symlink_to(events)
    assert run("cohort", events, "-o", link).returncode == 2
    assert events.read_text() == EVENTS


@pytest.mark.parametrize("command", ["cohort", "retention", "inspect"])
def test_a_cast_that_fails_far_down_is_one_message(tmp_path: Path, command: str) -> None:
    path = tmp_path / "late.csv"
    rows = "".join(f"u{i},2024-01-01,{i if i < 3000 else 'secret'}\n" for i in range(4000))
    path.write_text(f"user_id,time,kind\n{rows}")
    done = run(command, path, "--where", "CAST(CONCAT(kind, '') AS INT) > 0")
    assert done.returncode == 1
    assert "An expression cannot be computed for every row" in done.stderr
    assert "TRY_CAST" in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize("command", ["cohort", "inspect"])
def test_a_window_that_ends_before_it_begins_is_wrong_usage(events: Path, command: str) -> None:
    done = run(command, events, "--since", "2024-02-01", "--until", "2024-01-01")
    assert done.returncode == 2
    assert "--until 2024-01-01 is not after --since 2024-02-01" in done.stderr


def test_only_files_are_written_over(events: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for option in ("--output", "--rejects"):
        done = run("cohort", events, option, pipe, "-f", "csv")
        assert done.returncode == 2, done.stderr
        assert "no regular file" in done.stderr
    assert pipe.is_fifo()


def test_members_and_files_of_a_folder_are_inputs_too(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.csv").write_text(EVENTS)
    members = tmp_path / "members.csv"
    members.write_text("user_id,joined\na,2024-01-01\n")
    for target in (folder / "a.csv", members):
        before = target.read_text()
        for option in ("--output", "--rejects"):
            assert run("cohort", folder, "--members", members, option, target).returncode == 2
        assert target.read_text() == before
    both = tmp_path / "x.csv"
    assert run("cohort", folder, "-o", both, "--rejects", both).returncode == 2


@pytest.mark.parametrize(
    ("redirect", "code"), [(">&-", 1), ("> /dev/full", 1), ("2>&-", 0), ("2>&- >&-", 1)]
)
def test_streams_that_are_closed_or_full(events: Path, redirect: str, code: int) -> None:
    script = f"{' '.join(COMMAND)} cohort {events} -f csv {redirect}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    if code and "2>&-" not in redirect:
        assert done.stderr.startswith("Error: stdout")


def test_a_closed_pipe_ends_quietly(events: Path) -> None:
    script = f"{' '.join(COMMAND)} cohort {events} --period hour --horizon 4000 -f json | head -c 9"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ('{"format"', "")


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, sent: int, code: int) -> None:
    scratch, out = tmp_path / "scratch", tmp_path / "out.json"
    scratch.mkdir()
    process = subprocess.Popen(
        [*COMMAND, "cohort", "-", "-o", str(out)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    assert process.stdin is not None
    process.stdin.write(EVENTS.encode())
    process.stdin.flush()
    wait_for(lambda: any(scratch.iterdir()))
    process.send_signal(sent)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == code, stderr
    assert b"Traceback" not in stderr
    assert not out.exists()
    assert list(scratch.iterdir()) == []


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing was spooled"
        time.sleep(0.02)


def test_colour_only_where_asked(events: Path) -> None:
    # Not a terminal: no colour, whatever the environment says.
    assert "\x1b" not in started("cohort", events, TERM="xterm-256color").stdout
    assert "\x1b" not in started("cohort", events, NO_COLOR="1").stdout
