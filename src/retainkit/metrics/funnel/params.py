"""What `funnel` can be asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import get_args

from retainkit.choices import DatePeriod, FunnelAttempt, FunnelOrder
from retainkit.errors import UsageError, check_choice, check_kinds, check_once
from retainkit.periods import duration
from retainkit.selectors import Selector, parse_selector
from retainkit.stats.intervals import quantile

FEWEST, MOST = 2, 20  # steps
_TARGET = re.compile(r"([0-9]{1,2})\s*=\s*([0-9.]+)")
_SPAN = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True)
class Comparison:
    """Two sides whose funnels are compared: two values of a column, or two spans of days.

    column: None for spans of days, each from its first day up to, not with, its last.
    """

    column: str | None
    before: str
    after: str

    def days(self, side: int) -> tuple[date, date]:
        """Return the span of a side."""
        match = _SPAN.fullmatch((self.before, self.after)[side])
        assert match is not None
        return date.fromisoformat(match[1]), date.fromisoformat(match[2])


@dataclass(frozen=True, kw_only=True)
class FunnelParams:
    """The parameters of `funnel`; DEFINITIONS: docs/funnel.md."""

    steps: tuple[str, ...]
    order: FunnelOrder = "ordered"
    window: str | None = None
    step_window: str | None = None
    attempt: FunnelAttempt = "best"
    exclude: tuple[str, ...] = ()
    include_open: bool = False
    target: tuple[str, ...] = ()
    min_members: int = 100
    compare: str | None = None
    trend: DatePeriod | None = None
    dropoffs: bool = False
    by: tuple[str, ...] = ()
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_kinds(self)
        check_choice("--order", self.order, get_args(FunnelOrder))
        check_choice("--attempt", self.attempt, get_args(FunnelAttempt))
        if self.trend is not None:
            check_choice("--trend", self.trend, get_args(DatePeriod))
        quantile(self.confidence)
        if not FEWEST <= len(self.steps) <= MOST:
            raise UsageError(
                f"--steps: a funnel has between {FEWEST} and {MOST} steps, not {len(self.steps)}.",
                'Write them like --steps "visit > view_item > pay", or one --step each.',
            )
        for option, text in (("--window", self.window), ("--step-window", self.step_window)):
            if text is not None:
                duration(text, option)
        if self.step_window is not None and self.order == "any":
            raise UsageError("--step-window: with --order any no step follows another.")
        check_once("--by", self.by)
        if self.min_members < 1:
            raise UsageError("--min-members: at least 1.")
        _ = self.selectors, self.targets, self.comparison  # faults are told before data is read

    @cached_property
    def selectors(self) -> tuple[Selector, ...]:
        """The steps."""
        return tuple(parse_selector(text) for text in self.steps)

    @cached_property
    def excluded(self) -> tuple[Selector, ...]:
        """Events that end an attempt."""
        return tuple(parse_selector(text) for text in self.exclude)

    @cached_property
    def targets(self) -> dict[int, float]:
        """The coefficients that steps are to be lifted to."""
        found: dict[int, float] = {}
        for text in self.target:
            match = _TARGET.fullmatch(text.strip())
            step, share = (int(match[1]), float(match[2])) if match else (0, 0.0)
            if not (FEWEST <= step <= len(self.steps) and 0 < share <= 1) or step in found:
                raise UsageError(
                    f"--target: '{text}' does not name a step from 2 to {len(self.steps)} and a "
                    "coefficient up to 1, like 3=0.6, once."
                )
            found[step] = share
        return found

    @cached_property
    def comparison(self) -> Comparison | None:
        """The two sides that are compared."""
        if self.compare is None:
            return None
        column, _, sides = self.compare.rpartition("=")
        before, comma, after = sides.partition(",")
        if not comma or not before or not after or (not column and not _spans(before, after)):
            raise UsageError(
                f"--compare: '{self.compare}' names no two sides.",
                "Write COLUMN=before,after, or two spans of days like "
                "2024-01-01..2024-02-01,2024-02-01..2024-03-01.",
            )
        if before.strip() == after.strip():
            raise UsageError(f"--compare: '{self.compare}' names one side twice.")
        return Comparison(column or None, before.strip(), after.strip())

    @property
    def window_us(self) -> int | None:
        """The longest time from the first to the last step."""
        return None if self.window is None else duration(self.window, "--window")

    @property
    def step_window_us(self) -> int | None:
        """The longest time from a step to the next."""
        return None if self.step_window is None else duration(self.step_window, "--step-window")

    @property
    def all_count(self) -> bool:
        """Whether attempts count whether their window is over or not."""
        return self.window is None or self.include_open

    @property
    def apart(self) -> bool:
        """Whether it is plain from their names that no event fits two steps."""
        names = [one.name for step in self.selectors for one in step.alternatives]
        return None not in names and len(set(names)) == len(names)


def _spans(*texts: str) -> bool:
    try:
        spans = [[date.fromisoformat(day) for day in text.strip().split("..")] for text in texts]
    except ValueError:
        return False
    return all(len(span) == 2 and span[0] < span[1] for span in spans)
