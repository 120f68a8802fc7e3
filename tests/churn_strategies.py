"""Histories for `churn`: members that join, leave, come back and say why, in any order of times."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from oracle.clock import first_instant
from strategies import (
    CLOCK_CHANGES,
    EVERYWHERE,
    MEMBERS,
    SELECTORS,
    History,
    Row,
    _frame,
    moments,
    segments,
)

COLUMNS: dict[str, Any] = MEMBERS | {"left": pl.Datetime("us", "UTC"), "reason": pl.String}
DEFINITIONS = ("lifecycle", "inactivity", "leave")
CATEGORIES = {"too dear": "price", "cheaper elsewhere": "price", "moved away": "life"}
TAXONOMY = "".join(
    f"[[category]]\nname = '{name}'\n"
    f"keywords = {[reason for reason in CATEGORIES if CATEGORIES[reason] == name]}\n"
    for name in dict.fromkeys(CATEGORIES.values())
)


@dataclass(frozen=True)
class Roll(History):
    """A history whose member table also tells who left, and why."""

    def member_frame(self) -> pl.DataFrame:
        return _frame(self.members, COLUMNS)


@st.composite
def churn_histories(draw: st.DrawFn, zones: tuple[str, ...] = tuple(CLOCK_CHANGES)) -> Roll:
    """One to 40 events of at most five members, many at the same few moments; some leave."""
    tz = draw(st.sampled_from(zones))
    anchor = draw(st.sampled_from((*EVERYWHERE, *CLOCK_CHANGES[tz])))
    moment = moments(tz, anchor, draw(st.sampled_from((0, 1, 2, 7, 30))))
    few = st.sampled_from(draw(st.lists(moment, min_size=1) | st.lists(moment, min_size=12)))
    event = st.fixed_dictionaries(
        {
            "member": st.sampled_from("abcde"),
            "time": few,
            "event": st.sampled_from(("visit", "visit", "order", "leave", None)),
            "channel": st.sampled_from((None, "ads", "web")),
        }
    )
    # Joining and leaving come in any order, before and after events; x and y never do anything.
    member = st.fixed_dictionaries(
        {
            "member": st.sampled_from("abcdxy"),
            "joined": st.none() | few | moment,
            "tier": st.sampled_from((None, "gold", "silver")),
            "left": st.none() | few | moment,
            "reason": st.sampled_from((None, *CATEGORIES, "wind and weather")),
        }
    )
    table = st.lists(member, max_size=6, unique_by=lambda row: row["member"])
    rows = st.lists(event, min_size=1, max_size=12) | st.lists(event, min_size=20, max_size=40)
    return Roll(tz, draw(rows), draw(table))


@st.composite
def crowds(draw: st.DrawFn) -> Roll:
    """Some dozens of members over some months: enough of each age to be compared."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    tz = draw(st.sampled_from(tuple(CLOCK_CHANGES)))
    start = first_instant(draw(st.sampled_from((*EVERYWHERE, *CLOCK_CHANGES[tz]))), tz)
    names = [f"m{number}" for number in range(rng.randint(5, 40))]

    def moment() -> datetime:
        return start + timedelta(hours=rng.randrange(24 * 120))

    def some(values: Sequence[Any]) -> Any:
        return rng.choice([None, *values])

    events, members = [], []
    for name in names:
        # Visits come in bursts, so that there are pauses to call a churn.
        for _ in range(rng.randint(0, 3)):
            burst = moment()
            for _ in range(rng.randint(1, 6)):
                event = rng.choice(("visit", "visit", "order", "leave"))
                time = burst + timedelta(hours=rng.randrange(24 * 14))
                channel = some(("ads", "web"))
                events.append({"member": name, "time": time, "event": event, "channel": channel})
        if rng.random() < 0.7:
            row = {"member": name, "joined": some((moment(), start)), "left": some((moment(),))}
            row |= {"tier": some(("gold", "silver")), "reason": some([*CATEGORIES, "snow"])}
            members.append(row)
    events.append({"member": "m0", "time": start, "event": "visit", "channel": None})
    return Roll(tz, events, members)


def category(reason: str) -> str:
    """The category of a reason by `TAXONOMY`."""
    return CATEGORIES.get(reason, "other")


def observed_until(history: History) -> st.SearchStrategy[datetime | None]:
    """Not stated, at one of the events, or some time after the last of them."""
    times = [row["time"] for row in history.events]
    later = st.sampled_from((1, 10, 40, 200)).map(lambda days: max(times) + timedelta(days=days))
    return st.none() | st.sampled_from(times) | later | later


def churn_options(
    history: History, definitions: tuple[str, ...] = DEFINITIONS
) -> st.SearchStrategy[Row]:
    """Parameters of `churn`, as both the oracle and `retainkit` take them."""
    return st.fixed_dictionaries(
        {
            "definition": st.sampled_from(definitions),
            "period": st.sampled_from(("day", "day", "week", "week", "month", "quarter", "year")),
            "inactive_days": st.sampled_from((None, 1, 2, 7, 30)),
            "leave_event": st.sampled_from((None, None, "leave", "leave|order")),
            "return_event": SELECTORS,
            "by": st.just(()) | segments(history),
            "confidence": st.sampled_from((0.8, 0.95, 0.99)),
            "week_start": st.sampled_from(("monday", "sunday", "wednesday")),
        }
    ).map(lambda options: _possible(options, history))


def _possible(options: Row, history: History) -> Row:
    """Leave out what the definition does not take; without a member table only events leave."""
    definition = options["definition"]
    if definition != "inactivity":
        options = options | {"inactive_days": None}
    if definition == "leave" and not history.members and options["leave_event"] is None:
        options = options | {"leave_event": "leave"}
    return options


def renamed(history: Roll, suffix: str) -> Roll:
    """The same history of other members."""

    def other(rows: list[Row]) -> list[Row]:
        return [row | {"member": row["member"] + suffix} for row in rows]

    return replace(history, events=other(history.events), members=other(history.members))
