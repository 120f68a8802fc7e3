"""What sales are made of, period by period, and when members have paid for what they cost."""

from __future__ import annotations

import numpy as np
import polars as pl

from retainkit.columns import known
from retainkit.metrics.base import check_span, empty_table, segment_keys, with_rate
from retainkit.metrics.orders.params import OrdersParams
from retainkit.metrics.orders.tally import COHORT, COUNT, PERIOD, SALES
from retainkit.metrics.orders.windows import share
from retainkit.periods import Window
from retainkit.stats.decomposition import lmdi
from retainkit.timeline import money

FACTORS = ("visitors", "conversion", "orders_per_buyer", "amount_per_order")
PERIODS = (
    *("period", "buyers", "orders", "new_buyers", "previous_buyers", "repurchased"),
    *("rate", "ci_low", "ci_high", "complete"),
)
VALUE = (
    *("period", "visitors", "buyers", "orders", "sales", "conversion", "orders_per_buyer"),
    *("amount_per_order", "cost", "profit", "complete", "change"),
    *(f"from_{factor}" for factor in FACTORS),
)
PAYBACK = (
    *("cohort", "members", "cost", "cost_per_member", "age", "sales_per_member", "payback_age"),
)


def by_period(tally: pl.DataFrame, params: OrdersParams, window: Window) -> pl.DataFrame:
    """Return counts and amounts of every period from a segment's first to its last.

    `[seg_i…], at, visitors, buyers, new_buyers, repurchased, orders, money, priced, complete`.
    Raises InputError where they are too many.
    """
    keys = segment_keys(params.by)
    rows = tally.filter(kind=PERIOD)
    counts = rows.group_by([*keys, "at"]).agg(
        visitors=pl.col("members").sum(),
        buyers=pl.col("yes").sum(),
        new_buyers=pl.col("mature").sum(),
        repurchased=pl.col("no").sum(),
        orders=pl.col("orders").sum(),
        money=pl.col("amount").sum(),
    )
    first, last = rows.select(first=pl.col("at").min(), last=pl.col("at").max()).row(0)
    if first is not None:
        check_span(first, last, params.period)
    span = pl.int_ranges(pl.col("at").min(), pl.col("at").max() + 1).alias("at")
    every = rows.group_by(keys or pl.lit(0).alias("all")).agg(span).explode("at").drop_nulls("at")
    numbers = [name for name in counts.columns if name not in (*keys, "at")]
    priced = bool(tally.filter(kind=COUNT)["priced"].sum())
    complete = pl.col("at") <= window.last_complete(params.period)
    return (
        every.join(counts, on=[*keys, "at"], how="left", nulls_equal=True)
        .with_columns(pl.col(numbers).fill_null(0))
        .with_columns(priced=pl.lit(priced), complete=complete)
        .sort(*keys, "at")
        .select(*keys, pl.exclude(*keys, "all"))
    )


def repurchase_by_period(
    counts: pl.DataFrame, params: OrdersParams, window: Window
) -> pl.DataFrame:
    """Return of each period's buyers how many bought in the next one, too."""
    keys = segment_keys(params.by)
    previous = _before(pl.col("buyers"), keys).fill_null(0)
    table = with_rate(
        counts.with_columns(previous_buyers=previous),
        "repurchased",
        "previous_buyers",
        params.confidence,
    )
    return _named(table, params, window).select(*keys, *PERIODS)


def value(counts: pl.DataFrame, params: OrdersParams, window: Window) -> pl.DataFrame:
    """Return sales as visitors x conversion x orders a buyer x amount an order, and its change."""
    keys = segment_keys(params.by)
    table = counts.with_columns(
        sales=pl.when("priced").then(money(pl.col("money"))),
        conversion=share("buyers", "visitors"),
        orders_per_buyer=share("orders", "buyers"),
    )
    table = table.with_columns(amount_per_order=share("sales", "orders"))
    both = pl.col("complete") & _before(pl.col("complete"), keys).fill_null(value=False)
    change = pl.col("sales") - _before(pl.col("sales"), keys)
    table = table.with_columns(change=pl.when(both).then(change))
    split = _split(table, keys)
    return _named(_with_costs(table.hstack(split), params, window), params, window).select(
        *keys, *VALUE
    )


def payback(tally: pl.DataFrame, params: OrdersParams, window: Window) -> pl.DataFrame:
    """Return what members of each cohort cost, and by what age they had paid for it."""
    keys = segment_keys(params.by)
    if params.spent is None:
        whole = dict.fromkeys(("members", "age", "payback_age"), pl.Int64)
        schema = {**dict.fromkeys(PAYBACK, pl.Float64), "cohort": pl.Date, **whole}
        return empty_table(schema, params.by)
    cohort = [*keys, "at"]
    members = tally.filter(kind=COHORT).group_by(cohort).agg(pl.col("members").sum())
    age = window.last_complete(params.period) - pl.col("at")
    members = _with_costs(members, params, window).with_columns(age=pl.when(age >= 0).then(age))
    earned = _earned(tally, members, cohort).with_columns(pl.col("earned") * params.margin)
    told = earned.group_by(cohort).agg(
        pl.col("earned").last(),
        payback_age=pl.col("age").filter(pl.col("earned") >= pl.col("cost")).min(),
    )
    table = members.join(told, on=cohort, how="left", nulls_equal=True).sort(cohort)
    table = table.with_columns(
        cost_per_member=share("cost", "members"), sales_per_member=share("earned", "members")
    )
    return _named(table, params, window).rename({"period": "cohort"}).select(*keys, *PAYBACK)


def _earned(tally: pl.DataFrame, members: pl.DataFrame, cohort: list[str]) -> pl.DataFrame:
    """Return what each cohort bought up to each age that is over: `[…], at, cost, age, earned`."""
    sales = tally.filter(kind=SALES).group_by([*cohort, "age"]).agg(pl.col("amount").sum())
    ages = members.filter(pl.col("age").is_not_null()).with_columns(
        age=pl.int_ranges(0, pl.col("age") + 1)
    )
    every = ages.explode("age").join(sales, on=[*cohort, "age"], how="left", nulls_equal=True)
    upto = pl.col("amount").fill_null(0).cum_sum().over(cohort, order_by="age")
    return every.sort(*cohort, "age").with_columns(earned=money(upto))


def _before(values: pl.Expr, keys: list[str]) -> pl.Expr:
    """Return the values of the period before in the same segment; rows are in order."""
    return values.shift(1).over(keys) if keys else values.shift(1)


def _split(table: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Return what each factor contributes to the change of sales, null where that is unknown."""
    now = table.select(pl.col(FACTORS).cast(pl.Float64))
    before = table.select(_before(pl.col(FACTORS).cast(pl.Float64), keys))
    sales = table.select("sales", before=_before(pl.col("sales"), keys))
    fits = table["change"].is_not_null() & (sales["sales"] >= 0) & (sales["before"] >= 0)
    rows = np.flatnonzero(fits.fill_null(value=False).to_numpy())
    found = np.full((table.height, len(FACTORS)), np.nan)
    if len(rows):
        old, new = (frame[rows].to_numpy() for frame in (before, now))
        found[rows] = lmdi(old, new)
    return pl.DataFrame(
        [known(found[:, i]).alias(f"from_{name}") for i, name in enumerate(FACTORS)]
    )


def _with_costs(table: pl.DataFrame, params: OrdersParams, window: Window) -> pl.DataFrame:
    """Add cost and profit by period (`at`), null where nothing is known of them."""
    if params.spent is None:
        unknown = pl.lit(None, pl.Float64)
        return table.with_columns(cost=unknown, profit=unknown)
    keys = [*segment_keys(params.by), "at"]
    spent = params.spent.by_period(params.period, window)
    table = table.join(spent, on=keys, how="left", nulls_equal=True)
    if "sales" in table.columns:
        table = table.with_columns(profit=pl.col("sales") * params.margin - pl.col("cost"))
    return table


def _named(table: pl.DataFrame, params: OrdersParams, window: Window) -> pl.DataFrame:
    """Give periods (`at`) their names."""
    index = table["at"].to_numpy().astype(np.int64)
    return table.with_columns(period=window.calendar.names(index, params.period))
