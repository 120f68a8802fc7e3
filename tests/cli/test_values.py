"""Plain values are read as Typer reads them."""

from __future__ import annotations

from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from retainkit.cli import app
from retainkit.cli.group import COMMANDS, Commands
from retainkit.cli.values import read_plainly

GIVEN = [
    *("", "x", "a b", "é", "用户", "month", "MONTH", "week", "sunday", "csv", "first", "-", "~"),
    *("0", "7", "007", "+7", "-7", "7.0", " 7", "٣", "1_000", "1e3"),
    *("1.", ".5", "0.1", "0.95", "1.5", "9" * 15, "9" * 30, "inf"),
    *(None, True, False, 0, 1, 7, 0.5, 1.5, [], ["x"], ("x", "7"), ["x", 7], ["on", "within"]),
]


def outcome(read: Any, context: typer.Context, given: Any) -> object:
    """Return what a value given is read as, a list for a tuple, or what is said against it."""
    try:
        value = read(context, given)
    except typer.BadParameter as error:
        return type(error), error.format_message()
    empty = value is None or (isinstance(value, tuple) and not value)
    return None if empty else list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", COMMANDS)
def test_as_typer_does(name: str) -> None:
    command = Commands()[name]
    context = typer.Context(command)
    params = [param for param in command.get_params(context) if param.callback is None]
    typers = {param.name: param.process_value for param in params}
    read_plainly(params)
    for param in params:
        for given in GIVEN:
            ours = outcome(param.process_value, context, given)
            assert ours == outcome(typers[param.name], context, given), (param.name, given)


def test_what_is_wrong_is_said_as_typer_says_it() -> None:
    said = CliRunner().invoke(app, ["cohort", "--period", "fortnight"]).stderr
    assert "Invalid value for '--period'" in said
    assert "'fortnight' is not one of 'hour'" in " ".join(said.split())
    assert "Missing argument 'DIR'" in CliRunner().invoke(app, ["demo"]).stderr
