"""The CDNOW sample as the papers count it: purchases of one day are one, weeks are days / 7."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import polars as pl

SAMPLE = Path(__file__).parent / "data" / "cdnow" / "CDNOW_sample.txt"
CALIBRATION_END = date(1997, 9, 30)
HOLDOUT_WEEKS = 39


@cache
def customers() -> pl.DataFrame:
    """Return one row a customer: x, t_x and T of 1997-01-01 to 1997-09-30, and later purchases.

    `spend` is the mean of a repeat purchase in dollars, null where there is none; `later` counts
    the purchases of the 39 weeks after.
    """
    part = pl.col("row").str.extract_all(r"\S+").list
    days = (
        pl.read_csv(SAMPLE, has_header=False, new_columns=["row"])
        .select(
            part.get(1).alias("customer"),
            part.get(2).str.to_date("%Y%m%d").alias("day"),
            part.get(4).cast(pl.Float64).alias("spend"),
        )
        .group_by("customer", "day")
        .agg(pl.col("spend").sum())
    )
    first = pl.col("day").min()
    known = pl.col("day") <= CALIBRATION_END
    repeat = known & (pl.col("day") > first)
    return (
        days.group_by("customer")
        .agg(
            repeat.sum().cast(pl.Int64).alias("x"),
            ((pl.col("day").filter(known).max() - first).dt.total_days() / 7).alias("last"),
            ((CALIBRATION_END - first).dt.total_days() / 7).alias("age"),
            pl.col("spend").filter(repeat).mean(),
            (~known).sum().cast(pl.Int64).alias("later"),
        )
        .sort("customer")
    )
