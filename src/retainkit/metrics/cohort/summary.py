"""From the counts to the matrix: cells that exist, rates, intervals, pooled means."""

from __future__ import annotations

import polars as pl

from retainkit.metrics.base import Summary, named_segments, segment_keys, with_rate
from retainkit.metrics.cohort.params import CohortParams
from retainkit.metrics.cohort.words import definition, notes
from retainkit.periods import ELAPSED, Window
from retainkit.timeline import money

_LENGTHS = {"day": "d", "week": "w", "month": "mo", "quarter": "q", "year": "y"}  # Polars' words


def summarise(tally: pl.DataFrame, params: CohortParams, window: Window) -> Summary:
    """Return the matrix (`main`) and its mean over complete cells (`pooled`)."""
    keys = [*segment_keys(params.by), "cohort"]
    sizes = tally.filter(pl.col("cohort").is_not_null(), pl.col("age").is_null())
    cells = _grid(sizes.select(*keys, pl.col("size").cast(pl.Int64)), params, window)
    counts = tally.filter(pl.col("age").is_not_null()).select(*keys, "age", "returned", "value")
    cells = cells.join(counts, on=[*keys, "age"], how="left", nulls_equal=True)
    cells = cells.with_columns(
        pl.col("returned").fill_null(0).cast(pl.Int64), pl.col("value").fill_null(0)
    ).sort(*keys, "age")
    cells = _accumulated(cells, params, keys).filter("begun").drop("begun")
    main = _finished(cells, params).with_columns(
        cohort=window.calendar.names(cells["cohort"].to_numpy(), params.period)
    )
    pooled = (
        cells.filter("complete")
        .group_by(*keys[:-1], "age")
        .agg(pl.len().cast(pl.Int64).alias("cohorts"), pl.col("size", "returned", "value").sum())
        .sort(*keys[:-1], "age")
    )
    columns = [*keys, "age", "size", "returned", "rate", "ci_low", "ci_high", "complete"]
    measured = ["value", "value_per_member"] if params.measure != "members" else []
    tables = {
        "main": main.select(*columns, *measured),
        "pooled": _finished(pooled, params).select(
            *keys[:-1], "age", "cohorts", *columns[-6:-1], *measured
        ),
    }
    named = {name: named_segments(table, params.by) for name, table in tables.items()}
    return Summary(definition(params), named, notes(tally, main, params, window))


def period_at_age(period: str) -> pl.Expr:
    """Return in which period a `cohort` was of an `age`; both count calendar periods."""
    return pl.col("cohort").dt.offset_by(pl.format("{}" + _LENGTHS[period], pl.col("age")))


def _grid(sizes: pl.DataFrame, params: CohortParams, window: Window) -> pl.DataFrame:
    """Return every cell of every cohort, with what of its time has begun and is over."""
    spans = pl.DataFrame(
        [(column, *span) for column, span in enumerate(params.spans)],
        schema={"age": pl.Int64, "first": pl.Int64, "last": pl.Int64},
        orient="row",
    )
    # A column of `brackets` is told by its position until _finished names it.
    spans = spans.filter(pl.col("first") <= _oldest(sizes, params, window))
    grid = sizes.join(spans, how="cross")
    if params.clock == "calendar":
        begun = pl.col("cohort") + pl.col("first") <= window.last_begun(params.period)
        complete = pl.col("cohort") + pl.col("last") <= window.last_complete(params.period)
    else:
        unit = ELAPSED[params.period]
        cohort = sizes["cohort"].to_numpy()
        bounds = sizes.select("cohort").with_columns(
            start=window.calendar.starts(cohort, params.period),
            end=window.calendar.starts(cohort + 1, params.period),
        )
        grid = grid.join(bounds.unique(), on="cohort")
        begun = pl.col("start") + pl.col("first") * unit < window.as_of
        complete = pl.col("end") + (pl.col("last") + 1) * unit <= window.as_of
    flagged = grid.with_columns(begun=begun, complete=complete)
    return flagged.drop("first", "last", "start", "end", strict=False)


def _oldest(sizes: pl.DataFrame, params: CohortParams, window: Window) -> int:
    """Return an age that no cohort has begun to go beyond."""
    if not sizes.height:
        return 0
    first = sizes["cohort"].sort().head(1).to_numpy()
    if params.clock == "calendar":
        return window.last_begun(params.period) - int(first[0])
    start = int(window.calendar.starts(first, params.period)[0])
    return (window.as_of - start) // ELAPSED[params.period]


def _accumulated(cells: pl.DataFrame, params: CohortParams, keys: list[str]) -> pl.DataFrame:
    """Return counts added up over ages where the mode asks for it."""
    if params.mode not in ("within", "on-or-after"):
        return cells
    backwards = params.mode == "on-or-after"
    return cells.with_columns(pl.col("returned", "value").cum_sum(reverse=backwards).over(keys))


def _finished(cells: pl.DataFrame, params: CohortParams) -> pl.DataFrame:
    """Return cells with their rate and interval, values in their unit, brackets by name."""
    cells = with_rate(cells, "returned", "size", params.confidence)
    if params.measure == "amount":
        cells = cells.with_columns(money(pl.col("value")))
    else:
        cells = cells.with_columns(pl.col("value").cast(pl.Int64))
    if params.brackets:
        cells = cells.with_columns(pl.Series("age", params.labels, pl.String)[cells["age"]])
    return cells.with_columns(value_per_member=pl.col("value") / pl.col("size"))
