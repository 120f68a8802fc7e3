"""What a change is measured against: the cells before it, or those of a saved result."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from retainkit.checking.bounds import Change, Limits
from retainkit.checking.cells import Case, cases, estimate_of
from retainkit.checking.rules import LATEST, Rule
from retainkit.checking.verdicts import Estimate
from retainkit.errors import InputError
from retainkit.results import Result
from retainkit.wording import counted


@dataclass(frozen=True)
class Held:
    """What a number is held against. estimate: it, with the interval that decides.

    limits: None where there is none; why: for what reason.
    """

    estimate: Estimate
    limits: Limits | None
    why: str = ""


def held(rule: Rule, case: Case, estimate: Estimate, saved: Mapping[str, Result]) -> Held:
    """Return the limits of one case; saved: results that were saved, by the names of metrics.

    Raises InputError where a number that was saved is none.
    """
    bound = rule.bound
    if isinstance(bound, Limits):
        return Held(estimate, bound)
    if bound.previous is None:
        try:
            before, why = _saved(rule, case, saved[rule.name])
        except (ValueError, TypeError, KeyError, pl.exceptions.PolarsError) as error:
            raise InputError(
                f"{rule.baseline}: a cell of '{rule.metric}' that was saved is no number.",
                "Save it anew with `retainkit snapshot -o FILE`.",
            ) from error
    else:
        before, why = _previous(rule, case, bound.previous)
    if not before:
        return Held(estimate, None, why)
    return changed(bound, estimate, before)


def _previous(rule: Rule, case: Case, many: int) -> tuple[list[Estimate], str]:
    """Return the numbers of the complete cells before; none unless there are as many."""
    rows = case.before(many, rule.shape)
    if len(rows) < many:
        return [], f"{counted(len(rows), 'complete cell')} before it, of {many}"
    known = [each for row in rows if (each := estimate_of(row, rule)) is not None]
    found = [each for each in known if each.n is None or each.n >= rule.min_members]
    if len(found) < many:
        few = counted(many - len(found), "cell")
        return [], f"{few} of the {many} before it with n below {rule.min_members:,}"
    return found, ""


def _saved(rule: Rule, case: Case, result: Result) -> tuple[list[Estimate], str]:
    """Return the number that was saved of a cell; of periods, the last that was complete then."""
    latest = replace(rule, at=LATEST) if rule.shape.time is not None else rule
    for then in cases(latest, result):
        same = (then.series.segment, then.series.cell) == (case.series.segment, case.series.cell)
        if same and then.row is not None and (was := estimate_of(then.row, rule)) is not None:
            return [was], ""
    return [], "the baseline does not have it"


def changed(change: Change, now: Estimate, before: Sequence[Estimate]) -> Held:
    """Return the limits that follow from what was, and the interval of the difference.

    The interval of the mean and of the difference are made by squares and sums of the distances
    to their limits (MOVER: Donner and Zou 2012, Statistical Methods in Medical Research 21,
    347-359), which for two shares with Wilson's is Newcombe's. All are taken for independent.
    """
    mean = sum(each.value for each in before) / len(before)
    limits = change.limits(mean)
    weight = 1.0
    if change.relative:
        weight = 1 + change.most * math.copysign(1, mean) * (1 if change.rise else -1)
    ends = [(each.low, each.high) for each in (now, *before)]
    if any(low is None or high is None for low, high in ends):
        return Held(now, limits)
    below = math.hypot(*(each.value - _known(each.low) for each in before)) / len(before)
    above = math.hypot(*(_known(each.high) - each.value for each in before)) / len(before)
    low = now.value - math.hypot(now.value - _known(now.low), weight * above)
    high = now.value + math.hypot(_known(now.high) - now.value, weight * below)
    return Held(Estimate(now.value, now.n, low, high), limits)


def _known(limit: float | None) -> float:
    assert limit is not None
    return limit
