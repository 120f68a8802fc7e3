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
    path = lock_beside(place)
    handle = _taken(path, f"{option}: another run is writing {target} now", timeout)
    try:
        yield
    finally:
        if handle is not None:
            with suppress(OSError):
                path.unlink()  # while it is held: who waits for it sees that it is gone
            os.close(handle)


def _taken(path: Path, told: str, timeout: float) -> int | None:
    """Return the handle of a lock that is held from now on; None where there are no locks."""
    import fcntl

    begun = time.monotonic()
    while True:
        handle = _opened(path)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 200, 0).decode("utf-8", "replace")
            os.close(handle)
            waited = time.monotonic() - begun
            if waited >= (timeout if holder else max(timeout, _GRACE)):
                raise OutputError(
                    f"{told}{holder and f' ({holder})'}.",
                    "Wait until it is done, or let this run wait with --lock-timeout SECONDS.",
                ) from None
            time.sleep(_PAUSE)
            continue
        except OSError:
            os.close(handle)
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            if os.path.samestat(path.stat(), os.fstat(handle)):
                with suppress(OSError):  # it is a dead run's of another user
                    os.ftruncate(handle, 0)
                    os.pwrite(handle, _me().encode(), 0)
                return handle
        os.close(handle)  # whoever held it has just removed it


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
