"""What `cohort` can be asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from retainkit.choices import CohortKind, CohortMode, Measure, Period
from retainkit.errors import UsageError, check_choice
from retainkit.metrics.starts import ReturnParams
from retainkit.periods import ELAPSED, FURTHEST, PERIODS

_SPAN = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")


@dataclass(frozen=True, kw_only=True)
class CohortParams(ReturnParams):
    """The parameters of `cohort`; DEFINITIONS: docs/cohort.md."""

    period: Period = "month"
    mode: CohortMode = "on"
    brackets: tuple[str, ...] = ()
    cohorts: CohortKind = "first"
    min_occurrences: int = 1
    measure: Measure = "members"
    horizon: int = 12

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("--period", self.period, PERIODS)
        check_choice("--mode", self.mode, get_args(CohortMode))
        check_choice("--cohorts", self.cohorts, get_args(CohortKind))
        check_choice("--measure", self.measure, get_args(Measure))
        if self.clock == "elapsed" and self.period not in ELAPSED:
            raise UsageError(
                f"--clock elapsed has no unit for --period {self.period}.",
                "Elapsed units are hour (1 h), day (24 h), week (7 x 24 h) and month (30 x 24 h).",
            )
        if self.min_occurrences < 1:
            raise UsageError("--min-occurrences: at least 1 return event makes a return.")
        if not 0 <= self.horizon <= FURTHEST:
            raise UsageError(f"--horizon: the last age lies between 0 and {FURTHEST:,}.")
        if self.brackets and self.mode != "on":
            raise UsageError(
                f"--brackets asks who was active in a bracket; --mode {self.mode} has none."
            )
        if len(set(self.spans)) < len(self.spans):
            raise UsageError("--brackets: a bracket is named twice.")

    @cached_property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """The ages each column of the matrix spans, first and last."""
        if not self.brackets:
            return tuple((age, age) for age in range(self.horizon + 1))
        return tuple(_span(text) for text in self.brackets)

    @property
    def labels(self) -> list[str]:
        """What the brackets are called: 1-3, or 4 for a single age."""
        return [f"{a}-{b}" if a < b else str(a) for a, b in self.spans]

    @property
    def reach(self) -> int:
        """The last age that any column spans."""
        return max(last for _, last in self.spans)


def _span(text: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"--brackets: '{text}' is not a range of ages like 1-3.")
    first, last = int(match[1]), int(match[2] or match[1])
    if not first <= last <= FURTHEST:
        raise UsageError(f"--brackets: '{text}' goes back, or beyond age {FURTHEST:,}.")
    return first, last
