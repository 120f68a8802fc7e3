"""`rfm` a second time, from the words of its definition: every buyer looked at one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from oracle.brute import wilson
from oracle.clock import first_instant, local_day
from oracle.orders import Order, is_order, money, orders_of
from oracle.people import Person, Row, World

Cuts = Sequence[float]
Key = tuple[str | None, ...]

ORDER = (
    *("champions", "loyal", "potential", "new", "promising", "need attention"),
    *("about to sleep", "at risk", "cannot lose", "hibernating", "lost"),
)
NAMES = {  # by the recency score, for FM from 1 to 5
    5: ("new", "potential", "potential", "champions", "champions"),
    4: ("promising", "potential", "potential", "loyal", "champions"),
    3: ("about to sleep", "need attention", "need attention", "loyal", "loyal"),
    2: ("hibernating", "hibernating", "at risk", "at risk", "cannot lose"),
    1: ("lost", "lost", "at risk", "cannot lose", "cannot lose"),
}
NOBODY_YET = "(no order yet)"


@dataclass(frozen=True)
class Buyer:
    """A member with an order, as it stands at some moment."""

    name: str
    segment: Key
    recency: int
    orders: int
    money: Fraction


@dataclass(frozen=True)
class Scale:
    """What the scores 1 to 5 of a measure mean; the shortest recency is the best."""

    measure: str
    value: Callable[[Buyer], Fraction | int]
    cuts: tuple[Fraction, ...]

    def score(self, buyer: Buyer) -> int:
        above = sum(cut < self.value(buyer) for cut in self.cuts)
        return 5 - above if self.measure == "recency_days" else 1 + above

    def rows(self, buyers: Sequence[Buyer]) -> list[Row]:
        """The values of each score."""
        found = Counter(self.score(buyer) for buyer in buyers)
        edges = [None, *(float(cut) for cut in self.cuts), None]
        rows = []
        for score in range(1, 6):
            step = 5 - score if self.measure == "recency_days" else score - 1
            row = {"measure": self.measure, "score": score}
            row |= {"above": edges[step], "up_to": edges[step + 1], "members": found[score]}
            rows.append(row)
        return rows


@dataclass(frozen=True)
class Scales:
    """The three measures, with the cuts of all buyers."""

    r: Scale
    f: Scale
    m: Scale

    def segment(self, buyer: Buyer) -> str:
        fm = (self.f.score(buyer) + self.m.score(buyer) + 1) // 2
        return NAMES[self.r.score(buyer)][fm - 1]


def fifths(values: Iterable[Fraction | int]) -> tuple[Fraction, ...]:
    """For k from 1 to 4 the smallest value that at least k/5 of all do not exceed."""
    told = sorted(values)
    cuts = []
    for k in range(1, 5):
        enough = (v for v in told if Fraction(sum(u <= v for u in told), len(told)) * 5 >= k)
        cuts.append(Fraction(next(enough)))
    return tuple(cuts)


def scales(
    buyers: Sequence[Buyer], r_cuts: Cuts = (), f_cuts: Cuts = (), m_cuts: Cuts = ()
) -> Scales:
    """At least one buyer where cuts are not told."""

    def scale(measure: str, value: Callable[[Buyer], Fraction | int], told: Cuts) -> Scale:
        cuts = tuple(money(cut) for cut in told) or fifths(value(buyer) for buyer in buyers)
        return Scale(measure, value, cuts)

    return Scales(
        scale("recency_days", lambda buyer: buyer.recency, r_cuts),
        scale("orders", lambda buyer: buyer.orders, f_cuts),
        scale("amount", lambda buyer: buyer.money, m_cuts),
    )


def orders_by(
    world: World, *, order_event: str | None = None, merge_days: bool = False, ids: bool = True
) -> list[tuple[Person, tuple[Order, ...]]]:
    """Everyone's orders. ids: whether the data have a column of them."""
    return [
        (
            person,
            orders_of(
                [row for row in person.events if is_order(row, order_event, ids, True)],
                world.tz,
                ids=ids,
                merge_days=merge_days,
            ),
        )
        for person in world.people
    ]


def buyers_at(
    moment: datetime, people: Iterable[tuple[Person, tuple[Order, ...]]], tz: str
) -> dict[str, Buyer]:
    """Who had ordered before the moment; an order is when its earliest row is."""
    buyers = {}
    for person, orders in people:
        placed = [order for order in orders if order.time < moment]
        if placed:
            name = person.events[0]["member"]
            days = local_day(moment, tz) - local_day(max(order.time for order in placed), tz)
            spent = sum((order.amount or Fraction() for order in placed), Fraction())
            buyers[name] = Buyer(name, person.segment, days.days, len(placed), spent)
    return buyers


def grouped(buyers: Iterable[Buyer], key: Callable[[Buyer], object]) -> dict[object, list[Buyer]]:
    groups: dict[object, list[Buyer]] = {}
    for buyer in buyers:
        groups.setdefault(key(buyer), []).append(buyer)
    return groups


def over(part: Fraction | int, whole: Fraction | int) -> float | None:
    return float(Fraction(part) / whole) if whole else None


def spent(buyers: Iterable[Buyer]) -> Fraction:
    return sum((buyer.money for buyer in buyers), Fraction())


def main(
    buyers: Sequence[Buyer], named: Callable[[Buyer], str], by: Sequence[str], confidence: float
) -> list[Row]:
    rows = []
    for segment, everyone in grouped(buyers, lambda buyer: buyer.segment).items():
        own = grouped(everyone, named)
        for name in ORDER:
            some = own.get(name, [])
            if not some:
                continue
            count, orders, amount = len(some), sum(one.orders for one in some), spent(some)
            low, high = wilson(count, len(everyone), confidence)
            row = dict(zip(by, segment, strict=True)) | {"segment": name, "members": count}
            row |= {"share": over(count, len(everyone)), "ci_low": low, "ci_high": high}
            row |= {"orders": orders, "amount": float(amount)}
            row["amount_share"] = over(amount, spent(everyone))
            row["orders_per_member"] = over(orders, count)
            row["amount_per_member"] = over(amount, count)
            row["mean_recency_days"] = over(sum(one.recency for one in some), count)
            rows.append(row)
    return rows


def cells(buyers: Sequence[Buyer], scored: Scales, by: Sequence[str]) -> list[Row]:
    rows = []
    for segment, everyone in grouped(buyers, lambda buyer: buyer.segment).items():
        for r in range(5, 0, -1):
            for f in range(1, 6):
                some = [
                    one for one in everyone if (scored.r.score(one), scored.f.score(one)) == (r, f)
                ]
                if some:
                    row = dict(zip(by, segment, strict=True)) | {"r": r, "f": f}
                    rows.append(row | {"members": len(some), "amount": float(spent(some))})
    return rows


def movement(
    then: dict[str, Buyer], now: dict[str, Buyer], scored: Scales, by: Sequence[str]
) -> list[Row]:
    moved: Counter[tuple[Key, str, str]] = Counter()
    left: Counter[tuple[Key, str]] = Counter()
    for name, buyer in now.items():
        before = scored.segment(then[name]) if name in then else NOBODY_YET
        moved[buyer.segment, before, scored.segment(buyer)] += 1
        left[buyer.segment, before] += 1
    return [
        dict(zip(by, segment, strict=True))
        | {"before": before, "now": after, "members": count}
        | {"share": over(count, left[segment, before])}
        for (segment, before, after), count in moved.items()
    ]


def retention(
    then: dict[str, Buyer],
    now: dict[str, Buyer],
    scored: Scales,
    by: Sequence[str],
    confidence: float,
) -> list[Row]:
    rows = []
    for segment, everyone in grouped(then.values(), lambda buyer: buyer.segment).items():
        for name, some in grouped(everyone, scored.segment).items():
            pairs = [(one, now[one.name]) for one in some]
            back = sum(after.orders > before.orders for before, after in pairs)
            orders = sum(after.orders - before.orders for before, after in pairs)
            amount = sum((after.money - before.money for before, after in pairs), Fraction())
            low, high = wilson(back, len(some), confidence)
            row = dict(zip(by, segment, strict=True)) | {"segment": name, "members": len(some)}
            row |= {"retained": back, "rate": over(back, len(some))}
            row |= {"ci_low": low, "ci_high": high, "orders_since": orders}
            row |= {"amount_since": float(amount)}
            rows.append(row | {"amount_since_per_member": over(amount, len(some))})
    return rows


def roster(buyers: Sequence[Buyer], scored: Scales, by: Sequence[str]) -> list[Row]:
    return [
        {"member": one.name, "state": scored.segment(one)}
        | {"r": scored.r.score(one), "f": scored.f.score(one), "m": scored.m.score(one)}
        | {"recency_days": one.recency, "orders": one.orders, "amount": float(one.money)}
        | dict(zip(by, one.segment, strict=True))
        for one in buyers
    ]


def tables(
    world: World,
    *,
    order_event: str | None = None,
    merge_days: bool = False,
    r_cuts: Cuts = (),
    f_cuts: Cuts = (),
    m_cuts: Cuts = (),
    compare_to: date | None = None,
    by: Sequence[str] = (),
    confidence: float = 0.95,
    ids: bool = True,
) -> dict[str, list[Row]]:
    """Every table, and the `roster`; empty where nobody ordered. `world` was observed with `by`."""
    people = orders_by(world, order_event=order_event, merge_days=merge_days, ids=ids)
    now = buyers_at(world.as_of, people, world.tz)
    buyers = list(now.values())
    if not buyers:
        return {}
    scored = scales(buyers, r_cuts, f_cuts, m_cuts)
    made = {
        "main": main(buyers, scored.segment, by, confidence),
        "cells": cells(buyers, scored, by),
        "scores": [row for scale in (scored.r, scored.f, scored.m) for row in scale.rows(buyers)],
        "roster": roster(buyers, scored, by),
    }
    if compare_to is not None:
        then = buyers_at(first_instant(compare_to, world.tz), people, world.tz)
        made["movement"] = movement(then, now, scored, by)
        made["retention"] = retention(then, now, scored, by, confidence)
    return made
