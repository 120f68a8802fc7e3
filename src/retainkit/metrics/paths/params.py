"""What `paths` can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from retainkit.errors import UsageError, check_kinds, check_once
from retainkit.periods import duration
from retainkit.selectors import ANY, Selector, parse_selector
from retainkit.stats.intervals import quantile

DEEPEST = 50  # events after the start


@dataclass(frozen=True, kw_only=True)
class PathsParams:
    """The parameters of `paths`; DEFINITIONS: docs/paths.md. from_: the flag --from."""

    from_: str | None = None
    to: str | None = None
    window: str | None = None
    ignore: tuple[str, ...] = ()
    keep_repeats: bool = False
    include_open: bool = False
    depth: int = 8
    top: int = 20
    by: tuple[str, ...] = ()
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_kinds(self)
        quantile(self.confidence)
        check_once("--by", self.by)
        if self.window is not None:
            duration(self.window, "--window")
        if not 1 <= self.depth <= DEEPEST:
            raise UsageError(
                f"--depth: {self.depth} is not between 1 and {DEEPEST}.",
                "It is how many events after the start are told; by default 8.",
            )
        if self.top < 1:
            raise UsageError(
                f"--top: {self.top} is less than 1.",
                "It is how many paths are listed; for all of them name a large number.",
            )
        _ = self.start, self.end, self.ignored  # faults are told before data is read

    @cached_property
    def start(self) -> Selector:
        """What a journey begins with."""
        return ANY if self.from_ is None else parse_selector(self.from_)

    @cached_property
    def end(self) -> Selector | None:
        """What a journey arrives at, where that is said."""
        return None if self.to is None else parse_selector(self.to)

    @cached_property
    def ignored(self) -> tuple[Selector, ...]:
        """Events that are left out as if they were not there."""
        return tuple(parse_selector(text) for text in self.ignore)

    @property
    def window_us(self) -> int | None:
        """How long a journey lasts at most."""
        return None if self.window is None else duration(self.window, "--window")
