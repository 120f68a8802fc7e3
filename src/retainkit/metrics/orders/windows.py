"""First orders and second ones within windows, and members by their number of orders."""

from __future__ import annotations

import polars as pl

from retainkit.metrics.base import segment_keys, with_rate
from retainkit.metrics.orders.params import OrdersParams
from retainkit.metrics.orders.tally import COUNT
from retainkit.timeline import money


def within(
    tally: pl.DataFrame, kind: str, params: OrdersParams, of: str, done: str
) -> pl.DataFrame:
    """Return `[seg_i…], days, <of>, mature, <done>, rate, ci_low, ci_high`."""
    keys = segment_keys(params.by)
    rows = tally.filter(kind=kind)
    every = rows.filter(pl.col("at").is_null()).select(*keys, pl.col("members").alias(of))
    counts = rows.filter(pl.col("at").is_not_null()).select(
        *keys, "mature", days="at", **{done: pl.col("yes")}
    )
    windows = (
        counts.join(every, on=keys, nulls_equal=True) if keys else counts.join(every, how="cross")
    )
    table = with_rate(windows.sort(*keys, "days"), done, "mature", params.confidence)
    return table.select(*keys, "days", of, "mature", done, "rate", "ci_low", "ci_high")


def totals(tally: pl.DataFrame, params: OrdersParams) -> pl.DataFrame:
    """Return what all members did together, one row a segment."""
    keys = segment_keys(params.by)
    counts = tally.filter(kind=COUNT)
    some = pl.col("at") > 0
    found = [
        pl.col("members").sum(),
        pl.col("members").filter(some).sum().alias("buyers"),
        (pl.col("members") * pl.col("at")).sum().alias("orders"),
        pl.col("members").filter(pl.col("at") > 1).sum().alias("buyers_2plus"),
        pl.col("amount").sum().alias("money"),
        (pl.col("priced").sum() > 0).alias("priced"),
    ]
    table = counts.group_by(keys).agg(found) if keys else counts.select(found)
    amount = pl.when("priced").then(money(pl.col("money")))
    return (
        table.sort(keys)
        .with_columns(amount=amount, repeat_orders=pl.col("orders") - pl.col("buyers"))
        .select(
            *(*keys, "members", "buyers", "orders", "buyers_2plus"),
            share("buyers_2plus", "buyers").alias("buyers_2plus_share"),
            "repeat_orders",
            share("repeat_orders", "orders").alias("repeat_order_share"),
            share("orders", "buyers").alias("orders_per_buyer"),
            "amount",
            share("amount", "orders").alias("amount_per_order"),
            share("amount", "buyers").alias("amount_per_buyer"),
        )
    )


def ladder(tally: pl.DataFrame, params: OrdersParams) -> pl.DataFrame:
    """Return how many buyers go from each order to the next."""
    keys = segment_keys(params.by)
    counts = tally.filter(pl.col("kind") == COUNT, pl.col("at") > 0)
    most = counts.group_by(keys or pl.lit(0).alias("all")).agg(most=pl.col("at").max())
    rungs = most.with_columns(order=pl.int_ranges(1, pl.col("most") + 1))
    rungs = rungs.explode("order").drop_nulls("order")
    stopped = counts.select(*keys, order="at", stopped="members")
    table = rungs.join(stopped, on=[*keys, "order"], how="left", nulls_equal=True).with_columns(
        pl.col("stopped").fill_null(0)
    )
    upto = pl.col("stopped").cum_sum(reverse=True)
    table = table.sort(*keys, "order").with_columns(buyers=upto.over(keys) if keys else upto)
    table = table.with_columns(next=pl.col("buyers") - pl.col("stopped"))
    return with_rate(table, "next", "buyers", params.confidence).select(
        *keys, "order", "buyers", "next", "rate", "ci_low", "ci_high", "stopped"
    )


def share(part: str, of: str) -> pl.Expr:
    """Return part / of, null where `of` is 0."""
    return pl.when(pl.col(of) != 0).then(pl.col(part) / pl.col(of))
