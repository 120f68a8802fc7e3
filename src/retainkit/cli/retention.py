"""`retainkit retention`: D1, D7, D30. Its Python twin is `retainkit.retention`."""

from typing import Annotated, cast

import typer

from retainkit.choices import Clock, RetentionCohort, RetentionMode
from retainkit.cli.answer import answer_metric
from retainkit.cli.command import Chart, Computing, Output, Source
from retainkit.cli.options import By, Confidence, Lookback, ReturnEvent, StartEvent
from retainkit.cli.values import whole_numbers


def retention(
    source: Source,
    how: Computing,
    out: Output,
    chart: Chart,
    days: Annotated[str, typer.Option(metavar="DAYS", help="Which days, like 1,7,30.")] = "1,7,30",
    mode: Annotated[
        list[str] | None,
        typer.Option(
            metavar="on|within|on-or-after",
            help="On day N, within days 1 to N, or on day N and after; repeatable, by default all.",
        ),
    ] = None,
    cohort: Annotated[
        RetentionCohort | None, typer.Option(help="Split by the period of the start.")
    ] = None,
    clock: Annotated[
        Clock, typer.Option(help="Calendar days, or 24 hours from the member's own start.")
    ] = "calendar",
    start_event: StartEvent = None,
    return_event: ReturnEvent = None,
    by: By = None,
    lookback: Lookback = None,
    confidence: Confidence = 0.95,
) -> None:
    """Write the shares of members that the flags ask for."""
    from retainkit.metrics.retention import MODES, RETENTION, RetentionParams

    params = RetentionParams(
        days=whole_numbers("--days", days),
        mode=tuple(cast(RetentionMode, each) for each in mode) if mode else MODES,
        cohort=cohort,
        clock=clock,
        start_event=start_event,
        return_event=return_event,
        by=tuple(by or ()),
        lookback=lookback,
        confidence=confidence,
    )
    answer_metric(RETENTION, params, source, how, out, chart)
