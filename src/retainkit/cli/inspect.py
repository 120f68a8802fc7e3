"""`retainkit inspect`: what files hold. Its Python twin is `retainkit.inspect`."""

from typing import Annotated

import typer

from retainkit.cli.command import Output, Source
from retainkit.cli.output import emit
from retainkit.cli.progress import progress
from retainkit.errors import UsageError


def inspect(
    source: Source,
    out: Output,
    top: Annotated[int, typer.Option(min=1, metavar="N", help="How many events to list.")] = 10,
) -> None:
    """Show what the files hold, before anyone trusts them: columns, roles, days, repeats."""
    from retainkit.profile import describe
    from retainkit.sources import SourceOptions

    if not source.sources:
        raise UsageError(
            "inspect: nothing to read.",
            "Name a file, a folder or - for stdin, or a [source] in retainkit.toml.",
        )
    with progress(out.quiet) as advance:
        options = SourceOptions(**source.options)
        result = describe(source.sources, options, top=top, progress=advance)
    emit(result, out, source.sources)
