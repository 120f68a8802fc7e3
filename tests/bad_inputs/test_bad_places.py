"""Hostile places: disks, signals, pipes, other runs, secrets, settings of others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bad import HEAD, run, write

COMMAND = [sys.executable, "-m", "retainkit"]
ROWS = HEAD + "ann,2024-03-01,5\nann,2024-03-02,5\nbob,2024-03-02,6\n"
MANY = HEAD + "".join(f"u{i % 9_000},2024-03-{1 + i % 28:02},{i % 50}\n" for i in range(300_000))
posix = pytest.mark.skipif(os.name != "posix", reason="signals and links")


@pytest.fixture(autouse=True)
def events(here: Path) -> None:
    write(here, {"f.csv": ROWS})


@pytest.mark.parametrize("name", ["../../x", "CON", "a/b", "..", "/etc/passwd", "x" * 300])
def test_names_of_values_make_no_files(here: Path, name: str) -> None:
    write(here, {"in/f.csv": f"user_id,event_time,channel\nann,2024-03-01,{name}\n"})
    assert run("report in/f.csv --by channel -o out --format folder").code in (0, 2)
    assert run("cohort in/f.csv --by channel -o x.csv").code == 0
    made = {str(each.relative_to(here)) for each in here.rglob("*") if each.is_file()}
    assert {each for each in made if not each.startswith("out")} == {"f.csv", "in/f.csv", "x.csv"}


@posix
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("cohort f.csv -o link.csv", "link.csv is a symbolic link."),
        ("cohort f.csv -o f.csv", "f.csv"),
        ("cohort f.csv -o ./f.csv", "f.csv"),
        ("cohort f.csv -o folder", "folder"),
        ("cohort f.csv --rejects f.csv", "f.csv"),
    ],
)
def test_output_over_an_input_or_a_link_is_refused(here: Path, line: str, told: str) -> None:
    (here / "link.csv").symlink_to("other.csv")
    (here / "folder").mkdir()
    done = run(line)
    assert (done.code, told in done.stderr) == (2, True), done.stderr
    assert (here / "f.csv").read_text(encoding="utf-8") == ROWS
    assert not (here / "other.csv").exists()


@posix
def test_output_over_another_name_of_the_input_leaves_it_whole(here: Path) -> None:
    os.link(here / "f.csv", here / "hard.csv")
    assert run("cohort f.csv -o hard.csv").code == 0
    assert (here / "f.csv").read_text(encoding="utf-8") == ROWS


@posix
def test_output_through_a_link_with_a_flag(here: Path) -> None:
    (here / "link.csv").symlink_to("other.csv")
    assert run("cohort f.csv -o link.csv --follow-symlinks").code == 0
    assert (here / "link.csv").is_symlink()
    assert (here / "other.csv").stat().st_size > 0


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))
from retainkit.cli import main
sys.argv = ["retainkit", *sys.argv[1:]]
main()
"""


@posix
@pytest.mark.parametrize("output", ["out.csv", "out.json", "out.parquet", "out.html"])
def test_disk_that_is_full_leaves_the_old_file(here: Path, output: str) -> None:
    (here / output).write_text("old", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, "cohort", "f.csv", "-o", output],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr
    assert (here / output).read_text(encoding="utf-8") == "old"
    assert sorted(each.name for each in here.iterdir()) == ["f.csv", output]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root writes everywhere")
def test_disk_that_is_read_only(here: Path) -> None:
    (here / "shut").mkdir(mode=0o500)
    done = run("cohort f.csv -o shut/x.csv")
    assert (done.code, "is not writable" in done.stderr) == (2, True)


def begun(here: Path, *args: str, **how: object) -> subprocess.Popen[str]:
    """Start a command on many rows, with a folder of its own for temporary files."""
    (here / "tmp").mkdir(exist_ok=True)
    return subprocess.Popen(
        [*COMMAND, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(here / "tmp")},
    )


def waiting(here: Path) -> subprocess.Popen[str]:
    """Return a command that has begun to copy its input, which does not end."""
    process = begun(here, "cohort", "-", "-o", "out.csv")
    assert process.stdin is not None
    process.stdin.write(ROWS)
    process.stdin.flush()
    deadline = time.monotonic() + 30
    while not list((here / "tmp").rglob("*.pipe")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


@posix
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_signals_end_a_run_and_leave_nothing(here: Path, number: int, code: int) -> None:
    (here / "out.csv").write_text("old", encoding="utf-8")
    process = waiting(here)
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    assert process.returncode == code
    assert "Traceback" not in told
    if number == signal.SIGKILL:  # what it left, the next run removes
        assert list((here / "tmp").iterdir())
        after = begun(here, "cohort", "-", "-q", "-o", "after.csv")
        after.communicate(ROWS, timeout=60)
        assert after.returncode == 0
        (here / "after.csv").unlink()
    assert not list((here / "tmp").rglob("*.pipe"))
    assert (here / "out.csv").read_text(encoding="utf-8") == "old"
    assert sorted(each.name for each in here.iterdir()) == ["f.csv", "out.csv", "tmp"]


@posix
def test_pipe_that_closes_early_ends_quietly(here: Path) -> None:
    write(here, {"many.csv": MANY})
    done = subprocess.run(
        f"{sys.executable} -m retainkit cohort many.csv --period day -f csv -q | head -n 1; "
        'echo "${PIPESTATUS[0]}"',
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stderr, done.stdout.splitlines()[-1]) == ("", "0")


@posix
def test_runs_at_once_write_one_file_in_turn(here: Path) -> None:
    first = waiting(here)
    done = run("cohort f.csv -o out.csv")
    assert done.code == 1
    assert f"another run is writing out.csv now (process {first.pid} on " in done.stderr
    assert "--lock-timeout" in done.stderr
    first.communicate("", timeout=60)
    assert first.returncode == 0
    assert run("cohort f.csv -o out.csv --lock-timeout 5").code == 0


SECRETS = (
    "s3://SEKRET:SEKRET@bucket/x.parquet?sig=SEKRET",
    "ftp://user:SEKRET@127.0.0.1/x.csv",
)


@pytest.mark.parametrize("flag", ["cohort {}", "cohort f.csv --members {}", "inspect {}"])
@pytest.mark.parametrize("url", SECRETS)
def test_secrets_of_addresses_are_not_printed(flag: str, url: str) -> None:
    done = run(flag.format(url))
    assert done.code in (1, 2)
    assert "SEKRET" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[source]\nsources = ["f.csv"]\nrejects = "../out.csv"\n', "outside of the folder"),
        ('[source]\nsources = ["f.csv"]\nwhere = "read_csv(\'/etc/passwd\')"\n', ""),
        ('[source]\nsources = ["f.csv"]\nmember_col = "(SELECT 1)"\n', ""),
        ('[source]\nsources = ["f.csv"]\ncommand = "rm -rf"\n', "command"),
        ('[source]\nsources = "!!python/object"\n', ""),
    ],
)
def test_settings_of_others_are_data_only(here: Path, text: str, told: str) -> None:
    write(here, {"home/retainkit.toml": text, "home/f.csv": ROWS})
    done = run("cohort --config home/retainkit.toml")
    assert done.code in (1, 2)
    assert told in done.stderr
    assert "root:" not in done.stderr
    assert not (here / "out.csv").exists()


def test_settings_are_named_unless_quiet(here: Path) -> None:
    write(here, {"retainkit.toml": '[source]\nsources = ["f.csv"]\n'})
    done = run("cohort -f json")
    assert json.loads(done.stdout)["data"]["rows"] == 3
    assert "retainkit.toml" in done.stderr
