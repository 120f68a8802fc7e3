"""Counts of some members' orders, additive over disjoint members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from retainkit.metrics.base import add_up, filled, nobody
from retainkit.metrics.groups import Groups
from retainkit.metrics.orders.days import Days
from retainkit.metrics.orders.params import OrdersParams
from retainkit.metrics.purchases import Purchases, purchases
from retainkit.metrics.starts import (
    START_MEASURES,
    Entries,
    doubts,
    first_entries,
    left_out,
    seen_before,
    there,
)
from retainkit.periods import Ints, Window
from retainkit.timeline import Bools, Needs, Timeline, first_of_each

# kind: which tables a row goes into. at: days, a number of orders or a period. age: of a cohort.
KEYS = {"kind": pl.String, "at": pl.Int64, "age": pl.Int64}
FINDINGS = ("priced", "numbered", "loose", "ahead", "instant")
MEASURES = ("members", "mature", "yes", "no", "orders", "amount", *FINDINGS, *START_MEASURES)

FIRST, REPEAT, FIRST_DAY, GAP, COUNT = "first", "repeat", "first_day", "gap", "count"
PERIOD, COHORT, SALES = "period", "cohort", "sales"
GAPS = 5  # orders after which the gap is told apart; later ones are told together
LATER = GAPS + 1
NEVER = np.iinfo(np.int64).max


def needs(params: OrdersParams, _joined: bool) -> Needs:
    """Return what `orders` reads of each event."""
    selectors = (params.order, params.starting.start, params.visit)
    return Needs(
        grain="exact",
        selectors=tuple(dict.fromkeys(selectors)),
        segments=params.by,
        repeats=True,
        order=True,
        amount=params.costs is not None,
        priced=True,
    )


def tally(timeline: Timeline, params: OrdersParams, window: Window) -> pl.DataFrame:
    """Return counts by `[seg_i…], kind, at, age`.

    first, repeat: of so many days (`at`; null: of all), members who came so far (`mature`), and
    who ordered (`yes`). first_day, gap: by day (`at`; of gaps `age` is the order before), how
    many ended (`yes`) and how many were last seen (`no`). count: members by number of orders,
    with their amount. period: visitors (`members`), buyers (`yes`), new ones (`mature`), those
    who bought in the period before (`no`), orders, amount. cohort, sales: members, and amounts by
    age. A row without a kind has the findings.
    """
    bought, days = purchases(timeline, params), Days(params, window)
    every = Groups.of_members(timeline, params.by, np.arange(timeline.members))
    entries = first_entries(timeline, params.starting, window, params.period)
    firsts, ahead = _first_since(bought, entries, timeline.members)
    starters, start = every.take(entries.member), entries.moment
    parts = [
        left_out(params.starting, entries),
        starters.tally(
            **doubts(timeline, params.starting, entries, window),
            instant=~_joined(timeline, params, entries) & (firsts == start),
            ahead=ahead,
        ),
        _counts(timeline, every, bought),
        pl.DataFrame({"loose": [_loose(timeline, params)]}).with_columns(**nobody(params.by)),
        *_windows(FIRST, params.first_days, starters, start, firsts, days),
        _lasted(FIRST_DAY, starters, start, firsts, days, params.horizon),
        *_repeats(timeline, params, every, bought, days),
        *_periods(timeline, params, every, bought),
    ]
    if params.costs is not None:
        parts += _payback(timeline, params, every, entries, bought)
    return add_up(pl.concat(filled(part, KEYS, MEASURES) for part in parts), MEASURES)


def _joined(timeline: Timeline, params: OrdersParams, entries: Entries) -> Bools:
    """Return of which entries it is known when they began."""
    if params.start_event is not None:
        return np.ones(len(entries), dtype=np.bool_)
    return timeline.joined.is_not_null().to_numpy()[entries.member]


def _first_since(bought: Purchases, entries: Entries, members: int) -> tuple[Ints, Bools]:
    """Return when each entry first ordered at or after its start (NEVER: not); which had before."""
    found = np.full(members, NEVER)
    found[bought.member[bought.first]] = bought.time[bought.first]
    firsts = found[entries.member]
    ahead = firsts < entries.moment
    if ahead.any():
        start = np.full(members, NEVER)
        start[entries.member[ahead]] = entries.moment[ahead]
        later = np.flatnonzero(bought.time >= start[bought.member])
        first = later[first_of_each(bought.member[later])]
        found[entries.member[ahead]] = NEVER
        found[bought.member[first]] = bought.time[first]
        firsts = found[entries.member]
    return firsts, ahead


def _counts(timeline: Timeline, every: Groups, bought: Purchases) -> pl.DataFrame:
    """Return members by their number of orders, with what all these are worth."""
    known = np.flatnonzero(there(timeline))
    number = np.bincount(bought.member, minlength=timeline.members)[known]
    amount = {}
    if bought.amount is not None:
        worth = np.zeros(timeline.members, dtype=np.int64)
        np.add.at(worth, bought.member, bought.amount)
        amount["amount"] = worth[known]
    counts = every.take(known).by("at", number).tally(members=None, **amount)
    told = {"priced": len(amount), "numbered": int(timeline.order is not None)}
    return counts.with_columns(kind=pl.lit(COUNT), **{n: pl.lit(v) for n, v in told.items()})


def _loose(timeline: Timeline, params: OrdersParams) -> int:
    """Return how many events have an amount but, by default, no order they belong to."""
    if timeline.amount is None or timeline.order is None or params.order_event is not None:
        return 0
    return int(np.count_nonzero(timeline.amount[~timeline.passes(params.order)]))


def _windows(
    kind: str, windows: Sequence[int], groups: Groups, start: Ints, end: Ints, days: Days
) -> Iterator[pl.DataFrame]:
    """Yield how many come from start to end (NEVER: not) within windows that are over."""
    came = np.flatnonzero(end != NEVER)
    yield groups.tally(members=None).with_columns(kind=pl.lit(kind))
    for width in windows:
        mature = days.mature(start, width)
        within = np.zeros(len(start), dtype=np.bool_)
        within[came] = days.within(start[came], end[came], width)
        counts = groups.tally(mature=mature, yes=mature & within)
        yield counts.with_columns(kind=pl.lit(kind), at=pl.lit(width, pl.Int64))


def _lasted(
    kind: str, groups: Groups, start: Ints, end: Ints, days: Days, horizon: int | None = None
) -> pl.DataFrame:
    """Return from start to end (NEVER: not) by day: those that came, and those last seen then.

    Days that are not over, or lie beyond the horizon, are not seen.
    """
    last = days.over(start)
    if horizon is not None:
        last = np.minimum(last, horizon)
    day = last + 1
    came = np.flatnonzero(end != NEVER)
    day[came] = days.between(start[came], end[came])
    seen = np.flatnonzero(last >= 0)
    yes = (day <= last)[seen]
    counts = groups.take(seen).by("at", np.minimum(day, last)[seen]).tally(yes=yes, no=~yes)
    return counts.with_columns(kind=pl.lit(kind))


def _repeats(
    timeline: Timeline, params: OrdersParams, every: Groups, bought: Purchases, days: Days
) -> Iterator[pl.DataFrame]:
    """Yield second orders by window, and gaps between orders by day."""
    end = np.full(len(bought), NEVER)
    follows = np.flatnonzero(bought.follows)
    end[follows] = bought.time[follows + 1]
    first, start, number = bought.first, bought.time, bought.number
    rows: Ints | slice = slice(None)
    groups = every.take(bought.member)
    if params.lookback is not None:
        kept = ~seen_before(timeline, params.starting, days.window)[bought.member]
        first, rows = first[kept[first]], np.flatnonzero(kept)
    yield from _windows(
        REPEAT, params.repeat_days, groups.take(first), start[first], end[first], days
    )
    told = groups.take(rows).by("age", np.minimum(number[rows], LATER))
    yield _lasted(GAP, told, start[rows], end[rows], days)


def _periods(
    timeline: Timeline, params: OrdersParams, every: Groups, bought: Purchases
) -> Iterator[pl.DataFrame]:
    """Yield visitors, buyers, orders and amounts by period."""
    period = pl.lit(PERIOD)
    every_at = timeline.period_of(timeline.time, params.period)
    owner, at = timeline.owner, every_at
    visited = timeline.passes(params.visit)
    visited[bought.row] = True
    if not visited.all():
        owner, at = owner[visited], at[visited]
    new = np.flatnonzero(first_of_each(owner, at))
    visits = every.take(owner[new]).by("at", at[new])
    yield visits.tally(members=None).with_columns(kind=period)

    at = every_at[bought.row]
    groups = every.take(bought.member).by("at", at)
    amount = {} if bought.amount is None else {"amount": bought.amount}
    yield groups.tally(orders=None, **amount).with_columns(kind=period)

    new = np.flatnonzero(first_of_each(bought.member, at))
    member, at = bought.member[new], at[new]
    begins = first_of_each(member)
    again = np.zeros(len(new), dtype=np.bool_)
    again[1:] = ~begins[1:] & (np.diff(at) == 1)
    counts = groups.take(new).tally(yes=None, mature=begins, no=again)
    yield counts.with_columns(kind=period)


def _payback(
    timeline: Timeline, params: OrdersParams, every: Groups, entries: Entries, bought: Purchases
) -> Iterator[pl.DataFrame]:
    """Yield members by cohort, and what they bought from their start on by age."""
    groups = every.take(entries.member).by("at", entries.cohort)
    yield groups.tally(members=None).with_columns(kind=pl.lit(COHORT))
    place = np.full(timeline.members, -1)
    place[entries.member] = np.arange(len(entries))
    entry = place[bought.member]
    rows = np.flatnonzero(entry >= 0)
    rows = rows[bought.time[rows] >= entries.moment[entry[rows]]]
    entry, at = entry[rows], timeline.period_of(bought.time[rows], params.period)
    assert bought.amount is not None
    sales = groups.take(entry).by("age", at - entries.cohort[entry])
    yield sales.tally(amount=bought.amount[rows]).with_columns(kind=pl.lit(SALES))
