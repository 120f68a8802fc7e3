"""When orders come: their hazard by day, where the golden windows end, the repurchase cycle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from retainkit.columns import column, known
from retainkit.metrics.base import Segment, by_segment, empty_table, of_segment
from retainkit.metrics.orders.params import OrdersParams
from retainkit.metrics.orders.tally import FIRST_DAY, GAP, GAPS
from retainkit.stats.survival import Curve, kaplan_meier, median

GOLDEN = {"first_order": 3, "repurchase": 7}  # days, by rule of thumb
WEEK = 7  # days of which the hazard is told together, where it flattens
MOST_OF = 0.8  # of conversions, whose window is told
_EXACT = 1e-12  # how far a share may stray by rounding

_HAZARD = {
    "kind": pl.String,
    **dict.fromkeys(("day", "at_risk", "events"), pl.Int64),
    **dict.fromkeys(("hazard", "cumulative", "ci_low", "ci_high"), pl.Float64),
}
_AUDIT = {
    "kind": pl.String,
    **dict.fromkeys(("golden_days", "conversions"), pl.Int64),
    "golden_share": pl.Float64,
    **dict.fromkeys(("days_80", "peak_day", "flat_day"), pl.Int64),
}
_CYCLE = {
    **dict.fromkeys(("order", "gaps", "open", "observed_median_days"), pl.Int64),
    **dict.fromkeys(("km_median_days", "km_low", "km_high"), pl.Int64),
}


@dataclass(frozen=True)
class Waiting:
    """How long the members of one segment wait for an order: a curve by day."""

    segment: Segment
    kind: str
    curve: Curve


def waits(tally: pl.DataFrame, params: OrdersParams) -> list[Waiting]:
    """Return the curves up to the horizon: of first orders, then of second ones, by segment."""
    rows = {
        "first_order": tally.filter(kind=FIRST_DAY),
        "repurchase": tally.filter(pl.col("kind") == GAP, pl.col("age") == 1),
    }
    return [
        Waiting(segment, kind, _curve(_until(part, params.horizon), params))
        for kind, found in rows.items()
        for segment, part in by_segment(found, params.by)
    ]


def hazards(found: list[Waiting], params: OrdersParams) -> pl.DataFrame:
    """Return the hazard and the share that has ordered, day by day."""
    tables = [empty_table(_HAZARD, params.by)]
    for each in found:
        curve = each.curve
        table = pl.DataFrame(
            [
                pl.Series("kind", [each.kind] * len(curve.time), dtype=pl.String),
                column(curve.time, "day"),
                column(curve.at_risk, "at_risk"),
                column(curve.events, "events"),
                known(curve.hazard).alias("hazard"),
                known(1 - curve.survival).alias("cumulative"),
                known(1 - curve.high).alias("ci_low"),
                known(1 - curve.low).alias("ci_high"),
            ]
        )
        tables.append(of_segment(table, params.by, each.segment))
    return pl.concat(tables)


def audit(found: list[Waiting], params: OrdersParams) -> pl.DataFrame:
    """Return how the rules of thumb fit: what falls into the golden windows, and what would."""
    rows = [
        pl.DataFrame([_audited(each, params)], schema=_AUDIT, orient="row").pipe(
            of_segment, params.by, each.segment
        )
        for each in found
    ]
    return pl.concat([empty_table(_AUDIT, params.by), *rows])


def cycle(tally: pl.DataFrame, params: OrdersParams) -> pl.DataFrame:
    """Return the days from order to order: the observed median beside Kaplan and Meier's."""
    tables = [empty_table(_CYCLE, params.by)]
    for segment, part in by_segment(tally.filter(kind=GAP), params.by):
        rows = [_cycle(order, part, params) for order in (*range(1, GAPS + 1), None)]
        told = pl.DataFrame([row for row in rows if row], schema=_CYCLE, orient="row")
        tables.append(of_segment(told, params.by, segment))
    return pl.concat(tables)


def _until(part: pl.DataFrame, horizon: int) -> pl.DataFrame:
    """Return days beyond the horizon as last seen at it."""
    beyond = pl.col("at") > horizon
    return part.with_columns(
        at=pl.when(beyond).then(horizon).otherwise("at"),
        yes=pl.when(beyond).then(0).otherwise("yes"),
        no=pl.col("no") + pl.when(beyond).then("yes").otherwise(0),
    )


def _curve(part: pl.DataFrame, params: OrdersParams) -> Curve:
    at, yes, no = (part[name].to_numpy() for name in ("at", "yes", "no"))
    return kaplan_meier(at, yes, no, 0, params.confidence)


def _audited(each: Waiting, params: OrdersParams) -> tuple[object, ...]:
    golden, curve = GOLDEN[each.kind], each.curve
    conversions = int(curve.events.sum())
    if not conversions:
        return (each.kind, golden, 0, None, None, None, None)
    first = 1 if params.clock == "elapsed" else 0  # day 0 of the elapsed clock is a day long
    came = 1 - curve.survival
    last = golden - first
    share = float(came[last] / came[-1]) if last < len(came) else None
    most = int(np.flatnonzero(came >= MOST_OF * came[-1] - _EXACT)[0])
    peak = int(np.argmax(curve.hazard))
    return (
        *(each.kind, golden, conversions, share),
        *(most + first, peak, _flat(curve, peak)),
    )


def _flat(curve: Curve, peak: int) -> int:
    """Return the first day from the peak on whose week's hazard is below twice that of the rest."""
    days = np.arange(peak, len(curve.time))
    week = np.minimum(days + WEEK, len(curve.time))
    events, at_risk = (np.append(0, counts.cumsum()) for counts in (curve.events, curve.at_risk))
    near = (events[week] - events[days]) / (at_risk[week] - at_risk[days])
    rest = (events[-1] - events[days]) / (at_risk[-1] - at_risk[days])
    return int(days[(near < 2 * rest) | (rest == 0)][0])


def _cycle(
    order: int | None, part: pl.DataFrame, params: OrdersParams
) -> tuple[object, ...] | None:
    at, age, yes, no = (part[name].cast(pl.Int64).to_numpy() for name in ("at", "age", "yes", "no"))
    rows = np.arange(len(at)) if order is None else np.flatnonzero(age == order)
    if not len(rows):
        return None
    days = np.zeros(int(at[rows].max()) + 1, dtype=np.int64)
    np.add.at(days, at[rows], yes[rows])
    gaps, still = int(days.sum()), int(no[rows].sum())
    # The first day up to which half of the gaps have ended.
    observed = int(np.argmax(2 * days.cumsum() >= gaps)) if gaps else None
    curve = kaplan_meier(at[rows], yes[rows], no[rows], 0, params.confidence)
    return (order, gaps, still, observed, *median(curve))
