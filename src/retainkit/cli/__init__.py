"""The command line: one file a command, nothing heavy imported before a command runs."""

import typer

from retainkit.cli.cohort import cohort
from retainkit.cli.command import command
from retainkit.cli.demo import demo
from retainkit.cli.init import init
from retainkit.cli.inspect import inspect
from retainkit.cli.retention import retention

COMMANDS = (cohort, retention, inspect, init, demo)

app = typer.Typer(
    name="retainkit",
    help="Retention analytics from member and event files.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for body in COMMANDS:
    command(app)(body)


@app.callback()
def root() -> None:
    """Retention analytics from member and event files: cohorts, retention, churn, funnels."""


def main() -> None:
    """Run the command line."""
    app(prog_name="retainkit")
