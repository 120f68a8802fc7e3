"""Who was there from when to when: the three definitions of churn, one member at a time.

A spell goes from a begin to an end, both periods (lifecycle) or local days (inactivity, leave),
as numbers of which neighbours differ by one; `end` is None while nobody can say that it is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from oracle.clock import Periods, first_instant, local_day
from oracle.people import Person, Row, World, passes


@dataclass(frozen=True)
class Spell:
    """From `begin` to `end`; `rows` are the activities in it, in order."""

    begin: int
    end: int | None
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Life:
    """A member with its spells, at least one."""

    person: Person
    spells: tuple[Spell, ...]


@dataclass(frozen=True)
class Study:
    """What everybody's spells are, and what was found on the way."""

    world: World
    periods: Periods
    unit: str
    lives: tuple[Life, ...]
    findings: Counter[str]
    gaps: Counter[int]
    inactive_days: int | None

    def period(self, number: int) -> int:
        """The period in which a begin or an end falls."""
        if self.unit == "period":
            return number
        return self.periods.number(first_instant(date.fromordinal(number), self.world.tz))

    def period_of(self, row: Row) -> int:
        return self.periods.number(row["time"])

    @property
    def last_begun(self) -> int:
        return last_begun(self.periods, self.world.as_of)

    def complete(self, period: int) -> bool:
        return self.periods.begins(period + 1) <= self.world.as_of

    @property
    def last_complete(self) -> int:
        return self.last_begun if self.complete(self.last_begun) else self.last_begun - 1

    def segments(self) -> list[tuple[str | None, ...]]:
        """The segments of somebody with a spell."""
        return sorted({life.person.segment for life in self.lives}, key=repr)

    def of(self, segment: tuple[str | None, ...]) -> list[Life]:
        return [life for life in self.lives if life.person.segment == segment]


def last_begun(periods: Periods, as_of: datetime) -> int:
    """The last period that starts before as-of."""
    number = periods.number(as_of)
    return number if periods.begins(number) < as_of else number - 1


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Events by time, of one moment by name."""
    return sorted(rows, key=lambda row: (row["time"], row["event"] or ""))


def activity(person: Person, return_event: str | None, leave_event: str | None) -> list[Row]:
    return in_order(
        row
        for row in person.events
        if passes(row, return_event) and not (leave_event and passes(row, leave_event))
    )


def runs(numbers: Iterable[int], most: int) -> list[list[int]]:
    """Numbers in order, cut where two neighbours are more than `most` apart."""
    pieces: list[list[int]] = []
    for number in sorted(set(numbers)):
        if pieces and number - pieces[-1][-1] <= most:
            pieces[-1].append(number)
        else:
            pieces.append([number])
    return pieces


def lifecycle(rows: Sequence[Row], periods: Periods, as_of: datetime) -> list[Spell]:
    """Unbroken runs of periods with activity; over in the period after, once that has begun."""
    spells = []
    for run in runs((periods.number(row["time"]) for row in rows), 1):
        end = run[-1] + 1
        own = tuple(row for row in rows if periods.number(row["time"]) in run)
        begun = end <= last_begun(periods, as_of)
        spells.append(Spell(run[0], end if begun else None, own))
    return spells


def day_of(moment: datetime, tz: str) -> int:
    return local_day(moment, tz).toordinal()


def joined_day(person: Person, world: World) -> int | None:
    if person.joined is None or person.joined >= world.as_of:
        return None
    return day_of(person.joined, world.tz)


def cut_off(person: Person, world: World, since: datetime | None) -> bool:
    """Whether the member joined before the day from which on events are looked at."""
    joined = joined_day(person, world)
    return since is not None and joined is not None and joined < day_of(since, world.tz)


def inactivity(
    person: Person, rows: Sequence[Row], world: World, most: int, since: datetime | None
) -> list[Spell]:
    """Days at most `most` apart; over `most` days after the last one, once that day is over."""
    days = {day_of(row["time"], world.tz) for row in rows}
    joined = None if cut_off(person, world, since) else joined_day(person, world)
    if joined is not None:
        days = {day for day in days if day >= joined} | {joined}
    spells = []
    for run in runs(days, most):
        end = run[-1] + most
        over = end < day_of(world.as_of, world.tz)
        own = tuple(row for row in rows if day_of(row["time"], world.tz) in run)
        spells.append(Spell(run[0], end if over else None, own))
    return spells


def gaps_between(rows: Sequence[Row], tz: str) -> list[int]:
    days = sorted({day_of(row["time"], tz) for row in rows})
    return [later - day for day, later in pairwise(days)]


def nearest_rank_90(gaps: Counter[int]) -> int | None:
    """The smallest gap such that at least 90% of all are no longer."""
    for gap in sorted(gaps):
        shorter = sum(count for other, count in gaps.items() if other <= gap)
        if shorter * 10 >= gaps.total() * 9:
            return gap
    return None


def leaving_days(person: Person, leave_event: str | None, world: World) -> set[int]:
    if leave_event is not None:
        rows = [row for row in person.events if passes(row, leave_event)]
        return {day_of(row["time"], world.tz) for row in rows}
    left = person.entry.get("left")
    if left is None or left >= world.as_of:
        return set()
    return {day_of(left, world.tz)}


def leave(
    person: Person, rows: Sequence[Row], leaving: set[int], world: World, since: datetime | None
) -> tuple[list[Spell], Counter[str]]:
    """From joining (else the first activity) to the first leaving day; and again, and again."""
    active = sorted({day_of(row["time"], world.tz) for row in rows})
    joined = joined_day(person, world)
    begin: int | None = joined if joined is not None else min(active, default=None)
    if since is not None and cut_off(person, world, since):
        if not active and not leaving:
            return [], Counter()
        begin = day_of(since, world.tz)
    if begin is None:
        return [], Counter(left_only=int(bool(leaving)))
    found = Counter(left_early=sum(day < begin for day in leaving))
    spells = []
    while begin is not None:
        end = min((day for day in leaving if day >= begin), default=None)
        last = end if end is not None else max([begin, *active])
        own = tuple(row for row in rows if begin <= day_of(row["time"], world.tz) <= last)
        spells.append(Spell(begin, end, own))
        begin = None
        if end is not None:
            begin = min((day for day in active if day > end), default=None)
            away = [day for day in leaving if day > end and (begin is None or day < begin)]
            found["left_twice"] += len(away)
    return spells, found


def study(
    world: World,
    *,
    definition: str = "lifecycle",
    period: str = "month",
    inactive_days: int | None = None,
    leave_event: str | None = None,
    return_event: str | None = None,
    week_start: str = "monday",
    since: datetime | None = None,
) -> Study:
    """Everybody's spells. Inactivity without days given nor a gap to learn from is refused."""
    periods = Periods(period, world.tz, week_start)
    rows = [activity(person, return_event, leave_event) for person in world.people]
    gaps: Counter[int] = Counter()
    if definition == "inactivity":
        gaps.update(gap for own in rows for gap in gaps_between(own, world.tz))
        inactive_days = inactive_days or nearest_rank_90(gaps)
        if inactive_days is None:
            raise ValueError("no gaps, so no days of inactivity")
    lives, findings = [], Counter(left_early=0, left_twice=0, left_only=0)
    for person, own in zip(world.people, rows, strict=True):
        if definition == "lifecycle":
            spells = lifecycle(own, periods, world.as_of)
        elif definition == "inactivity":
            spells = inactivity(person, own, world, inactive_days or 0, since)
        else:
            leaving = leaving_days(person, leave_event, world)
            spells, found = leave(person, own, leaving, world, since if leave_event else None)
            findings.update(found)
        if spells:
            lives.append(Life(person, tuple(spells)))
    unit = "period" if definition == "lifecycle" else "day"
    return Study(world, periods, unit, tuple(lives), findings, gaps, inactive_days)
