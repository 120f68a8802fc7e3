"""`retainkit report`: what a cron job leaves on the desk. Its Python twin is `retainkit.report`."""

from pathlib import Path
from typing import Annotated

import typer

from retainkit.choices import DatePeriod, UndecidedAs
from retainkit.cli.command import Computing, Output, Source
from retainkit.cli.declared import declared
from retainkit.cli.options import By, Confidence
from retainkit.cli.output import check_targets, say
from retainkit.cli.progress import watched
from retainkit.errors import UsageError


def report(
    source: Source,
    how: Computing,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="A page (.html), .md, .json, or a folder; {date} is as-of.",
        ),
    ] = "report.html",
    steps: Annotated[
        str | None, typer.Option(metavar="STEPS", help='Of a funnel, like "visit > cart > pay".')
    ] = None,
    period: Annotated[DatePeriod, typer.Option(help="Of cohorts and trends.")] = "month",
    title: Annotated[str, typer.Option(metavar="TEXT", help="Of the report.")] = "Retention report",
    fdr: Annotated[
        float, typer.Option(metavar="RATE", help="False discovery rate of the findings.")
    ] = 0.05,
    by: By = None,
    confidence: Confidence = 0.95,
    rule: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="Checked, too, beside those of the settings."),
    ] = None,
    undecided: Annotated[
        UndecidedAs, typer.Option(help="What a rule does that cannot be decided.")
    ] = "fail",
    baseline: Annotated[
        str | None, typer.Option(metavar="FILE", help="A snapshot that rules are checked against.")
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Keep the headline of each run there; show its trend."),
    ] = None,
    keep: Annotated[
        int | None, typer.Option(metavar="N", help="How many runs the history keeps.")
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no notes on stderr.")
    ] = False,
) -> None:
    """Write the report."""
    from retainkit.checking.parsing import named_requests, read_rules
    from retainkit.checking.running import Check
    from retainkit.checking.summary import code_of
    from retainkit.cli.allocator import keep_freed_memory
    from retainkit.engine import EngineOptions, Journal
    from retainkit.locking import locked
    from retainkit.reporting.contents import ReportParams
    from retainkit.reporting.history import check_keep, kept, trend
    from retainkit.reporting.running import reported, with_trend
    from retainkit.reporting.writing import check_output, placed, written
    from retainkit.sources import SourceOptions

    if not source.sources:
        raise UsageError("report: nothing to read.", "Name a file, or a [source] in settings.")
    if "-" in source.sources:
        raise UsageError("report: stdin can only be read once.", "Name a file.")
    params = ReportParams(
        by=tuple(by or ()),
        steps=steps,
        period=period,
        title=title,
        fdr=fdr,
        confidence=confidence,
    )
    settings = declared(source.settings, baseline)
    metrics, rules = named_requests(settings), read_rules(rule or [], settings)
    check = Check(rules=rules, metrics=metrics, baseline=baseline) if rules else None
    check_output(output)
    check_keep(keep, history)
    _check_target(output, source, quiet)
    keep_freed_memory()
    journal = Journal()
    with locked(Path(output), "--output"), watched(quiet) as progress:
        made = reported(
            params,
            source.sources,
            SourceOptions(**source.options),
            check=check,
            defaults=settings.defaults,
            engine=EngineOptions(**how.options),
            progress=progress,
            journal=journal,
        )
        if history is not None:
            kept(Path(history), made.headline, made.data, keep)
            made = with_trend(made, trend(Path(history), made.data))
        target = placed(output, made)
        written(made, target)
    if not quiet:
        say(f"Wrote {target}.")
    for line in journal.lines() if how.verbose else ():
        say(line)
    code = 0 if made.verdicts is None else code_of(made.verdicts, undecided)
    if code:
        raise typer.Exit(code)


def _check_target(output: str, source: Source, quiet: bool) -> None:
    """Raise an error for a target that cannot be written, before anything is read."""
    target = Path(output.replace("{date}", "0000-00-00"))
    out = Output(format="json", output=target, table=None, quiet=quiet, excel_safe=False)
    if target.suffix:
        check_targets("report", source, out, {})
