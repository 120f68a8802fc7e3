"""`funnel` a second time, from the words of its definition: every chain of events is tried.

A chain is a choice of distinct events, one for each step; all are listed, those that break a word
are left out, and what is left is counted. Slow, plain, and for a handful of events a member.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import combinations, pairwise, product
from statistics import NormalDist
from typing import Any

from oracle.brute import wilson
from oracle.clock import Periods
from oracle.people import Person, Row, World

Segment = tuple[str | None, ...]
Times = tuple[datetime, ...]

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86400
EDGES = (
    *(0, *(n * SECOND for n in (1, 2, 5, 10, 30)), *(n * MINUTE for n in (1, 2, 5, 10, 30))),
    *(*(n * HOUR for n in (1, 2, 6, 12)), *(n * DAY for n in (1, 2, 3, 7, 14, 30, 90, 365))),
    None,
)


# --- what is asked ---


@dataclass(frozen=True)
class Selector:
    """Events of any of these (name, least amount); None for any name, and for any amount."""

    label: str
    alternatives: tuple[tuple[str | None, float | None], ...]

    def takes(self, row: Row) -> bool:
        return any(
            name in (None, row["event"])
            and (above is None or (row["amount"] is not None and row["amount"] > above))
            for name, above in self.alternatives
        )


def selector(text: str) -> Selector:
    """Of what the grammar has: `a`, `*`, `a[amount > 5]`, `[amount > 5]`, `a|b`, `label = a`."""
    label, _, body = text.rpartition(" = ")
    body = body.strip()
    alternatives = []
    for piece in body.split("|"):
        match = re.fullmatch(r"(\w+|\*)?(?:\[amount > (\d+)\])?", piece.strip())
        assert match, piece
        name = None if match[1] == "*" else match[1]
        alternatives.append((name, None if match[2] is None else float(match[2])))
    return Selector(label or body, tuple(alternatives))


def steps_of(text: str | Sequence[str]) -> tuple[Selector, ...]:
    """Of "a > b > c" or of its pieces; a ">" in brackets compares."""
    pieces = re.split(r" > (?![^\[]*\])", text) if isinstance(text, str) else text
    return tuple(map(selector, pieces))


def length(text: str | None) -> timedelta | None:
    if text is None:
        return None
    return timedelta(**{UNITS[text[-1]]: int(text[:-1])})


@dataclass(frozen=True)
class Funnel:
    """What makes a chain, and which chains count."""

    steps: tuple[Selector, ...]
    order: str = "ordered"
    window: timedelta | None = None
    step_window: timedelta | None = None
    attempt: str = "best"
    exclude: tuple[Selector, ...] = ()
    include_open: bool = False

    def begins(self, row: Row) -> bool:
        """Whether an attempt may begin with this event."""
        first = self.steps if self.order == "any" else self.steps[:1]
        return any(step.takes(row) for step in first)

    def over(self, start: datetime, as_of: datetime) -> bool:
        return self.window is None or start + self.window < as_of


# --- one member ---


@dataclass(frozen=True)
class Journey:
    """How far one member came: the times of the reported chain, as many as the level."""

    person: Person
    chain: Times
    starts: Times
    open: bool

    @property
    def level(self) -> int:
        return len(self.chain)

    def took(self, step: int) -> timedelta:
        """From the step before to this one; of step 0 from the first to the last."""
        if step == 0:
            return self.chain[-1] - self.chain[0]
        return self.chain[step - 1] - self.chain[step - 2]


def chains(events: Sequence[Row], funnel: Funnel) -> Iterator[Times]:
    """The times of every chain, of every length, whether or not it counts."""
    numbers = range(len(funnel.steps))
    pools = [[i for i, row in enumerate(events) if step.takes(row)] for step in funnel.steps]
    for size in range(1, len(funnel.steps) + 1):
        filled = combinations(numbers, size) if funnel.order == "any" else [numbers[:size]]
        for steps in filled:
            for chosen in product(*(pools[step] for step in steps)):
                if len(set(chosen)) == size:
                    times = [events[i]["time"] for i in chosen]
                    if funnel.order == "any":
                        times.sort()
                    if holds(times, events, funnel):
                        yield tuple(times)


def holds(times: Sequence[datetime], events: Sequence[Row], funnel: Funnel) -> bool:
    """Whether events at these times, one for each step, are a chain."""
    neighbours = list(pairwise(times))
    if any(later < time for time, later in neighbours):
        return False
    if funnel.window is not None and times[-1] - times[0] > funnel.window:
        return False
    if funnel.step_window is not None and any(b - a > funnel.step_window for a, b in neighbours):
        return False
    if funnel.order == "strict" and any(
        a < row["time"] < b for a, b in neighbours for row in events
    ):
        return False
    return not any(
        times[0] < row["time"] < times[-1] and any(one.takes(row) for one in funnel.exclude)
        for row in events
    )


def journey(person: Person, funnel: Funnel, as_of: datetime) -> Journey:
    starts = tuple(row["time"] for row in person.events if funnel.begins(row))

    def counts(start: datetime) -> bool:
        if funnel.attempt == "first" and start != min(starts):
            return False
        return funnel.include_open or funnel.over(start, as_of)

    counting = [times for times in chains(person.events, funnel) if counts(times[0])]
    level = max(map(len, counting), default=0)
    longest = [times for times in counting if len(times) == level]
    is_open = bool(starts) and not any(map(counts, starts))
    return Journey(person, reported(longest, funnel), tuple(sorted(starts)), is_open)


def reported(longest: Sequence[Times], funnel: Funnel) -> Times:
    """The chain that is done first; of these the one whose steps are closest to their next."""
    if not longest:
        return ()
    done = min(times[-1] for times in longest)
    first = [times for times in longest if times[-1] == done]
    if funnel.order == "any":  # latest start, and then as for the others
        start = max(times[0] for times in first)
        first = [times for times in first if times[0] == start]
    return max(first, key=lambda times: times[::-1])


# --- all members ---


def funnel(
    world: World,
    *,
    steps: str | Sequence[str],
    order: str = "ordered",
    window: str | None = None,
    step_window: str | None = None,
    attempt: str = "best",
    exclude: Sequence[str] = (),
    include_open: bool = False,
    target: Sequence[str] = (),
    min_members: int = 100,
    by: Sequence[str] = (),
    confidence: float = 0.95,
    trend: str | None = None,
    week_start: str = "monday",
) -> dict[str, list[Row]]:
    """The rows of every table by its name; `world` was observed with the same `by`."""
    asked = Funnel(
        steps=steps_of(steps),
        order=order,
        window=length(window),
        step_window=length(step_window),
        attempt=attempt,
        exclude=tuple(map(selector, exclude)),
        include_open=include_open,
    )
    journeys = [journey(person, asked, world.as_of) for person in world.people]
    size = len(asked.steps)
    events = [step.label for step in asked.steps]
    if order == "any":
        events = [f"{step} of {size} steps" for step in range(1, size + 1)]
    groups: dict[Segment, list[Journey]] = {} if by else {(): []}
    for one in (one for one in journeys if one.person.events):
        groups.setdefault(one.person.segment, []).append(one)
    targets = {int(text.split("=")[0]): Fraction(text.split("=")[1]) for text in target}
    periods = trend and Periods(trend, world.tz, week_start)
    return {
        "main": main(groups, events, by, confidence, targets, min_members),
        "durations": durations(groups, size, by),
        "segments": segments(groups, events, by, confidence) if by else [],
        "trend": over_time(groups, events, by, confidence, periods, asked, world)
        if periods
        else [],
        "dropoffs": dropoffs(groups, events, by, asked),
    }


def members(own: Iterable[Journey], size: int) -> list[int]:
    """How many came to each step; the number of step 1 is the second, so that n[k] is of step k."""
    levels = [one.level for one in own]
    return [len(levels), *(sum(level >= step for level in levels) for step in range(1, size + 1))]


def share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def number(ratio: Fraction | None) -> float | None:
    return None if ratio is None else float(ratio)


def counted(n: Sequence[int], step: int, confidence: float) -> Row:
    """Members of a step, of those of the step before, and of all that began."""
    before = n[step - 1] if step > 1 else 0
    low, high = wilson(n[step], before, confidence)
    return {
        "members": n[step],
        "coefficient": number(share(n[step], before)),
        "ci_low": low,
        "ci_high": high,
        "overall": number(share(n[step], n[1])),
    }


def main(
    groups: dict[Segment, list[Journey]],
    events: Sequence[str],
    by: Sequence[str],
    confidence: float,
    targets: dict[int, Fraction],
    min_members: int,
) -> list[Row]:
    rows = []
    size = len(events)
    counts = {segment: members(own, size) for segment, own in groups.items()}
    best: dict[int, Fraction | None] = {}
    for step in range(2, size + 1):
        of_enough = [n for n in counts.values() if n[step - 1] >= max(min_members, 1)]
        best[step] = max((Fraction(n[step], n[step - 1]) for n in of_enough), default=None)

    def leverage(n: Sequence[int], step: int) -> Fraction | None:
        coefficient = share(n[step], n[step - 1]) if step > 1 else None
        if not coefficient:
            return None
        if step in targets:
            return targets[step] / coefficient - 1
        if by:
            reached = best[step]
            return None if reached is None else max(reached / coefficient - 1, Fraction(0))
        return 1 / coefficient - 1

    for segment, own in groups.items():
        n = counts[segment]
        levers = {step: leverage(n, step) for step in range(1, size + 1)}
        most = max((lever for lever in levers.values() if lever is not None), default=None)
        greatest = [step for step, lever in levers.items() if lever is not None and lever == most]
        for step, event in enumerate(events, 1):
            row: Row = dict(zip(by, segment, strict=True)) | {"step": step, "event": event}
            row |= counted(n, step, confidence)
            row["dropped"] = n[step - 1] - n[step] if step > 1 else None
            row["open"] = sum(one.open for one in own) if step == 1 else None
            times = [one.took(step) for one in own if one.level >= step] if step > 1 else []
            row["median_seconds"] = nearest_rank(times, 50)
            row["p90_seconds"] = nearest_rank(times, 90)
            row["leverage"] = number(levers[step])
            row["bottleneck"] = step in greatest[:1]
            rows.append(row)
    return rows


def nearest_rank(times: Iterable[timedelta], percent: int) -> int | None:
    """The least number of whole seconds that so many of a hundred do not exceed."""
    seconds = sorted(time // timedelta(seconds=1) for time in times)
    enough = [s for i, s in enumerate(seconds, 1) if i * 100 >= percent * len(seconds)]
    return enough[0] if enough else None


def durations(groups: dict[Segment, list[Journey]], size: int, by: Sequence[str]) -> list[Row]:
    """How many members took how long for each step, and (step 0) for all of it."""
    rows = []
    for segment, own in groups.items():
        for step in (0, *range(2, size + 1)):
            reached = [one for one in own if one.level >= (step or size)]
            for low, high in pairwise(EDGES):
                found = sum(
                    one.took(step).total_seconds() >= (low or 0)
                    and (high is None or one.took(step).total_seconds() < high)
                    for one in reached
                )
                if found:
                    row: Row = dict(zip(by, segment, strict=True)) | {"step": step}
                    rows.append(row | {"seconds_from": low, "seconds_to": high, "members": found})
    return rows


def segments(
    groups: dict[Segment, list[Journey]],
    events: Sequence[str],
    by: Sequence[str],
    confidence: float,
) -> list[Row]:
    """Each segment against all the others together, step by step."""
    rows = []
    for segment, own in groups.items():
        others = [one for other, them in groups.items() if other != segment for one in them]
        mine, rest = members(own, len(events)), members(others, len(events))
        for step, event in enumerate(events[1:], 2):
            row: Row = {"step": step, "event": event} | dict(zip(by, segment, strict=True))
            row |= {"members": mine[step], "coefficient": number(share(mine[step], mine[step - 1]))}
            row["rest"] = number(share(rest[step], rest[step - 1]))
            row |= compared(mine[step], mine[step - 1], rest[step], rest[step - 1], confidence)
            rows.append(row)
    tests = sorted((row for row in rows if row["p_value"] is not None), key=lambda r: r["p_value"])
    adjusted = 0.0
    for rank, row in enumerate(tests):  # Holm: never less than the one before, at most 1
        adjusted = max(adjusted, min(1.0, (len(tests) - rank) * row["p_value"]))
        row["p_holm"] = adjusted
        row["real"] = adjusted < 1 - confidence
    return rows


def compared(k1: int, n1: int, k2: int, n2: int, confidence: float) -> Row:
    """Newcombe's interval (method 10) of a difference, and the pooled two-proportion z-test."""
    nothing = dict.fromkeys(("difference", "ci_low", "ci_high", "p_value", "p_holm"))
    if not n1 or not n2:
        return nothing | {"real": False}
    p1, p2 = k1 / n1, k2 / n2
    (l1, u1), (l2, u2) = wilson(k1, n1, confidence), wilson(k2, n2, confidence)
    assert None not in (l1, u1, l2, u2)
    pooled = Fraction(k1 + k2, n1 + n2)
    variance = pooled * (1 - pooled) * (Fraction(1, n1) + Fraction(1, n2))
    p_value = 1.0  # nobody or everybody: no difference at all
    if variance:
        p_value = 2 * NormalDist().cdf(-abs(p1 - p2) / math.sqrt(variance))
    return {
        "difference": p1 - p2,
        "ci_low": p1 - p2 - math.hypot(p1 - l1, u2 - p2),
        "ci_high": p1 - p2 + math.hypot(u1 - p1, p2 - l2),
        "p_value": p_value,
        "p_holm": None,
        "real": False,
    }


def over_time(
    groups: dict[Segment, list[Journey]],
    events: Sequence[str],
    by: Sequence[str],
    confidence: float,
    periods: Periods,
    asked: Funnel,
    world: World,
) -> list[Row]:
    """Members that count by the period of their first start; of nobody there is no row."""
    rows = []
    for segment, own in groups.items():
        entered: dict[int, list[Journey]] = {}
        for one in own:
            if one.level:
                entered.setdefault(periods.number(one.starts[0]), []).append(one)
        for period in sorted(entered):
            n = members(entered[period], len(events))
            ends = periods.begins(period + 1) + (asked.window or timedelta())
            for step, event in enumerate(events, 1):
                row: Row = dict(zip(by, segment, strict=True)) | {"period": periods.name(period)}
                row |= {"step": step, "event": event} | counted(n, step, confidence)
                rows.append(row | {"complete": ends <= world.as_of})
    return rows


def dropoffs(
    groups: dict[Segment, list[Journey]], events: Sequence[str], by: Sequence[str], asked: Funnel
) -> list[Row]:
    """What those that came to a step and no further did next (at one moment, the first name)."""
    rows = []
    for segment, own in groups.items():
        for step, event in enumerate(events[:-1], 1):
            left = [one for one in own if one.level == step]
            nexts = Counter(after(one, asked) for one in left)
            for name, found in nexts.items():
                row: Row = dict(zip(by, segment, strict=True)) | {"step": step, "event": event}
                rows.append(row | {"next": name, "members": found, "share": found / len(left)})
    return rows


def after(one: Journey, asked: Funnel) -> str | None:
    later = [row for row in one.person.events if row["time"] > one.chain[-1]]
    if asked.window is not None:
        later = [row for row in later if row["time"] - one.chain[0] <= asked.window]
    if not later:
        return None
    names = [row["event"] for row in later if row["time"] == later[0]["time"]]
    return "(no name)" if None in names else min(names)


# --- what changed from some members to others ---


def change(before: Sequence[int], after: Sequence[int], events: Sequence[str]) -> list[Row]:
    """The change of the last overall, by nodes (LMDI). Members of each step, all above 0."""
    c0, c1 = ([b / a for a, b in pairwise(n)] for n in (before, after))
    o0, o1 = before[-1] / before[0], after[-1] / after[0]
    mean = o0 if before[-1] * after[0] == after[-1] * before[0] else (o1 - o0) / math.log(o1 / o0)
    rows = []
    for step, event in enumerate(events[1:], 2):
        row: Row = {"step": step, "event": event, "before": before[step - 1]}
        row |= {"after": after[step - 1], "coefficient_before": c0[step - 2]}
        row["coefficient_after"] = c1[step - 2]
        row["contribution"] = mean * math.log(c1[step - 2] / c0[step - 2])
        row["share"] = row["contribution"] / (o1 - o0) if o1 != o0 else None
        rows.append(row)
    return rows


def levels(events: Iterable[Row], as_of: datetime, **asked: Any) -> dict[str, Journey]:
    """Every member's journey by the member's id."""
    wanted = Funnel(**asked)
    own: dict[str, list[Row]] = {}
    for row in events:
        if row["time"] < as_of:
            own.setdefault(row["member"], []).append(row)
    return {
        member: journey(Person(tuple(rows), None, ()), wanted, as_of)
        for member, rows in own.items()
    }
