"""Who starts, and how time is counted, in the words of definitions and notes."""

from __future__ import annotations

import polars as pl

from retainkit.choices import Period
from retainkit.metrics.starts import ReturnParams
from retainkit.periods import ELAPSED, HOUR
from retainkit.selectors import ANY, Selector
from retainkit.wording import counted


def a(unit: str) -> str:
    """Return a unit with its article."""
    return f"an {unit}" if unit == "hour" else f"a {unit}"


def event_words(selector: Selector) -> str:
    """Return a selector as a definition says it."""
    return "any event" if selector == ANY else f"'{selector.label}'"


def start_words(params: ReturnParams, unit: str | None) -> str:
    """Return who is followed, for a definition: "members who …"."""
    when = f" in {a(unit)}" if unit else ""
    if params.start_event:
        return f"members with their first {event_words(params.start)}{when}"
    return f"members who started{when} (joined, else first event)"


def clock_words(params: ReturnParams, unit: Period) -> str:
    """Return how time is counted, for a definition."""
    if params.clock == "calendar":
        return f"ages are calendar {unit}s since the start"
    hours = ELAPSED[unit] // HOUR
    return f"ages are whole units of {hours} hours since each member's own start"


def _no_start(params: ReturnParams) -> str:
    if params.start_event:
        return f"no {event_words(params.start)}"
    return "joined before --since, or at or after as-of"


def start_notes(tally: pl.DataFrame, params: ReturnParams) -> list[str]:
    """Return the notes on who is in no cohort, and on who may not be new."""
    said = []
    seen, never = int(tally["seen"].sum()), int(tally["never"].sum())
    assumed = int(tally["from_events"].sum())
    if never:
        said.append(
            counted(never, "member does not start", "members do not start")
            + f" within the window ({_no_start(params)}): in no cohort."
        )
    if seen:
        said.append(
            counted(seen, "member was", "members were")
            + f" already seen in the first {params.lookback_days} days (--lookback): in no cohort."
        )
    early = int(tally["early"].sum())
    if early:
        said.append(
            counted(early, "member")
            + " joined before the first event in the data: where the export does not reach back "
            "to their start, their early ages are unseen, not lost (--since leaves them out)."
        )
    before = int(tally["before"].sum())
    if before:
        said.append(
            counted(before, "event lies before its member", "events lie before their members")
            + " joined: activity, but at no age."
        )
    if assumed and params.lookback is None:
        said.append(
            counted(assumed, "member starts at its", "members start at their")
            + " first event in the data: if the export begins later than members did, the first "
            "cohorts are not new members; --lookback 30d leaves out members already seen in the "
            "first 30 days."
        )
    return said
