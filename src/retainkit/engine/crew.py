"""Work shared between the cores, with no more of it waiting than memory has room for."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Crew:
    """Threads, one a core: NumPy and Polars let go of Python's lock while they compute."""

    def __init__(self) -> None:
        self.size = cores()
        self._pool = ThreadPoolExecutor(self.size, thread_name_prefix="retainkit")
        self._handed: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def hand(self, work: Callable[[Item], None], item: Item) -> None:
        """Have an item worked on; waits while as many as there are threads wait already.

        The first error that `work` raises is raised here, or by `settle`.
        """
        while len(self._handed) > self.size:
            self._handed.popleft().result()
        self._handed.append(self._pool.submit(work, item))

    def settle(self) -> None:
        """Wait for everything that was handed out."""
        while self._handed:
            self._handed.popleft().result()

    def map(self, work: Callable[[Item], Done], items: Iterable[Item]) -> Iterator[Done]:
        """Yield `work` of each item, in order; takes items only as threads become free.

        The first error that `work` raises is raised here.
        """
        waiting: deque[Future[Done]] = deque()
        for item in items:
            waiting.append(self._pool.submit(work, item))
            if len(waiting) > self.size:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
