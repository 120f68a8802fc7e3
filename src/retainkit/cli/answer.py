"""What every command that reads does once its flags are known: check, run, write."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from retainkit.cli.command import Chart, Computing, Output, Source
from retainkit.cli.output import emit, say_how
from retainkit.cli.progress import watched
from retainkit.cli.targets import check_targets, held
from retainkit.errors import UsageError

if TYPE_CHECKING:
    from retainkit.metrics.base import Metric
    from retainkit.results import Result
    from retainkit.sources import SourceOptions
    from retainkit.sources.stream import Progress

Compute = Callable[["SourceOptions", "Progress | None"], "Result"]


def answer(
    command: str,
    source: Source,
    out: Output,
    compute: Compute,
    *,
    writes: Mapping[str, str] | None = None,
    reads: Sequence[str] = (),
    chart: Chart = None,
    also: Callable[["Result"], None] = lambda _: None,
) -> "Result":
    """Write the Result that `compute` returns, given the options and what to tell of progress.

    writes: files that it writes beside, by option; reads: and that it reads beside the sources.
    chart: where its picture goes, too. also: writes what else there is to write, at the end.
    """
    from retainkit.sources import SourceOptions

    check_sources(command, source)
    targets = check_targets(command, source, out, writes or {}, reads, chart)
    with held(targets, out.lock_timeout, follow=out.follow_symlinks):
        with watched(out.quiet) as progress:
            result = compute(SourceOptions(**source.options), progress)
        emit(result, out, chart)
        also(result)
    return result


def check_sources(command: str, source: Source) -> None:
    """Raise UsageError where there is nothing to read."""
    if not source.sources:
        raise UsageError(
            f"{command}: nothing to read.",
            "Name a file, a folder or - for stdin, or a [source] in retainkit.toml "
            "(`retainkit init FILE` writes one).",
        )


def answer_metric(
    metric: "Metric[Any]",
    params: object,
    source: Source,
    how: Computing,
    out: Output,
    chart: Chart,
) -> None:
    """Run one metric over the source and write its Result; tell how it went, where asked to."""
    from retainkit.cli.allocator import keep_freed_memory
    from retainkit.engine import EngineOptions, Journal, Request, run
    from retainkit.results import check_table

    if out.table is not None:
        check_table(metric.command, out.table, metric.tables)

    keep_freed_memory()
    engine, journal = EngineOptions(**how.options), Journal()

    def compute(options: "SourceOptions", progress: "Progress | None") -> "Result":
        request = Request(metric, params)
        return run(
            [request],
            source.sources,
            options,
            engine=engine,
            progress=progress,
            journal=journal,
            excel_safe=out.excel_safe,
        )[0]

    roster = None if metric.roster is None else metric.roster.path(params)
    writes = {metric.roster.option: roster} if metric.roster and roster else {}
    reads = () if metric.reads is None else metric.reads(params)
    answer(metric.command, source, out, compute, writes=writes, reads=reads, chart=chart)
    say_how(how, journal)
