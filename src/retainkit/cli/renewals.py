"""`retainkit renewals`: how many contracts are renewed. Its Python twin is `retainkit.renewals`."""

from typing import Annotated

import typer

from retainkit.choices import DatePeriod
from retainkit.cli.answer import answer_metric
from retainkit.cli.command import Chart, Computing, Output, Source
from retainkit.cli.options import By, Confidence
from retainkit.cli.values import numbers


def renewals(
    source: Source,
    how: Computing,
    out: Output,
    chart: Chart,
    leave_event: Annotated[
        str | None,
        typer.Option(metavar="SELECTOR", help="What is a leaving; by default the table's left."),
    ] = None,
    return_event: Annotated[
        str | None, typer.Option(metavar="SELECTOR", help="What is activity; any event.")
    ] = None,
    period: Annotated[DatePeriod, typer.Option(help="How long a contract runs.")] = "month",
    horizon: Annotated[
        int, typer.Option(metavar="N", help="How many renewals ahead are forecast.")
    ] = 12,
    holdout: Annotated[
        int,
        typer.Option(metavar="N", help="Keep the last renewals of each contract from the model."),
    ] = 0,
    parameters: Annotated[
        str | None, typer.Option(metavar="ALPHA,BETA", help="Of a model fitted before.")
    ] = None,
    by: By = None,
    confidence: Confidence = 0.95,
) -> None:
    """Write the renewals that the flags ask for."""
    from retainkit.metrics.renewals import RENEWALS, RenewalsParams

    params = RenewalsParams(
        leave_event=leave_event,
        return_event=return_event,
        period=period,
        horizon=horizon,
        holdout=holdout,
        parameters=numbers("--parameters", parameters),
        by=tuple(by or ()),
        confidence=confidence,
    )
    answer_metric(RENEWALS, params, source, how, out, chart)
