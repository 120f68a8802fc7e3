"""Members at risk of leaving, each counted by how many left in the periods when it was.

A value whose members all joined long ago met other times at each age than one whose members are
new. Where many leave in one spring, of all values, nobody is to be blamed for having been there.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from retainkit.results import Result
from retainkit.stats.intervals import Floats

_PRIOR = 1.0  # members added to what left and to what was expected: few say little


def exposed(result: Result) -> pl.DataFrame:
    """Return `timing` of churn by leaving with `exposed`: members at risk, by their times.

    A member at risk at an age counts as often as members left in that period, of all values,
    beside what their ages make one expect.
    """
    timing = result.tables["timing"]
    value = timing.columns[0]
    values = timing[value].unique(maintain_order=True).to_list()
    place = {name: i for i, name in enumerate(values)}
    at = np.array([place[name] for name in timing[value].to_list()]), timing["age"].to_numpy()
    shape = len(values), int(at[1].max(initial=0)) + 1
    risk, churned = np.zeros(shape), np.zeros(shape)
    risk[at], churned[at] = timing["members"].to_numpy(), timing["churned"].to_numpy()
    paced = _paced(risk, churned, *_flows(result.main, values))
    # Whole members, and none that left without having been at risk.
    whole = np.maximum(np.rint(risk * paced), churned)
    return timing.with_columns(exposed=pl.Series(whole[at]))


def _flows(main: pl.DataFrame, values: list[str | None]) -> tuple[Floats, Floats]:
    """Return who joined, by value and period, and how many of all left in each period."""
    periods = main["period"].unique().sort().to_list()
    columns, place = {day: i for i, day in enumerate(periods)}, {v: i for i, v in enumerate(values)}
    joined, left = np.zeros((len(values), len(periods))), np.zeros(len(periods))
    names = (main.columns[0], "period", "joined", "rejoined", "churned")
    for value, period, begun, again, churned in main.select(names).iter_rows():
        left[columns[period]] += churned
        if value in place:
            joined[place[value], columns[period]] += begun - again
    return joined, left


def _paced(risk: Floats, churned: Floats, joined: Floats, left: Floats) -> Floats:
    """Return for each value and age how many left in the periods that its members met, relatively.

    Who is there of a cohort at an age is taken from how many of the value are at that age.
    """
    ages, periods = risk.shape[1], joined.shape[1]
    hazard = churned.sum(axis=0) / np.maximum(risk.sum(axis=0), 1.0)
    alive = np.cumprod(1 - churned / np.maximum(risk, 1.0), axis=1)
    alive = np.hstack([np.ones((len(risk), 1)), alive[:, :-1]])
    there = joined.T @ alive  # of all values, by cohort and age
    period = np.arange(periods)[:, None] + np.arange(ages)
    seen = period < periods
    period = np.minimum(period, periods - 1)
    expected = np.zeros(periods)
    np.add.at(expected, period[seen], (there * hazard)[seen])
    pace = (left + _PRIOR) / (expected + _PRIOR)
    met = np.where(seen, pace[period], 0.0)
    paced = (joined @ met) / np.maximum(joined @ seen, 1e-9)
    return np.where(joined @ seen > 0, paced, 1.0)
