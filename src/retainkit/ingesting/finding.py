"""The source files of a run: what they are called, and whether their content is known already."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from retainkit.addresses import is_address
from retainkit.errors import InputError, UsageError
from retainkit.ingesting.manifest import Identity, Keys, Seen
from retainkit.sources import Input
from retainkit.sources.files import STDIN, Scratch, locate

_YOUNG = 2_000_000_000  # ns; a file changed so lately may change again within the same tick


@dataclass(frozen=True)
class Found:
    """A source file: where it is, what it is called in the manifest, its content.

    changed: when it was changed last (ns), however young it is.
    """

    path: Path
    seen: Seen
    changed: int
    fingerprint: str
    keys: Keys

    @property
    def identity(self) -> Identity:
        """What it is the same content by."""
        return self.fingerprint, self.keys

    def check_unchanged(self) -> None:
        """Raise InputError where the file is another than the one that was looked at."""
        with reachable(self.path):
            stat = self.path.stat()
        if (stat.st_size, stat.st_mtime_ns) != (self.seen.size, self.changed):
            raise _changing(self.path)


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
    with ExitStack() as stack:
        files, notes = locate(names, Scratch(stack, temporary))
        own = folder.resolve()
        for file in files:
            if file.ready is not None:
                raise UsageError(f"'{file.path.parents[1]}' is a set already.", "Name its sources.")
            if file.path.resolve().is_relative_to(own):
                raise UsageError(f"'{file.name}' lies in '{folder}', the set that is written.")
        return [_look(file.path, file.keys, own, known) for file in files], tuple(notes)


def called(path: Path, folder: Path) -> str:
    """Return what a file is called in the manifest: its way from the folder the set is in."""
    return Path(os.path.relpath(path.resolve(), folder.resolve().parent)).as_posix()


def fingerprint(path: Path) -> str:
    """Return what tells a file's content. Raises InputError for one that is being written."""
    with reachable(path):
        before = path.stat()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16))
        after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise _changing(path)
    return digest.hexdigest()


class reachable:  # noqa: N801 - reads like a function
    """Turn what the system says about a file into an InputError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            raise InputError(f"'{self._path}' cannot be read: {error.strerror}.") from error


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


def _look(path: Path, keys: Keys, folder: Path, known: Known) -> Found:
    name = called(path, folder)
    with reachable(path):
        stat = path.stat()
    young = abs(time.time_ns() - stat.st_mtime_ns) < _YOUNG
    now = Seen(name, stat.st_size, None if young else stat.st_mtime_ns)
    before, content = known.get(name, (None, ""))
    if young or before != now:
        content = fingerprint(path)
    return Found(path, now, stat.st_mtime_ns, content, keys)


def _changing(path: Path) -> InputError:
    return InputError(
        f"'{path}' changes while it is read.", "Wait until it is whole, and run again."
    )
