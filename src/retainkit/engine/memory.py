"""How much memory a run may take, and what is given to which part of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from retainkit.errors import UsageError, size_of
from retainkit.sources.stream import BATCH

_AMPLE = 3_000_000_000
_LEAST = 1_000_000_000
_SHARE = 0.5  # of the machine, where nothing is asked for
_READING = 600_000_000  # what the program and a reader of files take, whatever there is to read
_ROW_BYTES = 200  # of a row of a slice, with all that is computed from it
_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True)
class Budget:
    """How many bytes a run may take in all, and the shares of its parts."""

    total: int

    @classmethod
    def of(cls, memory: str | None) -> Budget:
        """Return the budget for `--memory`, by default a share of the machine."""
        if memory is None:
            return cls(max(int(_machine() * _SHARE), _LEAST))
        total = size_of("--memory", memory)
        if total < _LEAST:
            raise UsageError(
                f"--memory: {memory} is too little to read files at all.",
                f"Give at least {_LEAST // 10**6}MB.",
            )
        return cls(total)

    @property
    def room(self) -> int:
        """How many bytes of events are held; twice as many exist while they are sorted."""
        return (self.total - _READING) // 3

    @property
    def batch_rows(self) -> int | None:
        """How many rows to read at a time, where the usual number is too large.

        Several batches are under way at once.
        """
        return None if self.total >= _AMPLE else BATCH // 4

    def slice_rows(self, threads: int) -> int:
        """Return how many rows a slice of members may have where `threads` are worked at once."""
        return max((self.total - _READING) // 3 // (threads * _ROW_BYTES), 1)


def _machine() -> int:
    """Return the bytes of memory of this machine, or of the container it is."""
    sizes = []
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for limit in map(Path, _CGROUP_LIMITS):
        text = limit.read_text().strip() if limit.is_file() else ""
        if text.isdigit():
            sizes.append(int(text))
    return min(sizes, default=4 * 10**9)
