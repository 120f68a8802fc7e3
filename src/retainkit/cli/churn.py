"""`retainkit churn`: who is lost, when and why. Its Python twin is `retainkit.churn`."""

from typing import Annotated

import typer

from retainkit.choices import ChurnDefinition, DatePeriod
from retainkit.cli.answer import answer_metric
from retainkit.cli.command import Chart, Computing, Output, Source
from retainkit.cli.options import By, Confidence, HashKey

NAMED = ("paths", "returns")  # tables that read the names of events


def churn(
    source: Source,
    how: Computing,
    out: Output,
    chart: Chart,
    definition: Annotated[
        ChurnDefinition,
        typer.Option(help="Not active in the next period, silent for W days, or left."),
    ] = "lifecycle",
    period: Annotated[DatePeriod, typer.Option(help="Rows, and the unit of age.")] = "month",
    inactive_days: Annotated[
        int | None,
        typer.Option(metavar="W", help="Silent days that make churn; by default from the data."),
    ] = None,
    leave_event: Annotated[
        str | None,
        typer.Option(metavar="SELECTOR", help="What is a leaving; by default the table's left."),
    ] = None,
    return_event: Annotated[
        str | None, typer.Option(metavar="SELECTOR", help="What is activity; any event.")
    ] = None,
    taxonomy: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="What the reasons are counted as; see the docs."),
    ] = None,
    paths: Annotated[
        bool, typer.Option("--paths", help="Also what members did last: table paths, returns.")
    ] = False,
    last: Annotated[int, typer.Option(metavar="K", help="How many events a path has.")] = 3,
    by: By = None,
    confidence: Confidence = 0.95,
    roster: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write members who are silent, or soon, there."),
    ] = None,
    hash_key: HashKey = None,
) -> None:
    """Write the churn that the flags ask for."""
    from retainkit.metrics.churn import CHURN, ChurnParams

    params = ChurnParams(
        definition=definition,
        period=period,
        inactive_days=inactive_days,
        leave_event=leave_event,
        return_event=return_event,
        taxonomy=taxonomy,
        paths=paths or out.table in NAMED,
        last=last,
        by=tuple(by or ()),
        confidence=confidence,
        roster=roster,
        hash_key=hash_key,
    )
    answer_metric(CHURN, params, source, how, out, chart)
