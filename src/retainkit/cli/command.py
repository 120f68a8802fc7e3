"""How a function becomes a command: shared flags packed into arguments, errors told once."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

import typer
from typer.core import TyperCommand

from retainkit.choices import Format
from retainkit.cli.config import CONFIG, check_written
from retainkit.cli.failures import guarded
from retainkit.cli.options import (
    LISTS,
    ChartFlags,
    EngineFlags,
    OutputFlags,
    SourceFlags,
    flags_of,
)
from retainkit.cli.values import read_plainly


class Source(NamedTuple):
    """What a command was told to read: its SOURCEs and the fields of SourceOptions.

    settings: the file that was taken into account, where one was.
    """

    sources: tuple[str, ...]
    options: dict[str, Any]
    settings: Path | None = None

    @classmethod
    def packed(cls, flags: dict[str, Any]) -> "Source":
        """Return what the source flags say."""
        options = dict(flags)
        sources = tuple(options.pop("sources") or ())
        lists = {name: tuple(options[name] or ()) for name in LISTS}
        return cls(sources, {**options, **lists})


class Computing(NamedTuple):
    """The fields of EngineOptions, and whether to tell how the run went."""

    options: dict[str, Any]
    verbose: bool

    @classmethod
    def packed(cls, flags: dict[str, Any]) -> "Computing":
        """Return what the engine flags say."""
        options = dict(flags)
        return cls(verbose=options.pop("verbose"), options=options)


class Output(NamedTuple):
    """Where a command was told to write, and how."""

    format: Format | None
    output: Path | None
    table: str | None
    quiet: bool
    excel_safe: bool
    lock_timeout: float
    follow_symlinks: bool

    @classmethod
    def packed(cls, flags: dict[str, Any]) -> "Output":
        """Return what the output flags say."""
        output = flags["output"]
        return cls(**{**flags, "output": None if output is None else Path(output)})


Chart = Path | None  # where a picture goes beside the result


def _packed_chart(flags: dict[str, Any]) -> Chart:
    return None if flags["chart"] is None else Path(flags["chart"])


_BUNDLES: dict[str, tuple[type, Callable[[dict[str, Any]], Any]]] = {
    "source": (SourceFlags, Source.packed),
    "how": (EngineFlags, Computing.packed),
    "out": (OutputFlags, Output.packed),
    "chart": (ChartFlags, _packed_chart),
}


class Command(TyperCommand):
    """A command that reads its flags and draws its help without what Typer imports for both."""

    def parse_args(self, context: Any, args: list[str]) -> list[str]:
        """Read the flags."""
        read_plainly(self.get_params(context))
        left = super().parse_args(context, args)
        check_written(context)
        return left

    def format_help(self, context: Any, _formatter: object) -> None:
        """Print the help."""
        from retainkit.cli.help import print_help

        print_help(context)


def command(body: Callable[..., None], what: str) -> TyperCommand:
    """Return the command of a function; what: what it does, as its help says.

    Its parameters `source: Source`, `how: Computing`, `out: Output` and `chart: Chart` stand for
    all the flags of SourceFlags, EngineFlags, OutputFlags and ChartFlags; its other parameters are
    flags of its own. An error it raises reaches the user as one message and an exit code.
    """
    parameters = inspect.signature(body).parameters
    bundles = {name: _BUNDLES[name] for name in parameters if name in _BUNDLES}
    shared = {name: flags_of(kind) for name, (kind, _) in bundles.items()}

    def run(**given: Any) -> None:
        packed = {
            name: pack({flag.name: given.pop(flag.name) for flag in shared[name]})
            for name, (_, pack) in bundles.items()
        }
        settings = given.pop(CONFIG.name, None)  # it has given the other flags their defaults
        if "source" in packed:
            packed["source"] = packed["source"]._replace(settings=settings)
        guarded(body, **packed, **given)

    own = [parameter for name, parameter in parameters.items() if name not in bundles]
    flags = [*own, *(flag for group in shared.values() for flag in group)]
    if "source" in bundles:
        flags.append(CONFIG)
    flags.sort(key=lambda flag: flag.name != "sources")
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [flag.replace(kind=inspect.Parameter.KEYWORD_ONLY) for flag in flags]
    )
    app = typer.Typer(add_completion=False)
    app.command(body.__name__, cls=Command, help=what)(run)
    return cast(TyperCommand, typer.main.get_command(app))
