"""Orders from events: events that share an order id are one, and so may be those of one day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from retainkit.periods import Ints
from retainkit.selectors import ORDERS, Selector, parse_selector
from retainkit.timeline import Bools, Timeline, first_of_each


def order_selector(order_event: str | None) -> Selector:
    """Return which events are orders: those that are named, else by what columns there are."""
    return ORDERS if order_event is None else parse_selector(order_event)


def order_rule(ordering: Ordering, numbered: bool, priced: bool) -> str:
    """Return what was taken for an order, in words.

    numbered, priced: whether there is a column of order ids, of amounts.
    """
    if ordering.order != ORDERS:
        return f"'{ordering.order.label}'"
    if numbered:
        return "events with an order id"
    return "events with an amount" if priced else "all events"


class Ordering(Protocol):
    """Parameters that say what an order is: which events, and whether those of a day are one."""

    @property
    def order(self) -> Selector:
        """The events that are orders."""

    @property
    def merge_days(self) -> bool:
        """Whether a member's orders of one date are one."""


@dataclass(frozen=True, eq=False)
class Purchases:
    """Orders, by (member, time). member, time (us): Ints[orders]; amount: millionths, or None.

    row: the event each order began with.
    """

    member: Ints
    time: Ints
    amount: Ints | None
    row: Ints

    def __len__(self) -> int:
        return len(self.member)

    @cached_property
    def first(self) -> Ints:
        """The first order of each member that has any."""
        return np.flatnonzero(first_of_each(self.member))

    @cached_property
    def number(self) -> Ints:
        """Which of its member's orders each is, from 1."""
        many = np.diff(self.first, append=len(self))
        return np.arange(1, len(self) + 1) - np.repeat(self.first, many)

    @property
    def follows(self) -> Bools:
        """Whether an order of the same member comes after each."""
        follows = np.ones(len(self), dtype=np.bool_)
        follows[self.first - 1] = False  # the one before a first order; before the first, the last
        return follows

    def take(self, rows: Ints) -> Purchases:
        """Return some of the orders."""
        amount = None if self.amount is None else self.amount[rows]
        return Purchases(self.member[rows], self.time[rows], amount, self.row[rows])


def purchases(timeline: Timeline, params: Ordering) -> Purchases:
    """Return all orders of all members."""
    rows = np.flatnonzero(timeline.passes(params.order))
    amount = None if timeline.amount is None else timeline.amount[rows]
    found = Purchases(timeline.owner[rows], timeline.time[rows], amount, rows)
    if timeline.order is not None:
        found = _joined(found, timeline.order[rows])
    if params.merge_days:
        days = timeline.calendar.days(found.time)
        found = _merged(found, np.flatnonzero(first_of_each(found.member, days)))
    return found


def _joined(events: Purchases, order: Ints) -> Purchases:
    """Return events of a member that share an order id (not -1) as one, at the earliest time."""
    own = order < 0
    if own.all():
        return events
    # Events without an id are told apart by a number of their own beyond all ids.
    code = np.where(own, int(order.max()) + 1 + np.cumsum(own), order)
    together = np.lexsort((code, events.member))  # stable: the earliest of each order first
    first = np.flatnonzero(first_of_each(events.member[together], code[together]))
    if len(first) == len(code):
        return events
    merged = _merged(events.take(together), first)
    return merged.take(np.argsort(merged.row))


def _merged(events: Purchases, first: Ints) -> Purchases:
    """Return runs of events, which begin at `first`, as one each."""
    found = events.take(first)
    if events.amount is None or not len(first):
        return found
    return Purchases(found.member, found.time, np.add.reduceat(events.amount, first), found.row)
