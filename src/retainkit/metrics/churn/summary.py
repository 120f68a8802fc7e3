"""From the counts to the tables of `churn`."""

from __future__ import annotations

import numpy as np
import polars as pl

from retainkit.columns import known
from retainkit.metrics.base import (
    Summary,
    by_segment,
    empty_table,
    named_segments,
    of_segment,
    segment_keys,
)
from retainkit.metrics.churn import flows, lives
from retainkit.metrics.churn.params import ChurnParams
from retainkit.metrics.churn.tally import (
    FLOW,
    GAP,
    PATH,
    REASON,
    RETURN,
    SECOND_LIFE,
    TIMING,
    WINBACK,
)
from retainkit.metrics.churn.words import definition, gap_notes, notes
from retainkit.periods import Window
from retainkit.stats.intervals import Floats
from retainkit.stats.ratios import mantel_haenszel_ratio

TABLES = (
    *("main", "timing", "survival", "logrank", "winback", "second_life"),
    *("reasons", "reasons_over_time", "paths", "returns", "gaps"),
)
MOST_PATHS = 100  # of a segment


def summarise(tally: pl.DataFrame, params: ChurnParams, window: Window) -> Summary:
    """Return all tables; those that the definition or the data have nothing for are empty."""
    kinds = {kind: _of(tally, kind) for kind in (FLOW, GAP, REASON, PATH, RETURN)}
    found = {
        kind: lives.curves(_of(tally, kind), params) for kind in (TIMING, SECOND_LIFE, WINBACK)
    }
    test = lives.compared(found[TIMING], params)
    walked, more = _paths(kinds[PATH], params)
    tables = {
        "main": flows.main(kinds[FLOW], params, window),
        "timing": lives.lives(found[TIMING], params),
        "survival": lives.medians(found[TIMING], test, params),
        "logrank": lives.test_table(found[TIMING], test),
        "winback": lives.silences(found[WINBACK], params),
        "second_life": lives.lives(found[SECOND_LIFE], params),
        **_reasons(kinds[REASON], params, window),
        "paths": walked,
        "returns": _shared(kinds[RETURN], params, event="text"),
        "gaps": _gaps(kinds[GAP], params),
    }
    named = {
        name: named_segments(tables[name], params.by)
        if params.by and name not in ("logrank", "gaps")
        else tables[name]
        for name in TABLES
    }
    said = [*gap_notes(tables["gaps"], params), *notes(tally, tables, params, more)]
    return Summary(definition(params), named, said)


def _of(tally: pl.DataFrame, kind: str) -> pl.DataFrame:
    rows = tally.filter(pl.col("kind") == kind)
    return rows.with_columns(pl.col(name).cast(pl.Int64) for name in ("yes", "no"))


def _reasons(said: pl.DataFrame, params: ChurnParams, window: Window) -> dict[str, pl.DataFrame]:
    """Return the reasons of leaving by category, in all and over time."""
    texts = said["text"].unique().to_list()
    categories = [params.categories.category(text) for text in texts]
    known = pl.DataFrame({"text": texts, "category": categories}, schema_overrides=_TEXTS)
    said = said.join(known, on="text", how="left", nulls_equal=True)
    named = window.calendar.names(said["at"].to_numpy().astype(np.int64), params.period)
    return {
        "reasons": _shared(said, params, category="category", reason="text"),
        "reasons_over_time": _shared(
            said.with_columns(period=named), params, ("period",), category="category"
        ),
    }


_TEXTS = {"text": pl.String, "category": pl.String}


def _shared(
    counts: pl.DataFrame, params: ChurnParams, within: tuple[str, ...] = (), **named: str
) -> pl.DataFrame:
    """Return members and their share of the segment (and of `within`), the most first."""
    whole = [*segment_keys(params.by), *within]
    keys = [*whole, *named]
    summed = (
        counts.with_columns(pl.col(old).alias(new) for new, old in named.items())
        .group_by(keys)
        .agg(members=pl.col("yes").sum())
    )
    total = pl.col("members").sum()
    share = pl.col("members") / (total.over(whole) if whole else total)
    orders = [*((key, False) for key in whole), ("members", True), *((key, False) for key in named)]
    return summed.with_columns(share=share).sort(
        [name for name, _ in orders], descending=[down for _, down in orders]
    )


def _gaps(counts: pl.DataFrame, params: ChurnParams) -> pl.DataFrame:
    """Return how long members are silent between active days, and what of it is the window."""
    gaps = counts.group_by("at").agg(gaps=pl.col("yes").sum()).sort("at")
    every = pl.col("gaps").sum()
    within = pl.col("at") <= (params.inactive_days or 0)
    return gaps.select(
        "gaps",
        gap_days="at",
        share=pl.col("gaps") / every,
        cumulative=pl.col("gaps").cum_sum() / every,
        chosen=within & (pl.col("at") == pl.col("at").filter(within).max()).fill_null(value=False),
    ).select("gap_days", "gaps", "share", "cumulative", "chosen")


def _paths(counts: pl.DataFrame, params: ChurnParams) -> tuple[pl.DataFrame, int]:
    """Return the paths of each segment with their lift, and how many are not shown."""
    schema = _lifts(pl.DataFrame(schema=_WALKED), params)[0].schema
    tables = [empty_table(schema, params.by)]
    more = 0
    for segment, part in by_segment(counts, params.by):
        told, beyond = _lifts(part, params)
        tables.append(of_segment(told, params.by, segment))
        more += beyond
    return pl.concat(tables), more


_WALKED = {"at": pl.Int64, "text": pl.String, "yes": pl.Int64, "no": pl.Int64}


def _lifts(part: pl.DataFrame, params: ChurnParams) -> tuple[pl.DataFrame, int]:
    """Return the paths of one segment against the same among members who stayed, age by age.

    The most frequent MOST_PATHS, and how many more there are.
    """
    ages = part.group_by("at").agg(pl.col("yes", "no").sum()).sort("at")
    every = part.group_by("text").agg(pl.col("yes", "no").sum()).filter(pl.col("yes") > 0)
    paths = every.sort("yes", "text", descending=[True, False]).head(MOST_PATHS)
    churned, stayed = (_by_age(part, paths["text"], ages["at"], name) for name in ("yes", "no"))
    lost, kept = (ages[name].to_numpy().astype(np.float64) for name in ("yes", "no"))
    ratio, low, high = mantel_haenszel_ratio(churned, lost, stayed, kept, params.confidence)
    both = (lost > 0) & (kept > 0)
    weight = np.where(both, lost, 0) / max(lost[both].sum(), 1)
    share = (stayed / np.where(kept > 0, kept, 1)) @ weight
    table = paths.select(
        path="text",
        churned="yes",
        churned_share=_share(pl.col("yes"), lost),
        stayed="no",
        stayed_share=known(np.where(both.any(), share, np.nan)),
        lift=known(ratio),
        ci_low=known(low),
        ci_high=known(high),
    )
    return table, every.height - paths.height


def _by_age(part: pl.DataFrame, paths: pl.Series, ages: pl.Series, name: str) -> Floats:
    """Return counts[path, age]."""
    counts = np.zeros((len(paths), len(ages)))
    for axis, (column_, values) in enumerate((("text", paths), ("at", ages))):
        places = pl.DataFrame({column_: values}).with_row_index(f"axis_{axis}")
        part = part.join(places, on=column_, how="inner")
    counts[part["axis_0"].to_numpy(), part["axis_1"].to_numpy()] = part[name].to_numpy()
    return counts


def _share(part: pl.Expr, whole: Floats) -> pl.Expr:
    return part / whole.sum() if whole.sum() else pl.lit(None, pl.Float64)
