"""How a run went: what was read and held, how it was split, and how long each stage took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Journal:
    """Filled while a run goes on; `lines` is what `--verbose` prints."""

    facts: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def note(self, fact: str, text: str) -> None:
        """Keep a fact; said again, it replaces what was said before."""
        self.facts[fact] = text

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; stages of one name add up."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

    def lines(self) -> list[str]:
        """Return the journal, a line a fact and one for the times."""
        told = [f"{fact}: {text}" for fact, text in self.facts.items()]
        times = [f"{name} {seconds:.2f} s" for name, seconds in self.seconds.items()]
        return [*told, f"seconds: {', '.join(times)}"] if times else told


def size(count: float) -> str:
    """Return a number of bytes as a person says it."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit in ("B", "kB") else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
