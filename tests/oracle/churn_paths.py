"""Why and after what members went, and what they came back with: the oracle of `churn`, part two.

The shares of two groups are compared stratum by stratum (age by age), written out as in the
textbooks: Mantel and Haenszel's ratio, with the variance of Greenland and Robins (1985).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from oracle.people import Row, passes
from oracle.spells import Life, Study, in_order

Unit = tuple[int, str]  # age and path


def reasons(
    seen: Study, by: Sequence[str], category: Callable[[str], str] | None
) -> tuple[list[Row], list[Row]]:
    """`reasons` and `reasons_over_time`: of who went, the reason of the last time."""
    overall: Counter[tuple[object, ...]] = Counter()
    by_period: Counter[tuple[object, ...]] = Counter()
    for life in seen.lives:
        ends = [spell.end for spell in life.spells if spell.end is not None]
        if ends:
            reason = life.person.entry.get("reason")
            group = "unknown" if reason is None else (category or str)(reason)
            overall[*life.person.segment, group, reason] += 1
            period = seen.periods.name(seen.period(ends[-1]))
            by_period[*life.person.segment, period, group] += 1
    width = len(by)
    return (
        shares(overall, (*by, "category", "reason"), width),
        shares(by_period, (*by, "period", "category"), width + 1),
    )


def shares(counts: Counter[tuple[object, ...]], names: Sequence[str], width: int) -> list[Row]:
    """Counts by key, each with its share of those that agree in the first `width` of the key."""
    rows = []
    for key, members in counts.items():
        total = sum(count for other, count in counts.items() if other[:width] == key[:width])
        row = dict(zip(names, key, strict=True))
        rows.append(row | {"members": members, "share": members / total})
    return rows


def returns(seen: Study, by: Sequence[str]) -> list[Row]:
    """What members did first when they came back."""
    counts: Counter[tuple[object, ...]] = Counter(
        (*life.person.segment, name(spell.rows[0]))
        for life in seen.lives
        for spell in life.spells[1:]
    )
    return shares(counts, (*by, "event"), len(by))


def name(row: Row) -> str:
    return row["event"] or "(no name)"


@dataclass(frozen=True)
class Stratum:
    """One age: how many went and stayed, and how many of them with the path."""

    churned: int
    churned_with: int
    stayed: int
    stayed_with: int

    @property
    def units(self) -> int:
        return self.churned + self.stayed


def paths(
    seen: Study,
    by: Sequence[str],
    last: int,
    leave_event: str | None,
    confidence: float,
) -> list[Row]:
    """The last events before members went, beside those of members of that age that stayed."""
    rows = []
    for segment in seen.segments():
        churned: list[Unit] = []
        stayed: list[Unit] = []
        for life in seen.of(segment):
            for row, gone in units(seen, life):
                age = seen.period_of(row) - seen.period(life.spells[0].begin)
                unit = age, path_to(life, row, last, leave_event)
                (churned if gone else stayed).append(unit)
        for path in {path for _, path in churned}:
            row = dict(zip(by, segment, strict=True)) | {"path": path}
            rows.append(row | compared(churned, stayed, path, confidence))
    return rows


def units(seen: Study, life: Life) -> Iterator[tuple[Row, bool]]:
    """The last activity of each period of each spell, and whether the member then went.

    Left out are those of whom nobody can say it yet: of the lifecycle also when the period in
    which the member is missing is not over.
    """
    for spell in life.spells:
        for period in sorted({seen.period_of(row) for row in spell.rows}):
            row = [row for row in spell.rows if seen.period_of(row) == period][-1]
            if row is not spell.rows[-1]:
                yield row, False
            elif spell.end is not None and (seen.unit == "day" or seen.complete(spell.end)):
                yield row, True


def path_to(life: Life, row: Row, last: int, leave_event: str | None) -> str:
    """The names of the last events up to `row`."""
    steps = [
        step
        for step in in_order(life.person.events)
        if not (leave_event and passes(step, leave_event))
    ]
    place = max(i for i, step in enumerate(steps) if step is row)
    return " > ".join(name(step) for step in steps[: place + 1][-last:])


def compared(churned: Sequence[Unit], stayed: Sequence[Unit], path: str, confidence: float) -> Row:
    """How often who went had the path, and who stayed, at the same ages."""
    strata = [
        Stratum(
            sum(other == age for other, _ in churned),
            churned.count((age, path)),
            sum(other == age for other, _ in stayed),
            stayed.count((age, path)),
        )
        for age in sorted({age for age, _ in [*churned, *stayed]})
    ]
    went = sum(one.churned_with for one in strata)
    both = [one for one in strata if one.churned and one.stayed]
    among = sum(one.churned for one in both)
    standard = [one.churned / among * one.stayed_with / one.stayed for one in both]
    lift, low, high = mantel_haenszel(both, confidence)
    return {
        "churned": went,
        "churned_share": went / len(churned) if churned else None,
        "stayed": sum(one.stayed_with for one in strata),
        "stayed_share": sum(standard) if both else None,
        "lift": lift,
        "ci_low": low,
        "ci_high": high,
    }


def mantel_haenszel(
    strata: Sequence[Stratum], confidence: float
) -> tuple[float | None, float | None, float | None]:
    """The common ratio of the shares of who went and who stayed, and its interval."""
    above = sum(one.churned_with * one.stayed / one.units for one in strata)
    below = sum(one.stayed_with * one.churned / one.units for one in strata)
    if below == 0:
        return None, None, None
    if above == 0:
        return 0.0, None, None
    spread = sum(
        (
            one.churned * one.stayed * (one.churned_with + one.stayed_with)
            - one.churned_with * one.stayed_with * one.units
        )
        / one.units**2
        for one in strata
    )
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    half = z * math.sqrt(spread / (above * below))
    return above / below, above / below * math.exp(-half), above / below * math.exp(half)
