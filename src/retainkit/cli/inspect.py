"""`retainkit inspect`: what files hold. Its Python twin is `retainkit.inspect`."""

from typing import TYPE_CHECKING, Annotated

import typer

from retainkit.cli.answer import answer
from retainkit.cli.command import Output, Source

if TYPE_CHECKING:
    from retainkit.results import Result
    from retainkit.sources import SourceOptions
    from retainkit.sources.stream import Progress


def inspect(
    source: Source,
    out: Output,
    top: Annotated[int, typer.Option(min=1, metavar="N", help="How many events to list.")] = 10,
) -> None:
    """Write what is found in the files."""
    from retainkit.profile import describe

    def compute(options: "SourceOptions", progress: "Progress | None") -> "Result":
        return describe(
            source.sources, options, top=top, progress=progress, excel_safe=out.excel_safe
        )

    answer("inspect", source, out, compute)
