"""The only writer to stdout or to a file: a result goes out whole, or not at all."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from retainkit.addresses import without_secrets
from retainkit.cli.command import Chart, Computing, Output, Source
from retainkit.cli.failures import abandon_stdout
from retainkit.cli.runner import inert
from retainkit.errors import OutputError, UsageError
from retainkit.replacement import write_whole

if TYPE_CHECKING:
    from retainkit.engine import Journal
    from retainkit.results import Result

FILE_WIDTH = 100
NOTELESS = ("csv", "parquet", "svg", "png")  # formats that cannot carry notes: these go to stderr


def emit(result: "Result", out: Output, chart: Chart = None) -> None:
    """Write `result` where `out` says, and its picture to `chart`."""
    from retainkit.render import RenderOptions, chart_format, render_bytes, render_chart

    format_name = _format(out)
    options = RenderOptions(width=FILE_WIDTH, excel_safe=out.excel_safe)
    if out.output is None:
        options = options._replace(width=_width(), color=_in_colour())
    data = render_bytes(result, format_name, options, table=out.table)
    if chart is not None:
        drawn = render_chart(result, chart_format(chart), table=out.table)
        write_whole(chart, drawn, "--chart")
    if out.output is not None:
        write_whole(out.output, data, "--output")
    else:
        _print(_inert(data, format_name))
    if not out.quiet:
        for note in dict.fromkeys(_notes(result, out, chart)):
            say(note)


def _notes(result: "Result", out: Output, chart: Chart) -> Iterator[str]:
    """Yield what is to be said beside a result that was written."""
    from retainkit.render import chart_format, notes_of

    format_name = _format(out)
    if format_name in NOTELESS:
        yield from (*result.notes, *notes_of(result, format_name, out.table))
    if chart is not None:
        from retainkit.render.charts import table_of

        yield from notes_of(result, chart_format(chart), table_of(result.command, out.table))
        yield f"Wrote {chart}."


def check_targets(
    command: str,
    source: Source,
    out: Output,
    more: Mapping[str, str],
    reads: Sequence[str] = (),
    chart: Chart = None,
) -> None:
    """Raise UsageError, before anything is read, for a result that cannot go where it should.

    more: files that this command writes beside its result, by option. reads: and files that it
    reads beside the sources. chart: where its picture goes.
    """
    check_files(source, {"--output": out.output, "--chart": chart, **more}, reads)
    _check_format(command, out)
    if chart is not None:
        _check_chart(command, chart, out.table)


def check_files(
    source: Source, targets: Mapping[str, str | Path | None], reads: Sequence[str] = ()
) -> None:
    """Raise UsageError, before anything is read, for files that must not or cannot be written.

    targets: files that a command writes, by option. reads: those that it reads beside the sources.
    """
    inputs = {Path(each).resolve() for each in reads}
    targets = {**targets, "--rejects": source.options["rejects"]}
    named = {option: Path(path) for option, path in targets.items() if path is not None}
    for (one, path), (other, same) in combinations(named.items(), 2):
        if path.resolve() == same.resolve():
            raise UsageError(f"{one} and {other} name the same file.")
    check_apart(source, named)
    for option, path in named.items():
        if path.is_symlink():
            raise UsageError(f"{option}: {path} is a symbolic link.", "Name the file it points to.")
        if path.is_dir():
            raise UsageError(f"{option}: {path} is a folder.", "Name a file in it.")
        if path.exists() and not path.is_file():
            raise UsageError(f"{option}: {path} is no regular file.", "Leave -o out for stdout.")
        if not os.access(path.parent, os.W_OK):
            raise OutputError(f"{option}: there is no folder to write to at {path.parent}.")
        if path.exists() and path.resolve() in {*_read(source), *inputs}:
            raise UsageError(f"{option}: {path} is one of the inputs.", "Name another file.")


def check_apart(source: Source, targets: Mapping[str, Path]) -> None:
    """Raise UsageError for a target in a folder that is read: the next run would read it, too."""
    members = source.options["members"]
    for name in (*source.sources, *([members] if members else [])):
        folder = Path(name)
        if not folder.is_dir():
            continue
        for option, path in targets.items():
            if path.resolve().is_relative_to(folder.resolve()):
                raise UsageError(
                    f"{option}: {path} lies in {name}, all of which is read.",
                    "Name a place outside of it.",
                )


def _check_format(command: str, out: Output) -> None:
    """Raise UsageError for bytes on a terminal and for a picture that cannot be."""
    if out.format is None and out.output is None:
        return
    from retainkit.render import FORMATS

    name = _format(out)
    if FORMATS[name].binary and out.output is None and _on_terminal():
        raise UsageError(
            f"A {name} is no text to show.",
            f"Write it to a file with -o FILE.{name}.",
        )
    if FORMATS[name].picture:
        from retainkit.render.charts import check_picture

        check_picture(command, out.table or "main")


def _check_chart(command: str, chart: Path, table: str | None) -> None:
    """Raise UsageError for a file that is no picture, and for a picture that cannot be."""
    from retainkit.render import chart_format
    from retainkit.render.charts import check_picture, table_of

    chart_format(chart)
    check_picture(command, table_of(command, table))


def _format(out: Output) -> str:
    from retainkit.render import format_of

    return out.format or ("table" if out.output is None else format_of(out.output))


def _read(source: Source) -> set[Path]:
    """Return the files that a command is about to read."""
    from retainkit.sources.files import paths

    members = source.options["members"]
    read = paths([*source.sources, *([members] if members else [])])
    return read if source.settings is None else {*read, source.settings.resolve()}


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


def _inert(data: bytes, format_name: str) -> bytes:
    """Return what goes to stdout without commands to the runner that reads it.

    JSON has no line that begins with one, and says the old form in another way.
    """
    from retainkit.render import FORMATS

    if FORMATS[format_name].binary:
        return data
    if format_name == "json":
        data = data.replace(b"##[", rb"##\u005b")
    return inert(data.decode()).encode()


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _in_colour() -> bool:
    return _on_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _width() -> int:
    """Return the columns of the terminal; 80 where there is none."""
    return max(shutil.get_terminal_size((80, 24)).columns, 40)
