"""`churn` a second time, from the words of its definition: loops over spells, periods and ages.

`spells.py` says who was there from when to when; here this is counted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy.stats import chi2

from oracle.brute import wilson
from oracle.churn_paths import paths, reasons, returns
from oracle.people import Row, World
from oracle.spells import Life, Spell, Study, day_of, study

Segment = tuple[str | None, ...]
Subject = tuple[int, bool]  # the age of the event, or the last age that was watched in vain
Subjects = dict[Segment, list[Subject]]


def churn(
    world: World,
    *,
    by: Sequence[str] = (),
    confidence: float = 0.95,
    since: datetime | None = None,
    category: Callable[[str], str] | None = None,
    with_reasons: bool = False,
    with_paths: bool = False,
    last: int = 3,
    **definition: Any,
) -> tuple[dict[str, list[Row]], Counter[str]]:
    """The rows of every table by its name, and what was found; `world` was observed with `by`."""
    seen = study(world, since=since, **definition)
    tables = {"main": main(seen, by, confidence, since)}
    first = watched(seen, lambda life: life.spells[:1])
    tables["timing"] = timing(seen, first, by, confidence)
    tables["survival"] = survival(seen, first, by, confidence)
    tables["logrank"] = logrank(first) if by else []
    tables["winback"] = winback(seen, by, confidence)
    later = watched(seen, lambda life: life.spells[1:])
    tables["second_life"] = timing(seen, later, by, confidence)
    tables["gaps"] = gaps(seen)
    told = reasons(seen, by, category) if with_reasons else ([], [])
    tables["reasons"], tables["reasons_over_time"] = told
    leave_event = definition.get("leave_event")
    tables["paths"] = paths(seen, by, last, leave_event, confidence) if with_paths else []
    tables["returns"] = returns(seen, by) if with_paths else []
    findings = seen.findings.copy()
    begun = [seen.period(life.spells[0].begin) for life in seen.lives]
    youngest = first_age(seen)  # the first age at which anyone can churn has to be over
    findings["too_young"] = sum(not seen.complete(period + youngest) for period in begun)
    if seen.inactive_days is not None:
        findings["undecided"] = sum(life.spells[-1].end is None for life in seen.lives)
    return tables, findings


# --- period by period ---


def main(seen: Study, by: Sequence[str], confidence: float, since: datetime | None) -> list[Row]:
    """One row for each segment and each period since anybody began."""
    begins = [seen.period(spell.begin) for life in seen.lives for spell in life.spells]
    if not begins:
        return []
    first = min(begins)
    shown = first if since is None else max(first, seen.periods.number(since))
    rows = []
    for segment in seen.segments():
        lives = seen.of(segment)
        before = 0
        for period in range(first, seen.last_begun + 1):
            row: Row = dict(zip(by, segment, strict=True)) | {"period": seen.periods.name(period)}
            if seen.unit == "period":
                row |= flow(lives, period, before, confidence)
                before = row["active"]
            else:
                row |= presence(seen, lives, period, confidence)
            if period >= shown:
                rows.append(row | {"complete": seen.complete(period)})
    return rows


def rate(k: int, n: int, confidence: float) -> Row:
    low, high = wilson(k, n, confidence)
    return {"churn_rate": k / n if n else None, "ci_low": low, "ci_high": high}


def flow(lives: Iterable[Life], period: int, previous: int, confidence: float) -> Row:
    """The lifecycle of one period: who is new, stayed, came back, went."""
    new = sum(life.spells[0].begin == period for life in lives)
    back = sum(spell.begin == period for life in lives for spell in life.spells[1:])
    churned = sum(spell.end == period for life in lives for spell in life.spells)
    return {
        "active": previous + new + back - churned,
        "previous": previous,
        "new": new,
        "retained": previous - churned,
        "resurrected": back,
        "churned": churned,
        **rate(churned, previous, confidence),
        "quick_ratio": (new + back) / churned if churned else None,
    }


def presence(seen: Study, lives: Iterable[Life], period: int, confidence: float) -> Row:
    """Who is there at the start of one period, who comes, who goes."""
    first, following = (seen.periods.name(number).toordinal() for number in (period, period + 1))
    start = joined = rejoined = churned = of_start = member_days = 0
    last = seen.world.as_of - timedelta(microseconds=1)
    end_of_days = day_of(last, seen.world.tz) + 1  # of those that began before as-of
    for life in lives:
        for number, spell in enumerate(life.spells):
            begins = first <= spell.begin < following
            ends = spell.end is not None and first <= spell.end < following
            start += spell.begin < first and (spell.end is None or spell.end >= first)
            joined += begins
            rejoined += begins and number > 0
            churned += ends
            of_start += ends and spell.begin < first
            member_days += sum(
                spell.begin <= day and (spell.end is None or day < spell.end)
                for day in range(first, min(following, end_of_days))
            )
    end = start + joined - churned
    middle = (start + end) / 2
    return {
        "present_start": start,
        "joined": joined,
        "rejoined": rejoined,
        "churned": churned,
        "churned_of_start": of_start,
        "present_end": end,
        **rate(of_start, start, confidence),
        "rate_average": churned / middle if middle else None,
        "rate_exposure": churned / member_days * (following - first) if member_days else None,
    }


# --- by age ---


def watched(seen: Study, chosen: Callable[[Life], Iterable[Spell]]) -> Subjects:
    """How long each chosen spell was watched, and whether until its end."""
    subjects: Subjects = {segment: [] for segment in seen.segments()}
    for life in seen.lives:
        for spell in chosen(life):
            subject = awaited(seen, spell.begin, spell.end)
            if subject:
                subjects[life.person.segment].append(subject)
    return subjects


def awaited(seen: Study, begin: int, event: int | None) -> Subject | None:
    """The age at which the event came in a period that is over, else the last age that is."""
    since = seen.period(begin)
    if event is not None and seen.complete(seen.period(event)):
        return seen.period(event) - since, True
    age = seen.last_complete - since
    return (age, False) if age >= first_age(seen) else None


def first_age(seen: Study) -> int:
    return 1 if seen.unit == "period" else 0


def life_table(seen: Study, subjects: Subjects, by: Sequence[str], confidence: float) -> list[Row]:
    """Kaplan-Meier: who is at risk at each age, who has the event, who is lost to sight."""
    rows = []
    for segment, own in subjects.items():
        survival, variance = Fraction(1), 0.0  # exact, so that one half is one half
        for age in range(first_age(seen), max((age for age, _ in own), default=-1) + 1):
            members = sum(until >= age for until, _ in own)
            events = sum(until == age and event for until, event in own)
            survival *= 1 - Fraction(events, members)
            if members > events:
                variance += events / (members * (members - events))
            low, high = greenwood(float(survival), variance, confidence)
            row: Row = dict(zip(by, segment, strict=True))
            row |= {"age": age, "members": members, "churned": events}
            row["censored"] = sum(until == age and not event for until, event in own)
            row["hazard"] = events / members
            rows.append(row | {"survival": float(survival), "ci_low": low, "ci_high": high})
    return rows


def greenwood(survival: float, variance: float, confidence: float) -> tuple[float, float]:
    """The limits of a survival on the scale log(-log); 0 and 1 are not on it: their own limits."""
    if survival in (0, 1):
        return survival, survival
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    half = z * math.sqrt(variance) / abs(math.log(survival))
    return survival ** math.exp(half), survival ** math.exp(-half)


def timing(seen: Study, subjects: Subjects, by: Sequence[str], confidence: float) -> list[Row]:
    return life_table(seen, subjects, by, confidence)


def survival(seen: Study, subjects: Subjects, by: Sequence[str], confidence: float) -> list[Row]:
    table = life_table(seen, subjects, by, confidence)
    expected = expected_events(subjects)
    several = sum(bool(own) for own in subjects.values()) > 1

    def reached(rows: Sequence[Row], column: str) -> int | None:
        return min((row["age"] for row in rows if row[column] <= 0.5), default=None)

    rows = []
    for segment, own in subjects.items():
        if not own:
            continue
        row: Row = dict(zip(by, segment, strict=True))
        lines = [line for line in table if tuple(line[column] for column in by) == segment]
        row |= {"members": len(own), "churned": sum(event for _, event in own)}
        row["censored"] = row["members"] - row["churned"]
        row["median"] = reached(lines, "survival")
        limited = [line for line in lines if line["survival"] > 0]
        row["median_low"] = reached(limited, "ci_low")
        row["median_high"] = reached(limited, "ci_high")
        row["expected"] = expected[segment] if several else None
        rows.append(row)
    return rows


def at_event_ages(subjects: Subjects) -> list[tuple[int, list[int]]]:
    """For each age with an event: how many have it, and who is at risk, by segment."""
    found = []
    for age in sorted({until for own in subjects.values() for until, event in own if event}):
        events = sum(subject == (age, True) for own in subjects.values() for subject in own)
        found.append((events, [sum(u >= age for u, _ in own) for own in subjects.values()]))
    return found


def expected_events(subjects: Subjects) -> dict[Segment, float]:
    """The events of each segment, were its members as likely as others to have them at an age."""
    expected = dict.fromkeys(subjects, 0.0)
    for events, at_risk in at_event_ages(subjects):
        for segment, members in zip(subjects, at_risk, strict=True):
            expected[segment] += events * members / sum(at_risk)
    return expected


def logrank(subjects: Subjects) -> list[Row]:
    """Observed less expected, against the covariance of drawing without replacement."""
    groups = {segment: own for segment, own in subjects.items() if own}
    if len(groups) < 2:
        return []
    # A group of which nobody is left at the first event is not compared.
    at_first = [at_risk for _, at_risk in at_event_ages(groups)[:1]]
    compared = sum(members > 0 for at_risk in at_first for members in at_risk)
    df = max(compared - 1, 0)
    covariance = np.zeros((len(groups), len(groups)))
    for events, at_risk in at_event_ages(groups):
        total = sum(at_risk)
        if total > 1:
            share = np.array(at_risk) / total
            scale = events * (total - events) / (total - 1)
            covariance += scale * (np.diag(share) - np.outer(share, share))
    row: Row = {"groups": len(groups), "statistic": None, "df": df, "p_value": None}
    if not covariance.any():
        return [row]
    expected = expected_events(groups)
    more = np.array([sum(e for _, e in own) - expected[s] for s, own in groups.items()])
    statistic = float(more @ np.linalg.pinv(covariance, hermitian=True) @ more)
    return [row | {"statistic": statistic, "p_value": float(chi2.sf(statistic, df))}]


# --- after a churn, and before ---


def winback(seen: Study, by: Sequence[str], confidence: float) -> list[Row]:
    """How long members that went were silent before they came back."""
    subjects: Subjects = {segment: [] for segment in seen.segments()}
    for life in seen.lives:
        nexts: list[Spell | None] = [*life.spells[1:], None]
        for spell, following in zip(life.spells, nexts, strict=True):
            if spell.end is not None:
                back = following.begin if following else None
                subject = awaited(seen, spell.end, back)
                if subject:
                    subjects[life.person.segment].append(subject)
    rows = []
    for row in life_table(seen, subjects, by, confidence):
        answer = {column: row[column] for column in by} | {"silence": row["age"]}
        answer |= {"members": row["members"], "returned": row["churned"]}
        answer |= {"censored": row["censored"], "rate": row["hazard"]}
        low, high = wilson(row["churned"], row["members"], confidence)
        answer |= {"ci_low": low, "ci_high": high, "returned_so_far": 1 - row["survival"]}
        rows.append(answer)
    return rows


def gaps(seen: Study) -> list[Row]:
    """How often each number of days lies between two active days (of inactivity only)."""
    shown = sorted(seen.gaps)
    chosen = max((gap for gap in shown if gap <= (seen.inactive_days or 0)), default=None)
    total = seen.gaps.total()
    return [
        {
            "gap_days": gap,
            "gaps": seen.gaps[gap],
            "share": seen.gaps[gap] / total,
            "cumulative": sum(seen.gaps[other] for other in shown if other <= gap) / total,
            "chosen": gap == chosen,
        }
        for gap in shown
    ]
