"""The commands by name: each is imported when it is asked for, so that none pays for another."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from typer.core import TyperCommand, TyperGroup

from retainkit.cli.values import read_plainly

# Each is a file here, with a function of its name; what it does is its help, too.
COMMANDS = {
    "cohort": "Who started in each period, and which share came back at each age.",
    "retention": "How many members come back on day 1, 7 and 30 after their start.",
    "churn": "Who is lost, when and why: by periods without activity, by silence or by leaving.",
    "funnel": "How many come from step to step, coefficient times coefficient; the node to mend.",
    "paths": "What members do from one event to another: the most common paths, step by step.",
    "orders": "Who orders first and again, and when; what sales are made of.",
    "rfm": "Buyers by recency, frequency and money: named segments, whom to look after.",
    "ltv": "What buyers will order and bring, by BG/NBD and Gamma-Gamma models.",
    "renewals": "How many contracts are renewed, and how many will be, by a model of who leaves.",
    "report": "One document: headline, findings, sections, verdicts, every definition used.",
    "check": "Hold numbers against rules: a gate for CI, with honest statistics.",
    "snapshot": "Save named metrics and what they mean: what `check --baseline` compares with.",
    "ingest": "Make a clean Parquet set of messy exports, and keep it up to date: "
    "only what is new is read.",
    "inspect": "Show what the files hold, before anyone trusts them: "
    "columns, roles, days, repeats.",
    "init": "Write a commented retainkit.toml: the files, the columns found, and every default.",
    "demo": "Write the files of an invented community shop, with known truths planted in them.",
}


class Commands(Mapping[str, TyperCommand]):
    """The commands, imported as they are looked up."""

    def __init__(self) -> None:
        self._made: dict[str, TyperCommand] = {}

    def __getitem__(self, name: str) -> TyperCommand:
        if name not in self._made:
            from retainkit.cli.command import command

            what = COMMANDS[name]
            home = import_module(f"retainkit.cli.{name}")
            self._made[name] = command(getattr(home, name), what)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Group(TyperGroup):
    """`retainkit` itself."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "commands": Commands()})

    def list_commands(self, _context: Any) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        """Read the flags that stand before a command's name."""
        read_plainly(self.get_params(context))
        return super().parse_args(context, args)

    def format_help(self, context: Any, _formatter: object) -> None:
        """Print the help, without importing a command."""
        from retainkit.cli.help import print_help

        print_help(context, COMMANDS)
