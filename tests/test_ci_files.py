"""What other repositories take from this one: the action, the hook and the examples are run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from ci_samples import EVENTS, RULE, SETTINGS
from documents import ROOT
from plain_yaml import read_yaml

ACTION = read_yaml(ROOT / "action.yml")
SETUP, INSTALL, CHECK = ACTION["runs"]["steps"]
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with an export and a rule of 90%, and `retainkit` as it would be installed."""
    home = tmp_path / "home"
    (home / "exports, new").mkdir(parents=True)
    (home / "events.csv").write_text(EVENTS, encoding="utf-8")
    (home / "exports, new" / "events.csv").write_text(EVENTS, encoding="utf-8")
    (home / "retainkit.toml").write_text(SETTINGS, encoding="utf-8")
    installed = tmp_path / "bin"
    installed.mkdir()
    for name, command in (("retainkit", "-m retainkit "), ("python", "")):
        script = installed / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {command}"$@"\n', encoding="utf-8")
        script.chmod(0o755)
    return home


def bash(script: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a script as both CI systems run bash; installing is left out, as all is installed."""
    installs = re.findall(r"^.*\bpip install\b.*$", script, re.MULTILINE)
    for line in installs:
        script = script.replace(line, ":")
    systems = ("GITHUB_", "GITLAB_", "CI_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(systems)}
    path = f"{folder.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={**kept, "PYTHONUTF8": "1", "COLUMNS": "80", **env, "PATH": path},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


def acted(folder: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Run the action's check with inputs; return how it ended and its outputs."""
    given = {name: each["default"] for name, each in ACTION["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}

    def filled(text: str) -> str:
        return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: given[found[1]], text)

    output = folder.parent / "output"
    output.touch()
    env = {name: filled(value) for name, value in CHECK["env"].items()}
    done = bash(
        CHECK["run"],
        folder / filled(CHECK["working-directory"]),
        **env,
        GITHUB_ACTIONS="true",
        GITHUB_OUTPUT=str(output),
        GITHUB_STEP_SUMMARY=str(folder.parent / "summary.md"),
    )
    lines = output.read_text(encoding="utf-8").splitlines()
    return done, dict(line.split("=", 1) for line in lines)


def obeyed(log: str) -> list[str]:
    """Return the lines of a log that the runner takes for commands, save for those that stop it.

    It takes `::name …::` at the beginning of a line, behind blanks, and `##[name]` anywhere.
    """
    told, token = [], None
    for line in log.splitlines():
        if token is not None:
            token = None if line == f"::{token}::" else token
        elif line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif re.match(r"\s*::\S.*?::", line) or "##[" in line:
            told.append(line)
    assert token is None
    return told


def test_the_action_is_whole_and_takes_only_what_is_pinned() -> None:
    assert set(ACTION) == {"name", "description", "inputs", "outputs", "runs"}
    assert ACTION["runs"]["using"] == "composite"
    used = [step["uses"] for step in ACTION["runs"]["steps"] if "uses" in step]
    assert [each.split("@")[0] for each in used] == ["actions/setup-python"]
    assert all(PINNED.fullmatch(each) for each in used)
    assert all(step["shell"] == "bash" for step in (INSTALL, CHECK))
    assert [each["value"] for each in ACTION["outputs"].values()] == [
        "${{ steps.check.outputs.exit-code }}"
    ]
    assert set(ACTION["inputs"]) == {
        *("sources", "config", "rules", "args", "working-directory", "python-version")
    }


def test_no_input_of_the_action_becomes_text_of_a_script() -> None:
    scripts = [step["run"] for step in ACTION["runs"]["steps"] if "run" in step]
    assert not [each for each in scripts if "${{" in each]
    named = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text(encoding="utf-8")))
    assert named == set(ACTION["inputs"])


def test_the_action_installs_itself(tmp_path: Path) -> None:
    words = INSTALL["run"].split()
    assert words[:4] == ["python", "-m", "pip", "install"]
    done = subprocess.run(
        ["bash", "-c", f"python() {{ printf '%s\\n' \"$@\"; }}\n{INSTALL['run']}"],
        env={**os.environ, "GITHUB_ACTION_PATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    *_, constraint, path = done.stdout.splitlines()
    assert Path(constraint).is_file()
    assert (Path(path) / "pyproject.toml").is_file()


def test_the_action_fails_as_the_check_does(folder: Path) -> None:
    done, outputs = acted(folder)
    assert (done.returncode, outputs) == (3, {"exit-code": "3"})
    assert "check · 1 breach" in done.stdout
    assert [each.split("::")[1] for each in done.stderr.splitlines() if each.startswith("::")] == [
        "error file=retainkit.toml,line=4,title=breach%3A day 1 (day 1%2C mode on)"
    ]
    summary = (folder.parent / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith("### check · 1 breach\n")


def test_inputs_of_the_action_are_words(folder: Path) -> None:
    (folder / "other.toml").write_text("", encoding="utf-8")
    done, outputs = acted(
        folder,
        sources="\nexports, new/events.csv\n  \nevents.csv\n",
        config="other.toml",
        rules=f"{RULE} >= 0.5\n\n{RULE} name='$(touch made) `touch made`; x' >= 0.6\n",
        args="--where \"channel <> 'app; touch made'\" -f json -q",
        working_directory="../home",
    )
    assert (done.returncode, outputs) == (0, {"exit-code": "0"}), done.stderr
    answer = json.loads(done.stdout[done.stdout.index("{") : done.stdout.rindex("}") + 1])
    assert answer["params"]["sources"] == ["exports, new/events.csv", "events.csv"]
    assert answer["params"]["where"] == "channel <> 'app; touch made'"
    assert [each["rule"] for each in answer["tables"]["main"]] == [
        f"{RULE} >= 0.5",
        "$(touch made) `touch made`; x",
    ]
    assert not (folder / "made").exists()


def test_args_of_the_action_that_cannot_be_read_make_it_fail(folder: Path) -> None:
    done, outputs = acted(folder, args='--where "channel')
    assert done.returncode == 1
    assert "No closing quotation" in done.stderr
    assert outputs == {}


@pytest.mark.parametrize(
    "name", ["::error::x", "##[add-mask]x", "x" * 70 + " ::stop-commands::x ::add-mask::y", "::::"]
)
def test_the_log_of_the_action_obeys_no_name_out_of_the_data(folder: Path, name: str) -> None:
    (folder / "events.csv").write_text(EVENTS.replace(",web", f",{name}"), encoding="utf-8")
    done, _ = acted(folder, rules=f"{RULE} by=channel channel=each >= 0.9")
    assert done.returncode == 3
    assert obeyed(done.stdout) == []
    assert name.split()[0].replace("##[", "##(") in done.stdout
    commands = obeyed(done.stderr)
    assert len(commands) == 2
    assert all(each.startswith("::error ") for each in commands)


def test_the_hook_runs_what_it_says(folder: Path) -> None:
    (hook,) = read_yaml(ROOT / ".pre-commit-hooks.yaml")
    assert set(hook) == {"id", "name", "description", "entry", "language", "pass_filenames"}
    assert (hook["id"], hook["language"]) == ("retainkit-check", "python")
    assert hook["pass_filenames"] == "false"
    done = bash(hook["entry"], folder)
    assert (done.returncode, "check · 1 breach" in done.stdout) == (3, True)
    held = SETTINGS.replace("0.9", "0.5")
    (folder / "retainkit.toml").write_text(held, encoding="utf-8")
    assert bash(hook["entry"], folder).returncode == 0


def test_the_gitlab_job_writes_the_reports_that_it_names(folder: Path) -> None:
    told = read_yaml(ROOT / "examples" / "ci" / "gitlab-ci.yml")
    job = told["retention"]
    done = bash("\n".join(job["script"]), folder, GITLAB_CI="true", **told["variables"])
    assert done.returncode == 3
    assert job["artifacts"]["when"] == "always"  # it fails, and is to show why
    reports = job["artifacts"]["reports"]
    (suite,) = JUnitXml.fromfile(str(folder / reports["junit"]))
    assert (suite.tests, suite.failures) == (1, 1)
    (found,) = json.loads((folder / reports["codequality"]).read_text(encoding="utf-8"))
    assert found["location"] == {"path": "retainkit.toml", "lines": {"begin": 4}}


def test_the_workflow_gives_the_action_what_it_takes(folder: Path) -> None:
    workflow = read_yaml(ROOT / "examples" / "ci" / "github-workflow.yml")
    checkout, ours = workflow["jobs"]["check"]["steps"]
    assert PINNED.fullmatch(checkout["uses"])
    assert set(ours["with"]) <= set(ACTION["inputs"])
    (folder / "exports").mkdir()
    (folder / "exports" / "events-1.csv").write_text(EVENTS, encoding="utf-8")
    (folder / "exports" / "members.csv").write_text("user_id\nann\n", encoding="utf-8")
    done, outputs = acted(folder, **ours["with"])
    assert outputs["exit-code"] in ("3", "4"), done.stderr
    assert "retention day=7 mode=on >= 0.25" in done.stderr


@pytest.mark.parametrize(
    "text", ["a: [b]", "a: &b c", "a: 'b'", "a:\n  b\n c", "a: b: c", "a: >\n b"]
)
def test_yaml_that_is_not_plain_is_not_guessed_at(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"line|no plain"):
        read_yaml(tmp_path / "a.yml")


def test_plain_yaml_is_read(tmp_path: Path) -> None:
    text = 'a: b # c\nd:\n  - "e: #f"\n  - g: h\n    i: |\n      j:\n       k\n\n      l\nm:\n'
    (tmp_path / "a.yml").write_text(text, encoding="utf-8")
    read: Any = read_yaml(tmp_path / "a.yml")
    assert read == {"a": "b", "d": ["e: #f", {"g": "h", "i": "j:\n k\n\nl\n"}], "m": None}
