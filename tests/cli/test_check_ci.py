"""`retainkit check` in CI: what it tells whom, and that it decides no other way for it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from junitparser import JUnitXml

from ci_samples import EVENTS, RULE, SETTINGS
from invoked import invoked

REPORT = "gl-code-quality-report.json"
BREACH, PASS, FEW = f"{RULE} >= 0.9", f"{RULE} >= 0.5", "retention day=1 mode=on >= 0.5"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "events.csv").write_text(EVENTS, encoding="utf-8")
    return tmp_path


def check(folder: Path, *args: str, **env: str) -> CompletedProcess[str]:
    """Run a check, in no CI system but that which `env` says."""
    systems = ("GITHUB_", "GITLAB_", "CI_")
    without: dict[str, str | None] = {each: None for each in os.environ if each.startswith(systems)}
    return invoked("check", *args, folder=folder, **{**without, "COLUMNS": "80", **env})


def ruled(folder: Path, *rules: str, flags: tuple[str, ...] = (), **env: str) -> tuple[int, str]:
    """Return the exit code of a check of these rules, and what it said beside its result."""
    named = [f"--rule={rule}" for rule in rules]
    done = check(folder, "events.csv", *named, *flags, "-q", **env)
    return done.returncode, done.stderr


@pytest.mark.parametrize("flags", [(), ("--ci=none",), ("--ci=github",), ("--ci=gitlab",)])
@pytest.mark.parametrize(
    ("rule", "undecided", "code"),
    [
        *((BREACH, "fail", 3), (PASS, "fail", 0)),
        *((FEW, "fail", 4), (FEW, "warn", 0), (FEW, "pass", 0)),
    ],
)
def test_exit_codes_do_not_depend_on_who_is_told(
    folder: Path, flags: tuple[str, ...], rule: str, undecided: str, code: int
) -> None:
    junit = ("--junit=out.xml",) if flags else ()
    told, _ = ruled(folder, rule, flags=(*flags, *junit, f"--undecided={undecided}"))
    assert told == code
    if junit:
        (suite,) = JUnitXml.fromfile(str(folder / "out.xml"))
        assert (suite.tests, suite.failures) == (1, int(code != 0))


def test_nobody_is_told_outside_of_ci(folder: Path) -> None:
    assert ruled(folder, BREACH) == (3, "")
    assert [path.name for path in folder.iterdir()] == ["events.csv"]


def test_github_is_told_on_stderr_and_stdout_stays_the_result(folder: Path) -> None:
    plain, told = (
        check(folder, "events.csv", f"--rule={BREACH}", "-f", "json", **env)
        for env in ({}, {"GITHUB_ACTIONS": "true"})
    )
    assert told.stdout == plain.stdout
    assert json.loads(told.stdout)["command"] == "check"
    assert plain.stderr == ""
    assert re.fullmatch(r"::error title=breach%3A retention .*\n", told.stderr)


def test_an_annotation_is_shown_beside_its_rule(folder: Path) -> None:
    (folder / "shop").mkdir()
    (folder / "events.csv").rename(folder / "shop" / "events.csv")
    (folder / "shop" / "retainkit.toml").write_text(SETTINGS, encoding="utf-8")
    env = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(folder)}
    done = check(folder / "shop", "-q", f"--rule={BREACH}", **env)
    own, inline = done.stderr.splitlines()
    assert own.startswith("::error file=shop/retainkit.toml,line=4,title=breach%3A day 1 (")
    assert inline.startswith("::error title=breach%3A retention day=1 ")
    check(folder / "shop", "-q", GITLAB_CI="true", CI_PROJECT_DIR=str(folder))
    (found,) = json.loads((folder / "shop" / REPORT).read_text(encoding="utf-8"))
    assert found["location"] == {"path": "shop/retainkit.toml", "lines": {"begin": 4}}


def test_the_summary_is_added_to_what_stands_there(folder: Path) -> None:
    summary = folder / "summary.md"
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    ruled(folder, BREACH, **env)
    once = summary.read_text(encoding="utf-8")
    assert once.startswith("### check · 1 breach\n")
    ruled(folder, BREACH, **env)
    assert summary.read_text(encoding="utf-8") == f"{once}\n{once}"


def test_a_full_summary_is_left_as_it_is(folder: Path) -> None:
    summary = folder / "summary.md"
    summary.write_text("x" * 999_990, encoding="utf-8")
    code, _ = ruled(folder, BREACH, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
    assert code == 3
    assert summary.stat().st_size < 1_000_000


def test_a_summary_that_cannot_be_written_is_said_and_changes_nothing(folder: Path) -> None:
    code, said = ruled(folder, PASS, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(folder))
    assert code == 0
    assert said == f"The job's summary cannot be written to {folder}: Is a directory.\n"


def test_gitlab_finds_its_report_in_the_folder(folder: Path) -> None:
    assert ruled(folder, BREACH, PASS, GITLAB_CI="true") == (3, "")
    (found,) = json.loads((folder / REPORT).read_text(encoding="utf-8"))
    assert found["check_name"] == BREACH
    assert ruled(folder, PASS, GITLAB_CI="true") == (0, "")
    assert json.loads((folder / REPORT).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (("--junit=none/out.xml",), 1, "--junit: there is no folder to write to at none."),
        (("--junit=.",), 2, "--junit: . is a folder."),
        (("--junit=link.xml",), 2, "--junit: link.xml is a symbolic link."),
        (("--junit=events.csv",), 2, "--junit: events.csv is one of the inputs."),
        (("--junit=a.xml", "-o", "a.xml"), 2, "--output and --junit name the same file."),
        (("--ci=gitlab", f"--junit={REPORT}"), 2, "--junit and --ci name the same file."),
        (("--ci=gitlab", "-o", REPORT, "-f", "json"), 2, "--output and --ci name the same file."),
    ],
)
def test_what_cannot_be_written_is_told_before_data_is_read(
    folder: Path, flags: tuple[str, ...], code: int, message: str
) -> None:
    (folder / "events.csv").write_text("no,columns\n", encoding="utf-8")  # told first if read
    (folder / "link.xml").symlink_to("events.csv")
    done = check(folder, "events.csv", f"--rule={BREACH}", *flags)
    assert done.returncode == code
    assert done.stderr.startswith(f"Error: {message}\n")
    assert done.stdout == ""


def test_a_failed_run_leaves_the_files_of_the_last(folder: Path) -> None:
    ruled(folder, BREACH, flags=("--junit=out.xml", "--ci=gitlab"))
    before = [(folder / name).read_bytes() for name in ("out.xml", REPORT)]
    (folder / "events.csv").write_text("no,columns\n", encoding="utf-8")
    code, said = ruled(folder, BREACH, flags=("--junit=out.xml", "--ci=gitlab"))
    assert code == 1
    assert said.startswith("Error: ")
    assert [(folder / name).read_bytes() for name in ("out.xml", REPORT)] == before


@pytest.mark.parametrize("name", ["::error::x", "</testcase>]]>", "a|b", "50%,:", "x\n::stop::y"])
def test_names_out_of_the_data_stay_names(folder: Path, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    rows = EVENTS.replace(",web", f",{quoted}")
    (folder / "events.csv").write_text(rows, encoding="utf-8", newline="")
    summary = folder / "summary.md"
    code, said = ruled(
        folder,
        f"{RULE} by=channel channel=each >= 0.9",
        flags=("--junit=out.xml",),
        GITHUB_ACTIONS="true",
        GITHUB_STEP_SUMMARY=str(summary),
    )
    shown = name.replace("\n", " ")
    assert code == 3
    assert len(said.splitlines()) == 1
    assert said.startswith("::error title=breach%3A ")
    (suite,) = JUnitXml.fromfile(str(folder / "out.xml"))
    assert [f"channel {shown})" in str(case.name) for case in suite].count(True) == 1
    assert summary.read_text(encoding="utf-8").count("\n| breach | ") == 1
