"""`retainkit ingest`: messy exports to a clean Parquet set. Its twin is `retainkit.ingest`."""

from pathlib import Path
from typing import Annotated

import typer

from retainkit.cli.answer import check_sources
from retainkit.cli.command import Source
from retainkit.cli.options import FollowSymlinks, LockTimeout
from retainkit.cli.output import say, show
from retainkit.cli.progress import watched
from retainkit.errors import UsageError


def ingest(
    source: Source,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="DIR", help="The set to make or to add to."),
    ] = None,
    snapshots: Annotated[
        str | None,
        typer.Option(
            metavar="FILES",
            help="Dated lists of members, like 'members-*.csv': who joined and left when.",
        ),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Read all files again, with other options if need be.")
    ] = False,
    lock_timeout: LockTimeout = 0.0,
    follow_symlinks: FollowSymlinks = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress, no table and no notes.")
    ] = False,
) -> None:
    """Bring the set up to date."""
    from retainkit.cli.allocator import keep_freed_memory
    from retainkit.ingesting import ingest as bring
    from retainkit.sources import SourceOptions

    check_sources("ingest", source)
    if output is None:
        raise UsageError("ingest: there is no folder to write to.", "Name it with -o DIR.")
    keep_freed_memory()
    with watched(quiet) as progress:
        made = bring(
            source.sources,
            Path(output).resolve() if follow_symlinks else Path(output),
            SourceOptions(**source.options),
            snapshots=snapshots,
            rebuild=rebuild,
            lock_timeout=lock_timeout,
            progress=progress,
        )
    if quiet:
        return
    from retainkit.render.views.ingest import view

    show(view(made, output))
    for note in made.notes:
        say(note)
