"""Two groups compared within strata: members of one month with others of the same month."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from retainkit.stats.intervals import Floats

_PLENTY = 1000.0  # variance from which on the normal distribution is exact enough
_SMALL = 0.1  # normal p-values up to this are computed exactly
_LEAST = 1e-12  # exact p-values below this are lost in rounding
_TRIM = 1e-18  # probabilities that are left out of a distribution


@dataclass(frozen=True, eq=False)
class Excess:
    """What a group has beyond its share, stratum by stratum, along the last axis.

    more: how many more of it counted than if both groups had one rate. weight: n1 n2 / N, so that
    more / weight is the difference of the two rates. variance: of `more`, hypergeometric.
    """

    more: Floats
    weight: Floats
    variance: Floats


def excess(k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike) -> Excess:
    """Return the excess of k1 of n1 over k2 of n2; all 0 in a stratum that has one group only."""
    k1, n1, k2, n2 = (np.asarray(count, dtype=np.float64) for count in (k1, n1, k2, n2))
    total, hits = n1 + n2, k1 + k2
    whole = np.maximum(total, 1.0)
    weight = n1 * n2 / whole
    spread = hits * (total - hits) / np.maximum(whole * (whole - 1), 1.0)
    more = np.where(weight > 0, k1 - n1 * hits / whole, 0.0)
    return Excess(more, weight, weight * spread)


def mantel_haenszel(k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike) -> float:
    """Return the p-value of the two-sided test that both groups have one rate in every stratum.

    Mantel and Haenszel (1959), JNCI 22, 719-748, without continuity correction, with one stratum
    the chi-square test with n - 1. Where it is small and the counts are small, too, the exact one
    in its place: the sum of k1 is one of independent hypergeometric variables, and the smaller
    tail is doubled. 1 where nothing can tell the groups apart.
    """
    found = excess(k1, n1, k2, n2)
    more, variance = float(found.more.sum()), float(found.variance.sum())
    if variance <= 0:
        return 1.0
    normal = normal_tails(more / math.sqrt(variance))
    if normal > _SMALL or variance > _PLENTY:
        return normal
    exact = _exact(k1, n1, k2, n2)
    return exact if exact > _LEAST else max(exact, min(normal, _LEAST))


def normal_tails(z: float) -> float:
    """Return the probability that a standard normal variable is as far from 0 as z."""
    return math.erfc(abs(z) / math.sqrt(2))


def _exact(k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike) -> float:
    """Return twice the smaller tail of the sum of k1, given all margins."""
    own, size, hits, total = (
        np.asarray(count, dtype=np.int64).ravel()
        for count in (k1, n1, np.add(k1, k2), np.add(n1, n2))
    )
    told = (size > 0) & (size < total) & (hits > 0) & (hits < total)
    chances, low = np.ones(1), 0
    for count, drawn, whole in zip(hits[told], size[told], total[told], strict=True):
        each, least = _hypergeometric(int(count), int(drawn), int(whole))
        chances, low = np.convolve(chances, each), low + least
        kept = np.flatnonzero(chances > _TRIM)
        chances, low = chances[kept[0] : kept[-1] + 1], low + int(kept[0])
    place = int(own[told].sum()) - low
    below, above = chances[: max(place + 1, 0)].sum(), chances[max(place, 0) :].sum()
    return min(1.0, 2.0 * min(float(below), float(above)))


def _hypergeometric(hits: int, drawn: int, total: int) -> tuple[Floats, int]:
    """Return the probabilities of the hits among `drawn` of `total`, and the least number."""
    low, high = max(0, hits + drawn - total), min(hits, drawn)
    x = np.arange(low, high)
    steps = np.log((hits - x) * (drawn - x)) - np.log((x + 1.0) * (total - hits - drawn + x + 1))
    logs = np.append(0.0, np.cumsum(steps))
    chances = np.exp(logs - logs.max())
    return chances / chances.sum(), low
