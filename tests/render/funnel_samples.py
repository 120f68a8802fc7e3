"""Results of funnel, drawn by lot step by step for invented members of a shop."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import polars as pl
from render_samples import RETAIL, months, wilson

from retainkit.results import DataWindow, Result
from retainkit.stats.decomposition import lmdi
from retainkit.stats.differences import holm, newcombe, two_proportions

Row = dict[str, Any]
EVENTS = ("visit", "view_item", "add_to_cart", "pay[amount > 0]", "review")
SHARES = (1.0, 0.45, 0.5, 0.7, 0.2)
TYPICAL = (0, 90, 600, 10_800, 5 * 86_400)  # seconds from the step before
EDGES = (0, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200)
EDGES += tuple(86_400 * days for days in (1, 2, 3, 7, 14, 30, 90, 365))
NEXT = ("search", "visit", "support", None)
PARAMS: Row = {
    "steps": EVENTS,
    "order": "ordered",
    "window": "30d",
    "attempt": "best",
    "target": (),
    "min_members": 100,
    "compare": None,
    "trend": None,
    "by": (),
    "confidence": 0.95,
}


def reached(seed: int, people: int, lift: float = 1.0) -> list[int]:
    """Return how many members got to each step."""
    rng = np.random.default_rng(seed)
    counts = [people]
    for share in SHARES[1:]:
        counts.append(int(rng.binomial(counts[-1], min(share * lift * rng.uniform(0.9, 1.1), 1))))
    return counts


def seconds_of(seed: int, counts: Sequence[int]) -> list[list[int]]:
    """Return, for each step, the times its members took."""
    rng = np.random.default_rng(seed + 1000)
    return [
        sorted(int(t) for t in rng.lognormal(np.log(max(typical, 1)), 1.2, count))
        for typical, count in zip(TYPICAL, counts, strict=True)
    ]


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def ends(part: int, whole: int) -> Row:
    low, high = wilson(part, whole) if whole else (None, None)
    return {"ci_low": low, "ci_high": high}


def main_rows(counts: Sequence[int], times: Sequence[Sequence[int]], best: Row) -> list[Row]:
    """Return the rows of a segment; best: the coefficient that each step may be lifted to."""
    rows: list[Row] = []
    for n, (event, members) in enumerate(zip(EVENTS, counts, strict=True)):
        before = counts[n - 1] if n else 0
        coefficient, taken = (share(members, before), times[n]) if n else (None, [])
        row: Row = {"step": n + 1, "event": event, "members": members, "coefficient": coefficient}
        row |= ends(members, before) | {
            "overall": share(members, counts[0]),
            "dropped": before - members if n else None,
            "open": None if n else counts[0] // 40,
            "median_seconds": taken[(len(taken) - 1) // 2] if taken else None,
            "p90_seconds": taken[len(taken) * 9 // 10] if taken else None,
            "leverage": best[n + 1] / coefficient - 1 if coefficient else None,
        }
        rows.append(row)
    greatest = max((row["leverage"] for row in rows if row["leverage"] is not None), default=None)
    first = next((row for row in rows if row["leverage"] == greatest is not None), None)
    return [{**row, "bottleneck": row is first} for row in rows]


def duration_rows(times: Sequence[Sequence[int]]) -> list[Row]:
    rows = []
    for step, taken in enumerate(times, start=1):
        where = [bisect_right(EDGES, seconds) for seconds in taken] if step > 1 else []
        for place in sorted(set(where)):
            upper = EDGES[place] if place < len(EDGES) else None
            row = {"step": step, "seconds_from": EDGES[place - 1], "seconds_to": upper}
            rows.append({**row, "members": where.count(place)})
    whole = [{**row, "step": 0} for row in rows if row["step"] == len(times)]
    return [*whole, *rows]


def segment_rows(names: Sequence[str | None], counts: Sequence[Sequence[int]]) -> list[Row]:
    total = [sum(column) for column in zip(*counts, strict=True)]
    rows: list[Row] = []
    for n in range(1, len(EVENTS)):
        for name, mine in zip(names, counts, strict=True):
            pair = (mine[n], mine[n - 1], total[n] - mine[n], total[n - 1] - mine[n - 1])
            difference, low, high = (float(x) for x in newcombe(*pair, 0.95))
            row: Row = {"step": n + 1, "event": EVENTS[n], "channel": name, "members": mine[n - 1]}
            row |= {"coefficient": share(*pair[:2]), "rest": share(*pair[2:])}
            row |= {"difference": difference, "ci_low": low, "ci_high": high}
            rows.append(row | {"p_value": float(two_proportions(*pair))})
    adjusted = holm([row["p_value"] for row in rows]).tolist()
    for row, p in zip(rows, adjusted, strict=True):
        row |= {"p_holm": p, "real": p < 0.05}
    return [{name: None if value != value else value for name, value in r.items()} for r in rows]


def change_rows(before: Sequence[int], after: Sequence[int]) -> list[Row]:
    sides = [[b / a for a, b in pairwise(n)] for n in (before, after)]
    parts = lmdi(*sides).tolist()
    return [
        {"step": n, "event": EVENTS[n - 1], "before": before[n - 1], "after": after[n - 1]}
        | {"coefficient_before": old, "coefficient_after": new}
        | {"contribution": part, "share": part / sum(parts)}
        for n, (old, new, part) in enumerate(zip(*sides, parts, strict=True), start=2)
    ]


def trend_rows(seed: int, people: int, periods: int) -> list[Row]:
    rows = []
    for number, period in enumerate(months(periods, 2024 * 12)):
        counts = reached(seed + number, people // periods)
        for n, members in enumerate(counts):
            part = (members, counts[n - 1]) if n else (0, 0)
            row = {"period": period, "step": n + 1, "event": EVENTS[n], "members": members}
            row |= {"coefficient": share(*part), **ends(*part)}
            row |= {"overall": share(members, counts[0]), "complete": number < periods - 1}
            rows.append(row)
    return rows


def dropoff_rows(counts: Sequence[int]) -> list[Row]:
    rows = []
    for n, (here, there) in enumerate(pairwise(counts)):
        dropped = here - there
        parts = [dropped * 5 // 10, dropped * 3 // 10, dropped // 10]
        for name, members in zip(NEXT, [*parts, dropped - sum(parts)], strict=True):
            row = {"step": n + 1, "event": EVENTS[n], "next": name, "members": members}
            rows.append({**row, "share": share(members, dropped)})
    return rows


def funnel(names: Sequence[str | None] = (), people: int = 18_000, *, more: bool = True) -> Result:
    """A funnel of five steps; by segment if there are `names`; more: with all its tables."""
    keys = names or [None]
    sizes = [people // (1 + 2 * n) for n in range(len(keys))]
    counts = [reached(n, size, 1 - 0.06 * (n % 4)) for n, size in enumerate(sizes)]
    best = dict.fromkeys(range(1, len(EVENTS) + 1), 1.0)
    if names:
        for n in range(1, len(EVENTS)):
            known = [mine[n] / mine[n - 1] for mine in counts if mine[n - 1] >= 100]
            best[n + 1] = max(known, default=0)
    tables: dict[str, list[Row]] = {"main": [], "durations": []}
    if names:
        tables["segments"] = segment_rows(names, counts)
    if more:
        tables["change"] = change_rows(reached(3, people), reached(4, people, 0.8))
        tables |= {"trend": [], "dropoffs": []}
    for n, (name, mine) in enumerate(zip(keys, counts, strict=True)):
        times = seconds_of(n, mine)
        made = {"main": main_rows(mine, times, best), "durations": duration_rows(times)}
        made |= {
            "trend": trend_rows(n, sizes[n], 6 if names else 15),
            "dropoffs": dropoff_rows(mine),
        }
        for table in tables.keys() & made.keys():
            key: Row = {"channel": name} if names else {}
            tables[table] += [key | row for row in made[table]]
    frames = {name: pl.DataFrame(rows, infer_schema_length=None) for name, rows in tables.items()}
    params = {**PARAMS, "by": ("channel",) if names else ()}
    if more:
        params |= {"compare": "plan=free,pro", "trend": "month", "dropoffs": True}
    told = "Members who took each step after the one before, within 30 days of the first."
    return Result("funnel", told, params, RETAIL, frames, ("Steps may lie at the same time.",))


def any_order() -> Result:
    """A funnel in any order: its steps have no names of their own."""
    made = funnel(more=False)
    names = [f"{step} of {len(EVENTS)} steps" for step in range(1, len(EVENTS) + 1)]
    main = made.main.with_columns(event=pl.Series(names))
    return Result(
        "funnel", made.definition, {**made.params, "order": "any"}, RETAIL, {"main": main}
    )


def long_funnel(steps: int = 20) -> Result:
    """A funnel of as many steps as there may be, every tenth member lost at each."""
    counts = [*accumulate(range(steps - 1), lambda n, _: n * 9 // 10, initial=50_000)]
    made = funnel(more=False).main.to_dicts()[1]
    rows = [
        made
        | {"step": n + 1, "event": f"step number {n + 1} of a long way", "members": count}
        | {"overall": count / counts[0], "dropped": 0 if not n else counts[n - 1] - count}
        | {"coefficient": count / counts[n - 1] if n else None, "open": None if n else 0}
        | {"leverage": 0.1, "bottleneck": n == 7}
        for n, count in enumerate(counts)
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return Result("funnel", "A long way.", PARAMS, RETAIL, {"main": frame})


def empty_funnel() -> Result:
    made = funnel()
    frames = {name: table.clear() for name, table in made.tables.items()}
    data = DataWindow(0, 0, None, None, None, "Asia/Shanghai")
    return Result("funnel", made.definition, made.params, data, frames)
