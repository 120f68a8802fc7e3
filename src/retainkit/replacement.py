"""Files and folders put in place whole or not at all: written beside, synced, then renamed."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from retainkit.errors import OutputError
from retainkit.leftovers import ASIDE, Temporary
from retainkit.stopping import unstopped

_TRIES, _PAUSE = 100, 0.02  # of removing a folder; seconds in between


_FOLLOWS: ContextVar[bool] = ContextVar("follows", default=False)


@contextmanager
def following_links(follow: bool = True) -> Iterator[None]:
    """Write, for as long as the context lasts, the files that links point to."""
    token = _FOLLOWS.set(follow)
    try:
        yield
    finally:
        _FOLLOWS.reset(token)


class Replacement:
    """A file to be, written beside `path` until `commit` puts it there.

    file: where to write, in binary. option: the flag that named the path, for messages. Raises
    OutputError where the folder cannot be written to, and for a link; with `following_links` what
    it points to is written. What stood at `path` stays until `commit`.
    """

    def __init__(self, path: Path, option: str) -> None:
        if path.is_symlink() and not _FOLLOWS.get():
            raise OutputError(f"{option}: '{path}' is a link.", "Name the file itself.")
        path = Path(os.path.realpath(path)) if path.is_symlink() else path
        if path.exists() and not path.is_file():
            raise OutputError(f"{option}: '{path}' is no regular file.", "Name another.")
        self._path = path
        self._option = option
        self._undone = ExitStack()
        try:
            with self.told(), unstopped():
                self._beside = Temporary.file(path.parent)
                self._undone.callback(self._beside.release)
                self._undone.callback(self._beside.remove)
                self.file = self._beside.path.open("wb")
                self._undone.callback(self._close)
        except BaseException:
            self.discard()
            raise

    def commit(self) -> None:
        """Put the file in its place."""
        with self.told():
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
            self._beside.path.chmod(0o666 & ~umask())
            self._beside.path.replace(self._path)
            self._beside.release()
        try:
            sync_folder(self._path.parent)
        except OSError as error:
            raise OutputError(
                f"{self._option}: '{self._path}' is written, and the system does not promise that "
                f"it lasts: {error.strerror or error}.",
                "Look at the disk, and run again.",
            ) from error

    def discard(self) -> None:
        """Remove what is not committed; harmless after `commit`."""
        self._undone.close()

    def _close(self) -> None:
        with suppress(OSError):  # on a full disk what is buffered cannot be written even now
            self.file.close()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn what the system says about writing into an OutputError."""
        try:
            yield
        except OSError as error:
            raise OutputError(
                f"{self._option}: '{self._path}' cannot be written: {error.strerror or error}.",
                "What stood there before still does. Name a file in a folder that can be written.",
            ) from error


def write_whole(path: Path, data: bytes, option: str) -> None:
    """Put a file with `data` in place at once. Raises OutputError; the old file stays whole."""
    replacement = Replacement(path, option)
    try:
        with replacement.told():
            replacement.file.write(data)
        replacement.commit()
    finally:
        replacement.discard()


def sync_folder(folder: Path) -> None:
    """Make the rename itself last, where folders can be synced at all."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def umask() -> int:
    """Return which permissions new files are not given."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def folder_replaced(path: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which is put at `path` when the context ends without an error.

    A folder that stands there goes aside first. A run that ends between the two renames puts it
    back; where it is killed, the next run that writes beside it does. Raises OSError.
    """
    with temporary_folder(path.parent, hidden=True) as work:
        draft = work / "draft"
        draft.mkdir()
        yield draft
        if path.exists():
            (work / ASIDE).mkdir()
            path.rename(work / ASIDE / path.name)
        draft.rename(path)
        sync_folder(path.parent)


@contextmanager
def temporary_folder(parent: str | Path | None = None, *, hidden: bool = False) -> Iterator[Path]:
    """Make a folder for temporary files that is gone, with all in it, when the context ends.

    parent: where, by default the system's folder for them. hidden: whether its name begins with a
    dot. A run that is interrupted may leave threads of Polars behind that still write a file there:
    so it is removed again until it stays away.
    """
    with ExitStack() as stack:
        with unstopped():
            folder = Temporary.folder(Path(parent or tempfile.gettempdir()), hidden=hidden)
            stack.callback(_remove, folder)
        yield folder.path


def _remove(folder: Temporary) -> None:
    for _ in range(_TRIES):
        folder.remove()
        if not folder.path.exists():
            break
        time.sleep(_PAUSE)
    folder.release()
