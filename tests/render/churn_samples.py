"""Results of churn, counted the slow way from the invented spells of a few thousand members."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import exp, log, sqrt
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from render_samples import RETAIL, months, wilson

from retainkit.results import DataWindow, Result

Key = tuple[str | None, ...]
Row = dict[str, Any]
TABLES = ("main", "survival", "timing", "logrank", "winback", "second_life", "gaps", "reasons")
TABLES += ("reasons_over_time", "paths", "returns")
REASONS = (("price", "too expensive"), ("product", "嫌质量差"), ("moved", "moved away"))
REASONS += (("product", "broken | twice"), ("unknown", None))
PATHS = ("visit > visit > visit", "coupon > visit > complain", "open_app", "visit > `pay` > refund")
LAST = 17  # the last period, of 18; it is not over


class Spell(NamedTuple):
    """From one period to another, or still open."""

    begin: int
    end: int | None


def lives(seed: int, people: int, leaving: float) -> list[list[Spell]]:
    """Return the spells of each member."""
    rng = np.random.default_rng(seed)
    members = []
    for _ in range(people):
        spells, begin = [], int(rng.integers(0, LAST + 1))
        while begin <= LAST:
            end = begin + int(rng.geometric(leaving * 0.75 ** len(spells)))
            spells.append(Spell(begin, end if end <= LAST else None))
            begin = end + int(rng.geometric(0.12)) if end <= LAST else LAST + 1
        members.append(spells)
    return members


def lifecycle_rows(members: list[list[Spell]]) -> Iterable[Row]:
    before = 0
    for number, period in enumerate(months(LAST + 1, 2024 * 12)):
        new = sum(spells[0].begin == number for spells in members)
        back = sum(spell.begin == number for spells in members for spell in spells[1:])
        gone = sum(spell.end == number for spells in members for spell in spells)
        low, high = wilson(gone, before) if before else (None, None)
        active = before + new + back - gone
        yield {"period": period, "active": active, "previous": before, "new": new} | {
            "retained": before - gone,
            "resurrected": back,
            "churned": gone,
            "churn_rate": gone / before if before else None,
            "ci_low": low,
            "ci_high": high,
            "quick_ratio": (new + back) / gone if gone else None,
            "complete": number < LAST,
        }
        before = active


def presence_rows(members: list[list[Spell]]) -> Iterable[Row]:
    for row in lifecycle_rows(members):
        start, end, gone = row["previous"], row["active"], row["churned"]
        yield {"period": row["period"], "present_start": start} | {
            "joined": row["new"] + row["resurrected"],
            "rejoined": row["resurrected"],
            "churned": gone,
            "churned_of_start": gone,
            "present_end": end,
            "churn_rate": row["churn_rate"],
            "ci_low": row["ci_low"],
            "ci_high": row["ci_high"],
            "rate_average": 2 * gone / (start + end) if start + end else None,
            "rate_exposure": 1.1 * gone / (start + end) if start + end else None,
            "complete": row["complete"],
        }


def kaplan_meier(spells: Iterable[Spell], first: int) -> Iterable[Row]:
    """Yield the table of survival; intervals by Greenwood on the log-log scale."""
    ends = [
        (s.end, True) if s.end is not None and s.end < LAST else (LAST - 1, False) for s in spells
    ]
    known = [(end - s.begin, event) for s, (end, event) in zip(spells, ends, strict=True)]
    known = [each for each in known if each[0] >= first]
    survival, greenwood = 1.0, 0.0
    for age in range(first, max((age for age, _ in known), default=-1) + 1):
        at_risk = sum(end >= age for end, _ in known)
        gone = known.count((age, True))
        survival *= 1 - gone / at_risk
        greenwood += gone / (at_risk * (at_risk - gone)) if gone < at_risk else 0
        low = high = survival
        if 0 < survival < 1:
            reach = 1.96 * sqrt(greenwood) / log(survival)
            low, high = (exp(log(survival) * exp(sign * reach)) for sign in (-1, 1))
        yield {"age": age, "members": at_risk, "churned": gone} | {
            "censored": known.count((age, False)),
            "hazard": gone / at_risk,
            "survival": survival,
            "ci_low": low,
            "ci_high": high,
        }


def median_row(timing: Sequence[Row], several: bool) -> Row:
    def first(name: str) -> int | None:
        return next((row["age"] for row in timing if row[name] <= 0.5), None)

    members, gone = timing[0]["members"], sum(row["churned"] for row in timing)
    return {"members": members, "churned": gone, "censored": members - gone} | {
        "median": first("survival"),
        "median_low": first("ci_low"),
        "median_high": first("ci_high"),
        "expected": gone * 1.1 if several else None,
    }


def winback_rows(members: list[list[Spell]], first: int) -> Iterable[Row]:
    pairs = [(a.end, b.begin) for spells in members for a, b in pairwise(spells)]
    still = [spells[-1].end for spells in members if spells[-1].end is not None]
    away = 1.0
    for silence in range(first, 9):
        back = sum(begin - end == silence for end, begin in pairs)
        at_risk = sum(begin - end >= silence for end, begin in pairs)
        at_risk += sum(LAST - 1 - end >= silence for end in still)
        if not at_risk:
            return
        low, high = wilson(back, at_risk)
        away *= 1 - back / at_risk
        yield {"silence": silence, "members": at_risk, "returned": back, "censored": 0} | {
            "rate": back / at_risk,
            "ci_low": low,
            "ci_high": high,
            "returned_so_far": 1 - away,
        }


def reason_rows(members: list[list[Spell]], seed: int) -> tuple[list[Row], list[Row]]:
    rng = np.random.default_rng(seed)
    ends = [s.end for spells in members for s in spells[-1:] if s.end is not None]
    told = [
        (end, *REASONS[int(n)]) for end, n in zip(ends, rng.integers(0, 5, len(ends)), strict=True)
    ]
    reasons = [
        {"category": c, "reason": r, "members": n, "share": n / len(told)}
        for c, r in REASONS
        if (n := sum(each[1:] == (c, r) for each in told))
    ]
    periods = months(LAST + 1, 2024 * 12)
    over_time = [
        {"period": periods[end], "category": c, "members": n, "share": n / ends.count(end)}
        for end in sorted(set(ends))
        for c in sorted({c for c, _ in REASONS})
        if (n := sum(each[:2] == (end, c) for each in told))
    ]
    return reasons, over_time


def path_rows() -> Iterable[Row]:
    for number, path in enumerate(PATHS):
        gone, lift = 400 - 90 * number, 2.2 - 0.6 * number
        yield {"path": path, "churned": gone, "churned_share": gone / 1300, "stayed": gone * 3} | {
            "stayed_share": gone / 1300 / lift,
            "lift": lift,
            "ci_low": lift * 0.87,
            "ci_high": lift * 1.15,
        }


def frame(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None)


def churn(
    names: Sequence[str | None] = (), definition: str = "lifecycle", people: int = 900
) -> Result:
    """A churn of 18 months with all its tables; by segment if there are `names`."""
    first = 1 if definition == "lifecycle" else 0
    tables: dict[str, list[Row]] = {name: [] for name in TABLES}
    for number, name in enumerate(names or [None]):
        key: Row = {"channel": name} if names else {}
        members = lives(number, people // (1 + number % 3), 0.3 + 0.08 * (number % 4))
        rows = lifecycle_rows(members) if first else presence_rows(members)
        timing = [*kaplan_meier([spells[0] for spells in members], first)]
        reasons, over_time = reason_rows(members, number)
        made = {
            "main": rows,
            "timing": timing,
            "survival": [median_row(timing, len(names) > 1)],
            "winback": winback_rows(members, first),
            "second_life": kaplan_meier([s for spells in members for s in spells[1:]], first),
            "reasons": reasons,
            "reasons_over_time": over_time,
            "paths": path_rows(),
            "returns": [{"event": "coupon", "members": 12, "share": 0.75}],
        }
        for table, these in made.items():
            tables[table] += [key | row for row in these]
    if len(names) > 1:
        tables["logrank"] = [{"groups": len(names), "statistic": 31.8, "df": 5, "p_value": 6.5e-6}]
    frames = {name: frame(rows) for name, rows in tables.items()}
    params = {
        "definition": definition,
        "period": "month",
        "inactive_days": None,
        "confidence": 0.95,
    }
    params |= {"by": ("channel",) if names else (), "last": 3, "paths": True}
    told = f"Active members by month ({definition}); churned: active in a month, not in the next."
    notes = ("1 period is not over by as-of: marked incomplete.",)
    return Result("churn", told, params, RETAIL, frames, notes)


def empty_churn() -> Result:
    made = churn()
    frames = {name: table.clear() for name, table in made.tables.items()}
    data = DataWindow(0, 0, None, None, None, "Asia/Shanghai")
    return Result("churn", made.definition, made.params, data, frames)
