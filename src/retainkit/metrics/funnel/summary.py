"""From the counts to the tables of `funnel`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from retainkit.columns import column, known
from retainkit.metrics.base import (
    Segment,
    Summary,
    empty_table,
    named_segments,
    of_segment,
    of_segments,
    segment_keys,
)
from retainkit.metrics.funnel import nodes
from retainkit.metrics.funnel.params import FunnelParams
from retainkit.metrics.funnel.tally import LEVEL, NEXT, OPEN, SIDE, TIME, TREND
from retainkit.metrics.funnel.times import histogram, quantiles
from retainkit.metrics.funnel.words import definition, notes
from retainkit.periods import Ints, Window
from retainkit.stats.decomposition import lmdi

TABLES = ("main", "durations", "segments", "change", "trend", "dropoffs")
_MAIN = {
    "step": pl.Int64,
    "event": pl.String,
    "members": pl.Int64,
    **dict.fromkeys(("coefficient", "ci_low", "ci_high", "overall"), pl.Float64),
    **dict.fromkeys(("dropped", "open", "median_seconds", "p90_seconds"), pl.Int64),
    "leverage": pl.Float64,
    "bottleneck": pl.Boolean,
}
_SEGMENTS = {
    "step": pl.Int64,
    "event": pl.String,
    "members": pl.Int64,
    **dict.fromkeys(("coefficient", "rest", "difference", "ci_low", "ci_high"), pl.Float64),
    **dict.fromkeys(("p_value", "p_holm"), pl.Float64),
    "real": pl.Boolean,
}
_CHANGE = {
    "step": pl.Int64,
    "event": pl.String,
    **dict.fromkeys(("before", "after"), pl.Int64),
    **dict.fromkeys(("coefficient_before", "coefficient_after"), pl.Float64),
    **dict.fromkeys(("contribution", "share"), pl.Float64),
}


def summarise(tally: pl.DataFrame, params: FunnelParams, window: Window) -> Summary:
    """Return all tables; those that nobody asked for are empty."""
    tally = tally.with_columns(pl.col("members").cast(pl.Int64))
    keys = segment_keys(params.by)
    every = _reached(tally.filter(kind=LEVEL), params)
    waiting = tally.filter(kind=OPEN).select(*keys, "members").rows()
    opens = {tuple(segment): members for *segment, members in waiting if members}
    times = tally.filter(kind=TIME)
    tables = {
        "main": _main(every, opens, quantiles(times, keys), params),
        "durations": histogram(times, keys),
        "segments": _segments(every, params),
        "change": _change(tally.filter(kind=SIDE), params),
        "trend": _trend(tally.filter(kind=TREND), params, window),
        "dropoffs": _dropoffs(tally.filter(kind=NEXT), params),
    }
    named = {
        name: named_segments(table, params.by) if set(keys) <= set(table.columns) else table
        for name, table in tables.items()
    }
    named["segments"] = named["segments"].select("step", "event", pl.exclude("step", "event"))
    return Summary(definition(params), named, list(notes(tables, opens, params)))


def _reached(levels: pl.DataFrame, params: FunnelParams) -> dict[Segment, Ints]:
    """Return for each segment how many members came to each step."""
    keys, steps = segment_keys(params.by), len(params.steps)
    found: dict[Segment, dict[int, int]] = {} if keys else {(): {}}
    for *segment, step, members in (
        levels.sort(*keys, "step").select(*keys, "step", "members").rows()
    ):
        found.setdefault(tuple(segment), {})[step] = members
    return {segment: nodes.reached(counts, steps) for segment, counts in found.items()}


def _main(
    every: Mapping[Segment, Ints],
    opens: Mapping[Segment, int],
    times: Mapping[tuple[Segment, int], tuple[int, int]],
    params: FunnelParams,
) -> pl.DataFrame:
    best = nodes.best_coefficients(list(every.values()), params)
    tables = [empty_table(_MAIN, params.by)]
    order = sorted(every, key=lambda segment: [(value is not None, value) for value in segment])
    for segment in order:
        members, steps = every[segment], len(params.steps)
        leverage = nodes.leverages(members, best, params)
        middle = [times.get((segment, step), (None, None)) for step in range(1, steps + 1)]
        dropped = [None, *(members[:-1] - members[1:]).tolist()]
        own = pl.DataFrame(
            {
                **nodes.node_table(members, params),
                "dropped": pl.Series(dropped, dtype=pl.Int64),
                "open": pl.Series([opens.get(segment, 0)] + [None] * (steps - 1), dtype=pl.Int64),
                "median_seconds": pl.Series([low for low, _ in middle], dtype=pl.Int64),
                "p90_seconds": pl.Series([high for _, high in middle], dtype=pl.Int64),
                "leverage": known(leverage),
                "bottleneck": pl.Series(nodes.bottleneck(leverage), dtype=pl.Boolean),
            }
        )
        tables.append(of_segment(own.select(list(_MAIN)), params.by, segment))
    return pl.concat(tables)


def _segments(every: Mapping[Segment, Ints], params: FunnelParams) -> pl.DataFrame:
    """Return what each segment's coefficients differ in from all others'."""
    keys = segment_keys(params.by)
    if not keys or not every:
        return empty_table(_SEGMENTS, params.by)
    steps = len(params.steps) - 1
    segments = [segment for segment in every for _ in range(steps)]
    table = nodes.compared(list(every.values()), params)
    return of_segments(table, params.by, segments).sort("step", *keys)


def _change(sides: pl.DataFrame, params: FunnelParams) -> pl.DataFrame:
    """Return how the change of the overall splits over the steps (LMDI)."""
    if params.comparison is None:
        return pl.DataFrame(schema=_CHANGE)
    steps = len(params.steps)
    before, after = (
        nodes.reached(dict(sides.filter(at=side).select("step", "members").rows()), steps)
        for side in (0, 1)
    )
    old, new = nodes.coefficients(before), nodes.coefficients(after)
    split = np.full(steps, np.nan)
    if before[0] and after[0]:
        split[1:] = lmdi(old[1:], new[1:])
    whole = np.nansum(split)
    return pl.DataFrame(
        {
            "step": np.arange(1, steps + 1),
            "event": nodes.names(params),
            "before": before,
            "after": after,
            "coefficient_before": known(old),
            "coefficient_after": known(new),
            "contribution": known(split),
            "share": known(split / whole if whole else np.full(steps, np.nan)),
        },
        schema_overrides=_CHANGE,
    )


def _trend(levels: pl.DataFrame, params: FunnelParams, window: Window) -> pl.DataFrame:
    """Return the nodes by the period of members' first starts."""
    keys = segment_keys(params.by)
    columns = [*keys, "period", *list(_MAIN)[:7], "complete"]
    if params.trend is None or not levels.height:
        schema = {"period": pl.Date, **_MAIN, "complete": pl.Boolean}
        return empty_table(schema, params.by).select(columns)
    steps = len(params.steps)
    groups = levels.select(*keys, "at").unique().sort(*keys, "at").with_row_index("group")
    placed = levels.join(groups, on=[*keys, "at"], nulls_equal=True)
    counts = np.zeros((groups.height, steps), dtype=np.int64)
    counts[placed["group"].to_numpy(), placed["step"].to_numpy() - 1] = placed["members"].to_numpy()
    at = groups["at"].to_numpy().astype(np.int64)
    end = window.calendar.starts(at + 1, params.trend) + (params.window_us or 0)
    rows = np.repeat(np.arange(groups.height), steps)
    table = pl.DataFrame(nodes.trend_table(counts, params)).with_columns(
        period=window.calendar.names(at[rows], params.trend),
        complete=column(end[rows] <= window.as_of),
    )
    segments = [groups[key].gather(rows) for key in keys]
    return table.with_columns(segments).select(columns)


def _dropoffs(counts: pl.DataFrame, params: FunnelParams) -> pl.DataFrame:
    """Return what members who came no further did next, the most first."""
    keys = segment_keys(params.by)
    events = pl.DataFrame(
        {"step": range(1, len(params.steps) + 1), "event": nodes.names(params)},
        schema={"step": pl.Int64, "event": pl.String},
    )
    return (
        counts.select(*keys, "step", "members", next="text")
        .join(events, on="step")
        .with_columns(share=pl.col("members") / pl.col("members").sum().over(*keys, "step"))
        .sort(
            *keys, "step", "members", "next", descending=[*[False] * len(keys), False, True, False]
        )
        .select(*keys, "step", "event", "next", "members", "share")
    )
