"""Work shared between the cores, with no more of it waiting than memory has room for."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Item = TypeVar("Item")
Done = TypeVar("Done")


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Crew:
    """Threads, one a core: NumPy and Polars let go of Python's lock while they compute.

    They start when there is a second thing to do; what is alone is done by the caller.
    """

    def __init__(self) -> None:
        self.size = cores()
        self._started: ThreadPoolExecutor | None = None
        self._first: Callable[[], None] | None = None
        self._handed: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._started is not None:
            self._started.shutdown(wait=True, cancel_futures=True)

    def hand(self, work: Callable[[Item], None], item: Item) -> None:
        """Have an item worked on; waits while as many as there are threads wait already.

        The first error that `work` raises is raised here, or by `settle`.
        """
        if self._started is None and self._first is None:
            self._first = lambda: work(item)
            return
        if self._first is not None:
            self._handed.append(self._pool.submit(self._first))
            self._first = None
        while len(self._handed) >= self.size:
            self._handed.popleft().result()
        self._handed.append(self._pool.submit(work, item))

    def settle(self) -> None:
        """Wait for everything that was handed out."""
        if self._first is not None:
            self._first()
            self._first = None
        while self._handed:
            self._handed.popleft().result()

    def map(self, work: Callable[[Item], Done], items: Sequence[Item]) -> Iterator[Done]:
        """Yield `work` of each item, in order; no more are begun than are soon asked for.

        The first error that `work` raises is raised here.
        """
        if len(items) == 1:
            yield work(items[0])
            return
        waiting: deque[Future[Any]] = deque()
        for item in items:
            waiting.append(self._pool.submit(work, item))
            if len(waiting) > self.size:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    @property
    def _pool(self) -> ThreadPoolExecutor:
        if self._started is None:
            from concurrent.futures import ThreadPoolExecutor  # it imports logging and more

            # Polars looks for NumPy when it first needs it, which two threads must not do at once.
            pl.Series(np.zeros(1))
            self._started = ThreadPoolExecutor(self.size, thread_name_prefix="retainkit")
        return self._started
