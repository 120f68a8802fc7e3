"""`retainkit snapshot`: named metrics saved for `check`. Its twin is `retainkit.snapshot`."""

from pathlib import Path
from typing import Annotated

import typer

from retainkit.cli.answer import check_sources
from retainkit.cli.command import Computing, Source
from retainkit.cli.declared import declared
from retainkit.cli.options import FollowSymlinks, LockTimeout
from retainkit.cli.output import say, say_how
from retainkit.cli.progress import watched
from retainkit.cli.targets import check_files, held
from retainkit.replacement import write_whole


def snapshot(
    source: Source,
    how: Computing,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="The file to write.")
    ] = "snapshot.json",
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this metric of the settings; repeatable."),
    ] = None,
    definitions: Annotated[
        bool,
        typer.Option("--definitions", help="Only what metrics mean, no numbers: a lock."),
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress and no notes on stderr.")
    ] = False,
    lock_timeout: LockTimeout = 0.0,
    follow_symlinks: FollowSymlinks = False,
) -> None:
    """Write the snapshot."""
    from retainkit.checking.parsing import named_requests
    from retainkit.checking.running import Check
    from retainkit.checking.snapshots import chosen
    from retainkit.checking.snapshots import snapshot as text_of
    from retainkit.cli.allocator import keep_freed_memory
    from retainkit.engine import EngineOptions, Journal
    from retainkit.sources import SourceOptions

    if not definitions:
        check_sources("snapshot", source)
    settings = declared(source.settings)
    metrics = chosen(named_requests(settings), metric or [])
    reads = Check(rules=(), metrics=metrics).reads
    targets = check_files(source, {"--output": output}, reads, follow=follow_symlinks)
    keep_freed_memory()
    journal = Journal()
    with held(targets, lock_timeout, follow=follow_symlinks):
        with watched(quiet) as progress:
            text = text_of(
                metrics,
                source.sources,
                SourceOptions(**source.options),
                definitions=definitions,
                engine=EngineOptions(**how.options),
                progress=progress,
                journal=journal,
            )
        write_whole(Path(output), text.encode(), "--output")
    if not quiet:
        say(f"Wrote {output}: {', '.join(metrics)}.")
    say_how(how, journal)
