"""How a rule is decided: its one bound, by which way, for whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from retainkit.checking.bounds import Bound, Change, Limits, number
from retainkit.checking.rules import Decide, Definitions, Severity
from retainkit.errors import UsageError, check_choice

BOUNDS = ("at_least", "at_most", "between", "max_drop", "max_rise")
PREVIOUS = 4  # complete cells that a change is measured against, unless it is said
FEWEST = 30  # members that a rule is decided with, unless it is said

Given = Mapping[str, object]


def bound_of(words: Given, settings: Definitions) -> Bound:
    """Return the one bound of a rule."""
    told = [name for name in BOUNDS if name in words]
    for name in ("previous", "baseline"):
        if name in words and not _is_change(words):
            raise UsageError(f"{name} is for max_drop and max_rise.")
    if told == ["at_least", "at_most"]:
        low, high = (number(name, words[name])[0] for name in told)
        return _between(low, high)
    if len(told) != 1:
        which = f"it has {', '.join(told)}" if told else "it has none"
        raise UsageError(f"A rule has one bound, {which}: one of {', '.join(BOUNDS)}.")
    name, given = told[0], words[told[0]]
    if name == "between":
        ends = given.split(",") if isinstance(given, str) else given
        if not isinstance(ends, list | tuple) or len(ends) != 2:
            raise UsageError(f"between: '{given}' is no pair of numbers like 0.2,0.3.")
        return _between(number(name, ends[0])[0], number(name, ends[1])[0])
    value, percent = number(name, given)
    if name == "at_least":
        return Limits(least=value)
    if name == "at_most":
        return Limits(most=value)
    if value < 0:
        raise UsageError(f"{name}: how far it may go is not below 0.")
    previous = _previous(words, settings)
    return Change(value, relative=percent, rise=name == "max_rise", previous=previous)


def _between(low: float, high: float) -> Limits:
    if low > high:
        raise UsageError(f"between: {low:g} is above {high:g}.")
    return Limits(low, high)


def _previous(words: Given, settings: Definitions) -> int | None:
    """Return how many cells before a change is measured against; None: a saved result."""
    if baseline_of(words, settings) is not None:
        return None
    return whole("previous", words.get("previous", PREVIOUS), 1)


def baseline_of(words: Given, settings: Definitions) -> str | None:
    """Return the saved result that a change is measured against; None: what came before it."""
    if "previous" not in words:
        return str(words["baseline"]) if "baseline" in words else settings.baseline
    if "baseline" in words:
        raise UsageError("A change is from previous periods or from a baseline, not both.")
    return None


def whole(name: str, given: object, least: int) -> int:
    """Return a whole number from `least`; raises UsageError for anything else."""
    try:
        if isinstance(given, bool):
            raise ValueError
        value = int(str(given))
    except ValueError:
        value = least - 1
    if value < least:
        raise UsageError(f"{name}: '{given}' is no whole number from {least}.")
    return value


def manner_of(words: Given, settings: Definitions) -> dict[str, Any]:
    """Return how a rule is decided and told."""
    decide, severity = str(words.get("decide", "point")), str(words.get("severity", "error"))
    check_choice("decide", decide, get_args(Decide))
    check_choice("severity", severity, get_args(Severity))
    told = {name: str(words[name]) for name in ("owner", "message") if name in words}
    baseline = baseline_of(words, settings) if _is_change(words) else None
    least = whole("min_members", words.get("min_members", FEWEST), 0)
    manner = {"decide": decide, "severity": severity, "min_members": least, "baseline": baseline}
    return {**manner, **told}


def _is_change(words: Given) -> bool:
    return "max_drop" in words or "max_rise" in words
