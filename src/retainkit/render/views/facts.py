"""The lines under every drawing: what was defined, read and refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from retainkit.render import cells
from retainkit.results import DataWindow, Result


def facts(result: Result) -> tuple[tuple[str, str], ...]:
    """Return (word, sentence) pairs: definition, data, as of, and rows not used if any."""
    return (("definition", result.definition), *_window(result.data))


def _window(data: DataWindow) -> Iterator[tuple[str, str]]:
    used = f"{cells.counted(data.rows, 'row')}, {cells.counted(data.members, 'member')}"
    span = f", {cells.moment(data.first)} – {cells.moment(data.last)}" if data.first else ""
    yield "data", used + span
    as_of = f"{cells.moment(data.as_of)}, " if data.as_of else ""
    yield "as of", f"{as_of}times in {data.tz}"
    if data.refused:
        yield "refused", _by_reason(data.refused, data.rows_read)
    if data.left_out:
        yield "left out", _by_reason(data.left_out, data.rows_read)


def _by_reason(rows: Mapping[str, int], rows_read: int) -> str:
    reasons = ", ".join(f"{reason} {cells.count(number)}" for reason, number in rows.items())
    return f"{cells.count(sum(rows.values()))} of {cells.counted(rows_read, 'row')} ({reasons})"
