"""Rows read, on stderr, for whatever takes longer than a second."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

PATIENCE = 1.0  # seconds before anything is shown


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """Yield what to call with each number of rows read, or None where nobody watches."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,} rows read"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task("", total=None)
    patience = Timer(PATIENCE, bar.start)
    patience.start()
    try:
        yield lambda rows: bar.advance(task, rows)
    finally:
        patience.cancel()
        patience.join()
        bar.stop()
