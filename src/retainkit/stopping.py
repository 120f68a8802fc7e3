"""Ctrl-C and the like wait while a file is made and noted down: else nobody would remove it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_depth = 0
_waiting: list[BaseException] = []


def stop(end: BaseException) -> None:
    """Raise `end`, at once or when nothing is under way that has to be done as a whole.

    It is for handlers of signals, which Python calls in the main thread.
    """
    if _depth:
        _waiting.append(end)
    else:
        raise end


@contextmanager
def unstopped() -> Iterator[None]:
    """Do what the context holds as a whole; who asked meanwhile to stop is heard at its end.

    It is for moments, as nothing can be interrupted meanwhile. Threads other than the main one are
    never interrupted.
    """
    global _depth
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if _waiting and not _depth:
            end = _waiting[0]
            _waiting.clear()
            raise end
