"""How long members take from step to step: exact quantiles and a histogram, from counts."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

Quantiles = dict[tuple[tuple[object, ...], int], tuple[int, int]]

# Edges of the histogram in seconds: to half a minute, half an hour, half a day, a year.
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
EDGES = (
    *(0, 1, 2, 5, 10, 30),
    *(each * _MINUTE for each in (1, 2, 5, 10, 30)),
    *(each * _HOUR for each in (1, 2, 6, 12)),
    *(each * _DAY for each in (1, 2, 3, 7, 14, 30, 90, 365)),
)


def quantiles(times: pl.DataFrame, keys: Sequence[str]) -> Quantiles:
    """Return the median and the 90th percentile of each segment and step, by nearest rank.

    times: `[seg_i…], step, at, members`; at: whole seconds.
    """
    groups = [*keys, "step"]
    upto = pl.col("members").cum_sum().over(groups, order_by="at")
    total = pl.col("members").sum().over(groups)
    ranked = times.with_columns(upto=upto, total=total)
    found = ranked.group_by(groups).agg(
        median=pl.col("at").filter(pl.col("upto") * 2 >= pl.col("total")).min(),
        p90=pl.col("at").filter(pl.col("upto") * 10 >= pl.col("total") * 9).min(),
    )
    return {
        (tuple(segment), step): (median, p90)
        for *segment, step, median, p90 in found.select(*groups, "median", "p90").rows()
    }


def histogram(times: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Return members by how long they took; step 0 is from the first step to the last."""
    edges = pl.Series("seconds_from", EDGES, dtype=pl.Int64)
    bins = pl.DataFrame(edges).with_columns(seconds_to=pl.col("seconds_from").shift(-1))
    place = pl.lit(edges).search_sorted(pl.col("at"), side="right") - 1
    return (
        times.with_columns(seconds_from=pl.lit(edges).gather(place))
        .group_by(*keys, "step", "seconds_from")
        .agg(pl.col("members").sum())
        .join(bins, on="seconds_from", how="left")
        .sort(*keys, "step", "seconds_from")
        .select(*keys, "step", "seconds_from", "seconds_to", "members")
    )
