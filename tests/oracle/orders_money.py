"""`orders` by periods: who bought again, what sales are made of, when a cohort has paid for itself.

`tables` puts all of `orders` together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from oracle.clock import Periods, first_instant
from oracle.orders import (
    Client,
    Segment,
    Shop,
    first_order,
    gather,
    ladder,
    money,
    rated,
    repurchase,
    share,
    summary,
    total,
)
from oracle.orders_days import audit, cycle, hazard
from oracle.people import Row, World

Factors = tuple[Fraction | None, ...]
NAMES = ("visitors", "conversion", "orders_per_buyer", "amount_per_order")


def tables(
    world: World,
    *,
    first_days: Sequence[int] = (3, 7, 30),
    repeat_days: Sequence[int] = (7, 30, 90),
    horizon: int = 90,
    costs: Sequence[Row] | None = None,
    margin: float = 1.0,
    **asked: Any,
) -> dict[str, list[Row]]:
    """The rows of every table. costs: rows of `period` (a date in it), `cost` and the segments."""
    shop = gather(world, **asked)
    return {
        "main": repurchase(shop, repeat_days),
        "first_order": first_order(shop, first_days),
        "summary": summary(shop),
        "ladder": ladder(shop),
        "cycle": cycle(shop),
        "hazard": hazard(shop, horizon),
        "audit": audit(shop, horizon),
        "periods": periods(shop),
        "value": value(shop, costs, money(margin)),
        "payback": [] if costs is None else payback(shop, costs, money(margin)),
    }


# --- period by period ---


def shown(shop: Shop, clients: Sequence[Client]) -> range:
    """From the first period with a visit or an order to the last one."""
    numbers = [shop.periods.number(moment) for one in clients for moment in one.visits]
    numbers += [shop.periods.number(order.time) for one in clients for order in one.orders]
    return range(min(numbers), max(numbers) + 1) if numbers else range(0)


def ordered_in(shop: Shop, one: Client, period: int) -> int:
    return sum(shop.periods.number(order.time) == period for order in one.orders)


def periods(shop: Shop) -> list[Row]:
    rows = []
    for segment, clients in shop.groups.items():
        for period in shown(shop, clients):
            buyers = [one for one in clients if ordered_in(shop, one, period)]
            before = [one for one in clients if ordered_in(shop, one, period - 1)]
            again = sum(one in before for one in buyers)
            row = shop.named(segment) | {"period": shop.periods.name(period)}
            row |= {"buyers": len(buyers)}
            row["orders"] = sum(ordered_in(shop, one, period) for one in clients)
            row["new_buyers"] = sum(
                shop.periods.number(one.orders[0].time) == period for one in buyers
            )
            row |= {"previous_buyers": len(before), "repurchased": again}
            row |= rated(again, len(before), shop.confidence)
            rows.append(row | {"complete": shop.complete(period)})
    return rows


def value(shop: Shop, costs: Sequence[Row] | None, margin: Fraction) -> list[Row]:
    rows = []
    for segment, clients in shop.groups.items():
        known: tuple[Factors, Fraction] | None = None  # of the period before, where it is over
        for period in shown(shop, clients):
            factors, sales = of_period(shop, clients, period)
            row = shop.named(segment) | {"period": shop.periods.name(period)}
            row |= {"visitors": factors[0], "buyers": None, "orders": None}
            row["buyers"] = sum(ordered_in(shop, one, period) > 0 for one in clients)
            row["orders"] = sum(ordered_in(shop, one, period) for one in clients)
            row["sales"] = None if sales is None else float(sales)
            row |= dict(zip(NAMES[1:], map(number, factors[1:]), strict=True))
            row["visitors"] = int(factors[0] or 0)
            row |= dict.fromkeys(("cost", "profit"))
            spent = cost(shop, costs or (), segment, period)
            if spent is not None and sales is not None:
                row["profit"] = float(margin * sales - spent)
            row["cost"] = number(spent)
            row["complete"] = shop.complete(period)
            row |= dict.fromkeys(("change", *(f"from_{name}" for name in NAMES)))
            if not row["complete"] or sales is None:
                known = None
            else:
                if known is not None:
                    row |= changed(*known, factors, sales)
                known = factors, sales
            rows.append(row)
    return rows


def number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def of_period(
    shop: Shop, clients: Sequence[Client], period: int
) -> tuple[Factors, Fraction | None]:
    """What sales are the product of, and sales; a factor of nobody is unknown."""
    visitors = buyers = 0
    placed = []
    for one in clients:
        own = [order for order in one.orders if shop.periods.number(order.time) == period]
        there = any(shop.periods.number(moment) == period for moment in one.visits)
        visitors += bool(own) or there
        buyers += bool(own)
        placed += own
    sales = total([order.amount for order in placed]) if shop.amounts else None
    factors = (
        Fraction(visitors),
        Fraction(buyers, visitors) if visitors else None,
        Fraction(len(placed), buyers) if buyers else None,
        Fraction(sales, len(placed)) if placed and sales is not None else None,
    )
    return factors, sales


def changed(old: Factors, before: Fraction, new: Factors, after: Fraction) -> Row:
    """The change, and what each factor has of it: L(after, before) ln(new / old), no rest.

    From or to nothing the factors that are 0 share the change alike; an unknown one has none.
    """
    row: Row = {"change": float(after - before)}
    if before < 0 or after < 0:
        return row
    if before == 0 or after == 0:
        at_zero = new if after == 0 else old
        zeros = sum(factor == 0 for factor in at_zero)
        parts = [float((after - before) / zeros) if factor == 0 else 0.0 for factor in at_zero]
    else:
        ratios = [float(b) / float(a) for a, b in zip(old, new, strict=True)]
        mean = float(before)
        if before != after:
            mean = float(after - before) / math.log1p(float((after - before) / before))
        parts = [mean * math.log(ratio) for ratio in ratios]
    return row | {f"from_{name}": part for name, part in zip(NAMES, parts, strict=True)}


# --- costs ---


def cost(shop: Shop, costs: Sequence[Row], segment: Segment, period: int) -> Fraction | None:
    """The costs of a segment's period, added up; unknown where there is no row of it."""
    own = [row for row in costs if tuple(row[column] for column in shop.by) == segment]
    spent = [money(row["cost"]) for row in own if in_period(shop.periods, row["period"]) == period]
    return sum(spent, Fraction()) if spent else None


def in_period(periods: Periods, day: date) -> int:
    return periods.number(first_instant(day, periods.tz))


def payback(shop: Shop, costs: Sequence[Row], margin: Fraction) -> list[Row]:
    """What members bought from their start on, by periods after it, against what they cost."""
    rows = []
    for segment, clients in shop.groups.items():
        cohorts: dict[int, list[Client]] = {}
        for one in clients:
            if one.start is not None and not one.early:
                cohorts.setdefault(shop.periods.number(one.start), []).append(one)
        for cohort, own in cohorts.items():
            spent = cost(shop, costs, segment, cohort)
            age = -1
            while shop.complete(cohort + age + 1):
                age += 1
            row = shop.named(segment) | {"cohort": shop.periods.name(cohort)}
            row |= {"members": len(own), "cost": number(spent)}
            row |= {"cost_per_member": share(spent, len(own)), "age": age if age >= 0 else None}
            row |= dict.fromkeys(("sales_per_member", "payback_age"))
            if shop.amounts and age >= 0:
                earned = [margin * sold(shop, own, cohort + n) for n in range(age + 1)]
                row["sales_per_member"] = share(sum(earned, Fraction()), len(own))
                if spent is not None:
                    paid = (n for n in range(age + 1) if sum(earned[: n + 1]) >= spent)
                    row["payback_age"] = next(paid, None)
            rows.append(row)
    return rows


def sold(shop: Shop, clients: Sequence[Client], period: int) -> Fraction:
    """Amounts of orders at or after the start, in one period."""
    return sum(
        (
            order.amount or Fraction()
            for one in clients
            for order in one.orders
            if order.time >= one.start and shop.periods.number(order.time) == period
        ),
        Fraction(),
    )
