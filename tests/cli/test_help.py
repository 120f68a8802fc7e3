"""What --help prints, whatever the width of the page."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from retainkit.cli import app
from retainkit.cli.group import COMMANDS, Commands


def shown(*args: str, width: int = 80) -> str:
    done = CliRunner().invoke(app, args, env={"COLUMNS": str(width), "NO_COLOR": "1"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_first_page_lists_the_commands() -> None:
    page = " ".join(re.sub("[│╭╮╰╯─]", " ", shown("--help", width=60)).split())
    for name, what in COMMANDS.items():
        assert f"{name} {what}" in page


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_flag_is_there_and_no_line_is_too_wide(name: str, width: int) -> None:
    page = shown(name, "--help", width=width)
    assert max(map(len, page.splitlines())) <= width
    for param in Commands()[name].params:
        for spelling in [*param.opts, *param.secondary_opts]:
            assert spelling in page or param.param_type_name == "argument"


def test_words_to_choose_from_are_broken_between_words() -> None:
    page = shown("cohort", "--help", width=70)
    assert set(re.findall("[a-z]+day", page)) >= {"wednesday", "thursday", "saturday", "sunday"}


def test_flags_stand_in_panels_with_their_defaults() -> None:
    page = shown("cohort", "--help", width=120)
    panels = re.findall("^╭─ (.+?) ─", page, re.MULTILINE)
    assert panels[:3] == ["Arguments", "Options", "Columns: a name or a SQL expression"]
    assert re.search(r"--period <hour\|day\|.*The unit of cohorts.*\[default: month\]", page)
    assert re.search(r"-o, --output FILE", page)
