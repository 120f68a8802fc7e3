"""The only writer to stdout or to a file: a result goes out whole, or not at all."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from retainkit.cli.command import Output
from retainkit.errors import UsageError
from retainkit.replacement import write_whole

if TYPE_CHECKING:
    from retainkit.results import Result

NOTELESS = ("csv", "parquet")  # formats that cannot carry notes: these go to stderr


def emit(result: "Result", out: Output, inputs: Sequence[str] = ()) -> None:
    """Write `result` where `out` says; `inputs` are the files that must not be overwritten."""
    from retainkit.render import RenderOptions, format_of, render_bytes

    format_name = out.format or ("table" if out.output is None else format_of(out.output))
    if out.output is None:
        options = RenderOptions(width=_width(), color=_in_colour())
        _print(render_bytes(result, format_name, options, table=out.table), format_name)
    else:
        data = render_bytes(result, format_name, RenderOptions(width=100), table=out.table)
        _check_target(out.output, inputs)
        write_whole(out.output, data, "--output")
    if format_name in NOTELESS and not out.quiet:
        for note in result.notes:
            say(note)


def say(text: str) -> None:
    """Tell the user something beside the result."""
    from retainkit.render.cells import clean

    typer.echo(clean(text), err=True)


def _check_target(path: Path, inputs: Sequence[str]) -> None:
    if path.is_symlink():
        raise UsageError(f"{path} is a symbolic link.", "Name the file it points to.")
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", "Name a file in it.")
    if any(path.exists() and Path(source).exists() and path.samefile(source) for source in inputs):
        raise UsageError(f"{path} is one of the inputs.", "Write the result somewhere else.")


def _print(data: bytes, format_name: str) -> None:
    if format_name == "parquet" and sys.stdout.isatty():
        raise UsageError("Parquet is no text to show.", "Write it to a file with -o FILE.parquet.")
    sys.stdout.flush()
    sys.stdout.buffer.write(data)


def _in_colour() -> bool:
    return (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


def _width() -> int:
    """Return the columns of the terminal; 80 where there is none."""
    return max(shutil.get_terminal_size((80, 24)).columns, 40)
