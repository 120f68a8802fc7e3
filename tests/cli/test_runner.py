"""Nothing that stands in the data is a command to GitHub's runner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from retainkit.cli import app
from retainkit.cli.runner import inert

CHANNEL = "::error::PWNED"
ROWS = [f"{who},2024-01-0{day},{CHANNEL}##[x]" for who in "ab" for day in (1, 2)]


@pytest.fixture
def events(tmp_path: Path) -> str:
    path = tmp_path / "events.csv"
    path.write_text("\n".join(["user_id,time,channel", *ROWS, ""]), encoding="utf-8")
    return str(path)


def obeyed(text: str) -> list[str]:
    """Return the lines that the runner takes for commands."""
    return [each for each in text.splitlines() if each.lstrip().startswith("::") or "##[" in each]


@pytest.mark.parametrize("format_", ["table", "markdown", "csv", "html", "json"])
@pytest.mark.parametrize("command", ["retention", "cohort"])
def test_no_line_is_obeyed(events: str, format_: str, command: str) -> None:
    args = [command, events, "--by", "channel", "-f", format_]
    done = CliRunner().invoke(app, args, env={"GITHUB_ACTIONS": "true"})
    assert done.exit_code == 0
    assert "PWNED" in done.output
    assert obeyed(done.output) == []
    plain = CliRunner().invoke(app, args, env={"GITHUB_ACTIONS": None})
    if format_ == "json":
        assert json.loads(done.stdout)["tables"] == json.loads(plain.stdout)["tables"]
    elif format_ == "csv":
        assert f",{CHANNEL}" in plain.stdout or f"\n{CHANNEL}" in plain.stdout


def test_files_keep_the_data(events: str, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    args = ["retention", events, "--by", "channel", "-o", str(out)]
    assert CliRunner().invoke(app, args, env={"GITHUB_ACTIONS": "true"}).exit_code == 0
    assert CHANNEL in out.read_text(encoding="utf-8")


def test_only_the_colon_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a::b\n \t::c::d\r::e\n:f\n\n::g"
    assert inert(text) == text
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert inert(text).replace("\ua789", ":") == text
    assert obeyed(inert(text)) == []


def test_blank_lines_are_gone_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beginning anew at each of them would take hours."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    text = "\n \t\r\n" * 1_000_000
    assert inert(text) == text
    assert obeyed(inert(f"{text}::error::x")) == []


def test_refused_rows_are_defused_when_asked(tmp_path: Path) -> None:
    path, rejects = tmp_path / "events.csv", tmp_path / "rejects.csv"
    path.write_text("user_id,time,x\na,2024-01-01,1\n,2024-01-01,=cmd|x\n", encoding="utf-8")
    for command in ("cohort", "inspect"):
        for flags, cell in (([], ",=cmd|x"), (["--excel-safe"], ",'=cmd|x")):
            args = [command, str(path), "--rejects", str(rejects), "--max-rejects", "1", *flags]
            assert CliRunner().invoke(app, args).exit_code == 0
            assert cell in rejects.read_text(encoding="utf-8")
