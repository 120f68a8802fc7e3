"""`retainkit ltv`: what buyers will order and bring. Its Python twin is `retainkit.ltv`."""

from typing import Annotated

import typer

from retainkit.choices import DatePeriod, LtvModel
from retainkit.cli.answer import answer_metric
from retainkit.cli.command import Chart, Computing, Output, Source
from retainkit.cli.options import By, Confidence, CostsFile, HashKey, Margin, OrderEvent
from retainkit.cli.values import numbers


def ltv(
    source: Source,
    how: Computing,
    out: Output,
    chart: Chart,
    order_event: OrderEvent = None,
    model: Annotated[
        LtvModel,
        typer.Option(
            help="BG/NBD, or MBG/NBD, where one-time buyers stop, too; of contracts: renewals."
        ),
    ] = "bg",
    horizon: Annotated[
        str, typer.Option(metavar="TIME", help="How far ahead is forecast, like 26w.")
    ] = "52w",
    holdout: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Keep the last of the data from the model, like 26w."),
    ] = None,
    orders_only: Annotated[
        bool, typer.Option("--orders-only", help="Forecast orders, not money.")
    ] = False,
    parameters: Annotated[
        str | None,
        typer.Option(metavar="R,ALPHA,A,B", help="Of a model fitted before; alpha in weeks."),
    ] = None,
    spend: Annotated[
        str | None, typer.Option(metavar="P,Q,V", help="Of a Gamma-Gamma model fitted before.")
    ] = None,
    period: Annotated[
        DatePeriod, typer.Option(help="Of the cohorts of what buyers bring, and of --costs.")
    ] = "month",
    costs: CostsFile = None,
    margin: Margin = 1.0,
    by: By = None,
    confidence: Confidence = 0.95,
    roster: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="List every buyer there: alive or gone, and what next."),
    ] = None,
    hash_key: HashKey = None,
) -> None:
    """Write the forecast that the flags ask for."""
    from retainkit.metrics.ltv import LTV, LtvParams

    params = LtvParams(
        order_event=order_event,
        model=model,
        horizon=horizon,
        holdout=holdout,
        orders_only=orders_only,
        parameters=numbers("--parameters", parameters),
        spend=numbers("--spend", spend),
        period=period,
        costs=costs,
        margin=margin,
        by=tuple(by or ()),
        confidence=confidence,
        roster=roster,
        hash_key=hash_key,
    )
    answer_metric(LTV, params, source, how, out, chart)
