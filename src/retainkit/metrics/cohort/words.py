"""What the matrix means, in words: its definition and the notes under it."""

from __future__ import annotations

import polars as pl

from retainkit.metrics.cohort.params import CohortParams
from retainkit.metrics.start_words import a, clock_words, event_words, start_notes, start_words
from retainkit.periods import Window
from retainkit.wording import counted


def definition(params: CohortParams) -> str:
    """Return the definition of the matrix in one sentence."""
    unit = params.period
    who = start_words(params, unit)
    if params.cohorts == "recurring":
        who = f"members with {event_words(params.start)} in {a(unit)} (counted in each such {unit})"
    times = f"at least {params.min_occurrences} times " if params.min_occurrences > 1 else ""
    when = {
        "on": f"in the {unit} at that age",
        "within": f"in any of the {unit}s 1 to age after it",
        "on-or-after": f"in the {unit} at that age or any later one before as-of",
        "every": f"in each {unit} from age 0 to that age",
    }[params.mode]
    if params.brackets:
        when = f"in any {unit} of the bracket of ages"
    what = f"Of {who}, the share with {event_words(params.back)} {times}{when}"
    if params.measure == "amount":
        what += ", and the sum of the amounts of these events"
    elif params.measure == "orders":
        what += ", and the number of orders, each at its earliest event"
    return f"{what}; {clock_words(params, unit)}."


def notes(
    tally: pl.DataFrame, main: pl.DataFrame, params: CohortParams, window: Window
) -> list[str]:
    """Return what a reader has to know of this matrix."""
    said = start_notes(tally, params)
    oldest = tally["cohort"].min()
    if isinstance(oldest, int) and not params.brackets:
        beyond = window.last_begun(params.period) - oldest
        if beyond > params.horizon:
            ages = f"Ages {params.horizon + 1} to {beyond} are"
            if beyond == params.horizon + 1:
                ages = f"Age {beyond} is"
            said.append(f"{ages} not shown: --horizon {beyond} shows more.")
    running = main.height - int(main["complete"].sum())
    if running:
        said.append(
            counted(running, "cell is", "cells are")
            + " not over by as-of: marked incomplete and kept out of the pooled mean."
        )
    if params.mode == "on-or-after":
        said.append("on-or-after is never final: an event still to come can raise every cell.")
    return said
