"""One run at a time for one target: a lock that a killed process cannot leave behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from retainkit.errors import OutputError


@contextmanager
def locked(target: Path, option: str) -> Iterator[None]:
    """Hold the lock of `target` for as long as the context lasts.

    The lock is the system's own on a file in the folder for temporary files, and so goes with the
    process that holds it, however that ends. Raises OutputError where another run holds it.
    """
    import fcntl  # not on Windows, where reports are written without a lock

    name = blake2b(os.fsencode(target.absolute()), digest_size=8).hexdigest()
    path = Path(tempfile.gettempdir()) / f"retainkit-{os.getuid()}-{name}.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise OutputError(f"{path} cannot be opened: {error.strerror}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise OutputError(
            f"{option}: another run is writing {target} now.", "Wait until it is done."
        ) from None
    try:
        yield
    finally:
        os.close(handle)
