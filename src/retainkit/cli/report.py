"""`retainkit report`: what a cron job leaves on the desk. Its Python twin is `retainkit.report`."""

from typing import Annotated

import typer

from retainkit.choices import DatePeriod, TableFormat, UndecidedAs
from retainkit.cli.answer import check_sources
from retainkit.cli.command import Computing, Source
from retainkit.cli.declared import declared
from retainkit.cli.options import By, Confidence, FollowSymlinks, HashKey, LockTimeout
from retainkit.cli.output import say, say_how
from retainkit.cli.progress import watched
from retainkit.cli.targets import check_apart, check_files, held
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
    share_safe: Annotated[
        bool,
        typer.Option("--share-safe", help="Leave out small cells, rare values, ids and notes."),
    ] = False,
    min_cell: Annotated[
        int | None,
        typer.Option(metavar="N", help="Members of a cell at least; 10 by default."),
    ] = None,
    hash_key: HashKey = None,
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
    tables: Annotated[TableFormat, typer.Option(help="Of the files in a folder.")] = "csv",
    excel_safe: Annotated[
        bool,
        typer.Option("--excel-safe", help="Defuse text that Excel would run, in a folder of CSV."),
    ] = False,
    history: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Keep the headline of each run there; show its trend."),
    ] = None,
    keep: Annotated[
        int | None, typer.Option(metavar="N", help="How many runs the history keeps.")
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress; stderr says what is amiss only.")
    ] = False,
    lock_timeout: LockTimeout = 0.0,
    follow_symlinks: FollowSymlinks = False,
) -> None:
    """Write the report."""
    from retainkit.checking.running import Check
    from retainkit.checking.summary import amiss, code_of
    from retainkit.cli.allocator import keep_freed_memory
    from retainkit.engine import EngineOptions, Journal
    from retainkit.reporting.contents import ReportParams
    from retainkit.reporting.publishing import Place
    from retainkit.reporting.running import reported
    from retainkit.sources import SourceOptions

    check_sources("report", source)
    if "-" in source.sources:
        raise UsageError("report: stdin can only be read once.", "Name a file.")
    params = ReportParams(
        by=tuple(by or ()),
        steps=steps,
        period=period,
        title=title,
        fdr=fdr,
        confidence=confidence,
        share_safe=share_safe,
        min_cell=min_cell,
        hash_key=hash_key,
    )
    settings = declared(source.settings, baseline)
    asked = Check.of(rule or [], settings)
    if baseline is not None and not asked.rules:
        raise UsageError("report: --baseline is for rules, and there is none.")
    place = Place(
        output=output,
        history=history,
        keep=keep,
        tables=tables,
        excel_safe=excel_safe,
        lock_timeout=lock_timeout,
    )
    named = {"--output": place.file}
    targets = check_files(source, named, asked.reads, follow=follow_symlinks)
    targets.pop("--output", None)  # of which the name is known when it is made
    check_apart(source, place.folders)
    keep_freed_memory()
    journal = Journal()
    with (
        held(targets, lock_timeout, follow=follow_symlinks),
        watched(quiet) as progress,
    ):
        made, target = place.publish(
            lambda: reported(
                params,
                source.sources,
                SourceOptions(**source.options),
                check=asked,
                defaults=settings.defaults,
                engine=EngineOptions(**how.options),
                progress=progress,
                journal=journal,
                excel_safe=excel_safe,
            )
        )
    for line in () if made.verdicts is None else amiss(made.verdicts):
        say(line)
    if not quiet:
        say(f"Wrote {target}.")
    say_how(how, journal)
    code = 0 if made.verdicts is None else code_of(made.verdicts, undecided)
    if code:
        raise typer.Exit(code)
