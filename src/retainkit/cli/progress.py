"""Rows read, on stderr, for whatever takes longer than a second."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

    from retainkit.sources.stream import Progress

PATIENCE = 1.0  # seconds before anything is shown


class _Bar:
    """A line with the rows read, and where their number is known their share and what is left."""

    def __init__(self, bar: "RichProgress") -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None)

    def expect(self, rows: int | None) -> None:
        """Begin anew."""
        self._bar.reset(self._task, total=rows)

    def advance(self, rows: int) -> None:
        """Count rows; where there are more than expected nobody knows how many there are."""
        task = self._bar.tasks[0]
        if task.total is not None and task.completed + rows > task.total:
            self._bar.update(self._task, total=task.completed + rows)
        self._bar.advance(self._task, rows)


@contextmanager
def watched(quiet: bool) -> "Iterator[Progress | None]":
    """Yield who is to be told of rows read, or None where nobody watches."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,} rows read"),
        BarColumn(bar_width=20),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    patience = Timer(PATIENCE, bar.start)
    patience.start()
    try:
        yield _Bar(bar)
    finally:
        patience.cancel()
        patience.join()
        bar.stop()
