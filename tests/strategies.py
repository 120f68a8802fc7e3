"""Hypothesis strategies for small event histories on the awkward days of several zones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from oracle.clock import HOUR, first_instant

Row = dict[str, Any]

# Leap day, the ends of short and long months, and new years inside an ISO week.
EVERYWHERE = (
    *(date(2024, 2, 28), date(2023, 2, 27), date(2024, 4, 29), date(2023, 12, 30)),
    *(date(2020, 12, 26), date(2021, 1, 2), date(2024, 12, 28)),
)
# The days on which clocks changed; Shanghai did it once, and in São Paulo midnight was skipped.
CLOCK_CHANGES: dict[str, tuple[date, ...]] = {
    "UTC": (),
    "Asia/Shanghai": (date(1986, 5, 4), date(1991, 9, 15)),
    "America/New_York": (date(2024, 3, 10), date(2024, 11, 3)),
    "Australia/Lord_Howe": (date(2024, 4, 7), date(2024, 10, 6)),
    "Asia/Kolkata": (),
    "America/Sao_Paulo": (date(2018, 11, 4), date(2018, 2, 18)),
}
MICROSECOND = timedelta(microseconds=1)
EVENTS = {
    "user_id": pl.String,
    "time": pl.Datetime("us", "UTC"),
    "event": pl.String,
    "amount": pl.Float64,
    "order_id": pl.String,
    "channel": pl.String,
}
MEMBERS = {"user_id": pl.String, "joined": pl.Datetime("us", "UTC"), "tier": pl.String}
ALIASES = {"member": "user_id", "order": "order_id"}


@dataclass(frozen=True)
class History:
    """Events and a member table of one shop, and the zone whose calendar it lives by."""

    tz: str
    events: list[Row]
    members: list[Row]

    def event_frame(self) -> pl.DataFrame:
        return _frame(self.events, EVENTS)

    def member_frame(self) -> pl.DataFrame:
        return _frame(self.members, MEMBERS)


def _frame(rows: list[Row], schema: dict[str, Any]) -> pl.DataFrame:
    named = [{ALIASES.get(key, key): value for key, value in row.items()} for row in rows]
    return pl.DataFrame(named, schema=schema)


@st.composite
def moments(draw: st.DrawFn, tz: str, anchor: date, stride: int) -> datetime:
    """A moment near the edges of a local day, `stride` days apart from its neighbours."""
    steps = draw(st.integers(0, 9))
    day = anchor + timedelta(days=steps * stride + draw(st.integers(-1, 1)))
    edges = (0 * HOUR, MICROSECOND, HOUR / 2, HOUR, 2 * HOUR, 12 * HOUR, 24 * HOUR - MICROSECOND)
    return first_instant(day, tz) + draw(st.sampled_from(edges))


@st.composite
def histories(draw: st.DrawFn, zones: tuple[str, ...] = tuple(CLOCK_CHANGES)) -> History:
    """One to 24 events of at most five members, most of them at the same few moments."""
    tz = draw(st.sampled_from(zones))
    anchor = draw(st.sampled_from((*EVERYWHERE, *CLOCK_CHANGES[tz])))
    moment = moments(tz, anchor, draw(st.sampled_from((0, 1, 7, 30))))
    few = st.sampled_from(draw(st.lists(moment, min_size=1, max_size=12)))
    event = st.fixed_dictionaries(
        {
            "member": st.sampled_from("abcde"),
            "time": few,
            "event": st.sampled_from(("visit", "order", "refund")),
            "amount": st.sampled_from((None, 0.0, 1.25, 10.0, -2.5)),
            "order": st.sampled_from((None, "o1", "o2", "o3")),
            "channel": st.sampled_from((None, "ads", "web")),
        }
    )
    member = st.fixed_dictionaries(
        {
            "member": st.sampled_from("abcdxy"),  # x and y never do anything
            "joined": st.none() | few | moment,
            "tier": st.sampled_from((None, "gold", "silver")),
        }
    )
    table = st.lists(member, max_size=6, unique_by=lambda row: row["member"])
    return History(tz, draw(st.lists(event, min_size=1, max_size=24)), draw(table))


SELECTORS = st.sampled_from((None, "*", "visit", "order", "visit|order"))
COMMON: dict[str, st.SearchStrategy[Any]] = {
    "clock": st.sampled_from(("calendar", "calendar", "elapsed")),
    "start_event": SELECTORS,
    "return_event": SELECTORS,
    "confidence": st.sampled_from((0.8, 0.95, 0.99)),
    "week_start": st.sampled_from(("monday", "sunday", "wednesday")),
}


def _possible(options: Row, tz: str) -> Row:
    """Turn a combination that is a usage error, or undefined, into its neighbour."""
    if options["brackets"]:
        options = options | {"mode": "on"}
    if options["clock"] == "elapsed" and options["period"] in ("quarter", "year"):
        options = options | {"period": "month"}
    if options["period"] == "hour" and tz == "Australia/Lord_Howe":
        # Clocks change by half an hour there, so hours of one length have no one alignment.
        options = options | {"period": "day"}
    return options


def segments(history: History) -> st.SearchStrategy[tuple[str, ...]]:
    """Columns to segment by: of the events, of the member table where there is one, or both."""
    both = [("tier",), ("channel", "tier")] if history.members else []
    return st.sampled_from([("channel",), *both])


def cohort_options(history: History) -> st.SearchStrategy[Row]:
    """Parameters of `cohort`, as both the oracle and `retainkit` take them."""
    kinds = ("hour", "day", "day", "week", "week", "month", "month", "quarter", "year")
    return st.fixed_dictionaries(
        COMMON
        | {
            "by": st.just(()) | segments(history),
            "period": st.sampled_from(kinds),
            "mode": st.sampled_from(("on", "within", "on-or-after", "every")),
            "brackets": st.sampled_from(
                ((), (), (), ("0", "1-2", "3-7"), ("1-3", "2-5"), ("0-1", "0", "1"))
            ),
            "cohorts": st.sampled_from(("first", "first", "recurring")),
            "min_occurrences": st.sampled_from((1, 1, 2)),
            "measure": st.sampled_from(("members", "amount", "orders")),
            "horizon": st.sampled_from((0, 3, 12)),
        }
    ).map(lambda options: _possible(options, history.tz))


def retention_options(history: History) -> st.SearchStrategy[Row]:
    """Parameters of `retention`, as both the oracle and `retainkit` take them."""
    return st.fixed_dictionaries(
        COMMON
        | {
            "by": st.just(()) | segments(history),
            "days": st.sampled_from(((1, 7, 30), (1,), (2, 3))),
            "cohort": st.sampled_from((None, "day", "week", "month")),
        }
    )
