"""A change of a product, taken apart into what each of its factors contributes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from retainkit.stats.intervals import Floats


def log_mean(a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the logarithmic mean (a - b) / ln(a / b) of numbers that are not negative.

    It lies between the geometric and the arithmetic mean; L(a, a) = a, and L(a, 0) = 0, its
    limit. Raises ValueError for a negative number.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if (a < 0).any() or (b < 0).any():
        raise ValueError("the logarithmic mean is of numbers that are not negative")
    with np.errstate(invalid="ignore", divide="ignore"):
        # Between near numbers the difference is exact, and so is a logarithm taken of it.
        near = (a < 2 * b) & (b < 2 * a)
        ratio = np.where(near, np.log1p((a - b) / b), np.log(a) - np.log(b))
        mean = np.where(a == b, a, (a - b) / ratio)
    return np.asarray(np.where((a == 0) | (b == 0), a * b, mean))


def lmdi(before: ArrayLike, after: ArrayLike) -> Floats:
    """Return what each factor contributes to the change of the product over the last axis.

    `before` and `after` are of shape (..., factors). The contributions, of the same shape, add up
    to product after - product before, with no rest, in whatever order the factors stand: the
    additive logarithmic mean Divisia index, L(after, before) ln(factor after / factor before);
    Ang (2005), Energy Policy 33, 867-871.

    Zeros are taken as one small number that goes to zero, the analytical limit of Ang & Liu
    (2007), Energy Policy 35, 238-246: a factor that becomes zero takes the whole change with it,
    several share it equally, and so do factors that rise from zero; where both products are zero
    nothing is contributed. A factor that is NaN beside a zero (nobody came as far, so that there
    is no coefficient) contributes 0, which is the limit whatever it was; where it leaves a
    product unknown, all contributions are NaN. Raises ValueError for a negative factor.
    """
    old, new = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (before, after)))
    start, end = _product(old), _product(new)
    weight = log_mean(end, start)
    with np.errstate(invalid="ignore", divide="ignore"):
        usual = weight * np.log(new / old)
    # To or from a product of zero: by equal parts to the factors that are zero on that side.
    zero = np.where(end == 0, new == 0, old == 0)
    parts = np.maximum(zero.sum(axis=-1, keepdims=True), 1)
    limit = np.where(zero, (end - start) / parts, 0.0)
    limit = np.where(np.isnan(end - start), np.nan, limit)
    return np.asarray(np.where((start == 0) | (end == 0), limit, usual))


def _product(factors: Floats) -> Floats:
    """Return the product over the last axis, which stays as one; a zero beats a NaN."""
    if (factors < 0).any():
        raise ValueError("a factor is negative")
    product = factors.prod(axis=-1, keepdims=True)
    return np.where((factors == 0).any(axis=-1, keepdims=True), 0.0, product)
