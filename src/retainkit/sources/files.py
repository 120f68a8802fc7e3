"""From what the user named to the files to read: folders, globs, Hive keys, standard input."""

from __future__ import annotations

import glob
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import BinaryIO
from urllib.parse import unquote

from retainkit.addresses import is_address
from retainkit.errors import InputError, OutputError, UsageError, nearest
from retainkit.replacement import temporary_folder
from retainkit.sources.file import PACKED_SUFFIXES, File, State, data_suffix
from retainkit.sources.sets import Kept, check_no_set_below, kept_set

STDIN, STDIN_NAME = "-", "<stdin>"
_DATA_SUFFIXES = (".csv", ".tsv", ".txt", ".ndjson", ".jsonl", ".json", ".parquet", ".pq")
_LITTER = {"Thumbs.db", "desktop.ini"}
_HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
_LISTED = 5


class Scratch:
    """A temporary folder, made when first asked for and removed when `stack` closes."""

    def __init__(self, stack: ExitStack, parent: str | Path | None = None) -> None:
        self._stack = stack
        self._parent = parent
        self._folder: Path | None = None
        self._made = 0

    def path(self, suffix: str) -> Path:
        """Return a path in the folder that no other call returns; raises OutputError."""
        if self._folder is None:
            with self.told():
                self._folder = self._stack.enter_context(temporary_folder(self._parent))
        self._made += 1
        return self._folder / f"{self._made}{suffix}"

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what the system says about writing to the folder into an OutputError."""
        try:
            yield
        except OSError as error:
            raise unwritable(self._parent, error) from error


def unwritable(folder: str | Path | None, error: OSError) -> OutputError:
    """Return the error for a folder of temporary files that takes none."""
    return OutputError(
        f"A temporary copy cannot be written to '{temporary_name(folder)}': "
        f"{error.strerror or error}.",
        "Name a folder that has room with --temp-dir.",
    )


def temporary_name(folder: str | Path | None) -> str:
    """Return what the folder of temporary files is called; the system's own where none is named.

    Where everything is full there is none: the system looks for one by writing to it.
    """
    try:
        return str(folder or gettempdir())
    except OSError:
        return os.environ.get("TMPDIR", "the system's folder")


def locate(names: Sequence[str | Path], scratch: Scratch) -> tuple[list[File], list[str]]:
    """Return the files that `names` mean, in a stable order, each once, and notes.

    A name is a file, a folder (read recursively), a glob where no such file exists, or "-".
    Raises InputError for what is missing, unreadable or no data, UsageError for a bad stdin.
    """
    files: list[File] = []
    notes: list[str] = []
    seen: dict[Path, str] = {}
    if sum(str(name) == STDIN for name in names) > 1:
        raise UsageError("'-' is named twice, and standard input can be read once.")
    for name in names:
        for file in _expand(str(name), scratch):
            real = file.path.resolve()
            if real in seen:
                notes.append(f"'{file.name}' is reached twice and read once.")
                continue
            seen[real] = file.name
            files.append(file)
    return files, notes


def paths(names: Sequence[str]) -> set[Path]:
    """Return the files that `names` mean, with links followed; stdin and URLs have none."""
    with ExitStack() as stack:
        local = [name for name in names if name != STDIN and not is_address(name)]
        return {file.path.resolve() for file in locate(local, Scratch(stack))[0]}


def _expand(name: str, scratch: Scratch) -> Iterator[File]:
    if not name.strip():
        raise UsageError("An empty name is no source.", "Name a file, a folder or a glob.")
    path = Path(name).expanduser()
    if name == STDIN:
        yield _spool_stdin(scratch)
    elif path.is_fifo() or path.is_char_device():
        with path.open("rb") as pipe:
            yield _spool(pipe, name, scratch)
    elif path.exists():
        yield from _walk(path)
    elif glob.has_magic(name):
        yield from _matching(path)
    else:
        raise _missing(path)


def _matching(pattern: Path) -> Iterator[File]:
    found = Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))
    paths = sorted((each for each in found if not _hidden(each.name)), key=lambda p: p.parts)
    if not paths:
        raise InputError(f"No file matches '{pattern}'.", "Check the pattern with ls.")
    # A recursive pattern finds folders and, again, the files in them.
    yield from {file.path: file for each in paths for file in _walk(each)}.values()


def _walk(path: Path) -> Iterator[File]:
    if not path.is_dir():
        yield _file(path)
        return
    kept = kept_set(path)
    if kept is not None:
        yield from map(kept_file, kept.parts)
        return
    paths = sorted(_below(path), key=lambda each: each.parts)
    foreign = [str(each) for each in paths if data_suffix(each.name) not in _DATA_SUFFIXES]
    if foreign:
        more = f" and {len(foreign) - _LISTED} more" if len(foreign) > _LISTED else ""
        raise InputError(
            f"'{path}' holds files that are no data retainkit reads: "
            f"{', '.join(foreign[:_LISTED])}{more}.",
            f"Move them away, or name the data with a glob, e.g. '{path}/*.csv'.",
        )
    check_no_set_below(path, paths)
    if not paths:
        raise InputError(
            f"'{path}' holds no data files.",
            f"Read are {', '.join(_DATA_SUFFIXES)}, also with {' or '.join(PACKED_SUFFIXES)}.",
        )
    for each in paths:
        yield _file(each)


def _below(folder: Path) -> Iterator[Path]:
    def stop(error: OSError) -> None:
        raise InputError(f"'{error.filename}' cannot be read: {error.strerror}.")

    seen: set[str] = set()  # links may lead in circles
    for parent, folders, names in os.walk(folder, onerror=stop, followlinks=True):
        real = os.path.realpath(parent)
        folders[:] = [] if real in seen else [each for each in folders if not _hidden(each)]
        if real in seen:
            continue
        seen.add(real)
        yield from (Path(parent, each) for each in names if not _hidden(each))


def _hidden(name: str) -> bool:
    return name.startswith((".", "_")) or name in _LITTER


def _file(path: Path) -> File:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise InputError(
            f"The name of {str(path)!a} is not UTF-8, so that it cannot be opened.", "Rename it."
        ) from None
    try:
        with path.open("rb") as file:
            state = State.of(os.fstat(file.fileno()))
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}.") from error
    pairs = (part.partition("=") for part in path.parent.parts)
    keys = {unquote(key): unquote(value) for key, sign, value in pairs if key and sign}
    return File(
        path,
        str(path),
        tuple((key, None if value == _HIVE_NULL else value) for key, value in keys.items()),
        state=state,
    )


def kept_file(kept: Kept) -> File:
    """Return a file of a set; what its folders are called says nothing of its rows."""
    return File(kept.path, str(kept.path), ready=kept.ready)


def _spool_stdin(scratch: Scratch) -> File:
    if sys.stdin.isatty():
        raise UsageError(
            "'-' reads standard input, which is this terminal.",
            "Pipe a file in: cat events.csv | retainkit … -",
        )
    return _spool(sys.stdin.buffer, STDIN_NAME, scratch)


def _spool(pipe: BinaryIO, name: str, scratch: Scratch) -> File:
    path = scratch.path(".pipe")
    with scratch.told(), path.open("wb") as copy:
        shutil.copyfileobj(pipe, copy, 1 << 20)
    return File(path, name)


def _missing(path: Path) -> InputError:
    folder = path.parent
    while not folder.is_dir() and folder != folder.parent:
        path, folder = folder, folder.parent
    there = [each.name for each in folder.iterdir()] if os.access(folder, os.R_OK) else []
    return InputError(f"There is no '{path}'.{nearest(path.name, there)}")
