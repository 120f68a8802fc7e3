"""What a metric asks for (Needs) and what it gets (Timeline)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retainkit.choices import Period
from retainkit.periods import Calendar, Ints
from retainkit.selectors import ANY, Selector

Grain = Literal["exact", "hour", "day", "week", "month", "quarter", "year"]
Bools = NDArray[np.bool_]
Item = TypeVar("Item")

MONEY_UNIT = 1_000_000  # amounts are summed as integers, in millionths, so that sums are exact


@dataclass(frozen=True)
class Needs:
    """What a metric reads of each event; the engine brings this and nothing more.

    grain: the finest difference in time the metric can see; events of one member that do not
    differ in it and pass the same selectors are handed over once, unless `repeats`, `amount`
    or `order` ask for each. segments: the columns to split by. left: members of the table who
    are only said to have left matter, too. reason: why members left. worth: the amount where
    there is one. priced: that, too, and rows whose amount cannot be read are refused. event: the
    names of events. ids: the members' ids.
    """

    grain: Grain
    selectors: tuple[Selector, ...]
    segments: tuple[str, ...] = ()
    repeats: bool = False
    amount: bool = False
    order: bool = False
    left: bool = False
    reason: bool = False
    worth: bool = False
    priced: bool = False
    event: bool = False
    ids: bool = False

    @property
    def keeps_all(self) -> bool:
        """Whether events bring more than a time and marks, and each is handed over."""
        return self.amount or self.order or self.worth or self.event

    @property
    def counts_rows(self) -> bool:
        """Whether a row that is there twice changes what is found."""
        return self.repeats or self.amount or self.order or self.worth

    @staticmethod
    def union(wants: Sequence[Needs]) -> Needs:
        """Return what serves several metrics at once."""
        return Needs(
            grain=_finest({want.grain for want in wants}),
            selectors=_once(selector for want in wants for selector in want.selectors),
            segments=_once(segment for want in wants for segment in want.segments),
            **{flag: any(getattr(want, flag) for want in wants) for flag in _FLAGS},
        )


@dataclass(frozen=True, eq=False)
class Timeline:
    """The events of some members, sorted by (member, time).

    joined, left: Int64 us a member, null where unknown. reason: String a member, or None where
    the table has none. listed: which members the member table has. ids: of the members, where
    asked for. segments: a String column a segment, one row a member. bounds: Ints[members + 1];
    the events of member i are rows bounds[i] to bounds[i + 1].
    time: Ints[rows], us where grain is "exact", else the index of the grain's period.
    marks: uint32[rows], bit i tells whether selectors[i] passes. amount: Ints[rows] in
    millionths; order: Ints[rows], a code for each order id, -1 where there is none; None where
    there is no column of them. event:
    Ints[rows], which of `names` (in order, null for no name) it has; rows of one time are then in
    the order of names. distinct: whether it is known that no two events of a member have the same
    time.
    """

    calendar: Calendar
    grain: Grain
    selectors: tuple[Selector, ...]
    joined: pl.Series
    left: pl.Series
    listed: Bools
    segments: pl.DataFrame
    bounds: Ints
    time: Ints
    marks: NDArray[np.uint32]
    amount: Ints | None = None
    order: Ints | None = None
    event: Ints | None = None
    names: pl.Series | None = None
    reason: pl.Series | None = None
    ids: pl.Series | None = None
    distinct: bool = False

    @property
    def members(self) -> int:
        """How many members there are, with events or without."""
        return len(self.joined)

    @cached_property
    def owner(self) -> Ints:
        """The member (0 to members - 1) of each event."""
        begun = np.bincount(self.bounds[1:-1], minlength=len(self.time) + 1)
        owner: Ints = np.cumsum(begun[: len(self.time)])
        return owner

    def passes(self, selector: Selector) -> Bools:
        """Return which events pass one of the selectors asked for."""
        bit = self.selectors.index(selector)
        passed: Bools = (self.marks >> bit) & 1 == 1
        return passed

    def rows(self, selector: Selector) -> Ints | None:
        """Return the events that pass one of the selectors asked for; None where all do."""
        if selector == ANY:
            return None
        passed = self.passes(selector)
        return None if passed.all() else np.flatnonzero(passed)

    def period_of(self, times: Ints, period: Period) -> Ints:
        """Return the index of the period of times in the timeline's own unit.

        `period` is no finer than the grain.
        """
        if self.grain == period:
            return times
        if self.grain == "exact":
            return self.calendar.index(times, period)
        return self.calendar.from_days(times, period)


_FLAGS = [field.name for field in fields(Needs) if field.type == "bool"]


def first_of_each(*columns: NDArray[Any]) -> Bools:
    """Return which rows differ from the row before in any of the columns: where groups begin."""
    new = np.ones(len(columns[0]), dtype=np.bool_)
    first, *others = columns
    np.not_equal(first[1:], first[:-1], out=new[1:])
    for column in others:
        new[1:] |= column[1:] != column[:-1]
    return new


def _finest(grains: set[Grain]) -> Grain:
    """Return the coarsest grain from which all of `grains` can be told."""
    if len(grains) == 1:
        return next(iter(grains))
    return "exact" if grains & {"exact", "hour"} else "day"


def _once(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(items))
