"""`retainkit init`: writes the settings file that fits what `inspect` finds."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retainkit.addresses import is_address, shown
from retainkit.cli.command import Source
from retainkit.cli.config import (
    ENGINE,
    SOURCE,
    command_flags,
    configurable,
    engine_flags,
    source_flags,
)
from retainkit.cli.options import LISTS
from retainkit.cli.output import say
from retainkit.cli.toml import commented, setting
from retainkit.errors import UsageError
from retainkit.replacement import write_whole
from retainkit.wording import counted, spelled

if TYPE_CHECKING:
    from retainkit.results import Result

_HEAD = """\
# What retainkit reads, and how; written by `retainkit init`. Flags win over this file.
# A line that begins with # is a default: remove the # and change it.
"""
_SOURCES = ("sources", "members")
_ALWAYS = ("tz", "week_start")  # written even where they are the defaults: results hang on them


def init(
    context: typer.Context,
    source: Source,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")
    ] = Path("retainkit.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
) -> None:
    """Write the settings file."""
    from retainkit.profile import describe
    from retainkit.sources import SourceOptions

    if not source.sources or "-" in source.sources:
        raise UsageError("init: name the files that the settings are for.")
    _check_target(output, force)
    result = describe(source.sources, SourceOptions(**source.options))
    write_whole(output, _text(context, source, result, output.parent).encode(), "--output")
    typer.echo(f"Wrote {output}.")
    faults = result.table("roles")["fault"].drop_nulls()
    for fault in faults:
        say(f"To settle there: {fault}")
    if not len(faults):
        typer.echo("Next: retainkit cohort")


def _check_target(path: Path, force: bool) -> None:
    if path.suffix != ".toml" or path.name == "pyproject.toml":
        raise UsageError(
            f"--output: {path} is no file for settings.",
            "Name a .toml file; what it holds can stand under [tool.retainkit] in pyproject.toml.",
        )
    if path.is_symlink():
        raise UsageError(f"--output: {path} is a symbolic link.", "Name the file it points to.")
    if path.exists() and not force:
        raise UsageError(f"{path} exists.", "Name another with -o, or replace it with --force.")


def _text(context: typer.Context, source: Source, result: "Result", folder: Path) -> str:
    lines = [_HEAD, *_facts(result), f"[{SOURCE}]"]
    found = _found(result)
    given = _given(source, folder)
    for name, flag in source_flags(context.command).items():
        value = given.get(name, flag.default)
        if name in _SOURCES and _is_secret(value):
            lines.append(commented(name, flag, "an address with secrets: for the command line"))
        elif value != flag.default or name in _ALWAYS:
            lines.append(setting(name, value))
        elif name in found and found[name][0] is not None:
            lines.append(setting(name, *found[name]))
        else:
            lines.append(commented(name, flag, found.get(name, (None, ""))[1]))
    lines += ["", f"[{ENGINE}]"]
    lines += [commented(name, flag) for name, flag in engine_flags().items()]
    for table, command in configurable(context):
        lines += ["", f"[{table}]"]
        flags = command_flags(command)
        lines += [commented(spelled(name), flag) for name, flag in flags.items()]
    return "\n".join(lines) + "\n"


def _facts(result: "Result") -> list[str]:
    from retainkit.render import cells

    data = result.data
    span = f", {cells.day(data.first)} – {cells.day(data.last)}" if data.first else ""
    return [
        f"# Seen then: {counted(data.rows_read, 'row')}, of which "
        f"{cells.count(data.rows)} can be used; {counted(data.members, 'member')}{span}.",
        "",
    ]


def _found(result: "Result") -> dict[str, tuple[str | None, str]]:
    """Return the column found for each flag, or None, and a remark."""
    found: dict[str, tuple[str | None, str]] = {}
    for role, column, why, _, candidates in result.table("roles").iter_rows():
        remark = why or (f"could be {candidates}" if candidates else "")
        found[f"{role}_col"] = (column, remark)
    if "member_columns" in result.tables:
        columns = result.table("member_columns").select("column", "role", "why")
        for column, role, why in columns.drop_nulls("role").iter_rows():
            found.setdefault(f"{role}_col", (column, f"{why}, in the member table"))
    return found


def _given(source: Source, folder: Path) -> dict[str, Any]:
    """Return what flags said, paths as they are seen from `folder`."""
    given = {**source.options, "sources": [_seen_from(folder, each) for each in source.sources]}
    for name in ("members", "rejects"):
        if given[name] is not None:
            given[name] = _seen_from(folder, given[name])
    return {**given, **{name: list(given[name]) or None for name in LISTS}}


def _is_secret(sources: str | list[str] | None) -> bool:
    """Return whether an address holds what must not stand in a file."""
    named = [sources] if isinstance(sources, str) else sources or []
    return any(shown(each) != each for each in named)


def _seen_from(folder: Path, path: str) -> str:
    if is_address(path) or Path(path).is_absolute():
        return path
    return Path(os.path.relpath(path, folder)).as_posix()
