"""The nodes of a funnel: coefficients, what they multiply to, and the one to mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from retainkit.columns import column, known
from retainkit.metrics.funnel.params import FunnelParams
from retainkit.periods import Ints
from retainkit.stats.differences import holm, newcombe, two_proportions
from retainkit.stats.intervals import Floats, wilson


def reached(levels: Mapping[int, int], steps: int) -> Ints:
    """Return how many members came to each step, of how many came no further than to each."""
    counts = np.array([levels.get(step, 0) for step in range(1, steps + 1)], dtype=np.int64)
    return counts[::-1].cumsum()[::-1]


def names(params: FunnelParams) -> list[str]:
    """Return what each step is called."""
    steps = len(params.steps)
    if params.order == "any":
        return [f"{step} of {steps} steps" for step in range(1, steps + 1)]
    return [selector.label for selector in params.selectors]


def coefficients(members: Ints) -> Floats:
    """Return the share of each step's members that came to it from the one before; NaN: none."""
    found = np.full(len(members), np.nan)
    np.divide(members[1:], members[:-1], out=found[1:], where=members[:-1] > 0)
    return found


def node_table(members: Ints, params: FunnelParams) -> dict[str, pl.Series]:
    """Return the columns of one segment's steps that follow from how many came to each."""
    return _tables(members[None, :], params)


def trend_table(counts: Ints, params: FunnelParams) -> dict[str, pl.Series]:
    """Return the same columns for many groups, one after the other.

    counts: Ints[groups, steps], how many came to each step and no further.
    """
    return _tables(counts[:, ::-1].cumsum(axis=1)[:, ::-1], params)


def _tables(members: Ints, params: FunnelParams) -> dict[str, pl.Series]:
    """Return the columns of groups' steps; members: Ints[groups, steps]."""
    groups, steps = members.shape
    before = np.hstack([np.zeros((groups, 1), dtype=np.int64), members[:, :-1]])
    low, high = wilson(np.where(before > 0, members, 0), before, params.confidence)
    first = members[:, :1]
    with np.errstate(invalid="ignore", divide="ignore"):
        coefficient, overall = members / before, members / first
    coefficient[before == 0] = np.nan
    return {
        "step": column(np.tile(np.arange(1, steps + 1), groups)),
        "event": pl.Series(names(params) * groups, dtype=pl.String),
        "members": column(members.ravel()),
        "coefficient": known(coefficient.ravel()),
        "ci_low": known(low.ravel()),
        "ci_high": known(high.ravel()),
        "overall": known(overall.ravel()),
    }


def best_coefficients(every: Sequence[Ints], params: FunnelParams) -> Floats:
    """Return the best coefficient of each step over segments that have members enough."""
    best = np.full(len(params.steps), np.nan)
    for members in every:
        enough = np.append(False, members[:-1] >= params.min_members)
        best = np.fmax(best, np.where(enough, coefficients(members), np.nan))
    return best


def leverages(members: Ints, best: Floats, params: FunnelParams) -> Floats:
    """Return how much the overall would rise, were each step alone lifted; NaN: no telling.

    To its target, where one is stated; else, by segments, to the best one's; else to 1.
    """
    own = coefficients(members)
    goal = np.fmax(best, own) if params.by else np.ones(len(members))
    goal[np.isnan(best) & bool(params.by)] = np.nan
    goal = np.array([params.targets.get(step, goal[step - 1]) for step in range(1, len(goal) + 1)])
    lifted = np.full(len(members), np.nan)
    np.divide(goal, own, out=lifted, where=own > 0)
    return lifted - 1


def bottleneck(leverage: Floats) -> list[bool]:
    """Return which step has the greatest leverage, the first of equals."""
    told = np.where(np.isnan(leverage), -np.inf, leverage)
    there = bool(np.isfinite(told).any())
    return [there and step == int(told.argmax()) for step in range(len(told))]


def compared(every: Sequence[Ints], params: FunnelParams) -> pl.DataFrame:
    """Return each segment's coefficients beside those of all others together.

    A row a segment and step from the second on, segment by segment.
    """
    members = np.array(every, dtype=np.int64).reshape(-1, len(params.steps))
    rest = members.sum(axis=0) - members
    k1, n1, k2, n2 = (
        counts.ravel() for side in (members, rest) for counts in (side[:, 1:], side[:, :-1])
    )
    difference, low, high = newcombe(k1, n1, k2, n2, params.confidence)
    p_value = two_proportions(k1, n1, k2, n2)
    p_holm = holm(p_value)
    with np.errstate(invalid="ignore", divide="ignore"):
        own, others = k1 / n1, k2 / n2
    steps = np.arange(2, len(params.steps) + 1)
    told = {"difference": difference, "ci_low": low, "ci_high": high}
    told |= {"p_value": p_value, "p_holm": p_holm}
    return pl.DataFrame(
        {
            "step": column(np.tile(steps, len(members))),
            "event": pl.Series(names(params)[1:] * len(members), dtype=pl.String),
            "members": column(k1),
            "coefficient": known(own),
            "rest": known(others),
            **{name: known(values) for name, values in told.items()},
            "real": column(p_holm < 1 - params.confidence),
        }
    )
