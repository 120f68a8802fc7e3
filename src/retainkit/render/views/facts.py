"""The lines under every drawing: what was defined and read; the notes tell what was refused."""

from __future__ import annotations

from collections.abc import Iterator

from retainkit.render import cells
from retainkit.results import DataWindow, Result
from retainkit.wording import counted


def facts(result: Result) -> tuple[tuple[str, str], ...]:
    """Return (word, sentence) pairs: definition, data, as of."""
    return (("definition", result.definition), *window(result.data))


def window(data: DataWindow) -> Iterator[tuple[str, str]]:
    """Yield (word, sentence) pairs: data, as of."""
    rows = counted(data.rows, "row")
    if data.rows < data.rows_read:
        rows = f"{cells.count(data.rows)} of {counted(data.rows_read, 'row')}"
    used = f"{rows}, {counted(data.members, 'member')}"
    span = f", {cells.moment(data.first)} – {cells.moment(data.last)}" if data.first else ""
    yield "data", used + span
    if data.as_of:
        yield "as of", f"{cells.moment(data.as_of)}, times in {data.tz}"
