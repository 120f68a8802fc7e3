"""Who is observed: events gathered by member, with the member's join and segment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from oracle.clock import Periods, first_instant, local_day

Row = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """One member: events in time order, `joined` where the member table tells it, its row there."""

    events: tuple[Row, ...]
    joined: datetime | None
    segment: tuple[str | None, ...]
    entry: Row = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """Everything observed before `as_of`; whoever was seen before `edge` is nobody new."""

    people: tuple[Person, ...]
    as_of: datetime
    tz: str
    edge: datetime | None = None


def observe(
    events: Iterable[Row],
    members: Sequence[Row] = (),
    *,
    tz: str = "UTC",
    as_of: datetime | None = None,
    by: Sequence[str] = (),
    lookback_days: int = 0,
) -> World:
    """Gather `events` (member, time, event, amount, order, attributes) and `members` (member,
    joined, attributes). At least one event, or a stated `as_of`.
    """
    used = [row for row in events if as_of is None or row["time"] < as_of]
    if as_of is None:
        last = max(row["time"] for row in used)
        as_of = first_instant(local_day(last, tz) + timedelta(days=1), tz)
    table = {row["member"]: row for row in members}
    in_table = {column for row in members for column in row}
    people = []
    for member in sorted({row["member"] for row in used} | set(table)):
        own = sorted((row for row in used if row["member"] == member), key=lambda row: row["time"])
        entry = table.get(member, {})
        segment = tuple(
            entry.get(column) if column in in_table else first_touch(own, column) for column in by
        )
        people.append(Person(tuple(own), entry.get("joined"), segment, entry))
    edge = None
    if lookback_days and used:
        first_day = local_day(min(row["time"] for row in used), tz)
        edge = first_instant(first_day + timedelta(days=lookback_days), tz)
    return World(tuple(people), as_of, tz, edge)


def first_touch(events: Sequence[Row], column: str) -> str | None:
    """The value on the first event; of several at that moment the smallest, null last."""
    values = [row[column] for row in events if row["time"] == events[0]["time"]]
    known = [value for value in values if value is not None]
    return min(known) if known else None


def passes(row: Row, selector: str | None) -> bool:
    """Selectors of this oracle: None or `*` for any event, `a`, `a|b`."""
    if selector is None or selector == "*":
        return True
    return row["event"] in [name.strip() for name in selector.split("|")]


def seen_early(person: Person, world: World) -> bool:
    """Whether the member did anything, whatever it was, in the lookback days."""
    if world.edge is None or not person.events:
        return False
    return bool(person.events[0]["time"] < world.edge)


def first_start(person: Person, start_event: str | None, world: World) -> list[datetime]:
    """The one moment at which the member started, or none at all."""
    if seen_early(person, world):
        return []
    times = [row["time"] for row in person.events if passes(row, start_event)]
    if start_event is None and person.joined is not None:
        times = [person.joined]
    return [moment for moment in times[:1] if moment < world.as_of]


def recurring_starts(
    person: Person, start_event: str | None, world: World, periods: Periods
) -> list[datetime]:
    """The first start event in each period that has one."""
    firsts: dict[int, datetime] = {}
    for row in person.events:
        if passes(row, start_event) and not seen_early(person, world):
            firsts.setdefault(periods.number(row["time"]), row["time"])
    return list(firsts.values())
