"""Temporary files and folders that a killed run cannot leave for good.

Each is locked by the run that made it, as long as that lives: the lock is the system's own and goes
with the process, however that ends. So whoever makes the next one in a folder can tell what dead
runs have left there, and removes it. On a file system without such locks nothing is removed.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from base64 import b32encode
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Self

ASIDE = "aside"  # in a temporary folder: what stood beside it, until something else stands there
_PREFIX, _SUFFIX = "retainkit-", ".tmp"
_OURS = re.compile(rf"\.?{_PREFIX}[a-z0-9_]{{8}}\{_SUFFIX}")  # as tempfile draws names
_STARTS = (_PREFIX, f".{_PREFIX}")  # told faster than by a pattern, in folders of many thousands


class Temporary:
    """An empty file or folder at `path`, locked until `release`; what dead runs left is removed.

    parent: the folder it is made in. Raises OSError where it cannot be made. Make it `unstopped`
    until it is known who removes it.
    """

    def __init__(self, make: Callable[[Path], str], parent: Path) -> None:
        remove_leftovers(parent)
        self._lock: int | None = None
        self.path = Path(make(parent))
        try:
            while os.name == "posix" and not self._is_locked():
                self.path = Path(make(parent))
        except OSError:
            self.remove()
            raise

    @classmethod
    def file(cls, parent: Path) -> Self:
        """Make a file beside others that are not ours: its name begins with a dot."""
        return cls(_file, parent)

    @classmethod
    def folder(cls, parent: Path, *, hidden: bool) -> Self:
        """Make a folder. hidden: whether its name begins with a dot."""
        prefix = f".{_PREFIX}" if hidden else _PREFIX
        return cls(lambda parent: tempfile.mkdtemp(_SUFFIX, prefix, parent), parent)

    def remove(self) -> None:
        """Remove it, if it is still there; what it has set aside goes back if its place is free."""
        with suppress(OSError):  # what cannot be removed now is left to the next run
            _remove(self.path)

    def release(self) -> None:
        """Let go of the lock; harmless when done before."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _is_locked(self) -> bool:
        """Lock it; return whether it is still there, as another run may just have removed it."""
        import fcntl

        with suppress(FileNotFoundError):
            self._lock = os.open(self.path, os.O_RDONLY)
            with suppress(OSError):  # the file system has no locks
                fcntl.flock(self._lock, fcntl.LOCK_EX)
            if os.path.samestat(self.path.stat(), os.fstat(self._lock)):
                return True
        self.release()
        return False


def lock_beside(target: Path) -> Path:
    """Return where the lock of a target lies: in its folder, called as what dead runs leave."""
    name = b32encode(blake2b(os.fsencode(target.name), digest_size=5).digest()).decode().lower()
    folder = next((each for each in target.parents if each.is_dir()), Path())
    return folder / f".{_PREFIX}{name}{_SUFFIX}"


def remove_leftovers(folder: Path) -> None:
    """Remove what dead runs of this user left in a folder, as `Temporary.remove` does.

    What cannot be removed, or looked for, stays.
    """
    if os.name != "posix":
        return
    with suppress(OSError):
        for name in filter(is_leftover, os.listdir(folder)):  # noqa: PTH208 - names are enough
            with suppress(OSError):
                _remove_dead(folder / name)


def is_leftover(name: str) -> bool:
    """Return whether a file or folder of this name is one of ours, of a run dead or at work."""
    return name.startswith(_STARTS) and _OURS.fullmatch(name) is not None


def _remove_dead(path: Path) -> None:
    """Remove a file or folder of ours; raises BlockingIOError where a run at work holds it."""
    import fcntl

    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_uid == os.geteuid():
            _remove(path)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    if not path.is_dir():
        path.unlink()
        return
    for old in path.glob(f"{ASIDE}/*"):
        place = path.parent / old.name
        if not os.path.lexists(place):
            old.rename(place)
    shutil.rmtree(path, ignore_errors=True)


def _file(parent: Path) -> str:
    handle, name = tempfile.mkstemp(_SUFFIX, f".{_PREFIX}", parent)
    os.close(handle)
    return name
