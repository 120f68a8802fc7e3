"""Where a command may write: checked before anything is read, and held while it runs."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import combinations
from pathlib import Path

from retainkit.cli.command import Chart, Output, Source
from retainkit.cli.output import format_name, on_terminal
from retainkit.errors import OutputError, UsageError
from retainkit.leftovers import remove_leftovers
from retainkit.locking import locked
from retainkit.replacement import following_links


@contextmanager
def held(
    targets: Mapping[str, Path], timeout: float, *, follow: bool, temporary: str | None = None
) -> Iterator[None]:
    """Keep other runs from writing `targets`, files by option, for as long as the context lasts.

    timeout: how many seconds to wait for those that do. follow: whether links are written through.
    temporary: the folder of temporary files; what dead runs left there is removed. Raises
    OutputError that names the run which writes one.
    """
    from tempfile import gettempdir

    with suppress(OSError):  # everything is full: whoever needs such a folder says so
        remove_leftovers(Path(temporary or gettempdir()))
    with ExitStack() as stack:
        stack.enter_context(following_links(follow))
        for option, path in targets.items():
            stack.enter_context(locked(path, option, timeout))
        yield


def check_targets(
    command: str,
    source: Source,
    out: Output,
    more: Mapping[str, str],
    reads: Sequence[str] = (),
    chart: Chart = None,
) -> dict[str, Path]:
    """Return the files that are written, by option; those refused that cannot be.

    Raises UsageError, before anything is read, for a result that cannot go where it should.

    more: files that this command writes beside its result, by option. reads: and files that it
    reads beside the sources. chart: where its picture goes.
    """
    named = {"--output": out.output, "--chart": chart, **more}
    targets = check_files(source, named, reads, follow=out.follow_symlinks)
    _check_format(command, out)
    if chart is not None:
        _check_chart(command, chart, out.table)
    return targets


def check_files(
    source: Source,
    targets: Mapping[str, str | Path | None],
    reads: Sequence[str] = (),
    *,
    follow: bool = False,
) -> dict[str, Path]:
    """Return the files that are written, by option, those refused among them.

    targets: files that a command writes, by option. reads: those that it reads beside the sources.
    follow: whether links may be written through. Raises UsageError, before anything is read, for
    files that must not or cannot be written.
    """
    inputs = {Path(each).resolve() for each in reads}
    targets = {**targets, "--rejects": source.options["rejects"]}
    named = {option: Path(path) for option, path in targets.items() if path is not None}
    for (one, path), (other, same) in combinations(named.items(), 2):
        if path.resolve() == same.resolve():
            raise UsageError(f"{one} and {other} name the same file.")
    check_apart(source, named)
    for option, path in named.items():
        if path.is_symlink() and not follow:
            raise UsageError(
                f"{option}: {path} is a symbolic link.",
                "Name the file it points to, or allow it with --follow-symlinks.",
            )
        if path.is_dir():
            raise UsageError(f"{option}: {path} is a folder.", "Name a file in it.")
        if path.exists() and not path.is_file():
            raise UsageError(f"{option}: {path} is no regular file.", "Leave -o out for stdout.")
        _check_folder(option, path.resolve().parent if path.is_symlink() else path.parent)
        if path.exists() and path.resolve() in {*_read(source), *inputs}:
            raise UsageError(f"{option}: {path} is one of the inputs.", "Name another file.")
    return named


def _check_folder(option: str, folder: Path) -> None:
    if not folder.is_dir():
        raise OutputError(f"{option}: there is no folder to write to at {folder}.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            f"{option}: the folder {folder} is not writable.", "Name a file in one that is."
        )


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

    name = format_name(out)
    if FORMATS[name].binary and out.output is None and on_terminal():
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


def _read(source: Source) -> set[Path]:
    """Return the files that a command is about to read."""
    from retainkit.sources.files import paths

    members = source.options["members"]
    read = paths([*source.sources, *([members] if members else [])])
    return read if source.settings is None else {*read, source.settings.resolve()}
