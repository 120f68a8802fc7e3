"""From the counts to the tables of `rfm`."""

from __future__ import annotations

import polars as pl

from retainkit.columns import column
from retainkit.metrics.base import Summary, named_segments, segment_keys, with_rate
from retainkit.metrics.purchases import order_rule
from retainkit.metrics.rfm.grid import SEGMENTS, segment_codes
from retainkit.metrics.rfm.params import SCORES, RfmParams
from retainkit.metrics.rfm.tally import MOVE, NOBODY, SCORE
from retainkit.metrics.rfm.words import definition, notes
from retainkit.periods import Window
from retainkit.timeline import money

TABLES = ("main", "cells", "scores", "movement", "retention")
NEW = "(no order yet)"  # the segment before of those who ordered first since


def summarise(tally: pl.DataFrame, params: RfmParams, window: Window) -> Summary:
    """Return all tables; those on movement are empty without --compare-to."""
    counts = ("members", "orders", "days", "kept")
    tally = tally.with_columns(pl.col(counts).cast(pl.Int64))
    scored = tally.filter(kind=SCORE)
    codes = segment_codes(*(scored[name].to_numpy() for name in "rfm"))
    moves = tally.filter(kind=MOVE)
    tables = {
        "main": _main(scored.with_columns(column(codes, "code")), params),
        "cells": _cells(scored, params),
        "scores": _scores(scored, params),
        "movement": _movement(moves, params),
        "retention": _retention(moves, params),
    }
    named = {
        name: table if name == "scores" else named_segments(table, params.by)
        for name, table in tables.items()
    }
    rule = order_rule(params, bool(tally["numbered"].sum()), priced=True)
    return Summary(definition(window, rule), named, list(notes(tables, params)))


def _main(scored: pl.DataFrame, params: RfmParams) -> pl.DataFrame:
    """Return the named segments, the best first, with their share of members and of money."""
    keys = segment_keys(params.by)
    summed = scored.group_by([*keys, "code"]).agg(
        pl.col("members", "orders", "days", "amount").sum()
    )
    whole = pl.col("members").sum().over(keys) if keys else pl.col("members").sum()
    taken = pl.col("amount").sum().over(keys) if keys else pl.col("amount").sum()
    table = summed.with_columns(whole=whole, taken=taken).sort(*keys, "code")
    earned = money(pl.col("amount"))
    return with_rate(table, "members", "whole", params.confidence).select(
        *keys,
        _segment("code").alias("segment"),
        "members",
        pl.col("rate").alias("share"),
        "ci_low",
        "ci_high",
        "orders",
        amount=earned,
        amount_share=pl.when(pl.col("taken") != 0).then(earned / money(pl.col("taken"))),
        orders_per_member=pl.col("orders") / pl.col("members"),
        amount_per_member=earned / pl.col("members"),
        mean_recency_days=pl.col("days") / pl.col("members"),
    )


def _cells(scored: pl.DataFrame, params: RfmParams) -> pl.DataFrame:
    """Return members and money by the scores of recency and frequency."""
    keys = segment_keys(params.by)
    return (
        scored.group_by([*keys, "r", "f"])
        .agg(pl.col("members").sum(), amount=money(pl.col("amount").sum()))
        .sort(*keys, "r", "f", descending=[*[False] * len(keys), True, False])
        .select(*keys, "r", "f", "members", "amount")
    )


def _scores(scored: pl.DataFrame, params: RfmParams) -> pl.DataFrame:
    """Return which values each score stands for, and how many members have it."""
    tables = []
    measures = ("recency_days", "orders", "amount")
    for score, name, cuts in zip("rfm", measures, params.cuts, strict=True):
        ends = [None, *cuts, None]
        bounds = [(ends[place], ends[place + 1]) for place in range(SCORES)]
        if name == "recency_days":
            bounds.reverse()
        counts = scored.group_by(score=score).agg(pl.col("members").sum())
        table = pl.DataFrame(
            {
                "measure": [name] * SCORES,
                "score": range(1, SCORES + 1),
                "above": [low for low, _ in bounds],
                "up_to": [high for _, high in bounds],
            },
            schema={"measure": pl.String, "score": pl.Int64}
            | dict.fromkeys(("above", "up_to"), pl.Float64),
        )
        tables.append(table.join(counts, on="score", how="left", maintain_order="left"))
    return pl.concat(tables).with_columns(pl.col("members").fill_null(0))


def _movement(moves: pl.DataFrame, params: RfmParams) -> pl.DataFrame:
    """Return how many went from each segment at the earlier date to each now."""
    keys = segment_keys(params.by)
    before = [*keys, "r"]
    return (
        moves.sort(*before, "f")
        .with_columns(share=pl.col("members") / pl.col("members").sum().over(before))
        .sort(pl.col("r") == NOBODY, maintain_order=True)
        .sort(keys, maintain_order=True)
        .select(
            *keys,
            _segment("r").alias("before"),
            _segment("f").alias("now"),
            "members",
            "share",
        )
    )


def _retention(moves: pl.DataFrame, params: RfmParams) -> pl.DataFrame:
    """Return of each segment at the earlier date which share has ordered since."""
    keys = segment_keys(params.by)
    summed = (
        moves.filter(pl.col("r") != NOBODY)
        .group_by([*keys, "r"])
        .agg(pl.col("members", "kept", "orders", "amount").sum())
        .sort(*keys, "r")
    )
    since = money(pl.col("amount"))
    return with_rate(summed, "kept", "members", params.confidence).select(
        *keys,
        _segment("r").alias("segment"),
        "members",
        pl.col("kept").alias("retained"),
        "rate",
        "ci_low",
        "ci_high",
        orders_since="orders",
        amount_since=since,
        amount_since_per_member=since / pl.col("members"),
    )


def _segment(code: str) -> pl.Expr:
    names = dict(enumerate(SEGMENTS)) | {NOBODY: NEW}
    return pl.col(code).replace_strict(names, return_dtype=pl.String)
