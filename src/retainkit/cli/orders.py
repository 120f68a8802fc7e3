"""`retainkit orders`: first order, repurchase, value. Its Python twin is `retainkit.orders`."""

from typing import Annotated

import typer

from retainkit.choices import Clock, DatePeriod
from retainkit.cli.answer import answer_metric
from retainkit.cli.command import Chart, Computing, Output, Source
from retainkit.cli.options import (
    By,
    Confidence,
    CostsFile,
    Lookback,
    Margin,
    OrderEvent,
    StartEvent,
)
from retainkit.cli.values import whole_numbers


def orders(
    source: Source,
    how: Computing,
    out: Output,
    chart: Chart,
    order_event: OrderEvent = None,
    start_event: StartEvent = None,
    visit_event: Annotated[
        str | None, typer.Option(metavar="SELECTOR", help="What is a visit; any event.")
    ] = None,
    first_days: Annotated[
        str, typer.Option(metavar="DAYS", help="Windows of the first order, since joining.")
    ] = "3,7,30",
    repeat_days: Annotated[
        str, typer.Option(metavar="DAYS", help="Windows of repurchase, since the first order.")
    ] = "7,30,90",
    clock: Annotated[
        Clock, typer.Option(help="Days of 24 hours from the member's own start, or dates.")
    ] = "elapsed",
    merge_days: Annotated[
        bool, typer.Option("--merge-days", help="A member's orders of one date are one order.")
    ] = False,
    lookback: Lookback = None,
    horizon: Annotated[
        int, typer.Option(metavar="DAYS", help="Up to which day hazards are told.")
    ] = 90,
    period: Annotated[
        DatePeriod, typer.Option(help="Of repurchase by period, of value and of cohorts.")
    ] = "month",
    costs: CostsFile = None,
    margin: Margin = 1.0,
    by: By = None,
    confidence: Confidence = 0.95,
) -> None:
    """Write the tables of orders that the flags ask for."""
    from retainkit.metrics.orders import ORDERS, OrdersParams

    params = OrdersParams(
        order_event=order_event,
        start_event=start_event,
        visit_event=visit_event,
        first_days=whole_numbers("--first-days", first_days),
        repeat_days=whole_numbers("--repeat-days", repeat_days),
        clock=clock,
        merge_days=merge_days,
        lookback=lookback,
        horizon=horizon,
        period=period,
        costs=costs,
        margin=margin,
        by=tuple(by or ()),
        confidence=confidence,
    )
    answer_metric(ORDERS, params, source, how, out, chart)
