"""The command line: one file a command, imported when the command is asked for."""

import gc
from typing import Annotated

import typer

from retainkit import __version__
from retainkit.cli.failures import keep_stderr, leave, unforeseen
from retainkit.cli.group import Group

app = typer.Typer(
    name="retainkit",
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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
    """Retention analytics from member and event files: cohorts, churn, funnels, orders."""


def main() -> None:
    """Run the command line, and end the process."""
    gc.set_threshold(100_000, 50, 50)  # imports make many objects, and hardly any garbage
    keep_stderr()
    try:
        try:
            app(prog_name="retainkit")
        except SystemExit:
            raise
        except BaseException as error:  # Polars' panics are no Exceptions
            unforeseen(error)
    except SystemExit as end:
        leave(end)
