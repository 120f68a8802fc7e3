"""Verdicts in words: one line tells the story."""

from __future__ import annotations

from collections.abc import Iterator

from retainkit.checking.bounds import Limits
from retainkit.checking.cells import when
from retainkit.checking.judging import Judged
from retainkit.checking.rules import Rule
from retainkit.render import cells, named


def bound_text(rule: Rule, limits: Limits | None) -> str:
    """Return what the number is held against: `at least 25%`."""
    bound = rule.bound
    if isinstance(bound, Limits):
        return _limits_text(rule, bound)
    reach = f"{bound.most:.4g}"
    if bound.relative or rule.value in named.FRACTIONS:
        points = f"{100 * bound.most:.4g}"
        unit = "%" if bound.relative else " point" if points == "1" else " points"
        reach = points + unit
    than = f"the mean of {bound.previous} before" if bound.previous else "the baseline"
    edge = "" if limits is None else f" ({_limits_text(rule, limits)})"
    return f"at most {reach} {'above' if bound.rise else 'below'} {than}{edge}"


def _limits_text(rule: Rule, limits: Limits) -> str:
    low, high = (
        None if e is None else named.told(rule.value, e) for e in (limits.least, limits.most)
    )
    if low is not None and high is not None:
        return f"between {low} and {high}"
    return f"at most {high}" if low is None else f"at least {low}"


def cell_text(judged: Judged) -> str:
    """Return which cell it is: `day 7, mode within`."""
    pairs = zip(judged.rule.cell, judged.case.series.cell, strict=True)
    return ", ".join(f"{name} {value}" for name, value in pairs)


def segment_text(judged: Judged) -> str | None:
    """Return which segment it is; None without --by."""
    pairs = zip(judged.rule.segments, judged.case.series.segment, strict=True)
    return ", ".join(f"{name} {cells.label(value)}" for name, value in pairs) or None


def at_text(judged: Judged) -> str | None:
    """Return the period or cohort of the number; None where there is none."""
    time, row = judged.rule.shape.time, judged.case.row
    return None if time is None or row is None else when(row[time])


def since_text(judged: Judged) -> str | None:
    """Return the first period of the breach; None where it has none."""
    return None if judged.since is None else when(judged.since)


def story(judged: Judged) -> str:
    """Return the verdict in one line: value, interval, n, bound, by how much, since when."""
    rule = judged.rule
    parts = [part for part in (cell_text(judged), segment_text(judged), at_text(judged)) if part]
    where = f" ({'; '.join(parts)})" if parts else ""
    line = f"{rule.metric} {rule.value}{where}: {', '.join(_evidence(judged))}"
    return f"{line}. {rule.message}" if rule.message and judged.verdict != "pass" else line


def _evidence(judged: Judged) -> Iterator[str]:
    rule, estimate = judged.rule, judged.estimate
    if estimate is not None:
        yield named.told(rule.value, estimate.value) + _interval(judged)
        if estimate.n is not None and rule.number.of != (rule.value,):
            yield f"n {estimate.n:,}"
    yield bound_text(rule, judged.limits)
    if judged.verdict == "undecided":
        yield judged.why
    elif judged.beyond is not None and judged.beyond > 0:
        yield f"{named.distance(rule.value, judged.beyond)} beyond"
        if judged.verdict == "warn" and rule.decide == "confident" and rule.severity == "error":
            yield "not surely so"
        since = since_text(judged)
        if since is not None and since != at_text(judged):
            yield f"since {since}"


def _interval(judged: Judged) -> str:
    rule, estimate = judged.rule, judged.estimate
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    level = f"{100 * rule.params.confidence:g}%"
    low, high = (named.told(rule.value, end) for end in (estimate.low, estimate.high))
    return f" [{level} {low} to {high}]"
