"""One run at a time for one target: a lock that a killed process cannot leave behind."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from retainkit.errors import OutputError
from retainkit.leftovers import lock_beside
from retainkit.stopping import unstopped

_PAUSE = 0.02  # seconds between two looks at a lock
_GRACE = 1.0  # seconds that a lock without a holder's name is waited for: it is being taken


@contextmanager
def locked(target: Path, option: str, timeout: float = 0) -> Iterator[None]:
    """Hold the lock of `target` for as long as the context lasts; timeout: seconds to wait for it.

    The lock is the system's own on a file beside the target, and so goes with the process that
    holds it, however that ends; the file goes with it, or with the next run that writes there.
    Without such locks (Windows, some network drives) nothing is held. Raises OutputError that names
    the run which holds it.
    """
    if os.name != "posix":
        yield
        return
    place = Path(os.path.realpath(target))
    lock = _Lock(lock_beside(place))
    try:
        lock.take(f"{option}: another run is writing {target} now", timeout)
        yield
    finally:
        lock.drop()


class _Lock:
    """The lock on a file, made for it, which goes with it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self, told: str, timeout: float) -> None:
        """Hold it from now on, where there are locks; raises OutputError as `locked`."""
        begun = time.monotonic()
        while True:
            with unstopped():
                holder = self._tried()
            if holder is None:
                return
            waited = time.monotonic() - begun
            if waited >= (timeout if holder else max(timeout, _GRACE)):
                raise OutputError(
                    f"{told}{holder and f' ({holder})'}.",
                    "Wait until it is done, or let this run wait with --lock-timeout SECONDS.",
                )
            time.sleep(_PAUSE)

    def drop(self) -> None:
        """Let go of it; harmless when it is not held."""
        if self._handle is not None:
            with suppress(OSError):
                self._path.unlink()  # while it is held: who waits for it sees that it is gone
            os.close(self._handle)
            self._handle = None

    def _tried(self) -> str | None:
        """Try to take it once; return what its holder is called where another run has it."""
        import fcntl

        while self._handle is None:
            handle = _opened(self._path)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(handle, 200, 0).decode("utf-8", "replace")
                os.close(handle)
                return holder
            except OSError:  # there are no locks
                os.close(handle)
                with suppress(OSError):
                    self._path.unlink()
                return None
            with suppress(OSError):
                if os.path.samestat(self._path.stat(), os.fstat(handle)):
                    self._handle = handle
                    with suppress(OSError):  # it is a dead run's of another user
                        os.ftruncate(handle, 0)
                        os.pwrite(handle, _me().encode(), 0)
                    continue
            os.close(handle)  # whoever held it has just removed it
        return None


def _me() -> str:
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    return f"process {os.getpid()} on {socket.gethostname()}, since {since}"


def _opened(path: Path) -> int:
    try:
        with suppress(PermissionError):
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise OutputError(
            f"{path.parent} cannot be written to: {error.strerror}.",
            "Name a file in a folder that can be written.",
        ) from error
