"""Contracts one at a time: which renewals came, and what a given model expects of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import prod

from oracle.clock import local_day, periods_later
from oracle.people import Row
from oracle.spells import Life, Study


@dataclass(frozen=True)
class Contract:
    """How many renewals are due, and at which the contract was lost, if at any of them."""

    due: int
    lost: int | None
    segment: tuple[str | None, ...] = ()


def contract(life: Life, study: Study, period: str) -> Contract:
    """The first spell of a member, walked from renewal to renewal."""
    first = life.spells[0]
    begin = date.fromordinal(first.begin)
    end = None if first.end is None else date.fromordinal(first.end)
    last = local_day(study.world.as_of, study.world.tz) - timedelta(days=1)
    due, lost = 0, None
    while (day := periods_later(begin, due + 1, period)) <= last:
        due += 1
        if lost is None and end is not None and end <= day:
            lost = due
    return Contract(due, lost, life.person.segment)


def seen(contracts: Sequence[Contract]) -> list[Row]:
    """Rows of renewal, at_risk, renewed, rate and survival, as far as one is due."""
    rows: list[Row] = []
    survival: float | None = 1.0
    for renewal in range(1, max((each.due for each in contracts), default=0) + 1):
        before = [
            each
            for each in contracts
            if each.due >= renewal and not (each.lost is not None and each.lost < renewal)
        ]
        after = [each for each in before if each.lost != renewal]
        rate = len(after) / len(before) if before else None
        survival = None if survival is None or rate is None else survival * rate
        rows.append(
            {"renewal": renewal, "at_risk": len(before), "renewed": len(after)}
            | {"rate": rate, "survival": survival}
        )
    return rows


def survival(alpha: float, beta: float, renewal: int) -> float:
    """S(t) of the shifted-beta-geometric model."""
    return prod((beta + t - 1) / (alpha + beta + t - 1) for t in range(1, renewal + 1))


def renewals_expected(alpha: float, beta: float, since: int, many: int) -> float:
    """The sum of S(since + k) / S(since) over the next `many` renewals."""
    whole = survival(alpha, beta, since)
    return sum(survival(alpha, beta, since + k) / whole for k in range(1, many + 1))


def totals(contracts: Sequence[Contract], alpha: float, beta: float, horizon: int) -> Row:
    """The row of `contracts`."""
    there = [each for each in contracts if each.lost is None]
    expected = sum(renewals_expected(alpha, beta, each.due, horizon) for each in there)
    return {
        "contracts": len(contracts),
        "lost": len(contracts) - len(there),
        "there": len(there),
        "expected_renewals": expected,
        "expected_renewals_per_contract": expected / len(there) if there else None,
        "expected_periods_new": 1 + renewals_expected(alpha, beta, 0, horizon),
    }


def held_out(
    contracts: Sequence[Contract], alpha: float, beta: float, holdout: int
) -> tuple[int, float, int, float]:
    """Renewals that came and were expected in the holdout, contracts lost and expected to be."""
    came, expected, lost, gone = 0, 0.0, 0, 0.0
    for each in contracts:
        known = max(each.due - holdout, 0)
        if each.lost is not None and each.lost <= known:
            continue
        came += (each.due if each.lost is None else each.lost - 1) - known
        expected += renewals_expected(alpha, beta, known, each.due - known)
        lost += each.lost is not None
        gone += 1 - survival(alpha, beta, each.due) / survival(alpha, beta, known)
    return came, expected, lost, gone


def survivors(contracts: Sequence[Contract], holdout: int) -> list[list[int]]:
    """What a model may be fitted to: for equally many renewals, who is there after each."""
    cohorts = []
    for due in sorted({each.due - holdout for each in contracts if each.due > holdout}):
        own = [each for each in contracts if each.due - holdout == due]
        cohorts.append([sum(not 0 < (each.lost or 0) <= t for each in own) for t in range(due + 1)])
    return cohorts
