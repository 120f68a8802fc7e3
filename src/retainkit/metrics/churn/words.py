"""What the tables of `churn` mean, in words: their definition and the notes under them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from retainkit.metrics.churn.params import ChurnParams
from retainkit.metrics.churn.tally import FINDINGS
from retainkit.metrics.start_words import a, event_words
from retainkit.selectors import ANY
from retainkit.wording import counted


def definition(params: ChurnParams) -> str:
    """Return the definition of the rate of churn in one sentence."""
    unit = params.period
    active = "active"
    if params.activity != ANY:
        active = f"active (with {event_words(params.activity)})"
    if params.definition == "lifecycle":
        return (
            f"churn_rate: of the members {active} in the {unit} before, the share that is not in "
            f"this one; new: first ever active; resurrected: active again after a {unit} without."
        )
    lost = {
        "inactivity": f"not {active} for {counted(params.inactive_days or 0, 'day')}, which is "
        "dated at the last of these days",
        "leave": "left, "
        + ("by the member table" if params.leave is None else f"by {event_words(params.leave)}"),
    }[params.definition]
    return (
        f"churn_rate: of the members there at the start of {a(unit)}, the share that churned in "
        f"it; churned: {lost}; there: joined (else first active), or back after a churn."
    )


def gap_notes(gaps: pl.DataFrame, params: ChurnParams) -> Iterator[str]:
    """Yield what share of silences the window lets pass."""
    if params.definition != "inactivity":
        return
    total = int(gaps["gaps"].sum())
    longer = int(gaps.filter(pl.col("gap_days") > (params.inactive_days or 0))["gaps"].sum())
    if total:
        yield (
            f"Of {counted(total, 'gap')} between a member's active days, {longer:,} "
            f"{'is' if longer == 1 else 'are'} longer than "
            f"{counted(params.inactive_days or 0, 'day')}."
        )


def notes(
    tally: pl.DataFrame, tables: Mapping[str, pl.DataFrame], params: ChurnParams, more: int
) -> Iterator[str]:
    """Yield what a reader has to know of these tables."""
    found = {name: int(tally[name].sum()) for name in FINDINGS}
    yield from _doubts(tables["main"], params)
    yield from start_notes(found)
    if params.definition == "leave" and params.leave is None and params.paths:
        yield (
            "A leaving that is an event, too, stands in `paths` and counts as activity, unless "
            "--leave-event names it."
        )
    yield from leaving_notes(found)
    if young := found["young"]:
        yield (
            counted(young, "member is", "members are")
            + f" too young for `timing`: {_young(params)} is not over by as-of."
        )
    if more:
        yield f"{counted(more, 'rarer path is', 'rarer paths are')} not shown in `paths`."


def start_notes(found: Mapping[str, int]) -> Iterator[str]:
    """Yield who is there from when on, where that is not known."""
    if assumed := found["assumed"]:
        yield (
            counted(assumed, "member is", "members are")
            + " there from the first activity in the data on, for want of a joining time: if the "
            "export begins later than they did, they are not new."
        )
    if cut := found["cut"]:
        yield (
            counted(cut, "member", "members")
            + " joined before --since: they count from what is seen of them since; "
            + f"{found['unseen']:,} of them, of whom nothing is, are in no table."
        )


def leaving_notes(found: Mapping[str, int]) -> Iterator[str]:
    """Yield which leavings are no end of anything that is counted."""
    if early := found["early"]:
        yield (
            counted(early, "leaving lies before its member", "leavings lie before their members")
            + " joined: ignored, the member counts as there."
        )
    if twice := found["twice"]:
        yield (
            counted(twice, "leaving is", "leavings are")
            + " of members who were away already: ignored."
        )
    if only := found["only"]:
        yield (
            counted(only, "member", "members")
            + " left without joining, and without any activity: in no table."
        )


def _young(params: ChurnParams) -> str:
    which = "after their first" if params.definition == "lifecycle" else "of their start"
    return f"the {params.period} {which}"


def _doubts(main: pl.DataFrame, params: ChurnParams) -> Iterator[str]:
    running = main.height - int(main["complete"].sum())
    if running:
        yield (
            counted(running, "row is", "rows are")
            + f" of {a(params.period)} that is not over by as-of: marked incomplete."
        )
    if params.definition == "lifecycle" and main.height:
        yield (
            f"Who was active before the first {params.period} of the data counts as new in it, or "
            "later, not as resurrected: the export cannot tell."
        )
    if params.definition == "inactivity" and main.height:
        undecided = int(
            main.filter(pl.col("period") == pl.col("period").max())["present_end"].sum()
        )
        yield (
            counted(undecided, "member is", "members are")
            + f" there at as-of, silent for less than {counted(params.inactive_days or 0, 'day')}: "
            "undecided, neither kept nor lost. Nobody can churn in the first "
            f"{counted(params.inactive_days or 0, 'day')} of the data."
        )
