"""`ingest` as a Python function: the same words as the command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from retainkit.answers import SourceKeywords, as_inputs, as_options
from retainkit.ingesting import Outcome
from retainkit.ingesting import ingest as bring


def ingest(
    events: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    snapshots: str | None = None,
    rebuild: bool = False,
    **source: Unpack[SourceKeywords],
) -> Outcome:
    """Bring the set in the folder `output` up to date with files; return what became of them.

    events: a path (file, folder, glob), or several. snapshots: a folder or glob of dated lists of
    members. rebuild: read all files again. Every function takes the folder as its events. The
    command is `retainkit ingest`; docs/ingest.md says what is in a set.
    """
    words = {*SourceKeywords.__annotations__, "events", "output", "snapshots", "rebuild"}
    options = as_options({**source}, words)
    return bring(
        as_inputs(events),
        Path(output),
        options,
        snapshots=snapshots,
        rebuild=rebuild,
    )
