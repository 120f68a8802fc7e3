"""Rules in, verdicts out: each number found, held against its bound, and told."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from retainkit.checking.bounds import Limits
from retainkit.checking.cells import Case, Row, cases, estimate_of
from retainkit.checking.changes import Held, held
from retainkit.checking.rules import LATEST, WORST, Rule
from retainkit.checking.verdicts import Estimate, Verdict, mild, verdict_of
from retainkit.results import Result
from retainkit.stats.differences import benjamini_hochberg
from retainkit.stats.intervals import quantile

_RANKS: Mapping[Verdict, int] = {"undecided": 0, "pass": 1, "warn": 2, "breach": 3}


@dataclass(frozen=True)
class Judged:
    """One verdict. estimate: None where nothing is known. beyond: how far outside of the limits.

    since: the first of the periods without a break that were in breach, too, by the same rule.
    p_value: one-sided, that it lies within; adjusted for the number of rules where that is asked.
    """

    rule: Rule
    case: Case
    verdict: Verdict
    estimate: Estimate | None = None
    held: Held | None = None
    why: str = ""
    since: object = None
    p_value: float | None = None

    @property
    def limits(self) -> Limits | None:
        """What it was held against."""
        return None if self.held is None else self.held.limits

    @property
    def beyond(self) -> float | None:
        """How far outside of the limits it lies; within, below 0."""
        if self.estimate is None or self.limits is None:
            return None
        return self.limits.beyond(self.estimate.value)


def judge(
    rules: Sequence[Rule],
    results: Sequence[Result],
    saved: Mapping[str, Result],
    fdr: float | None = None,
) -> list[Judged]:
    """Return the verdicts of rules in their order; results: that of each rule.

    saved: the results that changes are measured against, by the names of rules. fdr: the false
    discovery rate that is held over all rules that decide confidently.
    """
    every = [
        _judged(rule, case, saved)
        for rule, result in zip(rules, results, strict=True)
        for case in cases(rule, result)
    ]
    if fdr is not None:
        every = _controlled(every, fdr)
    own: dict[str, list[Judged]] = {}
    for judged in every:
        own.setdefault(judged.rule.name, []).append(judged)
    told = (each for rule in rules for each in _worst(rule, own[rule.name]))
    return [_with_since(judged, saved) for judged in told]


def _judged(rule: Rule, case: Case, saved: Mapping[str, Result]) -> Judged:
    """Return one verdict, by its own interval."""
    undecided = Judged(rule, case, "undecided")
    estimate = None if case.row is None else estimate_of(case.row, rule)
    if estimate is None:
        return replace(undecided, why=case.missing or _why_unknown(rule, case))
    if estimate.n is not None and estimate.n < rule.min_members:
        return replace(undecided, estimate=estimate, why=f"n is below {rule.min_members:,}")
    against = held(rule, case, estimate, saved)
    if against.limits is None:
        return replace(undecided, estimate=estimate, why=against.why)
    verdict = verdict_of(against.estimate, against.limits, rule.decide)
    p_value = _p_value(rule, against) if rule.decide == "confident" else None
    return Judged(rule, case, mild(verdict, rule.severity), estimate, against, p_value=p_value)


def _why_unknown(rule: Rule, case: Case) -> str:
    """Return why the number of a row is not known."""
    row = case.row
    if row is not None and rule.number.of and not any(row[name] for name in rule.number.of):
        return "it is unknown: it is of nobody, or of nobody old enough"
    return "it is unknown"


def _worst(rule: Rule, found: list[Judged]) -> Iterable[Judged]:
    """Return the verdict of the worst segment alone, where that is asked for."""
    if WORST not in rule.segments.values():
        return found
    place = list(rule.segments.values()).index(WORST)
    groups: dict[object, list[Judged]] = {}
    for judged in found:
        series = judged.case.series
        others = (*series.segment[:place], *series.segment[place + 1 :])
        groups.setdefault((others, series.cell, _period(judged)), []).append(judged)
    return [max(group, key=_badness) for group in groups.values()]


def _period(judged: Judged) -> str | None:
    """Return the period of a verdict where each is judged; the latest need not be the same."""
    row, time = judged.case.row, judged.rule.shape.time
    return None if row is None or time is None or judged.rule.at == LATEST else str(row[time])


def _badness(judged: Judged) -> tuple[float, ...]:
    """Return what the worst has most of: its verdict, how sure that is, how far it is beyond."""
    sure = 0.0 if judged.p_value is None else 1 - judged.p_value
    beyond = -math.inf if judged.beyond is None else judged.beyond
    return _RANKS[judged.verdict], sure, beyond


def _p_value(rule: Rule, against: Held) -> float | None:
    """Return the one-sided p-value that a number lies within its limits; None where unknown.

    Of a share and fixed limits it is that of the score test, which Wilson's interval is made of;
    of anything else, the normal one that has the same interval.
    """
    limits = against.limits
    assert limits is not None
    sides = [(limits.least, 1), (limits.most, -1)]
    scores = (_score(rule, against.estimate, *each) for each in sides)
    known = [score for score in scores if score is not None]
    return 0.5 * math.erfc(max(known) / math.sqrt(2)) if known else None


def _score(rule: Rule, estimate: Estimate, edge: float | None, side: int) -> float | None:
    """Return how many standard errors a number is beyond an edge; side: 1 for the least."""
    if edge is None:
        return None
    distance = side * (edge - estimate.value)
    if rule.number.share and isinstance(rule.bound, Limits) and estimate.n:
        spread = math.sqrt(max(edge * (1 - edge), 0) / estimate.n)
    else:
        end = estimate.high if side > 0 else estimate.low
        if end is None:
            return None
        spread = abs(end - estimate.value) / quantile(rule.params.confidence)
    if not spread:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / spread


def _controlled(told: Sequence[Judged], fdr: float) -> list[Judged]:
    """Return verdicts whose false discovery rate over confident rules is `fdr` at most."""
    tested = {i: each.p_value for i, each in enumerate(told) if each.p_value is not None}
    adjusted = benjamini_hochberg(list(tested.values()))
    done = list(told)
    for i, p_value in zip(tested, adjusted.tolist(), strict=True):
        judged, against = told[i], told[i].held
        assert against is not None
        assert against.limits is not None
        verdict = verdict_of(
            against.estimate, against.limits, judged.rule.decide, among=p_value <= fdr
        )
        done[i] = replace(judged, verdict=mild(verdict, judged.rule.severity), p_value=p_value)
    return done


def _with_since(judged: Judged, saved: Mapping[str, Result]) -> Judged:
    """Add since when it is in breach: the rows before it are judged as it was, each by itself."""
    rule, case, time = judged.rule, judged.case, judged.rule.shape.time
    if judged.verdict not in ("breach", "warn") or time is None or case.row is None:
        return judged
    since: Row = case.row
    for at, row in _earlier(case):
        then = _judged(rule, Case(case.series, at), saved)
        if then.verdict != judged.verdict:
            break
        since = row
    return replace(judged, since=since[time])


def _earlier(case: Case) -> Iterator[tuple[int, Row]]:
    """Yield the rows before a case's, the nearest first."""
    assert case.at is not None
    for at in range(case.at - 1, -1, -1):
        yield at, case.series.rows[at]
