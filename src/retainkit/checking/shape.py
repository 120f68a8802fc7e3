"""What a table of a metric is made of: which columns name a cell, which are numbers of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["whole", "text", "flag", "date"]


@dataclass(frozen=True)
class Key:
    """A column that names a cell.

    asks: the param that lists which of its values there are; a rule that names one asks for it.
    upto: the param that says how far they go.
    """

    kind: Kind
    asks: str | None = None
    upto: str | None = None


@dataclass(frozen=True)
class Value:
    """A number of a cell.

    of: the columns whose sum is how many members (or orders, or gaps) it is of; none where it is
    a count of its own. part: in their place, the column of those who are counted of all: how many
    all are follows from the share. interval: the columns of its limits, where it has any. share:
    it is a plain share of these, and its interval Wilson's.
    """

    of: tuple[str, ...] = ()
    interval: tuple[str, str] | None = None
    share: bool = False
    part: str | None = None


@dataclass(frozen=True)
class Shape:
    """The columns of a table, those of --by left out.

    keys: what names a cell. time: the column of periods or cohorts in time. complete: the column
    that says whether the cell is over, or two that are equal where it is. values: the numbers;
    the first is what a rule means that names none. outside: rows of these values have no such
    number, whatever the data are.
    """

    keys: Mapping[str, Key]
    values: Mapping[str, Value]
    time: str | None = None
    complete: str | tuple[str, str] | None = None
    by: bool = True
    told: Sequence[str] = field(default=())  # columns that only describe a cell
    outside: tuple[str, object] | None = None

    @property
    def first(self) -> str:
        """The number that a rule means where it names none."""
        return next(iter(self.values))

    @property
    def columns(self) -> set[str]:
        """All columns it has."""
        flag = {self.complete} if isinstance(self.complete, str) else set()
        time = set() if self.time is None else {self.time}
        limits = {limit for value in self.values.values() for limit in value.interval or ()}
        return {*self.keys, *self.values, *limits, *self.told, *flag, *time}


LIMITS = ("ci_low", "ci_high")
WHOLE, TEXT = Key("whole"), Key("text")


def rate_of(of: str) -> Value:
    """Return a share with Wilson's interval."""
    return Value((of,), LIMITS, share=True)


def part_of(part: str, interval: tuple[str, str] | None = None) -> Value:
    """Return a share of which a column has those who are counted."""
    return Value(part=part, interval=interval, share=interval is not None)


def told_of(of: str) -> Value:
    """Return a number with an interval of another kind."""
    return Value((of,), LIMITS)


def numbers(of: str, *names: str) -> dict[str, Value]:
    """Return numbers without an interval, of so many members."""
    return dict.fromkeys(names, Value((of,)))


def counts(*names: str) -> dict[str, Value]:
    """Return counts of members, or of whatever they count."""
    return {name: Value((name,)) for name in names}


def bare(*names: str) -> dict[str, Value]:
    """Return numbers of nobody in particular."""
    return dict.fromkeys(names, Value())
