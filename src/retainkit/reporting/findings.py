"""What changed or differs beyond noise, told by tests.

Every comparison of the report is made first (`measures`), then corrected for how many there are;
what is left is told once, the members concerned deciding what comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from retainkit.reporting.compared import Told
from retainkit.reporting.contents import Part, ReportParams
from retainkit.reporting.counts import Counts, Value
from retainkit.reporting.measures import Measure, Test, measures
from retainkit.reporting.model import Finding
from retainkit.reporting.sentences import MOST_ALSO, also, plain, sentence, share_of
from retainkit.results import Result
from retainkit.stats.differences import benjamini_hochberg
from retainkit.stats.intervals import wilson

MOST = 7  # sentences

Subject = tuple[str | None, object]  # a column and its value; of all members, what it is about


@dataclass(frozen=True, eq=False)
class Comparison:
    """One test that was made."""

    measure: Measure
    test: Test
    told: Told

    @property
    def subject(self) -> Subject:
        """What a sentence about it would be about; all new members coming back are one thing."""
        measure = self.measure
        if measure.column is not None:
            return measure.column, self.told.value
        return None, measure.what if measure.kind == "node" else "new members"

    @property
    def matters(self) -> bool:
        """Whether it is worth a sentence: of reasons, only those that are named more often."""
        return self.told.matters and (self.measure.kind != "reason" or self.told.more > 0)


@dataclass(frozen=True, eq=False)
class Judged:
    """All comparisons with what they come to. limits: the largest p-value that passes, by subject.

    p_values: adjusted, by comparison.
    """

    found: Sequence[Comparison]
    p_values: Sequence[float]
    limits: Mapping[Subject, float]

    def passes(self, subject: Subject, told: Told) -> bool:
        """Return whether a comparison of a subject is large enough, and beyond noise."""
        return told.matters and told.p_value <= self.limits.get(subject, -1.0)


def findings(
    parts: Sequence[Part], results: Mapping[str, Result], params: ReportParams
) -> tuple[list[Finding], int]:
    """Return what stands out, the most telling first, and how many comparisons were made."""
    made = measures(parts, results, params.period)
    found = [
        Comparison(measure, test, told)
        for measure in made
        for test in measure.tests
        for told in measure.told(test)
    ]
    judged = _judged(found, params.fdr)
    real = _without_echoes(judged)
    real = [each for each in real if not _is_explained(each, real, made)]
    told = [_finding(own, judged, params) for own in _by_subject(real).values()]
    told.sort(key=lambda each: (-abs(each.members or 0.0), each.p_value))
    return told[:MOST], len(found)


def _judged(found: Sequence[Comparison], fdr: float) -> Judged:
    """Return comparisons corrected for how many there are, and how many subjects.

    A subject stands on the smallest of its p-values times their number (Bonferroni), and those
    of all subjects are corrected for how many there are (Benjamini-Hochberg): of the sentences a
    share of `fdr` may be wrong, however many true things there are to say of one subject. All
    comparisons together are corrected, too, and the larger p-value counts.
    """
    raw = np.array([each.told.p_value for each in found])
    every = benjamini_hochberg(raw)
    own = _grouped(found, range(len(found)))
    worst = {subject: min(1.0, len(at) * raw[at].min()) for subject, at in own.items()}
    subjects = dict(zip(worst, benjamini_hochberg(list(worst.values())), strict=True))
    chosen = [subject for subject, p_value in subjects.items() if p_value <= fdr]
    share = fdr * len(chosen) / max(len(own), 1)
    most = float(raw[every <= fdr].max(initial=-1.0))
    return Judged(
        found=found,
        p_values=[max(q, subjects[each.subject]) for q, each in zip(every, found, strict=True)],
        limits={subject: min(most, share / len(own[subject])) for subject in chosen},
    )


def _grouped(found: Sequence[Comparison], some: Iterable[int]) -> dict[Subject, list[int]]:
    """Return the places of the comparisons of each subject."""
    grouped: dict[Subject, list[int]] = {}
    for i in some:
        grouped.setdefault(found[i].subject, []).append(i)
    return grouped


def _without_echoes(judged: Judged) -> list[Comparison]:
    """Return what passes and is no echo, the smallest p-value first.

    Where one value stands out, the others differ from the rest just because it is in the rest. So
    a value has to differ, too, from all others without those that stand out more.
    """
    passed = [
        each for each in judged.found if each.matters and judged.passes(each.subject, each.told)
    ]
    passed.sort(key=lambda each: each.told.p_value)
    named: dict[str | None, set[Value]] = {}
    kept = []
    for each in passed:
        before = named.setdefault(each.measure.column, set())
        if each.measure.column is None or _is_own(each, before - {each.told.value}, judged):
            before.add(each.told.value)
            kept.append(each)
    return kept


def _is_own(each: Comparison, others: set[Value], judged: Judged) -> bool:
    """Return whether a value differs from the rest without `others`, too."""
    if not others:
        return True
    again = each.measure.told(each.test, each.measure.counts.without(others))
    return any(
        told.value == each.told.value
        and told.more * each.told.more > 0
        and judged.passes(each.subject, told)
        for told in again
    )


def _is_explained(each: Comparison, real: Sequence[Comparison], made: Sequence[Measure]) -> bool:
    """Return whether a change of all members is one of the values that are told anyway.

    So it is where, without the members of these, not half of it is left.
    """
    if each.measure.column is not None or each.told.since is None:
        return False
    for twin in made:
        values = {
            other.told.value for other in real if twin.column == other.measure.column is not None
        }
        if values and twin.same == each.measure.same:
            all_of_it = _step(twin.counts, each.told.since)
            left = _step(twin.counts.without(values), each.told.since)
            if left * np.sign(all_of_it) < abs(all_of_it) / 2:
                return True
    return False


def _step(counts: Counts, since: date) -> float:
    """Return how much the share of all changed from a period on."""
    late = np.array([period >= since for period in counts.periods], dtype=np.bool_)
    part, whole = counts.by_period(counts.all_part), counts.by_period(counts.all_whole)
    after, before = (part[span].sum() / max(whole[span].sum(), 1.0) for span in (late, ~late))
    return float(after - before)


def _by_subject(real: Sequence[Comparison]) -> dict[Subject, list[Comparison]]:
    """Return the comparisons of each subject, the one that is told in full first."""
    grouped: dict[Subject, list[Comparison]] = {}
    for each in real:
        grouped.setdefault(each.subject, []).append(each)
    for own in grouped.values():
        own.sort(key=_rank)
        # Of one measure, since when says more than how far.
        dated = [i for i, each in enumerate(own) if each.measure is own[0].measure]
        dated = [i for i in dated if own[i].test == "change"]
        own.insert(0, own.pop(dated[0] if dated else 0))
    return grouped


def _rank(each: Comparison) -> tuple[int, float]:
    """Return the order within a subject: what members do, what they say, who joins; p-values."""
    last = {"reason": 1, "joins": 2}
    return last.get(each.measure.kind, 0), each.told.p_value


def _finding(own: Sequence[Comparison], judged: Judged, params: ReportParams) -> Finding:
    """Return the sentence of one subject: the first comparison in full, others in words."""
    lead, *more = own
    worded = plain if params.share_safe else sentence
    others = list(_others(lead, more))
    said = also([(each.measure, each.told) for each in others])
    sections = (each.measure.section for each in others)
    return Finding(
        sentence=f"{worded(lead.measure, lead.told)} {said}".rstrip(),
        section=lead.measure.section,
        kind=lead.measure.kind,
        subject=_name(lead),
        p_value=float(judged.p_values[judged.found.index(lead)]),
        members=float(lead.measure.cost(lead.told)),
        evidence=_evidence(lead, params.confidence),
        also=tuple(dict.fromkeys(name for name in sections if name != lead.measure.section)),
    )


def _others(lead: Comparison, more: Sequence[Comparison]) -> Iterator[Comparison]:
    """Yield what else is told of a subject: one comparison of each kind, a few."""
    kinds = {lead.measure.kind}
    for each in more:
        if each.measure.kind not in kinds and len(kinds) <= MOST_ALSO:
            kinds.add(each.measure.kind)
            yield each


def _name(each: Comparison) -> str:
    column = each.measure.column
    if column is not None:
        return f"{column}={'' if each.told.value is None else each.told.value}"
    return " > ".join(each.measure.what) if each.measure.kind == "node" else "all"


def _evidence(each: Comparison, confidence: float) -> dict[str, object]:
    told = each.told
    low, high = wilson(np.array([told.own * told.whole]), np.array([told.whole]), confidence)
    numbers = {
        "own": told.own,
        "others": told.others,
        "before": told.before,
        "others_before": told.others_before,
        "n": told.whole,
        "n_compared": told.rest,
        "low": low[0],
        "high": high[0],
        "p_value": told.p_value,
    }
    return {
        "test": each.test,
        "column": each.measure.column,
        "value": told.value,
        "share": share_of(each.measure),
        "what": list(each.measure.what),
        "since": None if told.since is None else told.since.isoformat(),
        **{name: None if value is None else float(value) for name, value in numbers.items()},
    }
