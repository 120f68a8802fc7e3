"""What was read, how, and until when, as a Result says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from time import time_ns

import numpy as np

from retainkit.addresses import shown
from retainkit.periods import DAY, Calendar, Ints
from retainkit.sources.options import Input, SourceOptions
from retainkit.wording import counted


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


def late(times: Ints) -> int:
    """Return how many moments (us) lie more than a day after now: mistyped, or a placeholder."""
    tomorrow = time_ns() // 1000 + DAY
    return int(np.count_nonzero(times > tomorrow))


def late_notes(
    options: SourceOptions, count: int, last: int | None, calendar: Calendar
) -> list[str]:
    """Return what to say of so many events that lie after now, where they move as-of.

    Numbers do not hang on the clock of the machine: nothing is left out by it.
    """
    if not count or last is None or options.as_of is not None:
        return []
    told = counted(count, "event lies after today", "events lie after today")
    day = calendar.aware(last).date().isoformat()
    return [f"{told} (last {day}): as-of follows, so all before counts as over; state --as-of."]


def named(source: Input) -> str:
    """Return what a source is called: its path or address, or the kind of frame it is."""
    return shown(str(source)) if isinstance(source, str | Path) else f"<{type(source).__name__}>"
