"""`orders` day by day: hazard, audit and cycle, by a Kaplan-Meier estimate in fractions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from statistics import NormalDist

from oracle.orders import Client, Clock, Shop, started
from oracle.people import Row

GOLDEN = {"first_order": 3, "repurchase": 7}  # days
ONE_HALF = Fraction(1, 2)
GAPS = 5  # orders whose gaps are told apart


@dataclass(frozen=True)
class Wait:
    """The day on which it was over, or the last one watched in vain."""

    day: int
    over: bool


def wait(clock: Clock, start: datetime, event: datetime | None) -> Wait | None:
    """What was seen of a wait in days that are over; None where not even day 0 is."""
    last = clock.last_day(start)
    if last < 0:
        return None
    if event is not None and clock.day(start, event) <= last:
        return Wait(clock.day(start, event), over=True)
    return Wait(last, over=False)


@dataclass(frozen=True)
class Day:
    """One day of a Kaplan-Meier curve: survival up to its end, with its limits."""

    number: int
    at_risk: int
    events: int
    survival: Fraction
    low: float
    high: float

    @property
    def hazard(self) -> Fraction:
        return Fraction(self.events, self.at_risk)


def curve(waits: Sequence[Wait], confidence: float) -> list[Day]:
    """Every day on which anybody still waits."""
    days: list[Day] = []
    survival, variance, number = Fraction(1), Fraction(0), 0
    while any(one.day >= number for one in waits):
        at_risk = sum(one.day >= number for one in waits)
        events = sum(one.over and one.day == number for one in waits)
        survival *= Fraction(at_risk - events, at_risk)
        if events < at_risk:
            variance += Fraction(events, at_risk * (at_risk - events))
        days.append(Day(number, at_risk, events, survival, *limits(survival, variance, confidence)))
        number += 1
    return days


def limits(survival: Fraction, variance: Fraction, confidence: float) -> tuple[float, float]:
    """exp(-exp(log(-log S) -+ z s)), with Greenwood's s over log S; S itself where S is 0 or 1."""
    if survival in (0, 1):
        return float(survival), float(survival)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    cumulated = -math.log(survival)
    middle, reach = math.log(cumulated), z * math.sqrt(variance) / cumulated
    return math.exp(-math.exp(middle + reach)), math.exp(-math.exp(middle - reach))


def medians(days: Sequence[Day]) -> tuple[int | None, int | None, int | None]:
    """The first day with survival at most 1/2; the limits' own first days, while any survive."""
    alive = [day for day in days if day.survival > 0]
    return (
        next((day.number for day in days if day.survival <= ONE_HALF), None),
        next((day.number for day in alive if day.low <= 0.5), None),
        next((day.number for day in alive if day.high <= 0.5), None),
    )


# --- hazard, and what is read off it ---


def waits_of(shop: Shop, clients: Sequence[Client], kind: str) -> list[Wait]:
    if kind == "first_order":
        found = started(clients)
    else:
        bought = [[order.time for order in one.orders] for one in clients if not one.early]
        found = [(times[0], times[1] if times[1:] else None) for times in bought if times]
    waits = [wait(shop.clock, start, event) for start, event in found]
    return [one for one in waits if one is not None]


def hazard(shop: Shop, horizon: int) -> list[Row]:
    rows = []
    for segment, clients in shop.groups.items():
        for kind in GOLDEN:
            for day in curve(waits_of(shop, clients, kind), shop.confidence)[: horizon + 1]:
                row = shop.named(segment) | {"kind": kind, "day": day.number}
                row |= {"at_risk": day.at_risk, "events": day.events}
                row |= {"hazard": float(day.hazard), "cumulative": float(1 - day.survival)}
                rows.append(row | {"ci_low": 1 - day.high, "ci_high": 1 - day.low})
    return rows


def audit(shop: Shop, horizon: int) -> list[Row]:
    rows = []
    for segment, clients in shop.groups.items():
        for kind, golden in GOLDEN.items():
            days = curve(waits_of(shop, clients, kind), shop.confidence)[: horizon + 1]
            row = shop.named(segment) | {"kind": kind, "golden_days": golden}
            row["conversions"] = sum(day.events for day in days)
            row |= dict.fromkeys(("golden_share", "days_80", "peak_day", "flat_day"))
            if row["conversions"]:
                row |= read_off(days, golden, 0 if shop.clock.kind == "calendar" else 1)
            rows.append(row)
    return rows


def read_off(days: Sequence[Day], golden: int, more: int) -> Row:
    """more: how many days have passed at the end of day 0."""
    reached = [1 - day.survival for day in days]
    window = golden - more
    eighty = next(n for n, share in enumerate(reached) if share >= Fraction(4, 5) * reached[-1])
    peak = max(days, key=lambda day: (day.hazard, -day.number)).number
    return {
        "golden_share": float(reached[window] / reached[-1]) if window < len(days) else None,
        "days_80": eighty + more,
        "peak_day": peak,
        "flat_day": next((n for n in range(peak, len(days)) if flat(days, n)), None),
    }


def flat(days: Sequence[Day], n: int) -> bool:
    """Whether in the week from day n on the hazard is less than twice that of all days from n.

    Or nobody orders from there on.
    """
    if not any(day.events for day in days[n:]):
        return True
    return together(days[n : n + 7]) < 2 * together(days[n:])


def together(days: Sequence[Day]) -> Fraction:
    return Fraction(sum(day.events for day in days), sum(day.at_risk for day in days))


# --- from one order to the next ---


def nearest_rank(days: Sequence[int]) -> int | None:
    """The smallest day such that at least half of all are no later."""
    return next((d for d in sorted(days) if 2 * sum(one <= d for one in days) >= len(days)), None)


def cycle(shop: Shop) -> list[Row]:
    rows = []
    for segment, clients in shop.groups.items():
        gaps: dict[int | None, list[Wait]] = {k: [] for k in (*range(1, GAPS + 1), None)}
        for one in clients:
            times = [order.time for order in one.orders if not one.early]
            for k, (start, event) in enumerate(pairwise([*times, None]), 1):
                assert start is not None
                seen = wait(shop.clock, start, event)
                if seen is not None:
                    gaps[None].append(seen)
                    if k <= GAPS:
                        gaps[k].append(seen)
        for order, waits in gaps.items():
            over = [one.day for one in waits if one.over]
            middle, low, high = medians(curve(waits, shop.confidence))
            row = shop.named(segment) | {"order": order, "gaps": len(over)}
            row |= {"open": len(waits) - len(over), "observed_median_days": nearest_rank(over)}
            rows.append(row | {"km_median_days": middle, "km_low": low, "km_high": high})
    return rows
