"""`retainkit demo`: an invented shop to learn on."""

from pathlib import Path
from typing import Annotated

import typer


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write the files.")],
    members: Annotated[int, typer.Option(help="How many members the shop has.")] = 5000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 2024,
    overwrite: Annotated[
        bool, typer.Option(help="Replace files of these names that are not its own.")
    ] = False,
) -> None:
    """Write the files, and say what to do next."""
    from retainkit.demo import ZONE, write_demo

    files = write_demo(folder, members=members, seed=seed, overwrite=overwrite)
    typer.echo(files.summary)
    typer.echo(f"Next: retainkit cohort {files.events} --members {files.members} --tz {ZONE}")
