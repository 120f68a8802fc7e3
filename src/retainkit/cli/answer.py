"""What every command that reads does once its flags are known: check, run, write."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from retainkit.cli.command import Output, Source
from retainkit.cli.output import check_targets, emit
from retainkit.cli.progress import progress
from retainkit.errors import UsageError

if TYPE_CHECKING:
    from retainkit.metrics.base import Metric
    from retainkit.results import Result
    from retainkit.sources import SourceOptions

Compute = Callable[["SourceOptions", Callable[[int], None] | None], "Result"]


def answer(command: str, source: Source, out: Output, compute: Compute) -> None:
    """Write the Result that `compute` returns, given the options and what to tell of progress."""
    from retainkit.sources import SourceOptions

    if not source.sources:
        raise UsageError(
            f"{command}: nothing to read.",
            "Name a file, a folder or - for stdin, or a [source] in retainkit.toml "
            "(`retainkit init FILE` writes one).",
        )
    check_targets(source, out)
    with progress(out.quiet) as advance:
        result = compute(SourceOptions(**source.options), advance)
    emit(result, out)


def answer_metric(metric: "Metric[Any]", params: object, source: Source, out: Output) -> None:
    """Run one metric over the source and write its Result."""
    from retainkit.engine import Request, run
    from retainkit.results import check_table

    if out.table is not None:
        check_table(metric.command, out.table, metric.tables)

    def compute(options: "SourceOptions", advance: Callable[[int], None] | None) -> "Result":
        return run([Request(metric, params)], source.sources, options, progress=advance)[0]

    answer(metric.command, source, out, compute)
