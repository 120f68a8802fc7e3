"""`retainkit cohort`: the retention triangle. Its Python twin is `retainkit.cohort`."""

from typing import Annotated

import typer

from retainkit.choices import Clock, CohortKind, CohortMode, Measure, Period
from retainkit.cli.answer import answer_metric
from retainkit.cli.command import Chart, Computing, Output, Source
from retainkit.cli.options import By, Confidence, Lookback, ReturnEvent, StartEvent


def cohort(
    source: Source,
    how: Computing,
    out: Output,
    chart: Chart,
    period: Annotated[Period, typer.Option(help="The unit of cohorts and ages.")] = "month",
    mode: Annotated[
        CohortMode, typer.Option(help="When a member counts as returned at an age.")
    ] = "on",
    clock: Annotated[
        Clock, typer.Option(help="Ages in calendar periods, or from the member's own start.")
    ] = "calendar",
    brackets: Annotated[
        str | None,
        typer.Option(metavar="AGES", help="Ages taken together, like 1-3,4-7,8-14."),
    ] = None,
    cohorts: Annotated[
        CohortKind, typer.Option(help="Members enter once, or in each period they start again.")
    ] = "first",
    min_occurrences: Annotated[
        int, typer.Option(metavar="K", help="Return events that make a return.")
    ] = 1,
    measure: Annotated[Measure, typer.Option(help="What is summed beside members.")] = "members",
    start_event: StartEvent = None,
    return_event: ReturnEvent = None,
    by: By = None,
    lookback: Lookback = None,
    horizon: Annotated[int, typer.Option(metavar="AGE", help="The last age shown.")] = 12,
    confidence: Confidence = 0.95,
) -> None:
    """Write the triangle that the flags ask for."""
    from retainkit.metrics.cohort import COHORT, CohortParams

    params = CohortParams(
        period=period,
        mode=mode,
        clock=clock,
        brackets=tuple(brackets.split(",")) if brackets else (),
        cohorts=cohorts,
        min_occurrences=min_occurrences,
        measure=measure,
        start_event=start_event,
        return_event=return_event,
        by=tuple(by or ()),
        lookback=lookback,
        horizon=horizon,
        confidence=confidence,
    )
    answer_metric(COHORT, params, source, how, out, chart)
