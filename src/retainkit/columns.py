"""From NumPy to Polars, without what Polars imports on the way where there is little to carry."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

_FEW = 1 << 14
_TYPES = {"i": pl.Int64, "u": pl.UInt64, "f": pl.Float64, "b": pl.Boolean}


def known(values: NDArray[Any]) -> pl.Series:
    """Return numbers as a column, null where there is none: NaN or infinite."""
    finite = np.where(np.isfinite(values), values, np.nan)
    return column(finite).cast(pl.Float64).fill_nan(None)


def column(values: NDArray[Any], name: str = "") -> pl.Series:
    """Return an array as a column.

    For the first Series of an array Polars imports masked arrays, which takes as long as a small
    run has for everything; so few values go by way of a list.
    """
    if len(values) > _FEW:
        return pl.Series(name, values)
    return pl.Series(name, values.tolist(), dtype=_TYPES[values.dtype.kind])
