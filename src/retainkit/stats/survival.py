"""Survival from counts: the Kaplan-Meier curve, its median and the log-rank test.

A member's time is a whole number of periods, and ends in an event or is censored: the member was
last seen without one. Members come as counts and are never expanded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retainkit.stats.intervals import Floats, quantile

Counts = NDArray[np.int64]

# How far a product of shares may stray from one half and still be one half: rounding grows with
# the number of factors, to about 1e-12 over ten thousand of them.
_ROUNDING = 1e-10


@dataclass(frozen=True, eq=False)
class Curve:
    """A Kaplan-Meier curve: arrays of one length, one value a time of the grid.

    `at_risk`, `events` and `censored` count members; `hazard` is events / at_risk; `survival` is
    the share without an event up to and at `time`, `error` its standard error (Greenwood), `low`
    and `high` its interval. Where survival is 1 or 0 the log-log interval does not exist; `low`
    and `high` then equal survival and `error` is 0, Greenwood's limit.
    """

    time: Counts
    at_risk: Counts
    events: Counts
    censored: Counts
    hazard: Floats
    survival: Floats
    error: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class LogRank:
    """A log-rank test: chi-square statistic, its degrees of freedom and upper tail.

    `expected` holds each group's events if all groups had one hazard; they sum to the events
    seen. `statistic` and `p_value` are None where no event could tell the groups apart.
    """

    statistic: float | None
    df: int
    p_value: float | None
    expected: tuple[float, ...]


def kaplan_meier(
    time: ArrayLike, events: ArrayLike, censored: ArrayLike, first: int, confidence: float
) -> Curve:
    """Return the curve at every whole time from `first` to the last that has a member.

    `time`, `events` and `censored` are integers of shape (rows,): at a time, members whose time
    ends there in an event and censored. Rows come in any order, and those of one time add up.
    Members censored at a time are at risk at it, so every time of the grid has somebody at risk;
    without members the grid is empty. Raises ValueError for a negative count or a member before
    `first`, UsageError unless 0 < confidence < 1.

    Kaplan & Meier (1958), JASA 53, 457-481, with Greenwood's variance. The interval is symmetric
    on the log(-log) scale and so stays within 0 and 1: Kalbfleisch & Prentice (1980), The
    Statistical Analysis of Failure Time Data; conf.type = "log-log" in R. Where it does not
    exist, at survival 1 and 0, R has NA; here, as in lifelines, it closes on the estimate, so
    that a band drawn from it starts where the curve starts.
    """
    z = quantile(confidence)
    ended, kept = _on_grid(time, events, censored, first)
    at_risk = np.cumsum((ended + kept)[::-1])[::-1]
    survival: Floats = np.multiply.accumulate((at_risk - ended) / at_risk)
    inside = (survival < 1) & (survival > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        logged = np.cumsum(np.log1p(-ended / at_risk))
        greenwood = np.sqrt(np.cumsum(ended / (at_risk * (at_risk - ended).astype(np.float64))))
        reach = np.exp(z * greenwood / -logged)
        low, high = np.exp(logged * reach), np.exp(logged / reach)
        error = survival * greenwood
    return Curve(
        time=np.arange(first, first + len(ended), dtype=np.int64),
        at_risk=at_risk,
        events=ended,
        censored=kept,
        hazard=ended / at_risk,
        survival=survival,
        error=np.where(inside, error, 0.0),
        low=np.where(inside, low, survival),
        high=np.where(inside, high, survival),
    )


def median(curve: Curve) -> tuple[int | None, int | None, int | None]:
    """Return the first time at which survival is at most 1/2, and its limits (low, high).

    The limits are the first times at which the curve's own limits are at most 1/2: Brookmeyer &
    Crowley (1982), Biometrics 38, 29-41. None where that is never reached. Times at which survival
    is 0 have no interval, so no limit of the median lies there, as in R; where survival is exactly
    1/2 over several times, the first counts (R takes the middle).
    """
    alive = curve.survival > 0
    return (
        _first(curve.time, curve.survival),
        _first(curve.time[alive], curve.low[alive]),
        _first(curve.time[alive], curve.high[alive]),
    )


def log_rank(curves: Sequence[Curve]) -> LogRank:
    """Test whether the groups, one curve each, have one hazard at every time.

    The k-sample Mantel-Cox test: Mantel (1966), Cancer Chemotherapy Reports 50, 163-170, with the
    hypergeometric covariance, so ties need no correction. A group with nobody at risk at the
    first event says nothing; df is one less than the number of the others, as in R's survdiff.
    The statistic is None where fewer than two are left or all their members leave at that event.
    Takes memory for groups x event times and groups x groups numbers.
    """
    ended, at_risk = _at_events(curves)
    total = at_risk.sum(axis=0)
    share = at_risk / total
    expected = share @ ended
    counts = np.flatnonzero(at_risk[:, :1].any(axis=1))
    df = max(len(counts) - 1, 0)
    # A time with one member left has no spread; it would be 0 / 0.
    spread = ended * (total - ended) / np.maximum(total - 1, 1)
    statistic = p_value = None
    if df and spread.any():
        from scipy.special import chdtrc  # importing it takes long

        observed = np.array([curve.events.sum() for curve in curves])
        statistic = _chi_square((observed - expected)[counts], share[counts], spread)
        p_value = float(chdtrc(df, statistic))
    return LogRank(statistic, df, p_value, tuple(expected.tolist()))


def _on_grid(
    time: ArrayLike, events: ArrayLike, censored: ArrayLike, first: int
) -> tuple[Counts, Counts]:
    """Return events and censored added up at every time from `first` to the last with a member."""
    at, ended, kept = (np.asarray(column, dtype=np.int64) for column in (time, events, censored))
    if (ended < 0).any() or (kept < 0).any():
        raise ValueError("a count of members is negative")
    member = (ended > 0) | (kept > 0)
    steps = at[member] - first
    if (steps < 0).any():
        raise ValueError(f"a member's time lies before {first}")
    grid = np.zeros((2, steps.max(initial=-1) + 1), dtype=np.int64)
    np.add.at(grid[0], steps, ended[member])
    np.add.at(grid[1], steps, kept[member])
    return grid[0], grid[1]


def _first(time: Counts, values: Floats) -> int | None:
    reached = np.flatnonzero(values <= 0.5 + _ROUNDING)
    return int(time[reached[0]]) if reached.size else None


def _at_events(curves: Sequence[Curve]) -> tuple[Floats, Floats]:
    """Return, at every time with an event in any group, all events and each group's at risk.

    Shapes (times,) and (groups, times). Before its grid all of a group are at risk, after it none.
    """
    held = [curve for curve in curves if curve.time.size]
    start = min((int(curve.time[0]) for curve in held), default=0)
    stop = max((int(curve.time[-1]) + 1 for curve in held), default=0)
    ended = np.zeros(stop - start)
    for curve in held:
        ended[curve.time - start] += curve.events
    steps = np.flatnonzero(ended)
    at_risk = np.zeros((len(curves), len(steps)))
    for row, curve in zip(at_risk, curves, strict=True):
        if curve.time.size:
            places = np.maximum(steps + start - curve.time[0], 0)
            inside = places < len(curve.time)
            row[inside] = curve.at_risk[places[inside]]
    return ended[steps], at_risk


def _chi_square(excess: Floats, share: Floats, spread: Floats) -> float:
    """Return excess' V^-1 excess, without one group, for the covariance V of the groups' excess.

    Shapes (groups,), (groups, times) and (times,). Every group given is at risk at the first
    event, so V lacks just one rank and any group may be left out: the one of most variance is.
    """
    covariance = -(share * spread) @ share.T
    np.fill_diagonal(covariance, 0)
    np.fill_diagonal(covariance, -covariance.sum(axis=1))  # the groups' excess adds up to 0
    rest = np.arange(len(excess)) != np.argmax(np.diag(covariance))
    solved = np.linalg.solve(covariance[np.ix_(rest, rest)], excess[rest])
    return max(float(excess[rest] @ solved), 0.0)
