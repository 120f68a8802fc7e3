"""What a command imports: no more than it needs, as importing is most of a small run's time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from retainkit.cli.group import COMMANDS

COMPUTING = {"polars", "numpy", "scipy", "pyarrow", "retainkit.sources", "retainkit.metrics"}
DRAWING = {"rich.console", "jinja2", "retainkit.render.views", "retainkit.render.terminal"}
OTHERS = {
    "vl_convert",
    "retainkit.render.charts",
    "retainkit.profile",
    "retainkit.demo",
    "retainkit.cli.init",
    "retainkit.cli.toml",
}
# What Typer imports to read values and to draw help, and what a settings file takes.
COSTLY = {"pydantic", "typer.rich_utils", "rich.markdown", "pygments", "tomllib"}


def imports(folder: Path, *args: str) -> set[str]:
    """Return the modules that `retainkit ARGS` imports."""
    command = [sys.executable, "-v", "-m", "retainkit", *args]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"^import '(\S+)' #", done.stderr, re.MULTILINE))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = "user_id,time\na,2024-01-01\na,2024-01-02\nb,2024-01-01\n"
    (tmp_path / "events.csv").write_text(rows, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_imports_neither_commands_nor_what_they_compute_with(flag: str, folder: Path) -> None:
    seen = imports(folder, flag)
    assert "retainkit.cli" in seen
    assert not seen & {f"retainkit.cli.{name}" for name in COMMANDS}
    assert not seen & (COMPUTING | OTHERS | COSTLY)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_imports_that_command_alone(name: str, folder: Path) -> None:
    seen = imports(folder, name, "--help")
    assert {each for each in COMMANDS if f"retainkit.cli.{each}" in seen} == {name}
    assert not seen & (COMPUTING | COSTLY)


@pytest.mark.parametrize(
    "asked",
    [
        *(("cohort", "-f", "csv"), ("cohort", "--tz", "Asia/Shanghai", "-f", "json")),
        *(("retention", "-f", "json"), ("churn", "--since", "2024-01-01", "-f", "csv")),
        *(("funnel", "--steps", "* > *", "-f", "json"), ("orders", "-f", "csv")),
        ("paths", "--event-col", "user_id", "--to", "a", "-f", "csv"),
    ],
)
def test_numbers_for_machines_are_not_drawn(asked: tuple[str, ...], folder: Path) -> None:
    seen = imports(folder, *asked, "events.csv")
    assert "polars" in seen
    assert not seen & (DRAWING | OTHERS | COSTLY | {"scipy", "pyarrow", "numpy.ma"})


def test_contracts_are_forecast_without_scipy(folder: Path) -> None:
    stays = ("--event-col", "user_id", "--leave-event", "b", "--parameters", "1,2")
    seen = imports(folder, "renewals", "events.csv", *stays, "-f", "csv")
    assert "retainkit.stats.betageometric" in seen
    assert not seen & (DRAWING | OTHERS | COSTLY | {"scipy", "pyarrow"})


def test_words_numbers_and_files_are_plain(folder: Path) -> None:
    flags = ("--period", "week", "--horizon", "3", "--confidence", "0.9", "-o", "out.csv")
    seen = imports(folder, "cohort", "events.csv", "--time-col", "time", *flags)
    assert not seen & COSTLY
    assert (folder / "out.csv").exists()


def test_a_table_is_drawn_by_rich_alone(folder: Path) -> None:
    seen = imports(folder, "cohort", "events.csv")
    assert "retainkit.render.terminal" in seen
    assert not seen & (OTHERS | COSTLY | {"jinja2", "scipy", "pyarrow"})


@pytest.mark.parametrize("flags", [("-o", "out.svg"), ("--chart", "out.svg", "-f", "csv")])
def test_a_picture_is_drawn_by_vl_convert_alone(flags: tuple[str, ...], folder: Path) -> None:
    seen = imports(folder, "cohort", "events.csv", *flags)
    assert {"vl_convert", "retainkit.render.charts"} <= seen
    assert not seen & (COSTLY | {"jinja2", "scipy", "pyarrow", "rich.console"})


def test_a_settings_file_is_what_takes_checking(folder: Path) -> None:
    (folder / "retainkit.toml").write_text("[cohort]\nperiod = 'day'\n")
    assert {"tomllib", "pydantic"} <= imports(folder, "cohort", "events.csv")


def test_junit_is_imported_where_it_is_asked_for(folder: Path) -> None:
    flags = ("--rule", "retention day=1 mode=on min_members=1 >= 0", "-f", "csv")
    plain = imports(folder, "check", "events.csv", *flags, "--ci", "none")
    assert not plain & (
        OTHERS | {"junitparser", "lxml", "xml.etree", "retainkit.checking.ci.findings"}
    )
    github = imports(folder, "check", "events.csv", *flags, "--ci", "github")
    assert "retainkit.checking.ci.github" in github
    assert not github & (OTHERS | {"junitparser", "lxml", "retainkit.checking.ci.gitlab"})
    assert "junitparser" in imports(folder, "check", "events.csv", *flags, "--junit", "out.xml")
