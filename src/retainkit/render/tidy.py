"""A table as the data formats write it: unknown is null, never NaN or infinity."""

from __future__ import annotations

import polars as pl
import polars.selectors as cs


def tidy(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with every float that is not finite as null."""
    finite = pl.when(cs.float().is_finite()).then(cs.float())
    return frame.with_columns(finite)
