"""What is known of the lines of files: each state of a file is gone through once in a run.

A report opens its sources several times; their lines are the same as long as their state is.
"""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from threading import Lock

from retainkit.sources.blocks import Grid
from retainkit.sources.file import File, State
from retainkit.sources.lines import Lines, survey

_MOST = 4096  # files that are remembered

Key = tuple[State, str, Grid, int, int]

_KNOWN: OrderedDict[Key, Lines] = OrderedDict()
_LOCK = Lock()


def surveyed(path: Path, file: File, encoding: str, grid: Grid, most: int, above: int = 0) -> Lines:
    """Return what `survey` does of `file`, of which `path` is the file or a copy as UTF-8.

    A file without a state (standard input) is gone through each time.
    """
    if file.state is None:
        return survey(path, file.name, grid, most, above)
    key = (file.state, encoding, grid, most, above)
    with _LOCK:
        known = _KNOWN.get(key)
    if known is None:
        known = survey(path, file.name, grid, most, above)
        with _LOCK:
            _KNOWN[key] = known
            if len(_KNOWN) > _MOST:
                _KNOWN.popitem(last=False)
    return known
