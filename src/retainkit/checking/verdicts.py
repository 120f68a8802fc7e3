"""What is decided of one number, and what the run ends with: pure functions, a table of truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from retainkit.checking.bounds import Limits
from retainkit.checking.rules import Decide, Severity
from retainkit.choices import UndecidedAs

Verdict = Literal["pass", "warn", "breach", "undecided"]
DONE, BREACHED, UNDECIDED = 0, 3, 4  # exit codes


@dataclass(frozen=True)
class Estimate:
    """A number, how many it is of (None: of nobody in particular), and its interval, if any."""

    value: float
    n: int | None = None
    low: float | None = None
    high: float | None = None


def verdict_of(
    estimate: Estimate, limits: Limits, decide: Decide, *, among: bool = True
) -> Verdict:
    """Return whether a number is within limits, as if an error.

    By point its estimate counts. Confidently it is breached only where the whole interval is
    beyond; where the estimate is, but not all of the interval: warn. among: whether it stands out
    among all rules, too, where that is asked.
    """
    if limits.beyond(estimate.value) <= 0:
        return "pass"
    if decide == "point" or (among and _all_beyond(estimate, limits)):
        return "breach"
    return "warn"


def _all_beyond(estimate: Estimate, limits: Limits) -> bool:
    """Return whether the whole interval is on one side of the limits; unknown ends are not."""
    low, high = estimate.low, estimate.high
    if limits.least is not None and high is not None and high < limits.least:
        return True
    return limits.most is not None and low is not None and low > limits.most


def mild(verdict: Verdict, severity: Severity) -> Verdict:
    """Return the verdict of a rule of that severity: one that only warns breaches nothing."""
    return "warn" if verdict == "breach" and severity == "warn" else verdict


def exit_code(decided: Iterable[tuple[Verdict, Severity]], undecided: UndecidedAs) -> int:
    """Return what a run ends with: a breach goes before what is undecided.

    What cannot be decided of a rule that only warns does not count.
    """
    told = list(decided)
    if any(verdict == "breach" for verdict, _ in told):
        return BREACHED
    if undecided == "fail" and ("undecided", "error") in told:
        return UNDECIDED
    return DONE
