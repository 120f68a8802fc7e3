"""`paths` by its definition: every member's journey walked event by event, everything in lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import floor, log10

from oracle.brute import wilson
from oracle.funnel import Selector, length, selector
from oracle.people import Person, Row, World

NOBODY = "(no name)"
MARKS = ("(arrived)", "(ended)", "(other)", NOBODY, "…")
ANY = Selector("*", ((None, None),))
Segment = tuple[str | None, ...]


@dataclass(frozen=True)
class Asked:
    """What makes a journey, and which journeys count."""

    start: Selector = ANY
    end: Selector | None = None
    window: timedelta | None = None
    ignore: tuple[Selector, ...] = ()
    keep_repeats: bool = False
    include_open: bool = False
    depth: int = 8

    def ignores(self, row: Row) -> bool:
        return any(one.takes(row) for one in self.ignore)

    def arrives(self, row: Row) -> bool:
        return self.end is not None and self.end.takes(row)

    def order(self, row: Row) -> tuple[object, ...]:
        """Events of one moment by name, none first; of one name the start first, the end last."""
        name = row["event"]
        return (
            row["time"],
            name is not None,
            name or "",
            not self.start.takes(row),
            self.arrives(row),
        )


@dataclass(frozen=True)
class Journey:
    """What one member did. events: all of them, the repeats left out; seconds: to the arrival."""

    events: tuple[str | None, ...]
    arrived: bool
    seconds: int | None
    open: bool


def journey(person: Person, asked: Asked, as_of: datetime) -> Journey | None:
    rows = sorted((row for row in person.events if not asked.ignores(row)), key=asked.order)
    while rows and not asked.start.takes(rows[0]):
        rows.pop(0)
    if not rows:
        return None
    begun = rows[0]["time"]
    is_open = False
    if asked.window is not None:
        rows = [row for row in rows if row["time"] - begun <= asked.window]
        is_open = not asked.include_open and begun + asked.window >= as_of
    events = [rows[0]["event"]]
    for row in rows[1:]:
        if asked.arrives(row):
            took = (row["time"] - begun) // timedelta(seconds=1)
            return Journey((*events, row["event"]), True, took, is_open)
        if asked.keep_repeats or row["event"] != events[-1]:
            events.append(row["event"])
    return Journey(tuple(events), False, None, is_open)


def told(events: Sequence[str | None], arrived: bool, depth: int) -> tuple[str | None, ...]:
    """What is written of a path: the start, `depth` events, and what else there is."""
    if len(events) <= depth + 1:
        return tuple(events)
    return (*events[: depth + 1], "…", *(events[-1:] if arrived else ()))


def text(events: Sequence[str | None], arrived: bool, depth: int) -> str:
    """A path, with quotes around names that need them; the … of a cut one has none."""
    words = [quoted(name) for name in told(events, arrived, depth)]
    if len(events) > depth + 1:
        words[depth + 1] = "…"
    return " > ".join(words)


def quoted(name: str | None) -> str:
    if name is None:
        return NOBODY
    signs = set("|[]\"'=*>,()")
    if not name or name == "…" or any(sign in signs or sign.isspace() for sign in name):
        return '"' + name.replace('"', '""') + '"'
    return name


def cell(name: str | None) -> str:
    """An event in a table of events."""
    if name is None:
        return NOBODY
    return '"' + name.replace('"', '""') + '"' if name.strip('"') in MARKS else name


def states(one: Journey, depth: int, positions: int) -> list[str]:
    """Where the member is at each of the positions."""
    where = [cell(name) for name in one.events[: depth + 1]]
    if len(one.events) > depth + 1:
        where.append("…")
    over = "(arrived)" if one.arrived else "(ended)"
    return where + [over] * (positions - len(where))


def four_digits(seconds: int) -> int:
    """All digits after the first four are 0."""
    if seconds < 10_000:
        return seconds
    unit = 10 ** (floor(log10(seconds)) - 3)
    return seconds // unit * unit


def nearest_rank(seconds: Iterable[int | None]) -> int | None:
    """The least of them that half of them do not exceed."""
    known = sorted(second for second in seconds if second is not None)
    return four_digits(known[(len(known) + 1) // 2 - 1]) if known else None


def paths(
    world: World,
    *,
    from_: str | None = None,
    to: str | None = None,
    window: str | None = None,
    ignore: Sequence[str] = (),
    keep_repeats: bool = False,
    include_open: bool = False,
    depth: int = 8,
    top: int = 20,
    by: Sequence[str] = (),
    confidence: float = 0.95,
) -> dict[str, list[Row]]:
    """The rows of every table by its name; `world` was observed with the same `by`."""
    asked = Asked(
        start=ANY if from_ is None else selector(from_),
        end=None if to is None else selector(to),
        window=length(window),
        ignore=tuple(map(selector, ignore)),
        keep_repeats=keep_repeats,
        include_open=include_open,
        depth=depth,
    )
    groups: dict[Segment, list[Journey | None]] = {} if by else {(): []}
    for person in world.people:
        if person.events:
            found = journey(person, asked, world.as_of)
            groups.setdefault(person.segment, []).append(found)
    tables: dict[str, list[Row]] = {"main": [], "steps": [], "links": [], "summary": []}
    for segment, everyone in groups.items():
        key: Row = dict(zip(by, segment, strict=True))
        started = [one for one in everyone if one is not None]
        own = [one for one in started if not one.open]
        rows = ranked(own, asked, confidence)
        tables["main"] += [key | row for row in rows[:top]]
        tables["steps"] += [key | row for row in steps(own, depth)]
        tables["links"] += [key | row for row in links(own, depth)]
        row: Row = {"members": len(everyone), "started": len(started)}
        row |= {"open": len(started) - len(own), "journeys": len(own)}
        row |= arrivals(own, asked, confidence)
        row |= {"median_seconds": nearest_rank(one.seconds for one in own), "paths": len(rows)}
        row["cut"] = sum(len(one.events) > depth + 1 for one in own)
        tables["summary"].append(key | row)
    return tables


def ranked(own: Sequence[Journey], asked: Asked, confidence: float) -> list[Row]:
    kinds: dict[tuple[str, bool], list[Journey]] = {}
    for one in own:
        name = text(one.events, one.arrived, asked.depth)
        kinds.setdefault((name, one.arrived), []).append(one)
    order = sorted(kinds, key=lambda kind: (-len(kinds[kind]), kind[0], not kind[1]))
    rows = []
    for rank, (name, arrived) in enumerate(order, 1):
        these = kinds[name, arrived]
        low, high = wilson(len(these), len(own), confidence)
        row: Row = {"rank": rank, "path": name, "arrived": None if asked.end is None else arrived}
        row |= {"members": len(these), "share": len(these) / len(own)}
        row |= {"ci_low": low, "ci_high": high}
        rows.append(row | {"median_seconds": nearest_rank(one.seconds for one in these)})
    return rows


def arrivals(own: Sequence[Journey], asked: Asked, confidence: float) -> Row:
    if asked.end is None:
        return dict.fromkeys(("arrived", "rate", "ci_low", "ci_high"))
    arrived = sum(one.arrived for one in own)
    low, high = wilson(arrived, len(own), confidence)
    rate = arrived / len(own) if own else None
    return {"arrived": arrived, "rate": rate, "ci_low": low, "ci_high": high}


def walks(own: Sequence[Journey], depth: int) -> list[list[str]]:
    """Where everybody is at each position, up to the one at which all are over or cut."""
    longest = max((min(len(one.events), depth + 1) for one in own), default=0)
    return [states(one, depth, longest + 1) for one in own]


def steps(own: Sequence[Journey], depth: int) -> list[Row]:
    rows = []
    for position, column in enumerate(zip(*walks(own, depth), strict=True)):
        for event, members in Counter(column).items():
            row = {"position": position, "event": event, "members": members}
            rows.append(row | {"share": members / len(own)})
    return rows


def links(own: Sequence[Journey], depth: int) -> list[Row]:
    went = Counter(
        (position, source, target)
        for walk in walks(own, depth)
        for position, (source, target) in enumerate(pairwise(walk))
    )
    return [
        {"position": position, "source": source, "target": target, "members": members}
        for (position, source, target), members in went.items()
    ]
