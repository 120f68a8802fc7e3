"""What the tables of `orders` mean, in words: their definition and the notes under them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from retainkit.metrics.base import segment_keys
from retainkit.metrics.orders.params import OrdersParams
from retainkit.metrics.start_words import start_notes
from retainkit.periods import Window
from retainkit.wording import counted


def definition(params: OrdersParams, rule: str) -> str:
    """Return the definition of repurchase and first order in one sentence."""
    what = f"orders: {rule}"
    clock = "N x 24 hours" if params.clock == "elapsed" else "N calendar days"
    if params.merge_days:
        what += ", those of one day as one"
    start = f"'{params.starting.start.label}'" if params.start_event else "joining"
    return (
        f"repurchase: of buyers whose first order is {clock} old by as-of, the share with a "
        f"second within them; first_order: of members, the share with an order within {clock} "
        f"of {start}; {what}."
    )


def notes(
    tally: pl.DataFrame, tables: Mapping[str, pl.DataFrame], params: OrdersParams, window: Window
) -> Iterator[str]:
    """Yield what a reader has to know of these tables."""
    yield from _waiting(tables["main"], "buyers", "first order")
    yield from _waiting(tables["first_order"], "members", "start")
    instant, ahead = (int(tally[name].sum()) for name in ("instant", "ahead"))
    if instant:
        yield (
            counted(instant, "member starts", "members start")
            + " with an order, as nothing earlier is known of them: their first order says "
            "nothing; --members FILE or --start-event tells when members joined."
        )
    if ahead:
        yield (
            counted(ahead, "member has an order", "members have an order")
            + " before the start: the first one after it counts."
        )
    loose = int(tally["loose"].sum())
    if loose:
        yield (
            counted(
                loose,
                "event has an amount and no order id: it is no order",
                "events have an amount and no order id: they are no orders",
            )
            + " (--order-event says what is)."
        )
    ordered = tables["summary"]["orders"].sum()
    told = tally["numbered"].sum() or tally["priced"].sum()
    if params.order_event is None and ordered and not told:
        yield (
            "There is no column of order ids, nor of amounts: every event is taken for an order. "
            "--order-event says which are."
        )
    if not tally["priced"].sum() and ordered:
        yield "There is no column of amounts: orders are counted, sales are unknown."
    if window.since is not None and params.lookback is None:
        yield (
            "Who ordered before --since is taken for a first-time buyer by its first order after "
            "it; --lookback leaves out who is seen in the first days."
        )
    yield from start_notes(tally, params.starting)
    yield from _uncosted(tables["value"], params, window)


def _waiting(table: pl.DataFrame, of: str, since: str) -> Iterator[str]:
    young = table.group_by("days").agg((pl.col(of) - pl.col("mature")).sum()).sort("days")
    waiting = [f"{n:,} for {days} days" for days, n in young.rows() if n]
    if waiting:
        yield (
            f"{of.capitalize()} whose window from their {since} is not over by as-of are left "
            f"out: {', '.join(waiting)}."
        )


def _uncosted(value: pl.DataFrame, params: OrdersParams, window: Window) -> Iterator[str]:
    """Yield the costs of periods in which nothing happened."""
    if params.spent is None:
        return
    days = params.spent.dated(params.period, window)
    days = days.with_columns(period=window.calendar.names(days["at"].to_numpy(), params.period))
    keys = [*segment_keys(params.by), "period"]
    unseen = days.join(value, on=keys, how="anti", nulls_equal=True).height
    if unseen:
        yield (
            counted(unseen, "row of costs is", "rows of costs are")
            + " for periods or segments without any visit or order: left out."
        )
