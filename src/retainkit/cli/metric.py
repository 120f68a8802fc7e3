"""What every metric's command does once its flags are read."""

from typing import TYPE_CHECKING, Any

from retainkit.cli.command import Output, Source
from retainkit.cli.output import emit
from retainkit.cli.progress import progress
from retainkit.errors import UsageError

if TYPE_CHECKING:
    from retainkit.metrics.base import Metric


def answer(metric: "Metric[Any]", params: object, source: Source, out: Output) -> None:
    """Run one metric over the source and write its Result."""
    from retainkit.engine import Request, run
    from retainkit.sources import SourceOptions

    if not source.sources:
        raise UsageError(
            f"{metric.command}: nothing to read.",
            "Name a file, a folder or - for stdin, or a [source] in retainkit.toml "
            "(`retainkit init FILE` writes one).",
        )
    with progress(out.quiet) as advance:
        options = SourceOptions(**source.options)
        result = run([Request(metric, params)], source.sources, options, progress=advance)[0]
    emit(result, out, source.sources)
