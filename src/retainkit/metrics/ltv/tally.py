"""Counts of some buyers by their histories, additive over disjoint members."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from retainkit.columns import column
from retainkit.metrics.base import add_up, filled, nobody
from retainkit.metrics.groups import Groups
from retainkit.metrics.ltv.histories import Histories, histories
from retainkit.metrics.ltv.params import LtvParams
from retainkit.periods import Ints, Window
from retainkit.timeline import Bools, Needs, Timeline

# kind: what a row tells of. x, last, age: of a history, in days; or a day, a mean, a cohort.
KEYS = {"kind": pl.String, "x": pl.Int64, "last": pl.Int64, "age": pl.Int64}
MEASURES = ("members", "amount", "paid", "means", "later", "orders", "priced", "numbered")

HISTORY, SPEND, DAY, COHORT = "history", "spend", "day", "cohort"


def needs(params: LtvParams, _joined: bool) -> Needs:
    """Return what `ltv` reads of each event."""
    return Needs(
        grain="exact",
        selectors=(params.order,),
        segments=params.by,
        repeats=True,
        order=True,
        amount=not params.orders_only,
        # What an order is hangs on amounts, even where nothing else does.
        priced=params.orders_only and params.order_event is None,
        ids=params.roster is not None,
    )


def tally(timeline: Timeline, params: LtvParams, window: Window) -> pl.DataFrame:
    """Return counts by `[seg_i…], kind, x, last, age`.

    history: buyers by their triple, those who paid for repeat purchases (`paid`), the sum of their
    mean spends (`means`), what all brought (`amount`) and how often they bought later. spend: who
    paid, by x and mean spend (`last`). day: by day (`x`), who began and how many purchases were
    repeats (`later`). cohort: buyers, and purchases and amounts by age (`age`), by the period of
    the first purchase (`x`).
    """
    known = histories(timeline, params, window)
    every = Groups.of_members(timeline, params.by, np.arange(timeline.members))
    parts = [
        *model_counts(every, known),
        *(part.with_columns(**nobody(params.by)) for part in _days(known)),
        *_cohorts(timeline, params, every, known),
    ]
    return add_up(pl.concat(filled(part, KEYS, MEASURES) for part in parts), MEASURES)


def model_counts(every: Groups, known: Histories) -> Iterator[pl.DataFrame]:
    """Yield what the models are fitted to."""
    groups = every.take(known.member)
    told = groups.by("x", known.x).by("last", known.last).by("age", known.age).present()
    measures: dict[str, Ints | Bools | None] = {"members": None, "later": known.later}
    numbered = pl.lit(int(known.numbered))
    if known.worth is None:
        yield told.tally(**measures).with_columns(kind=pl.lit(HISTORY), numbered=numbered)
        return
    paid = np.flatnonzero(known.mean > 0)
    measures |= {"paid": known.mean > 0, "means": known.mean, "amount": known.worth}
    counts = told.tally(**measures).with_columns(priced=pl.lit(1))
    yield counts.with_columns(kind=pl.lit(HISTORY), numbered=numbered)
    spend = groups.take(paid).by("x", known.x[paid]).by("last", known.mean[paid]).present()
    yield spend.tally(members=None).with_columns(kind=pl.lit(SPEND))


def _days(known: Histories) -> Iterator[pl.DataFrame]:
    """Yield beginnings and repeat purchases by day."""
    again = known.day[known.day > known.first[known.buyer]]
    for days, name in ((known.first, "members"), (again, "later")):
        day, many = np.unique(days, return_counts=True)
        counts = pl.DataFrame([column(day, "x"), column(many, name)])
        yield counts.with_columns(kind=pl.lit(DAY))


def _cohorts(
    timeline: Timeline, params: LtvParams, every: Groups, known: Histories
) -> Iterator[pl.DataFrame]:
    """Yield what buyers have brought by cohort and age."""
    period = timeline.calendar.from_days(known.first, params.period)
    groups = every.take(known.member).by("x", period)
    yield groups.tally(members=None).with_columns(kind=pl.lit(COHORT))
    age = timeline.calendar.from_days(known.day, params.period) - period[known.buyer]
    amount = {} if known.amount is None else {"amount": known.amount}
    counts = groups.take(known.buyer).by("age", age).tally(orders=None, **amount)
    yield counts.with_columns(kind=pl.lit(COHORT))
