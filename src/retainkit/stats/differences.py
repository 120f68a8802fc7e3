"""Differences of two proportions: their interval, their test, and many tests at once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from retainkit.stats.intervals import Floats, wilson


def newcombe(
    k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike, confidence: float
) -> tuple[Floats, Floats, Floats]:
    """Return k1 / n1 - k2 / n2 and its interval (low, high), of groups that share no member.

    Method 10 of Newcombe (1998), Statistics in Medicine 17, 873-890: the square-and-add of both
    Wilson score intervals, without continuity correction. It stays within -1 and 1 and holds the
    difference. NaN where either group is empty. Raises UsageError unless 0 < confidence < 1.
    """
    k1, n1, k2, n2 = (np.asarray(count, dtype=np.float64) for count in (k1, n1, k2, n2))
    (low1, high1), (low2, high2) = wilson(k1, n1, confidence), wilson(k2, n2, confidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        p1, p2 = k1 / n1, k2 / n2
    difference = np.asarray(p1 - p2)
    low = difference - np.hypot(p1 - low1, high2 - p2)
    high = difference + np.hypot(high1 - p1, p2 - low2)
    return difference, np.asarray(low), np.asarray(high)


def two_proportions(k1: ArrayLike, n1: ArrayLike, k2: ArrayLike, n2: ArrayLike) -> Floats:
    """Return the p-values of the two-sided z-test that k1 / n1 and k2 / n2 are alike.

    The variance is that of both groups pooled, without continuity correction; z squared is
    Pearson's chi-square of the 2 x 2 table. 1 where nobody or everybody of both groups counts, as
    then nothing tells them apart; NaN where either group is empty.
    """
    k1, n1, k2, n2 = (np.asarray(count, dtype=np.float64) for count in (k1, n1, k2, n2))
    total, hits = n1 + n2, k1 + k2
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(hits * (total - hits) / (n1 * n2 * total))
        distance = np.abs(k1 * n2 - k2 * n1) / (n1 * n2)  # near shares would lose digits
        z = np.where((spread == 0) & (n1 > 0) & (n2 > 0), 0.0, distance / spread)
    tails = [math.erfc(each / math.sqrt(2)) for each in z.ravel().tolist()]
    return np.array(tails, dtype=np.float64).reshape(z.shape)


def holm(p: ArrayLike) -> Floats:
    """Return p-values adjusted for being many, so that by chance none of them is found too small.

    Holm (1979), Scandinavian Journal of Statistics 6, 65-70: the k-th smallest of m is multiplied
    by m - k + 1, is no smaller than the one before, and at most 1. It asks nothing of how the
    tests depend on each other. What is NaN stays NaN and is none of the m.
    """
    values = np.asarray(p, dtype=np.float64)
    adjusted = values.ravel().copy()
    order = np.argsort(adjusted, kind="stable")  # NaN last
    order = order[: np.count_nonzero(~np.isnan(adjusted))]
    steps = adjusted[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted.reshape(values.shape)


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Return p-values adjusted so that those of at most q have a false discovery rate of q.

    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300: the k-th
    smallest of m is multiplied by m / k, and is no larger than the one after. It holds for tests
    that are independent or positively dependent. What is NaN stays NaN and is none of the m.
    """
    values = np.asarray(p, dtype=np.float64)
    adjusted = values.ravel().copy()
    order = np.argsort(adjusted, kind="stable")  # NaN last
    order = order[: np.count_nonzero(~np.isnan(adjusted))]
    steps = adjusted[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1.0)
    return adjusted.reshape(values.shape)
