"""The settings file: found, checked whole, weaker than flags, and never more than data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from retainkit.cli import app

EVENTS = "who,at,what\na,2024-01-01,x\na,2024-02-02,y\nb,2024-01-01,x\nb,2024-01-09,y\n"
MAPPED = '[source]\nsources = ["events.csv"]\nmember_col = "who"\ntime_col = "at"\n'

Params = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "events.csv").write_text(EVENTS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(text: str, path: str = "retainkit.toml") -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def run(*args: str) -> tuple[int, str, str]:
    """Return the exit code, stdout and stderr of a command."""
    done = CliRunner().invoke(app, args, prog_name="retainkit")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def params(*args: str) -> Params:
    """Return the params of the Result that a command answers with."""
    code, stdout, stderr = run(*args, "-f", "json")
    assert code == 0, stderr
    found: Params = json.loads(stdout)["params"]
    return found


def fault(text: str, *args: str) -> str:
    """Return what is said about a settings file that cannot be used."""
    settings(text)
    code, stdout, stderr = run(*(args or ("cohort",)))
    assert (code, stdout) == (2, "")
    return stderr


# --- found -------------------------------------------------------------------------------------


def test_a_command_alone_runs_on_what_the_settings_name(folder: Path) -> None:
    settings(MAPPED)
    done = subprocess.run(
        [sys.executable, "-m", "retainkit", "cohort", "-f", "csv"], capture_output=True, text=True
    )
    assert done.stdout.startswith("cohort,age,size")
    assert done.stderr.endswith("Settings: retainkit.toml\n")


def test_settings_are_found_upward_and_their_paths_are_theirs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(MAPPED + 'rejects = "refused.csv"\n')
    (folder / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(folder / "a" / "b")
    assert params("cohort")["sources"] == [str(folder / "events.csv")]
    assert (folder / "refused.csv").exists()


def test_the_nearest_file_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings(MAPPED)
    settings('[source]\ntz = "Asia/Shanghai"\n', "near/retainkit.toml")
    monkeypatch.chdir(folder / "near")
    assert run("cohort")[0] == 2  # the far file's sources are not added
    found = params("cohort", "../events.csv", "--member-col", "who", "--time-col", "at")
    assert found["tz"] == "Asia/Shanghai"


def test_pyproject_counts_where_it_is_about_retainkit(folder: Path) -> None:
    settings("[project]\nname = 'x'\n", "pyproject.toml")
    assert "nothing to read" in run("cohort")[2]
    settings(MAPPED.replace("[source]", "[tool.retainkit.source]"), "pyproject.toml")
    assert params("cohort")["member_col"] == "who"
    settings(MAPPED + 'tz = "Asia/Shanghai"\n')
    assert params("cohort")["tz"] == "Asia/Shanghai"


def test_someone_elses_broken_pyproject_is_let_be(folder: Path) -> None:
    settings("= broken", "pyproject.toml")
    assert "nothing to read" in run("cohort")[2]
    settings("= broken # retainkit", "pyproject.toml")
    assert "is not TOML" in run("cohort")[2]


def test_a_named_file_is_used_instead(folder: Path) -> None:
    settings("broken")
    settings(MAPPED.replace("events.csv", "../events.csv"), "other/mine.toml")
    assert params("cohort", "--config", "other/mine.toml")["sources"] == ["other/../events.csv"]
    code, _, stderr = run("cohort", "--config", "other/mien.toml")
    assert code == 2
    assert "Did you mean 'mine.toml'?" in stderr
    settings("[tool.x]\n", "other/pyproject.toml")
    assert "no [tool.retainkit]" in run("cohort", "--config", "other/pyproject.toml")[2]


def test_where_the_settings_came_from_is_said_unless_quiet(folder: Path) -> None:
    settings(MAPPED)
    assert run("cohort")[2] == "Settings: retainkit.toml\n"
    assert run("cohort", "--quiet")[2] == ""
    settings("[retention]\ndays = '2'\n")
    assert "Settings" not in run("cohort", "events.csv")[2]


# --- weaker than flags -------------------------------------------------------------------------


def test_every_kind_of_value_is_taken(folder: Path) -> None:
    settings(
        MAPPED
        + """
since = 2023-12-31
as-of = 2024-03-01T00:00:00+00:00
time_format = ["%Y-%m-%d"]
header = true
day_first = false
max_rejects = 0
[cohort]
period = "week"
by = "what"
min-occurrences = 2
confidence = 0.9
"""
    )
    found = params("cohort")
    expected = {"since": "2023-12-31", "as_of": "2024-03-01T00:00:00+00:00", "header": True}
    expected |= {"time_format": ["%Y-%m-%d"], "day_first": False, "max_rejects": 0.0}
    expected |= {"period": "week", "by": ["what"], "min_occurrences": 2, "confidence": 0.9}
    assert {name: found[name] for name in expected} == expected


def test_flags_win(folder: Path) -> None:
    Path("other.csv").write_text(EVENTS)
    settings(
        MAPPED
        + 'day_first = false\nheader = false\ntime_format = ["%d.%m.%Y"]\n'
        + '[cohort]\nby = ["what"]\nperiod = "week"\nhorizon = 3\n'
    )
    flags = ["--header", "--day-first", "--by", "who", "--period", "day", "--horizon", "5"]
    found = params("cohort", "other.csv", *flags, "--time-format", "%Y-%m-%d")
    expected = {"sources": ["other.csv"], "header": True, "day_first": True, "by": ["who"]}
    expected |= {"period": "day", "horizon": 5, "time_format": ["%Y-%m-%d"]}
    assert {name: found[name] for name in expected} == expected


def test_a_commands_table_is_for_that_command(folder: Path) -> None:
    settings(MAPPED + '[cohort]\nclock = "elapsed"\n[retention]\ndays = "2"\n[inspect]\ntop = 1\n')
    assert params("cohort")["clock"] == "elapsed"
    found = params("retention")
    assert (found["days"], found["clock"]) == ([2], "calendar")
    assert params("inspect")["top"] == 1


def test_addresses_and_stdin_are_no_paths(folder: Path) -> None:
    settings(MAPPED.replace('"events.csv"', '"-", "s3://bucket/x.csv", "/abs/x.csv"'), "c/x.toml")
    stderr = run("cohort", "--config", "c/x.toml")[2]
    assert "c/-" not in stderr
    settings(MAPPED.replace("events.csv", "/abs/x.csv"), "c/x.toml")
    assert "'/abs" in run("cohort", "--config", "c/x.toml")[2]


# --- checked -----------------------------------------------------------------------------------


def test_all_faults_are_told_at_once(folder: Path) -> None:
    said = fault(
        """
[source]
sources = "events.csv"
member-col = "who"
member_col = "who"
tzz = "UTC"
week_start = "mondy"
max_rejects = 2
[cohort]
horizon = "5"
xyz = "red"
[checks]
d1 = 0.2
"""
    )
    for words in (
        "retainkit.toml cannot be used",
        "source.member-col: stands there as member_col too",
        "source.tzz: unknown key. Did you mean 'tz'?",
        "source.week_start: 'mondy' is not one of",
        "Did you mean 'monday'?",
        "source.max_rejects: should be less than or equal to 1",
        "cohort.horizon: should be a valid integer",
        "cohort.xyz: unknown key; there are period, mode",
        "checks: unknown table; there are source, engine, cohort, retention, churn, funnel, paths, "
        "orders, rfm, ltv, renewals",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[source]\nsources = 3\n", "source.sources: should be a valid list"),
        ("[source]\nsources = [3]\n", "source.sources.0: should be a valid string"),
        ("[source]\nheader = 1\n", "source.header: should be a valid boolean"),
        ("[source]\nconfig = 'x'\n", "source.config: unknown key"),
        ("[source]\nformat = 'json'\n", "source.format: unknown key"),
        ("[cohort]\ntz = 'UTC'\n", "cohort.tz: unknown key"),
        ("[cohorts]\nperiod = 'day'\n", "cohorts: unknown table. Did you mean 'cohort'?"),
        ("[demo]\nseed = 1\n", "demo: unknown table"),
        ("source = 3\n", "source: has to be a table, [source]"),
        ("[cohort]\nmode = 'onn'\n", "cohort.mode: 'onn' is not one of"),
        ("[source\n", "is not TOML"),
    ],
)
def test_a_fault_is_named_by_its_place(folder: Path, text: str, words: str) -> None:
    assert words in fault(text)


def test_settings_are_checked_for_every_command(folder: Path) -> None:
    assert "cohort.horizon" in fault("[cohort]\nhorizon = 'x'\n", "retention", "events.csv")


def test_values_are_data_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hush")
    settings(MAPPED.replace("events.csv", "$SECRET.csv"))
    stderr = run("cohort")[2]
    assert "$SECRET.csv" in stderr
    assert "hush" not in stderr


def test_help_reads_no_settings(folder: Path) -> None:
    settings("broken")
    code, stdout, _ = run("cohort", "--help")
    assert code == 0
    assert "--config" in stdout
