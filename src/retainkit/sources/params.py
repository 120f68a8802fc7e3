"""What was read, how, and until when, as a Result says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from retainkit.addresses import shown
from retainkit.periods import Calendar
from retainkit.sources.options import Input, SourceOptions


def source_params(inputs: Sequence[Input], options: SourceOptions) -> dict[str, object]:
    """Return what was read and how, as plain values for a Result's params."""
    plain = {field.name: getattr(options, field.name) for field in fields(options)}
    plain["members"] = None if options.members is None else named(options.members)
    return {"sources": [named(source) for source in inputs], **plain}


def as_of(options: SourceOptions, last: int | None, calendar: Calendar) -> int | None:
    """Return the end of what was observed (us): as stated, else midnight after the last event.

    None where there is neither.
    """
    if options.as_of is not None:
        return calendar.moment(options.as_of, "--as-of")
    return None if last is None else calendar.next_midnight(last)


def named(source: Input) -> str:
    """Return what a source is called: its path or address, or the kind of frame it is."""
    return shown(str(source)) if isinstance(source, str | Path) else f"<{type(source).__name__}>"
