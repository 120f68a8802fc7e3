"""What the models know of each buyer: repeat purchases, the last of them, how long it is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from retainkit.metrics.ltv.params import LtvParams
from retainkit.metrics.purchases import purchases
from retainkit.periods import Ints, Window
from retainkit.timeline import Bools, Timeline


@dataclass(frozen=True, eq=False)
class Histories:
    """The buyers of the calibration, in order; days are dates, a purchase is a day with orders.

    member: which. first: day of the first purchase. x: repeat purchases. last, age: days from the
    first to the last purchase and to the end of calibration. spent: millionths of the repeat
    purchases, worth: of all of them, None without amounts. later: purchases after the end.
    day, buyer, amount: every purchase of these buyers, buyer a place in `member`.
    numbered: whether there is a column of order ids.
    """

    member: Ints
    first: Ints
    x: Ints
    last: Ints
    age: Ints
    spent: Ints | None
    worth: Ints | None
    later: Ints
    day: Ints
    buyer: Ints
    amount: Ints | None
    numbered: bool

    @cached_property
    def mean(self) -> Ints:
        """Mean spend of a repeat purchase, millionths; 0 where there is none or it is no gain."""
        assert self.spent is not None
        return np.where(self.x > 0, np.maximum(self.spent, 0) // np.maximum(self.x, 1), 0)


def last_day(params: LtvParams, window: Window) -> int:
    """Return the last day of calibration: the last that is over, less the holdout."""
    return window.last_complete("day") - params.holdout_days


def histories(timeline: Timeline, params: LtvParams, window: Window) -> Histories:
    """Return what is known of the buyers who first bought before the end of calibration."""
    bought = purchases(timeline, params)
    day, end = timeline.calendar.days(bought.time), last_day(params, window)
    own = day[bought.first]
    kept = np.flatnonzero(own <= end)
    member, first = bought.member[bought.first][kept], own[kept]
    place = np.full(timeline.members, -1)
    place[member] = np.arange(len(member))
    buyer = place[bought.member]
    rows = np.flatnonzero((buyer >= 0) & (day <= window.last_complete("day")))
    buyer, day = buyer[rows], day[rows]
    before = day <= end
    count = np.bincount(buyer[before], minlength=len(member))
    last = np.zeros(len(member), dtype=np.int64)
    last[buyer[before]] = day[before]  # in order: the latest stays
    amount = None if bought.amount is None else bought.amount[rows]
    return Histories(
        member=member,
        first=first,
        x=count - 1,
        last=last - first,
        age=end - first,
        spent=None
        if amount is None
        else _sums(buyer, amount, before & (day > first[buyer]), first),
        worth=None if amount is None else _sums(buyer, amount, before, first),
        later=np.bincount(buyer[~before], minlength=len(member)),
        day=day,
        buyer=buyer,
        amount=amount,
        numbered=timeline.order is not None,
    )


def _sums(buyer: Ints, amount: Ints, some: Bools, like: Ints) -> Ints:
    """Return the amounts of some purchases summed by buyer."""
    sums = np.zeros(len(like), dtype=np.int64)
    np.add.at(sums, buyer[some], amount[some])
    return sums
