"""The lines under every drawing: what was defined and read; the notes tell what was refused."""

from __future__ import annotations

from collections.abc import Iterator

from retainkit.render import cells
from retainkit.results import DataWindow, Result


def facts(result: Result) -> tuple[tuple[str, str], ...]:
    """Return (word, sentence) pairs: definition, data, as of."""
    return (("definition", result.definition), *_window(result.data))


def _window(data: DataWindow) -> Iterator[tuple[str, str]]:
    rows = cells.counted(data.rows, "row")
    if data.rows < data.rows_read:
        rows = f"{cells.count(data.rows)} of {cells.counted(data.rows_read, 'row')}"
    used = f"{rows}, {cells.counted(data.members, 'member')}"
    span = f", {cells.moment(data.first)} – {cells.moment(data.last)}" if data.first else ""
    yield "data", used + span
    as_of = f"{cells.moment(data.as_of)}, " if data.as_of else ""
    yield "as of", f"{as_of}times in {data.tz}"
