"""Counts of some members by cohort and age, additive over disjoint members."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from retainkit.metrics.base import add_up, filled
from retainkit.metrics.cohort.params import CohortParams
from retainkit.metrics.groups import Groups
from retainkit.metrics.returns import Runs, follow
from retainkit.metrics.starts import (
    START_MEASURES,
    doubts,
    first_entries,
    left_out,
    recurring_entries,
)
from retainkit.periods import Ints, Window
from retainkit.timeline import Bools, Needs, Timeline

KEYS = {"cohort": pl.Int64, "age": pl.Int64}
FAR = 4096  # ages beyond the last that are counted and dropped; those further are not counted
MEASURES = ("size", "returned", "value", *START_MEASURES)


def needs(params: CohortParams, joined: bool) -> Needs:
    """Return what `cohort` reads of each event."""
    return Needs(
        grain=params.grain(params.period, joined and params.cohorts == "first"),
        selectors=(params.start, params.back),
        segments=params.by,
        repeats=params.min_occurrences > 1,
        amount=params.measure == "amount",
        order=params.measure == "orders",
    )


def tally(timeline: Timeline, params: CohortParams, window: Window) -> pl.DataFrame:
    """Return counts by `[seg_i…], cohort, age` (column of the matrix).

    A row without age carries the size of a cohort; one without cohort the members in none.
    `returned` and `value` stand where they begin to count: `within` and `on-or-after` add up
    over ages only in summarise.
    """
    enter = first_entries if params.cohorts == "first" else recurring_entries
    entries = enter(timeline, params, window, params.period)
    unbounded = params.mode == "on-or-after" or params.cohorts == "first"
    runs = follow(
        timeline,
        entries,
        params,
        params.period,
        value=_values(timeline, params),
        reach=None if unbounded else params.reach,
    )
    groups = Groups.of_members(timeline, params.by, entries.member).by("cohort", entries.cohort)
    doubt = doubts(timeline, params, entries, window) if params.cohorts == "first" else {}
    parts = [left_out(params, entries), groups.tally(size=None, **doubt)]
    for block in runs:
        parts += _cells(params, groups, block)
    return add_up(pl.concat(filled(part, KEYS, MEASURES) for part in parts), MEASURES)


def _values(timeline: Timeline, params: CohortParams) -> Ints | None:
    """Return what each event adds: its amount, or 1 where it is the first of its order."""
    if params.measure == "amount":
        return timeline.amount
    if params.measure == "members":
        return None
    if timeline.order is None:  # without order ids every event is one
        return np.ones(len(timeline.time), dtype=np.int64)
    rows = np.flatnonzero(timeline.passes(params.back))
    orders = pl.DataFrame({"owner": timeline.owner[rows], "order": timeline.order[rows]})
    first = orders.select(pl.struct("owner", "order").is_first_distinct())["owner"].to_numpy()
    value = np.zeros(len(timeline.time), dtype=np.int64)
    value[rows] = first | (timeline.order[rows] < 0)
    return value


def _cells(params: CohortParams, groups: Groups, runs: Runs) -> Iterator[pl.DataFrame]:
    """Yield what some entries add to the matrix, each age given as its column."""
    if not params.brackets:
        yield _counted(params, groups, runs)
    for column, span in enumerate(params.spans if params.brackets else ()):
        yield _counted(params, groups, runs.between(*span, column))


def _counted(params: CohortParams, groups: Groups, runs: Runs) -> pl.DataFrame:
    """Return runs as tally rows; value counts whether or not there are events enough to return."""
    enough = runs.events >= params.min_occurrences
    if params.mode == "within":
        later = runs.age >= 1
        returned = _flags(runs, runs.first_of_entry(enough & later))[later]
        runs = runs.take(later)
    elif params.mode == "on-or-after":
        returned = _flags(runs, runs.last_of_entry(enough))
    elif params.mode == "every":
        active = runs.take(enough)
        runs = active.take(active.age == active.rank_in_entry())
        returned = np.ones(len(runs.age), dtype=np.bool_)
    else:
        returned = enough
    last = len(params.spans) - 1
    age = np.minimum(runs.age, last) if params.mode == "on-or-after" else runs.age
    if len(age) and age.max() > last + FAR:
        near = age <= last
        runs, returned, age = runs.take(near), returned[near], age[near]
    value = {} if runs.value is None else {"value": runs.value}
    cells = groups.take(runs.entry).by("age", age).tally(returned=returned, **value)
    return cells.filter(pl.col("age") <= last)


def _flags(runs: Runs, rows: Ints) -> Bools:
    flags = np.zeros(len(runs.entry), dtype=np.bool_)
    flags[rows] = True
    return flags
