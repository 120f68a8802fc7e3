"""Histories for `orders`: orders over several rows, days and members, and what can be asked."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl
from hypothesis import strategies as st

from oracle.clock import HOUR, Periods, first_instant
from oracle.people import Row
from strategies import CLOCK_CHANGES, EVERYWHERE, History, moments, segments

PERIODS = ("day", "week", "month", "month", "quarter", "year")
COLUMNS = {"order": "order_id", "amount": "amount"}


@dataclass(frozen=True)
class Shop(History):
    """A history whose events may come without a column of order ids, or of amounts."""

    absent: frozenset[str] = field(default=frozenset())

    def event_frame(self) -> pl.DataFrame:
        return super().event_frame().drop(COLUMNS[name] for name in self.absent)


@st.composite
def order_histories(draw: st.DrawFn, zones: tuple[str, ...] = tuple(CLOCK_CHANGES)) -> Shop:
    """One to 40 events of at most five members, many at the same moments and of the same orders."""
    tz = draw(st.sampled_from(zones))
    anchor = draw(st.sampled_from((*EVERYWHERE, *CLOCK_CHANGES[tz])))
    moment = moments(tz, anchor, draw(st.sampled_from((0, 1, 1, 2, 7, 30))))
    few = st.sampled_from(draw(st.lists(moment, min_size=1, max_size=15)))
    event = st.fixed_dictionaries(
        {
            "member": st.sampled_from("abcde"),
            "time": few,
            "event": st.sampled_from(("visit", "order", "order", "join", None)),
            "amount": st.sampled_from((None, 0.0, 1.25, 10.0, 0.1, -2.5)),
            "order": st.sampled_from((None, None, "1001", "1002", "1003", "C1003")),
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
    rows = st.lists(event, min_size=1, max_size=10) | st.lists(event, min_size=12, max_size=40)
    absent = st.sampled_from(((), (), (), ("order",), ("amount",), ("amount", "order")))
    return Shop(tz, draw(rows), draw(table), frozenset(draw(absent)))


@st.composite
def crowds(draw: st.DrawFn) -> Shop:
    """Some dozens of members over some months, with orders soon or late or never."""
    rng = random.Random(draw(st.integers(0, 10**6)))
    tz = draw(st.sampled_from(tuple(CLOCK_CHANGES)))
    begin = first_instant(draw(st.sampled_from((*EVERYWHERE, *CLOCK_CHANGES[tz]))), tz)
    events, members = [], []
    for number in range(rng.randint(5, 30)):
        name = f"m{number}"
        now = begin + timedelta(hours=rng.randrange(24 * 90))
        if rng.random() < 0.6:
            joined = rng.choice((now, now, now - timedelta(days=rng.randint(1, 40)), None))
            tier = rng.choice((None, "gold", "silver"))
            members.append({"member": name, "joined": joined, "tier": tier})
        for turn in range(rng.choice((0, 1, 1, 2, 3, 8))):
            row = {"member": name, "time": now, "event": rng.choice(("visit", "order", "order"))}
            row["amount"] = rng.choice((None, 5.0, 19.99, 100.0, -5.0))
            row["order"] = rng.choice((None, f"n{turn}", f"n{turn}", f"n{turn - 1}"))
            row["channel"] = rng.choice((None, "ads", "web"))
            events.append(row)
            now += timedelta(hours=rng.choice((0, 0.5, 5, 23.5, 24, 25, 24 * 3, 24 * 7, 24 * 40)))
    row = {"member": "m0", "time": begin, "event": "visit", "amount": None}
    events.append(row | {"order": None, "channel": None})
    return Shop(tz, events, members, frozenset(rng.choice(((), (), (), ("order",), ("amount",)))))


def observed(history: History) -> st.SearchStrategy[dict[str, datetime]]:
    """What of a history is looked at: `as_of` or `since` or both or neither."""
    times = sorted({row["time"] for row in history.events})
    day = timedelta(days=1)
    later = [times[-1] + day * days for days in (1, 3, 10, 40, 200)]
    later += [times[-1] + HOUR / 2, *(moment + day * 3 for moment in times[-2:])]
    ends = st.none() | st.sampled_from([time for time in (*times[1:], *later) if time > times[0]])

    def window(pair: tuple[datetime | None, bool]) -> dict[str, datetime]:
        as_of, cut = pair
        told = {} if as_of is None else {"as_of": as_of}
        used = [time for time in times if as_of is None or time < as_of]
        return told | ({"since": used[len(used) // 3]} if cut else {})

    return st.tuples(ends, st.sampled_from((False, False, False, True))).map(window)


def order_options(history: Shop) -> st.SearchStrategy[Row]:
    """Parameters of `orders`, as both the oracle and `retainkit` take them."""
    named = (None, None, "order", "order|join", "*")
    dear = () if "amount" in history.absent else ("order[amount > 5]", "[amount > 0]")
    by = [(), ()]
    return st.fixed_dictionaries(
        {
            "order_event": st.sampled_from((*named, *dear)),
            "start_event": st.sampled_from((None, None, None, "join", "visit|join")),
            "visit_event": st.sampled_from((None, None, "visit", "visit|join")),
            "first_days": st.sampled_from(((3, 7, 30), (1,), (2, 3, 60))),
            "repeat_days": st.sampled_from(((7, 30, 90), (1, 2), (5,))),
            "clock": st.sampled_from(("elapsed", "calendar")),
            "merge_days": st.booleans(),
            "lookback_days": st.sampled_from((0, 0, 0, 1, 7, 30)),
            "period": st.sampled_from(PERIODS),
            "horizon": st.sampled_from((1, 7, 20, 90)),
            "margin": st.sampled_from((1.0, 0.5, 0.25)),
            "by": st.sampled_from(by) | segments(history),
            "confidence": st.sampled_from((0.8, 0.95, 0.99)),
            "week_start": st.sampled_from(("monday", "sunday", "wednesday")),
        }
    )


def priced(history: Shop, options: Row, rng: random.Random) -> list[Row]:
    """Costs of some periods and segments, of some of them in two rows, and of one long ago."""
    values = {"channel": (None, "ads", "web"), "tier": (None, "gold", "silver")}
    periods = Periods(options["period"], history.tz, options["week_start"])
    numbers = {periods.number(row["time"]) for row in history.events}
    numbers |= {periods.number(row["joined"]) for row in history.members if row["joined"]}
    rows = []
    for number in sorted({*numbers, min(numbers) - 40}):
        for _ in range(rng.choice((0, 1, 1, 2))):
            row = {column: rng.choice(values[column]) for column in options["by"]}
            last = periods.name(number + 1) - timedelta(days=1)
            row["period"] = rng.choice((periods.name(number), last))
            rows.append(row | {"cost": rng.choice((0.0, 0.5, 3.75, 20.0))})
    return rows
