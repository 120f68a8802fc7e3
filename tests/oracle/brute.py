"""`cohort` and `retention` a second time, from the words of the definitions: dicts and loops.

Nothing here is fast or shares a thought with `retainkit`; a reader checks it against the
definitions line by line, and the tests check `retainkit` against it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import NormalDist
from typing import Any

from oracle.clock import DAY, ELAPSED, Periods
from oracle.people import Row, World, first_start, passes, recurring_starts

FOREVER = 10**9


def wilson(k: int, n: int, confidence: float) -> tuple[float | None, float | None]:
    """The Wilson score interval of k out of n."""
    if n == 0:
        return None, None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p = k / n
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def rated(row: Row, returned: int, n: int, confidence: float) -> Row:
    low, high = wilson(returned, n, confidence)
    rate = returned / n if n else None
    return row | {"returned": returned, "rate": rate, "ci_low": low, "ci_high": high}


@dataclass(frozen=True)
class Spell:
    """What one member did after one start: (age, event) of return events, ages of orders."""

    start: datetime
    seen: list[tuple[int, Row]]
    orders: list[int]
    at_least: int = 1

    def active(self, low: int, high: int) -> bool:
        """Whether the ages low … high together hold enough return events."""
        return sum(low <= age <= high for age, _ in self.seen) >= self.at_least

    def active_at_any(self, low: int, high: int) -> bool:
        """Whether one of the ages low … high by itself holds enough return events."""
        return any(self.active(age, age) for age, _ in self.seen if low <= age <= high)

    def value(self, measure: str, low: int, high: int) -> float:
        if measure == "orders":
            return sum(low <= age <= high for age in self.orders)
        return math.fsum(row["amount"] or 0 for age, row in self.seen if low <= age <= high)


def spell(
    events: Sequence[Row],
    start: datetime,
    periods: Periods,
    clock: str,
    return_event: str | None,
    at_least: int = 1,
) -> Spell:
    def age(moment: datetime) -> int:
        if clock == "elapsed":
            return (moment - start) // ELAPSED[periods.kind]
        return periods.number(moment) - periods.number(start)

    returns = [row for row in events if passes(row, return_event)]
    placed: dict[object, datetime] = {}  # events come in time order: the earliest one stays
    for row in returns:
        order = row.get("order")
        placed.setdefault(object() if order is None else order, row["time"])
    seen = [(age(row["time"]), row) for row in returns if row["time"] >= start]
    orders = [age(moment) for moment in placed.values() if moment >= start]
    return Spell(start, seen, orders, at_least)


def came_back(life: Spell, mode: str, low: int, high: int) -> bool:
    """Whether the member returned at the age `low == high`, or within the bracket."""
    if mode == "within":
        return life.active_at_any(1, low)
    if mode == "on-or-after":
        return life.active_at_any(low, FOREVER)
    if mode == "every":
        return all(life.active(age, age) for age in range(low + 1))
    return life.active(low, high)


def worth(life: Spell, measure: str, mode: str, low: int, high: int) -> float:
    """The sum at the age (or over the bracket), whether or not it is enough to have returned."""
    if mode == "within":
        return life.value(measure, 1, low)
    if mode == "on-or-after":
        return life.value(measure, low, FOREVER)
    if mode == "every" and not came_back(life, mode, low, high):
        return 0
    return life.value(measure, low, high)


def ages(brackets: Sequence[str], horizon: int) -> list[tuple[int | str, int, int]]:
    """(name, first age, last age) of every column of the triangle."""
    if not brackets:
        return [(age, age, age) for age in range(horizon + 1)]
    ends = [(text, text.split("-")) for text in brackets]
    return [(text, int(parts[0]), int(parts[-1])) for text, parts in ends]


def window(
    periods: Periods, clock: str, cohort: int, low: int, high: int
) -> tuple[datetime, datetime]:
    """When the ages low … high begin for the earliest and end for the latest of a cohort."""
    if clock == "elapsed":
        unit = ELAPSED[periods.kind]
        return periods.begins(cohort) + low * unit, periods.begins(cohort + 1) + (high + 1) * unit
    return periods.begins(cohort + low), periods.begins(cohort + high + 1)


def cohort(
    world: World,
    *,
    period: str = "month",
    mode: str = "on",
    clock: str = "calendar",
    brackets: Sequence[str] = (),
    cohorts: str = "first",
    min_occurrences: int = 1,
    measure: str = "members",
    start_event: str | None = None,
    return_event: str | None = None,
    by: Sequence[str] = (),
    horizon: int = 12,
    confidence: float = 0.95,
    week_start: str = "monday",
) -> dict[str, list[Row]]:
    """The rows of `main` and `pooled`; `world` was observed with the same `by`."""
    periods = Periods(period, world.tz, week_start)
    cells: dict[tuple[tuple[str | None, ...], int], list[Spell]] = {}
    for person in world.people:
        starts = first_start(person, start_event, world)
        if cohorts == "recurring":
            starts = recurring_starts(person, start_event, world, periods)
        for start in starts:
            life = spell(person.events, start, periods, clock, return_event, min_occurrences)
            cells.setdefault((person.segment, periods.number(start)), []).append(life)
    main = []
    for (segment, number), lives in cells.items():
        for name, low, high in ages(brackets, horizon):
            begins, ends = window(periods, clock, number, low, high)
            if begins >= world.as_of:
                continue
            row: Row = dict(zip(by, segment, strict=True))
            row |= {"cohort": periods.name(number), "age": name, "size": len(lives)}
            returned = sum(came_back(life, mode, low, high) for life in lives)
            row = rated(row, returned, len(lives), confidence)
            row["complete"] = ends <= world.as_of
            if measure != "members":
                row["value"] = math.fsum(worth(life, measure, mode, low, high) for life in lives)
                row["value_per_member"] = row["value"] / len(lives)
            main.append(row)
    return {"main": main, "pooled": pooled(main, by, confidence)}


def pooled(main: Sequence[Row], by: Sequence[str], confidence: float) -> list[Row]:
    """Sums over complete cells; an age without a complete cell has no row."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in main:
        if row["complete"]:
            groups.setdefault((*(row[column] for column in by), row["age"]), []).append(row)
    rows = []
    for key, cells in groups.items():
        size = sum(cell["size"] for cell in cells)
        row = dict(zip((*by, "age"), key, strict=True)) | {"cohorts": len(cells), "size": size}
        row = rated(row, sum(cell["returned"] for cell in cells), size, confidence)
        if "value" in cells[0]:
            row["value"] = math.fsum(cell["value"] for cell in cells)
            row["value_per_member"] = row["value"] / size
        rows.append(row)
    return rows


def retention(
    world: World,
    *,
    days: Sequence[int] = (1, 7, 30),
    modes: Sequence[str] = ("on", "within", "on-or-after"),
    cohort: str | None = None,
    clock: str = "calendar",
    start_event: str | None = None,
    return_event: str | None = None,
    by: Sequence[str] = (),
    confidence: float = 0.95,
    week_start: str = "monday",
) -> list[Row]:
    """The rows of `main`; `world` was observed with the same `by`."""
    each_day = Periods("day", world.tz)
    groups: dict[tuple[Any, ...], list[Spell]] = {}
    if not by and cohort is None:
        groups[()] = []  # everyone, were it nobody
    for person in world.people:
        for start in first_start(person, start_event, world):
            key: tuple[Any, ...] = person.segment
            if cohort is not None:
                periods = Periods(cohort, world.tz, week_start)
                key = (*key, periods.name(periods.number(start)))
            life = spell(person.events, start, each_day, clock, return_event)
            groups.setdefault(key, []).append(life)

    def over(life: Spell, day: int) -> bool:
        if clock == "elapsed":
            return life.start + (day + 1) * DAY <= world.as_of
        return each_day.begins(each_day.number(life.start) + day + 1) <= world.as_of

    rows = []
    for key, lives in groups.items():
        named = dict(zip((*by, *(["cohort"] if cohort else [])), key, strict=True))
        for day in days:
            mature = [life for life in lives if over(life, day)]
            for mode in modes:
                row = named | {"day": day, "mode": mode, "members": len(lives)}
                row["mature"] = len(mature)
                returned = sum(came_back(life, mode, day, day) for life in mature)
                rows.append(rated(row, returned, len(mature), confidence))
    return rows
