"""One value with all others, before with after: the numbers of a comparison, and its p-value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from retainkit.reporting.counts import Counts, Value
from retainkit.stats.changes import change, lasting
from retainkit.stats.intervals import Floats
from retainkit.stats.strata import excess, mantel_haenszel

FEWEST = 30  # members on each side
POINTS = 0.03  # a difference of this matters
RELATIVE = 0.1  # so does one of this part of what it is compared with
PAIR = 2  # values of a column that say the same thing twice


@dataclass(frozen=True, kw_only=True)
class Told:
    """The numbers of one comparison.

    own: the share of a value's members, since the change if there is one. others: that of all
    others. before, others_before: until the change. whole: of how many `own` is the share; rest: of
    how many `others` is, or, where there are none, `before`; None: others count by the times of
    the value's own members. more:
    how many more members of the value counted than by the share of the others, or of before.
    matters: whether it is large enough to be told, and no mere matter of when members started.
    since: the period of the change. last: whether that is the last one.
    """

    value: Value
    p_value: float
    own: float
    whole: float
    rest: float | None
    more: float
    matters: bool
    others: float | None = None
    since: date | None = None
    last: bool = False
    before: float | None = None
    others_before: float | None = None


def matters(difference: float, of: float) -> bool:
    """Return whether a difference from the share `of` is large enough to be told."""
    return abs(difference) >= POINTS or abs(difference) >= RELATIVE * of > 0


def levels(counts: Counts, *, good: bool) -> list[Told]:
    """Return each value beside all others, within strata; of two the worse one only."""
    found = [told for i in range(len(counts.values)) for told in _level(counts, i)]
    if len(found) == PAIR == _values(counts):
        return [min(found, key=lambda told: told.own if good else -told.own)]
    return found


def _level(counts: Counts, i: int) -> Iterator[Told]:
    """Yield one value beside all others, where both have members enough."""
    (k1, n1), (k2, n2) = _sides(counts, i)
    hits, size = counts.members[:, i]
    rest_hits, rest = counts.everybody - counts.members[:, i]
    if min(size, rest) < FEWEST:
        return
    own, others = hits / size, rest_hits / rest
    # What the others' share within each stratum makes of this value's members.
    like_others = (_expected(n1, k2, n2) - k1)[n2 > 0].sum() / size
    both = -like_others * (own - others) > 0 and abs(like_others) >= abs(own - others) / 2
    yield Told(
        value=counts.values[i],
        p_value=mantel_haenszel(k1, n1, k2, n2),
        own=own,
        others=others,
        whole=size,
        rest=rest,
        more=(own - others) * size,
        matters=both and matters(own - others, others) and matters(like_others, others),
    )


def changes(counts: Counts, *, dependent: bool) -> list[Told]:
    """Return how each value's distance from all others changed over the periods.

    dependent: the same members may be in several periods; then `others` is what others who
    started when they did would make, and `more` is of one period.
    """
    found = [told for i in range(len(counts.values)) for told in _change(counts, i, dependent)]
    if len(found) == PAIR == _values(counts):
        return [max(found, key=_moved)]
    return found


def _change(counts: Counts, i: int, dependent: bool) -> Iterator[Told]:
    """Yield since when one value differs from all others, where there are members enough."""
    (k1, n1), (k2, n2) = _sides(counts, i)
    of_strata = excess(k1, n1, k2, n2)
    more, weight, variance = (
        counts.by_period(each) for each in (of_strata.more, of_strata.weight, of_strata.variance)
    )
    if dependent:
        k2, n2 = np.where(n2 > 0, _expected(n1, k2, n2), k1), n1
    k1, n1, k2, n2 = (counts.by_period(each) for each in (k1, n1, k2, n2))
    allowed = _enough(n1, dependent) & _enough(n2, dependent)
    found = (lasting if dependent else change)(more, weight, variance, allowed)
    if found is None:
        return
    (before, others_before), (own, others) = (
        (k1[span].sum() / n1[span].sum(), k2[span].sum() / n2[span].sum())
        for span in (slice(None, found.at), slice(found.at, None))
    )
    size = n1[found.at :]
    began = abs(found.before) <= abs(found.after) / 2 and found.after * (own - others) > 0
    large = matters(own - others, others) and matters(found.after - found.before, others)
    yield Told(
        value=counts.values[i],
        p_value=found.p_value,
        own=own,
        others=others,
        whole=size.sum(),
        rest=None if dependent else n2[found.at :].sum(),
        more=(own - others) * size.sum() / (np.count_nonzero(size) if dependent else 1),
        matters=began and large,
        since=counts.periods[found.at],
        last=found.at == len(counts.periods) - 1,
        before=before,
        others_before=others_before,
    )


def over_time(counts: Counts) -> list[Told]:
    """Return how each value's share of its own whole changed over the periods."""
    found = [told for i in range(len(counts.values)) for told in _over_time(counts, i)]
    if len(found) == PAIR == _values(counts):
        return [min(found, key=lambda told: told.more)]
    return found


def _over_time(counts: Counts, i: int) -> Iterator[Told]:
    part, whole = (counts.by_period(each[i]) for each in (counts.part, counts.whole))
    if not whole.sum():
        return
    share = part.sum() / whole.sum()
    variance = whole * share * (1 - share)
    found = change(part, whole, variance, _enough(whole, dependent=False))
    if found is None:
        return
    size = whole[found.at :].sum()
    more = (found.after - found.before) * size
    many = max(found.after, found.before) * size >= FEWEST
    yield Told(
        value=counts.values[i],
        p_value=found.p_value,
        own=found.after,
        before=found.before,
        whole=size,
        rest=whole[: found.at].sum(),
        more=more,
        matters=many and matters(found.after - found.before, found.before),
        since=counts.periods[found.at],
        last=found.at == len(counts.periods) - 1,
    )


def shares_of_all(counts: Counts) -> Counts:
    """Return the counts of each value's `whole` among that of all values."""
    size = counts.members[1]
    return replace(
        counts,
        part=counts.whole,
        whole=np.broadcast_to(counts.all_whole, counts.whole.shape),
        members=np.stack([size, np.full(len(size), counts.everybody[1])]),
    )


def _values(counts: Counts) -> int:
    """Return how many values have anybody, those that are not looked at too."""
    others = counts.all_whole.sum() - counts.whole.sum()
    return int((counts.whole.sum(axis=1) > 0).sum()) + int(others > 0)


def _sides(counts: Counts, i: int) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    own, size = counts.part[i], counts.whole[i]
    return (own, size), (counts.all_part - own, counts.all_whole - size)


def _expected(n1: Floats, k2: Floats, n2: Floats) -> Floats:
    return n1 * k2 / np.maximum(n2, 1)


def _enough(whole: Floats, dependent: bool) -> NDArray[np.bool_]:
    """Return at which periods there are members enough before and from then on."""
    gather = np.maximum.accumulate if dependent else np.cumsum
    before = np.append(0.0, gather(whole)[:-1])
    after = gather(whole[::-1])[::-1]
    return np.asarray((before >= FEWEST) & (after >= FEWEST))


def _moved(told: Told) -> float:
    assert told.before is not None
    return abs(told.own - told.before)
