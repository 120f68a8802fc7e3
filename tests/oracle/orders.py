"""`orders` a second time, from the words of its definition: who ordered when, windows, counts.

`orders_days.py` has the tables by days, `orders_money.py` those by periods.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from oracle.brute import wilson
from oracle.clock import DAY, Periods, first_instant, local_day
from oracle.people import Person, Row, World, seen_early

Segment = tuple[str | None, ...]


# --- the clock, for first order and repurchase alike ---


@dataclass(frozen=True)
class Clock:
    """How long after a start something was, and how much of the time after it was watched."""

    kind: str
    tz: str
    as_of: datetime

    def day(self, start: datetime, event: datetime) -> int:
        """The day after the start, from 0, on which the event falls."""
        if self.kind == "elapsed":
            return (event - start) // DAY
        return (local_day(event, self.tz) - local_day(start, self.tz)).days

    def within(self, start: datetime, event: datetime, days: int) -> bool:
        if self.kind == "elapsed":
            return event - start <= days * DAY
        return local_day(event, self.tz) <= local_day(start, self.tz) + timedelta(days=days)

    def mature(self, start: datetime, days: int) -> bool:
        """Whether the window of so many days is over by as-of."""
        if self.kind == "elapsed":
            return start + days * DAY <= self.as_of
        return self._is_over(local_day(start, self.tz) + timedelta(days=days))

    def last_day(self, start: datetime) -> int:
        """The last day that is over by as-of; -1 where not even day 0 is."""
        if self.kind == "elapsed":
            return (self.as_of - start) // DAY - 1
        first, day = local_day(start, self.tz), -1
        while self._is_over(first + timedelta(days=day + 1)):
            day += 1
        return day

    def _is_over(self, day: date) -> bool:
        return first_instant(day + timedelta(days=1), self.tz) <= self.as_of


# --- who ordered when ---


@dataclass(frozen=True)
class Order:
    """Everything bought under one id, when the first of it was; no amount where none is told."""

    time: datetime
    amount: Fraction | None


@dataclass(frozen=True)
class Client:
    """A member with its orders in order of time; early: who was there in the lookback days."""

    person: Person
    orders: tuple[Order, ...]
    visits: tuple[datetime, ...]
    start: datetime | None
    early: bool


def started(clients: Iterable[Client]) -> list[tuple[datetime, datetime | None]]:
    """The start of everyone who is followed, and the first order at or after it."""
    return [
        (one.start, next((order.time for order in one.orders if order.time >= one.start), None))
        for one in clients
        if one.start is not None and not one.early
    ]


@dataclass(frozen=True)
class Shop:
    """Everything there is to count: members by segment, the clock, the kind of period."""

    groups: dict[Segment, list[Client]]
    clock: Clock
    periods: Periods
    by: tuple[str, ...]
    confidence: float
    amounts: bool

    def named(self, segment: Segment) -> Row:
        return dict(zip(self.by, segment, strict=True))

    def complete(self, period: int) -> bool:
        return self.periods.begins(period + 1) <= self.clock.as_of


def money(amount: float | None) -> Fraction:
    """An amount as it is written; a missing one counts as nothing."""
    return Fraction(Decimal(repr(float(amount or 0))))


def takes(row: Row, selector: str) -> bool:
    """Of the selector grammar: `*`, names, `a|b`, and `[amount > 5]` after a name or alone."""
    for piece in selector.split("|"):
        match = re.fullmatch(r"(\w+|\*)?(?:\[amount > (\d+)\])?", piece.strip())
        assert match, piece
        named = match[1] in (None, "*", row["event"])
        if named and (match[2] is None or (row["amount"] or 0) > int(match[2])):
            return True
    return False


def is_order(row: Row, order_event: str | None, ids: bool, amounts: bool) -> bool:
    if order_event is not None:
        return takes(row, order_event)
    if ids:
        return row["order"] is not None
    return row["amount"] is not None if amounts else True


def orders_of(
    rows: Iterable[Row],
    tz: str,
    *,
    ids: bool = True,
    amounts: bool = True,
    merge_days: bool = False,
) -> tuple[Order, ...]:
    """The orders that order events make; with merge_days those of a date are one."""
    by_id: dict[object, list[Row]] = {}
    for row in rows:
        known = ids and row["order"] is not None
        by_id.setdefault(row["order"] if known else object(), []).append(row)
    made = []
    for own in by_id.values():
        amount = sum((money(row["amount"]) for row in own), Fraction()) if amounts else None
        made.append(Order(min(row["time"] for row in own), amount))
    if merge_days:
        by_date: dict[object, list[Order]] = {}
        for order in made:
            by_date.setdefault(local_day(order.time, tz), []).append(order)
        made = [
            Order(min(one.time for one in day), total([one.amount for one in day]))
            for day in by_date.values()
        ]
    return tuple(sorted(made, key=lambda order: order.time))


def total(amounts: Sequence[Fraction | None]) -> Fraction | None:
    """The sum of amounts; unknown where one of them is unknown."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Fraction()) if len(known) == len(amounts) else None


def start_of(person: Person, start_event: str | None, as_of: datetime, since: Any) -> Any:
    """When the member started, None if never: joined, else the first event (of start_event)."""
    if start_event is None and person.joined is not None:
        joined = person.joined
        return joined if joined < as_of and (since is None or joined >= since) else None
    named = [row for row in person.events if start_event is None or takes(row, start_event)]
    return min((row["time"] for row in named), default=None)


def gather(
    world: World,
    *,
    order_event: str | None = None,
    start_event: str | None = None,
    visit_event: str | None = None,
    clock: str = "elapsed",
    merge_days: bool = False,
    period: str = "month",
    week_start: str = "monday",
    by: Sequence[str] = (),
    confidence: float = 0.95,
    since: datetime | None = None,
    ids: bool = True,
    amounts: bool = True,
) -> Shop:
    """Everyone with an event, or who joined (also after as-of); `world` was observed with `by`.

    ids, amounts: whether the data have columns of them. Events before `since` are not in `world`.
    """
    groups: dict[Segment, list[Client]] = {} if by else {(): []}
    for person in world.people:
        if not person.events and person.joined is None:
            continue  # nobody knows more than the name
        own = [row for row in person.events if is_order(row, order_event, ids, amounts)]
        client = Client(
            person,
            orders_of(own, world.tz, ids=ids, amounts=amounts, merge_days=merge_days),
            tuple(row["time"] for row in person.events if takes(row, visit_event or "*")),
            start_of(person, start_event, world.as_of, since),
            seen_early(person, world),
        )
        groups.setdefault(person.segment, []).append(client)
    return Shop(
        groups,
        Clock(clock, world.tz, world.as_of.astimezone(UTC)),
        Periods(period, world.tz, week_start),
        tuple(by),
        confidence,
        amounts,
    )


# --- windows ---


def rated(k: int, n: int, confidence: float) -> Row:
    low, high = wilson(k, n, confidence)
    return {"rate": k / n if n else None, "ci_low": low, "ci_high": high}


def first_order(shop: Shop, days: Sequence[int]) -> list[Row]:
    """Of those whose window is over: who ordered within it, from the start on."""
    rows = []
    for segment, clients in shop.groups.items():
        members = started(clients)
        for width in days:
            mature = [one for one in members if shop.clock.mature(one[0], width)]
            converted = sum(
                first is not None and shop.clock.within(start, first, width)
                for start, first in mature
            )
            row = shop.named(segment) | {"days": width, "members": len(members)}
            row |= {"mature": len(mature), "converted": converted}
            rows.append(row | rated(converted, len(mature), shop.confidence))
    return rows


def repurchase(shop: Shop, days: Sequence[int]) -> list[Row]:
    """Of buyers whose window after the first order is over: who ordered again within it."""
    rows = []
    for segment, clients in shop.groups.items():
        bought = [[order.time for order in one.orders] for one in clients if not one.early]
        buyers = [times for times in bought if times]
        for width in days:
            mature = [times for times in buyers if shop.clock.mature(times[0], width)]
            again = sum(
                len(times) > 1 and shop.clock.within(times[0], times[1], width) for times in mature
            )
            row = shop.named(segment) | {"days": width, "buyers": len(buyers)}
            row |= {"mature": len(mature), "repurchased": again}
            rows.append(row | rated(again, len(mature), shop.confidence))
    return rows


def share(part: int | Fraction | None, whole: int) -> float | None:
    return None if part is None or not whole else float(Fraction(part) / whole)


def summary(shop: Shop) -> list[Row]:
    rows = []
    for segment, clients in shop.groups.items():
        buyers = [one for one in clients if one.orders]
        placed = [order for one in clients for order in one.orders]
        amount = total([order.amount for order in placed]) if shop.amounts else None
        again = sum(len(one.orders) > 1 for one in buyers)
        repeats = len(placed) - len(buyers)
        row = shop.named(segment) | {"members": len(clients), "buyers": len(buyers)}
        row |= {"orders": len(placed), "buyers_2plus": again}
        row["buyers_2plus_share"] = share(again, len(buyers))
        row |= {"repeat_orders": repeats, "repeat_order_share": share(repeats, len(placed))}
        row["orders_per_buyer"] = share(len(placed), len(buyers))
        row["amount"] = None if amount is None else float(amount)
        row["amount_per_order"] = share(amount, len(placed))
        row["amount_per_buyer"] = share(amount, len(buyers))
        rows.append(row)
    return rows


def ladder(shop: Shop) -> list[Row]:
    """From each order to the next one, as far as anybody came."""
    rows = []
    for segment, clients in shop.groups.items():
        for k in range(1, max((len(one.orders) for one in clients), default=0) + 1):
            here, beyond = (sum(len(one.orders) >= n for one in clients) for n in (k, k + 1))
            row = shop.named(segment) | {"order": k, "buyers": here, "next": beyond}
            rows.append(row | rated(beyond, here, shop.confidence) | {"stopped": here - beyond})
    return rows
