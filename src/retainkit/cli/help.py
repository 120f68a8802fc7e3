"""What --help prints, drawn by Rich.

Typer would draw it too, but imports Markdown, syntax highlighting and tracebacks first, which
takes longer than all the rest.
"""

import re
from collections.abc import Iterable, Mapping

import typer
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from typer.core import TyperArgument

Row = tuple[str, str]

_LEFT = 0.5  # of the page, at most, for the names of flags
_BORDERS = 6  # around and between the two columns of a panel


def print_help(context: typer.Context, commands: Mapping[str, str] | None = None) -> None:
    """Print how a command is called, what it does, its flags by panel, and its own commands."""
    console = Console()
    panels = {**_panels(context), "Commands": list((commands or {}).items())}
    names = [name for rows in panels.values() for name, _ in rows]
    left = min(max(map(len, names)), int((console.width - _BORDERS) * _LEFT))
    console.print(Padding(Text(context.get_usage(), "bold"), 1))
    console.print(Padding(Text(context.command.help or ""), (0, 1, 1, 1)))
    for title, rows in panels.items():
        if rows:
            console.print(_panel(title, rows, left))


def _panels(context: typer.Context) -> dict[str, list[Row]]:
    """Return what there is to say of each flag, by the panel that it stands in."""
    panels: dict[str, list[Row]] = {}
    for param in context.command.get_params(context):
        record = param.get_help_record(context)
        if record is None:
            continue
        names, text = record
        panel = "Options"
        if isinstance(param, TyperArgument):
            names, panel = " ".join(param.get_usage_pieces(context)), "Arguments"
        panel = getattr(param, "rich_help_panel", None) or panel
        panels.setdefault(panel, []).append((names, text))
    return panels


def _panel(title: str, rows: Iterable[Row], left: int) -> Panel:
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(width=left, overflow="fold")
    table.add_column(ratio=1)
    for names, text in rows:
        name, said = Text(_broken(names, left), "bold cyan"), Text(text)
        name.highlight_regex(r"<.*>| [A-Z]+$", "not bold yellow")
        said.highlight_regex(r"\[[^\[]*\]$", "dim")
        table.add_row(name, said)
    return Panel(table, title=title, title_align="left", border_style="dim")


def _broken(names: str, width: int) -> str:
    """Return `names` with a list of words that is too wide broken between words."""
    return re.sub(rf"(?=\S{{{width + 1}}})(\S{{1,{width - 1}}}\|)", r"\1\n", names)
