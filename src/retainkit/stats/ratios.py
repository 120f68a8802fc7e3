"""Ratios of shares, pooled over strata."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from retainkit.stats.intervals import Floats, quantile


def mantel_haenszel_ratio(
    a: ArrayLike, n1: ArrayLike, b: ArrayLike, n0: ArrayLike, confidence: float
) -> tuple[Floats, Floats, Floats]:
    """Return the Mantel-Haenszel risk ratio over the last axis and its interval (low, high).

    In each stratum `a` of `n1` members of a first group and `b` of `n0` of a second, which it is
    compared with, have a feature. `a` and `b` are of shape (..., strata), `n1` and `n0` of
    (strata,) or any shape that broadcasts; the results are of shape (...). A stratum in which
    either group is empty counts for nothing. Raises UsageError unless 0 < confidence < 1.

    The ratio is NaN where nobody has the feature or no stratum counts, 0 where nobody of the first
    group has it and infinite where nobody of the second has. At 0 and at infinity the logarithm
    has no variance, and both limits are NaN. Variance of the log ratio: Greenland & Robins (1985),
    Biometrics 41, 55-68; in one stratum it is 1/a - 1/n1 + 1/b - 1/n0. It is 0, and the limits
    are the ratio 1, where everybody in both groups has the feature.
    """
    z = quantile(confidence)
    a, n1, b, n0 = (np.asarray(count, dtype=np.float64) for count in (a, n1, b, n0))
    weight = np.where((n1 > 0) & (n0 > 0), 1 / np.maximum(n1 + n0, 1), 0.0)
    with_it, without = (a * (n0 * weight)).sum(axis=-1), (b * (n1 * weight)).sum(axis=-1)
    # (n1 n0 (a + b) - a b (n1 + n0)) / (n1 + n0)^2, as a sum of terms that are never negative.
    parts = a * n1 * (n0 - b) + b * n0 * (n1 - a)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = with_it / without
        spread = np.sqrt((parts * weight**2).sum(axis=-1) / (with_it * without))
        low, high = ratio * np.exp(-z * spread), ratio * np.exp(z * spread)
    limited = (with_it > 0) & (without > 0)
    return ratio, np.where(limited, low, np.nan), np.where(limited, high, np.nan)
