"""The only writer to stdout or to a file: a result goes out whole, or not at all."""

import os
import shutil
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from retainkit.addresses import without_secrets
from retainkit.cli.command import Chart, Computing, Output
from retainkit.cli.failures import abandon_stdout
from retainkit.cli.runner import inert
from retainkit.errors import OutputError
from retainkit.replacement import write_whole

if TYPE_CHECKING:
    from retainkit.engine import Journal
    from retainkit.render.view import Document
    from retainkit.results import Result

FILE_WIDTH = 100
NOTELESS = ("csv", "parquet", "svg", "png")  # formats that cannot carry notes: these go to stderr


def emit(result: "Result", out: Output, chart: Chart = None) -> None:
    """Write `result` where `out` says, and its picture to `chart`."""
    from retainkit.render import RenderOptions, chart_format, render_bytes, render_chart

    name = format_name(out)
    options = RenderOptions(width=FILE_WIDTH, excel_safe=out.excel_safe)
    if out.output is None:
        options = options._replace(width=_width(), color=_in_colour())
    data = render_bytes(result, name, options, table=out.table)
    if chart is not None:
        drawn = render_chart(result, chart_format(chart), table=out.table)
        write_whole(chart, drawn, "--chart")
    if out.output is not None:
        write_whole(out.output, data, "--output")
    else:
        _print(_inert(data, name))
    if not out.quiet:
        for note in dict.fromkeys(_notes(result, out, chart)):
            say(note)


def _notes(result: "Result", out: Output, chart: Chart) -> Iterator[str]:
    """Yield what is to be said beside a result that was written."""
    from retainkit.render import chart_format, notes_of

    name = format_name(out)
    if name in NOTELESS:
        yield from (*result.notes, *notes_of(result, name, out.table))
    if chart is not None:
        from retainkit.render.charts import table_of

        yield from notes_of(result, chart_format(chart), table_of(result.command, out.table))
        yield f"Wrote {chart}."


def format_name(out: Output) -> str:
    """Return the format of a result."""
    from retainkit.render import format_of

    return out.format or ("table" if out.output is None else format_of(out.output))


def show(document: "Document") -> None:
    """Draw a document on stdout, as a result is drawn."""
    from retainkit.render import RenderOptions
    from retainkit.render.terminal import draw

    options = RenderOptions(width=_width(), color=_in_colour())
    _print(draw(document, options).encode())


def say_how(how: Computing, journal: "Journal") -> None:
    """Tell how a run went, where --verbose asks for it."""
    for line in journal.lines() if how.verbose else ():
        say(line)


def say(text: str) -> None:
    """Tell the user something beside the result."""
    from retainkit.render.cells import clean

    typer.echo(inert(clean(without_secrets(text))), err=True)


def _print(data: bytes) -> None:
    if sys.stdout is None:
        raise OutputError("stdout is closed.", "Write to a file with -o FILE.")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        abandon_stdout()
        raise OutputError(f"stdout cannot be written: {error.strerror}.") from error


def _inert(data: bytes, name: str) -> bytes:
    """Return what goes to stdout without commands to the runner that reads it.

    JSON has no line that begins with one, and says the old form in another way.
    """
    from retainkit.render import FORMATS

    if FORMATS[name].binary:
        return data
    if name == "json":
        data = data.replace(b"##[", rb"##\u005b")
    return inert(data.decode()).encode()


def on_terminal() -> bool:
    """Return whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def _in_colour() -> bool:
    return on_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _width() -> int:
    """Return the columns of the terminal; 80 where there is none."""
    return max(shutil.get_terminal_size((80, 24)).columns, 40)
