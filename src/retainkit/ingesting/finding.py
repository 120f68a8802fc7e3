"""The source files of a run: what they are called, and whether their content is known already."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from retainkit.addresses import is_address
from retainkit.errors import InputError, UsageError
from retainkit.hashing import content_hash
from retainkit.ingesting.manifest import Identity, Keys, Seen
from retainkit.sources import Input
from retainkit.sources.file import File
from retainkit.sources.files import STDIN, Scratch, locate

_YOUNG = 2_000_000_000  # ns; a file changed so lately may change again within the same tick


@dataclass(frozen=True)
class Found:
    """A source file: where it is, what it is called in the manifest, its content."""

    file: File
    seen: Seen
    fingerprint: str

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.file.path

    @property
    def keys(self) -> Keys:
        """The keys of its Hive folders."""
        return self.file.keys

    @property
    def identity(self) -> Identity:
        """What it is the same content by."""
        return self.fingerprint, self.keys


Known = Mapping[str, tuple[Seen, str]]


def find(
    inputs: Sequence[Input], folder: Path, known: Known, temporary: Path
) -> tuple[list[Found], tuple[str, ...]]:
    """Return the files that `inputs` mean, and notes.

    known: the files of the manifest by name, with their fingerprints; what has the same size and
    time of change is not read. Raises UsageError for what is no file that can be read again, or
    lies in `folder`, the set's.
    """
    names = [_name(each) for each in inputs]
    own = folder.resolve()
    with ExitStack() as stack:
        for name in names:
            _check_apart(Path(name), own, folder)
        files, notes = locate(names, Scratch(stack, temporary))
        for file in files:
            if file.ready is not None:
                raise UsageError(f"'{file.path.parents[1]}' is a set already.", "Name its sources.")
            _check_apart(file.path, own, folder)
        return [_look(file, own, known) for file in files], tuple(notes)


def _check_apart(path: Path, own: Path, folder: Path) -> None:
    if path.resolve().is_relative_to(own):
        raise UsageError(f"'{path}' lies in '{folder}', the set that is written.")


def called(path: Path, folder: Path) -> str:
    """Return what a file is called in the manifest: its way from the folder the set is in."""
    return Path(os.path.relpath(path.resolve(), folder.resolve().parent)).as_posix()


def fingerprint(file: File) -> str:
    """Return what tells a file's content. Raises InputError for one that is being written."""
    try:
        with file.path.open("rb") as opened:
            content = content_hash(opened)
    except OSError as error:
        raise InputError(f"'{file.name}' cannot be read: {error.strerror}.") from error
    file.check_same()
    return content


def _name(source: Input) -> str | Path:
    if not isinstance(source, (str, Path)):
        raise UsageError(
            f"ingest: {type(source).__name__} is no file.", "Name files, folders or globs."
        )
    if str(source) == STDIN or is_address(source):
        raise UsageError(
            f"ingest: '{source}' cannot be looked at again.", "Save it to a file, and name that."
        )
    return source


def _look(file: File, folder: Path, known: Known) -> Found:
    assert file.state is not None  # it is no copy of ours
    name = called(file.path, folder)
    young = abs(time.time_ns() - file.state.modified) < _YOUNG
    now = Seen(name, file.state.size, None if young else file.state.modified)
    before, content = known.get(name, (None, ""))
    if young or before != now:
        content = fingerprint(file)
    return Found(file, now, content)
