"""`retainkit paths`: what members do from one event to another. Its twin is `retainkit.paths`."""

from typing import Annotated

import typer

from retainkit.cli.answer import answer_metric
from retainkit.cli.command import Chart, Computing, Output, Source
from retainkit.cli.options import By, Confidence


def paths(
    source: Source,
    how: Computing,
    out: Output,
    chart: Chart,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="SELECTOR", help="What a journey begins with; any event."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="SELECTOR", help="What a journey arrives at; else it just goes on."),
    ] = None,
    window: Annotated[
        str | None, typer.Option(metavar="TIME", help="From its start to its end at most, like 7d.")
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="SELECTOR", help="An event that is left out; repeatable."),
    ] = None,
    keep_repeats: Annotated[
        bool, typer.Option("--keep-repeats", help="Tell an event as often as it was repeated.")
    ] = False,
    include_open: Annotated[
        bool,
        typer.Option("--include-open", help="Count journeys whose window is still running, too."),
    ] = False,
    depth: Annotated[
        int, typer.Option(help="How many events after the start are told, 1 to 50.")
    ] = 8,
    top: Annotated[int, typer.Option(help="How many paths are listed, of each segment.")] = 20,
    by: By = None,
    confidence: Confidence = 0.95,
) -> None:
    """Write the paths that the flags ask for."""
    from retainkit.metrics.paths import PATHS, PathsParams

    params = PathsParams(
        from_=from_,
        to=to,
        window=window,
        ignore=tuple(ignore or ()),
        keep_repeats=keep_repeats,
        include_open=include_open,
        depth=depth,
        top=top,
        by=tuple(by or ()),
        confidence=confidence,
    )
    answer_metric(PATHS, params, source, how, out, chart)
