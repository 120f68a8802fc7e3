"""`retainkit funnel`: node by node, and the node to mend. Its Python twin is `retainkit.funnel`."""

from typing import Annotated

import typer

from retainkit.choices import DatePeriod, FunnelAttempt, FunnelOrder
from retainkit.cli.answer import answer_metric
from retainkit.cli.command import Chart, Computing, Output, Source
from retainkit.cli.options import By, Confidence
from retainkit.errors import UsageError


def funnel(
    source: Source,
    how: Computing,
    out: Output,
    chart: Chart,
    steps: Annotated[
        str | None, typer.Option(metavar="'A > B > C'", help="The steps, from first to last.")
    ] = None,
    step: Annotated[
        list[str] | None,
        typer.Option(metavar="SELECTOR", help="One step; repeatable, instead of --steps."),
    ] = None,
    order: Annotated[
        FunnelOrder,
        typer.Option(help="In order, in order with nothing between, or in any order."),
    ] = "ordered",
    window: Annotated[
        str | None, typer.Option(metavar="TIME", help="From first to last step at most, like 7d.")
    ] = None,
    step_window: Annotated[
        str | None, typer.Option(metavar="TIME", help="From step to step at most, like 12h.")
    ] = None,
    attempt: Annotated[
        FunnelAttempt, typer.Option(help="Each member's best attempt, or its first.")
    ] = "best",
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="SELECTOR", help="An event that ends an attempt; repeatable."),
    ] = None,
    include_open: Annotated[
        bool,
        typer.Option("--include-open", help="Count attempts whose window is still running, too."),
    ] = False,
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="STEP=SHARE", help="Lift a step to it, like 3=0.6; repeatable."),
    ] = None,
    min_members: Annotated[
        int, typer.Option(help="That a segment needs to be an example for others.")
    ] = 100,
    compare: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN=A,B", help="Split a change over the nodes; or FROM..TO,FROM..TO."
        ),
    ] = None,
    trend: Annotated[
        DatePeriod | None, typer.Option(help="Also by the period of members' first starts.")
    ] = None,
    dropoffs: Annotated[
        bool, typer.Option("--dropoffs", help="Also what members did next instead.")
    ] = False,
    by: By = None,
    confidence: Confidence = 0.95,
) -> None:
    """Write the funnel that the flags ask for."""
    from retainkit.metrics.funnel import FUNNEL, FunnelParams
    from retainkit.selectors import parse_steps

    if (steps is None) == (not step):
        raise UsageError(
            "Name the steps with --steps or, one by one, with --step.",
            'Like --steps "visit > view_item > pay[amount > 0]".',
        )
    texts = [each.text for each in parse_steps(steps)] if steps is not None else step or []
    params = FunnelParams(
        steps=tuple(texts),
        order=order,
        window=window,
        step_window=step_window,
        attempt=attempt,
        exclude=tuple(exclude or ()),
        include_open=include_open,
        target=tuple(target or ()),
        min_members=min_members,
        compare=compare,
        trend=trend,
        dropoffs=dropoffs or out.table == "dropoffs",
        by=tuple(by or ()),
        confidence=confidence,
    )
    answer_metric(FUNNEL, params, source, how, out, chart)
