"""`retainkit check` in a shell, as CI would run it: exit codes, what is said, what is left."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from invoked import invoked

SETTINGS = """
[source]
sources = ["events.csv"]

[metrics.monthly]
command = "cohort"

[[rules]]
name = "second month"
metric = "monthly"
age = 1
at_least = 0.4
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with events of 3 months x 100 members, of whom half come back, once."""
    rows = [
        (f"{month}-{number}", date(2024, month, 3) + timedelta(days=31 * back))
        for month in (1, 2, 3)
        for number in range(100)
        for back in (0, 1)[: 1 + (number < 50)]
    ]
    frame = pl.DataFrame(rows, schema=["user_id", "time"], orient="row")
    frame.with_columns(event=pl.lit("visit")).write_csv(tmp_path / "events.csv")
    (tmp_path / "retainkit.toml").write_text(SETTINGS)
    return tmp_path


def run(folder: Path, *args: str, command: str = "check") -> subprocess.CompletedProcess[str]:
    return invoked(command, *args, folder=folder)


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ([], 0),
        (["--rule", "cohort age=1 >= 0.5"], 0),
        (["--rule", "cohort age=1 >= 0.6"], 3),
        (["--rule", "cohort age=1 >= 0.6 severity=warn"], 0),
        (["--rule", "cohort age=1 >= 0.55 decide=confident"], 0),
        (["--rule", "cohort age=1 >= 0.7 decide=confident"], 3),
        (["--rule", "cohort age=9 >= 0.5"], 4),
        (["--rule", "cohort age=9 >= 0.5", "--undecided", "warn"], 0),
        (["--rule", "cohort age=9 >= 0.5", "--undecided", "pass"], 0),
        (["--rule", "cohort age=9 >= 0.5 severity=warn"], 0),
        (["--rule", "cohort age=9 >= 0.5", "--rule", "cohort age=1 >= 0.6"], 3),
        (["--rule", "cohort age=1 min_members=101 >= 0.5"], 4),
        (["--rule", "cohort agee=1 >= 0.5"], 2),
        (["--undecided", "perhaps"], 2),
        (["--fdr", "2"], 2),
        (["missing.csv"], 1),
        (["--baseline", "missing.json"], 1),
        (["--where", "nothing > 1"], 1),
        (["--amount-col", "user_id", "--rule", "orders days=1 >= 0", "--max-rejects", "0"], 1),
    ],
)
def test_exit_codes(folder: Path, args: list[str], code: int) -> None:
    done = run(folder, *args)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("bound", "code"), [("0.5", 0), ("0.6", 3)])
def test_exit_codes_of_the_program_itself(folder: Path, bound: str, code: int) -> None:
    command = [sys.executable, "-m", "retainkit", "check", "--rule", f"cohort age=1 >= {bound}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr


def test_stdout_carries_the_result_and_nothing_else(folder: Path) -> None:
    done = run(folder, "--rule", "cohort age=1 >= 0.6", "-f", "json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["command"]) == (3, "check")
    assert [row["verdict"] for row in told["tables"]["main"]] == ["pass", "breach"]
    assert told["params"]["rules"][1] == "cohort age=1 >= 0.6"
    assert done.stderr == "Settings: retainkit.toml\n"


def test_a_result_is_written_whole_whatever_the_verdict(folder: Path) -> None:
    done = run(folder, "--rule", "cohort age=1 >= 0.6", "-o", "verdicts.md")
    assert (done.returncode, done.stdout) == (3, "")
    assert "breach" in (folder / "verdicts.md").read_text()


def test_settings_are_held_against_the_metrics_before_data_is_read(folder: Path) -> None:
    (folder / "retainkit.toml").write_text(SETTINGS + "[[rules]]\nmetric = 'montly'\nat_most = 1\n")
    (folder / "events.csv").unlink()
    done = run(folder)
    assert done.returncode == 2
    assert "retainkit.toml, rule 2: There is no metric 'montly'" in done.stderr
    assert "Did you mean 'monthly'?" in done.stderr


def test_faults_of_settings_that_only_a_check_looks_at(folder: Path) -> None:
    (folder / "retainkit.toml").write_text("[metrics.m]\ncommand = 'chort'\n")
    assert run(folder, "events.csv", "--rule", "m >= 1").returncode == 2
    assert run(folder, "events.csv", command="cohort").returncode == 0


def test_settings_may_hold_rules_alone(folder: Path) -> None:
    (folder / "retainkit.toml").write_text(SETTINGS.split("\n\n", 1)[1])
    done = run(folder, "events.csv", "--rule", "cohort age=1 >= 0.6")
    assert done.returncode == 3
    assert "1 breach, 1 pass" in done.stdout
    assert done.stderr == "Settings: retainkit.toml\n"


def test_no_rule_is_wrong_usage(folder: Path) -> None:
    (folder / "retainkit.toml").unlink()
    done = run(folder, "events.csv")
    assert done.returncode == 2
    assert "there is no rule" in done.stderr


def test_a_snapshot_and_a_check_against_it(folder: Path) -> None:
    done = run(folder, "-o", "base.json", command="snapshot")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Wrote base.json: monthly." in done.stderr
    assert run(folder, "--baseline", "base.json").returncode == 0
    late = (folder / "events.csv").read_text() + "1-99,2024-02-05,visit\n"
    (folder / "events.csv").write_text(late)
    done = run(folder, "--baseline", "base.json")
    assert "1 have changed since (most 2024-01-01 1: 0.5, now 0.51)" in " ".join(
        done.stdout.split()
    )
    text = SETTINGS.replace('"cohort"', '"cohort"\nmode = "within"')
    (folder / "retainkit.toml").write_text(text)
    done = run(folder, "--baseline", "base.json")
    assert done.returncode == 2
    assert 'mode: "on", now "within"' in done.stderr


def test_a_snapshot_does_not_replace_what_it_reads(folder: Path) -> None:
    for target in ("events.csv", "retainkit.toml"):
        done = run(folder, "-o", target, command="snapshot")
        assert done.returncode == 2, target
        assert "is one of the inputs" in done.stderr
    assert run(folder, "--metric", "weekly", command="snapshot").returncode == 2


def test_paths_of_settings_are_relative_to_their_file(folder: Path) -> None:
    run(folder, "-o", "base.json", command="snapshot")
    text = SETTINGS + "[[rules]]\nmetric='monthly'\nage=1\nmax_drop='1%'\nbaseline='base.json'\n"
    (folder / "retainkit.toml").write_text(f"{text}[check]\nbaseline = 'base.json'\n")
    below = folder / "below"
    below.mkdir()
    done = run(below)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["a\x1b[31m", "x\u202ey", "=1+1", "<b>", "|", "a\nb", "名"])
def test_hostile_segments_are_shown_and_do_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(folder)
    frame = pl.read_csv(folder / "events.csv").with_columns(channel=pl.lit(name))
    frame.write_csv(folder / "events.csv")
    for form in ("table", "markdown", "html", "csv", "json"):
        done = run(folder, "--rule", "cohort age=1 by=channel >= 0.6", "-f", form)
        assert done.returncode == 3, done.stderr
        assert "\x1b" not in done.stdout
        assert "\u202e" not in done.stdout or form in ("csv", "json")
