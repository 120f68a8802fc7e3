"""Settings from retainkit.toml: they supply what no flag says."""

import inspect
import os
from collections.abc import Iterator
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from typer.core import TyperGroup

from retainkit.addresses import is_address
from retainkit.cli.failures import tell
from retainkit.cli.options import READING, EngineFlags, OutputFlags, SourceFlags, flags_of
from retainkit.config.files import find
from retainkit.errors import RetainkitError, UsageError
from retainkit.wording import spelled

SOURCE, ENGINE = "source", "engine"  # the tables of the flags that commands share
WRITER = "init"  # the command that writes settings takes none
DECLARED = ("check", "report", "snapshot")  # are about metrics and rules that settings declare

# Are relative to the file that names them.
_PATHS = (
    *("sources", "members", "rejects", "temp_dir", "taxonomy", "roster", "costs"),
    *("baseline", "definition_lock", "junit", "output", "chart", "history", "snapshots"),
)


# Are written.
_WRITTEN = ("rejects", "roster", "output", "chart", "history", "junit")


def check_written(context: Any) -> None:
    """End a command whose settings would have it write outside of the folder of their file.

    The file may be someone else's; a path that stands on the command line may lie anywhere.
    """
    settings = context.params.get(CONFIG.name)
    for name in _WRITTEN if settings is not None else ():
        source, path = context.get_parameter_source(name), context.params.get(name)
        if source is None or source.name != "DEFAULT_MAP" or path is None:
            continue
        folder = os.path.realpath(settings.parent)
        if not Path(os.path.realpath(path)).is_relative_to(folder):
            error = UsageError(
                f"{settings}: {name} would write {path}, outside of the folder of that file.",
                f"Settings write in their own folder only; else say it: --{name} {path}",
            )
            tell(error)
            raise typer.Exit(error.exit_code)


def load_config(context: typer.Context, path: Path | None) -> Path | None:
    """Make the settings of `path`, or of the nearest file, the defaults of the command's flags.

    Returns the file, or None where nothing was taken from one.
    """
    if context.resilient_parsing or context.info_name == WRITER:
        return None
    try:
        return _apply(context, path)
    except RetainkitError as error:
        tell(error)
        raise typer.Exit(error.exit_code) from None


CONFIG = inspect.Parameter(
    "config",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        Path | None,
        typer.Option(
            help="Settings; else retainkit.toml, searched from here upward.",
            callback=load_config,
            is_eager=True,
            rich_help_panel=READING,
        ),
    ],
)


def command_flags(command: Any) -> dict[str, inspect.Parameter]:
    """Return the flags that only this command has, those for its output left out."""
    bundles = (SourceFlags, EngineFlags, OutputFlags)
    shared = {CONFIG.name, *(name for bundle in bundles for name in bundle.__annotations__)}
    declared = inspect.signature(command.callback).parameters
    if "format" not in declared:  # it has a file of its own to write, each time
        shared.discard("output")
    return {name: flag for name, flag in declared.items() if name not in shared}


def source_flags(command: Any) -> dict[str, inspect.Parameter]:
    """Return the flags of a command that say what to read and how; none where it reads nothing."""
    declared = inspect.signature(command.callback).parameters
    names = SourceFlags.__annotations__ if CONFIG.name in declared else ()
    return {name: declared[name] for name in names}


def engine_flags() -> dict[str, inspect.Parameter]:
    """Return the flags that say where metrics are computed."""
    return {flag.name: flag for flag in flags_of(EngineFlags)}


def configurable(context: typer.Context) -> Iterator[tuple[str, Any]]:
    """Yield the commands that settings may be about, with their names."""
    group = context.find_root().command
    commands = group.commands if isinstance(group, TyperGroup) else {}
    for name, command in commands.items():
        if name != WRITER and source_flags(command):
            yield name, command


def _apply(context: typer.Context, path: Path | None) -> Path | None:
    file = path or find(Path())
    if file is None:
        return None
    from retainkit.config.checks import load

    tables = {SOURCE: _types(source_flags(context.command))}
    tables[ENGINE] = _types(engine_flags())
    tables |= {name: _types(command_flags(command)) for name, command in configurable(context)}
    settings = load(file, tables)
    given = {**settings.get(SOURCE, {}), **settings.get(str(context.info_name), {})}
    declared = inspect.signature(context.command.callback or (lambda: None)).parameters
    given |= {key: value for key, value in settings.get(ENGINE, {}).items() if key in declared}
    given = placed(given, file.parent)
    context.default_map = {f"{key}_" if iskeyword(key) else key: given[key] for key in given}
    if not given and not _declares(context, settings):
        return None
    context.call_on_close(lambda: _say(context, file))
    return file


def _declares(context: typer.Context, settings: dict[str, dict[str, Any]]) -> bool:
    """Return whether a command takes more from the settings than its own flags: their metrics."""
    return context.info_name in DECLARED and settings.keys() - {SOURCE, ENGINE} != set()


def _say(context: typer.Context, file: Path) -> None:
    """Tell which file took part, after the result (or the error that it may have caused)."""
    if not context.params.get("quiet"):
        typer.echo(f"Settings: {file}", err=True)


def _types(flags: dict[str, inspect.Parameter]) -> dict[str, Any]:
    return {spelled(name): _type(flag) for name, flag in flags.items()}


def _type(flag: inspect.Parameter) -> Any:
    """Return the type of a flag, with its bounds where it has some."""
    from pydantic import Field

    hint, info = get_args(flag.annotation)
    if info.min is None and info.max is None:
        return hint
    return Annotated[hint, Field(ge=info.min, le=info.max)]


def placed(given: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return settings with their paths as they are seen from the working directory."""
    return {
        key: _placed(value, folder) if key in _PATHS and isinstance(value, str | list) else value
        for key, value in given.items()
    }


def _placed(value: str | list[str], folder: Path) -> str | list[str]:
    """Return paths as they are seen from the working directory."""
    if isinstance(value, list):
        return [str(_placed(each, folder)) for each in value]
    elsewhere = value == "-" or value.startswith("~") or is_address(value)
    return value if elsewhere else str(folder / value)
