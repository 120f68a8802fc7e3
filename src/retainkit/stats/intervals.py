"""Confidence intervals of proportions, and of parameters that are positive."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retainkit.errors import UsageError

Floats = NDArray[np.float64]


def wilson(successes: ArrayLike, trials: ArrayLike, confidence: float) -> tuple[Floats, Floats]:
    """Return the Wilson score interval (low, high) of each proportion successes / trials.

    Wilson (1927), without continuity correction; the same as method 3 in Newcombe (1998),
    Statistics in Medicine 17, 857-872. NaN where trials is 0. At 0 and at all successes the
    closed end is exactly 0 and 1. Raises UsageError unless 0 < confidence < 1.
    """
    z = quantile(confidence)
    k, n = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = k + z * z / 2
        spread = z * np.sqrt(k * (n - k) / n + z * z / 4)
        low, high = (centre - spread) / (n + z * z), (centre + spread) / (n + z * z)
    low, high = np.where(k == 0, 0.0, low), np.where(k == n, 1.0, high)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def positive_interval(value: float, error: float, confidence: float) -> tuple[float, float]:
    """Return the interval (low, high) of a positive estimate with its standard error.

    It is symmetric on the scale of the logarithm, so that no limit is below 0. Raises UsageError
    unless 0 < confidence < 1.
    """
    reach = float(np.exp(quantile(confidence) * error / value))
    return value / reach, value * reach


def quantile(confidence: float) -> float:
    """Return the two-sided normal quantile: 1.96 for 0.95. Raises UsageError outside (0, 1)."""
    if not 0 < confidence < 1:
        raise UsageError(f"--confidence: {confidence} does not lie between 0 and 1, e.g. 0.95.")
    return NormalDist().inv_cdf((1 + confidence) / 2)
