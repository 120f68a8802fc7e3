"""From the counts to the tables of `paths`."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from retainkit.metrics.base import Summary, named_segments, segment_keys, with_rate
from retainkit.metrics.paths.flows import cells_of, flows_of
from retainkit.metrics.paths.params import PathsParams
from retainkit.metrics.paths.tally import CUT, LINK, MEMBERS, OPEN, PATH, STARTED
from retainkit.metrics.paths.words import definition, notes
from retainkit.periods import Window

TABLES = ("main", "steps", "links", "summary")
_EVERY = ""  # a key that is the same in all rows, so that without segments there is one, too
_SIZES = (MEMBERS, STARTED, OPEN, CUT)
_MEASURED = ("members", "share", "ci_low", "ci_high", "median_seconds")


def summarise(tally: pl.DataFrame, params: PathsParams, window: Window) -> Summary:
    """Return all tables; `main` has the --top most common paths of each segment."""
    del window
    keys = [_EVERY, *segment_keys(params.by)]
    tally = tally.with_columns(pl.col("members").cast(pl.Int64), pl.lit(1).alias(_EVERY))
    walked = tally.filter(kind=PATH).drop("kind", "target")
    counts = walked.group_by(*keys, "text", "arrived").agg(pl.col("members").sum())
    links = flows_of(tally.filter(kind=LINK), keys)
    tables = {
        "main": _main(walked, counts, keys, params),
        "steps": cells_of(links, keys),
        "links": links,
        "summary": _summary(tally, walked, counts, keys, params),
    }
    named = {name: named_segments(table.drop(_EVERY), params.by) for name, table in tables.items()}
    return Summary(definition(params), named, list(notes(named["main"], named["summary"], params)))


def _main(
    walked: pl.DataFrame, counts: pl.DataFrame, keys: Sequence[str], params: PathsParams
) -> pl.DataFrame:
    """Return the most common paths; of those as common the first by their text."""
    # Of two that read the same, the one that arrived comes first.
    order = pl.struct(-pl.col("members"), "text", ~pl.col("arrived"))
    ranked = counts.with_columns(
        rank=order.rank("ordinal").over(keys).cast(pl.Int64),
        journeys=pl.col("members").sum().over(keys),
    )
    top = ranked.filter(pl.col("rank") <= params.top).sort(*keys, "rank")
    path = [*keys, "text", "arrived"]
    times = _medians(walked.join(top, on=path, how="semi", nulls_equal=True), path)
    return (
        with_rate(top, "members", "journeys", params.confidence)
        .rename({"rate": "share"})
        .join(times, on=path, how="left", nulls_equal=True, maintain_order="left")
        .select(*keys, "rank", "text", "arrived", *_MEASURED)
        .rename({"text": "path"})
    )


def _medians(walked: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Return the median of the times to arrival of each group that arrives, by nearest rank."""
    times = walked.drop_nulls("at").group_by(*keys, "at").agg(pl.col("members").sum())
    upto = pl.col("members").cum_sum().over(keys, order_by="at")
    half = times.filter(upto * 2 >= pl.col("members").sum().over(keys))
    return half.group_by(keys).agg(median_seconds=pl.col("at").min())


def _summary(
    tally: pl.DataFrame,
    walked: pl.DataFrame,
    counts: pl.DataFrame,
    keys: Sequence[str],
    params: PathsParams,
) -> pl.DataFrame:
    """Return a row a segment: who is there, who begins, who arrives."""
    sizes = tally.filter(pl.col("kind").is_in(_SIZES)).group_by(keys)
    wide = sizes.agg(pl.col("members").filter(kind=kind).sum().alias(kind) for kind in _SIZES)
    came = counts.group_by(keys).agg(
        arrived=pl.col("members").filter("arrived").sum(), paths=pl.len().cast(pl.Int64)
    )
    table = wide.sort(keys)
    for more in (came, _medians(walked, keys)):
        table = table.join(more, on=keys, how="left", nulls_equal=True, maintain_order="left")
    unasked = params.end is None
    table = table.with_columns(
        pl.lit(None, pl.Int64).alias("arrived") if unasked else pl.col("arrived").fill_null(0),
        pl.col("paths").fill_null(0),
        journeys=pl.col("started") - pl.col("open"),
    )
    return with_rate(table, "arrived", "journeys", params.confidence).select(
        *(*keys, "members", "started", "open", "journeys", "arrived"),
        *("rate", "ci_low", "ci_high", "median_seconds", "paths", "cut"),
    )
