"""The command line: one file a command, nothing heavy imported before a command runs."""

from typing import Annotated

import typer

from retainkit import __version__
from retainkit.cli.cohort import cohort
from retainkit.cli.command import command
from retainkit.cli.demo import demo
from retainkit.cli.init import init
from retainkit.cli.inspect import inspect
from retainkit.cli.retention import retention

COMMANDS = (cohort, retention, inspect, init, demo)

app = typer.Typer(
    name="retainkit",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for body in COMMANDS:
    command(app)(body)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"retainkit {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Retention analytics from member and event files: cohorts and retention."""


def main() -> None:
    """Run the command line."""
    app(prog_name="retainkit")
