"""Histories for `funnel`: few names, few moments, many ties; and what can be asked of them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from strategies import History, Row

BEGIN = datetime(2024, 3, 30, 23, 59, 50, tzinfo=UTC)  # ten seconds before a day that is no month
OFFSETS = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 0.999999, 1, 1.000001, 2, 4, 5, 10, 3600, 3601, 86400, 2 * 86400, 40 * 86400)
)
ORDERS = ("ordered", "strict", "any")
NAMES = ("a", "b", "c", "d")  # nobody asks for d by its name, except to exclude it
STEPS = (
    *("a", "b", "c", "a", "b", "c", "a|b", "b|c", "*", "a[amount > 5]", "[amount > 5]"),
    *("b[amount > 5]", "big = c[amount > 5]", "a[amount > 5]|c"),
)
NAMED = tuple(step for step in STEPS if step[0] not in "*[")
EXCLUDED = ((), (), (), ("d",), ("c",), ("b[amount > 5]",), ("d", "c[amount > 5]"), ("a|d",))
WINDOWS = (None, None, "0s", "1s", "2s", "5s", "10s", "1h", "1d", "2d", "60d")
STEP_WINDOWS = (None, None, None, "0s", "1s", "3s", "1h", "1d")


@st.composite
def funnel_histories(draw: st.DrawFn) -> History:
    """One to 24 events of at most four members at a handful of moments."""
    offsets = draw(st.lists(st.sampled_from(OFFSETS), min_size=1, max_size=6, unique=True))
    event = st.fixed_dictionaries(
        {
            "member": st.sampled_from("pqrs"),
            "time": st.sampled_from([BEGIN + offset for offset in offsets]),
            "event": st.sampled_from((*NAMES, *NAMES, "a", "b", "c", None)),
            "amount": st.sampled_from((None, 5.0, 6.0)),
            "order": st.none(),
            "channel": st.sampled_from((None, "ads", "web")),
        }
    )
    member = st.fixed_dictionaries(
        {
            "member": st.sampled_from("pqrsx"),  # x never does anything
            "joined": st.none(),
            "tier": st.sampled_from((None, "gold", "silver")),
        }
    )
    table = st.just([]) | st.lists(member, max_size=5, unique_by=lambda row: row["member"])
    rows = st.lists(event, min_size=1, max_size=8) | st.lists(event, min_size=8, max_size=24)
    zones = st.sampled_from(("UTC", "UTC", "America/New_York"))
    return History(draw(zones), draw(rows), draw(table))


def ends(history: History) -> st.SearchStrategy[datetime | None]:
    """When less was observed than there is, all of it just so, or a while longer."""
    times = sorted(row["time"] for row in history.events)
    after = [timedelta(microseconds=1), *OFFSETS[2:], timedelta(days=90)]
    later = st.sampled_from(after).map(lambda more: times[-1] + more)
    inside = [time for time in times if time > times[0]]
    return st.none() | later | later | (st.sampled_from(inside) if inside else later)


def funnel_options(
    history: History, orders: tuple[str, ...] = ORDERS, steps: tuple[str, ...] = STEPS
) -> st.SearchStrategy[dict[str, Any]]:
    """Parameters of `funnel`, as both the oracle and `retainkit` take them."""
    segments = [
        (),
        (),
        ("channel",),
        *([("tier",), ("channel", "tier")] if history.members else []),
    ]
    options = st.fixed_dictionaries(
        {
            "steps": st.lists(st.sampled_from(steps), min_size=2, max_size=4).map(tuple),
            "order": st.sampled_from(orders),
            "window": st.sampled_from(WINDOWS),
            "step_window": st.sampled_from(STEP_WINDOWS),
            "attempt": st.sampled_from(("best", "first")),
            "exclude": st.sampled_from(EXCLUDED),
            "include_open": st.booleans(),
            "target": st.sampled_from(((), (), ("2=0.5",), ("2=0.75",))),
            "min_members": st.sampled_from((1, 1, 2, 100)),
            "by": st.sampled_from(segments),
            "confidence": st.sampled_from((0.5, 0.8, 0.95)),
        }
    )
    return options.map(_possible)


def _possible(options: Row) -> Row:
    """Steps in any order have no step before, so no window from it."""
    return options | ({"step_window": None} if options["order"] == "any" else {})


# --- many at once, from a seed ---


def crowd(rng: random.Random, members: int) -> list[Row]:
    """Histories of three to nine events, each of another member."""
    rows = []
    for number in range(members):
        moments = [BEGIN + offset for offset in rng.sample(OFFSETS[:11], rng.randint(1, 5))]
        names = rng.sample(NAMES, rng.randint(2, 4))
        for _ in range(rng.randint(3, 9)):
            row = {"member": f"m{number}", "time": rng.choice(moments), "event": rng.choice(names)}
            row |= {"amount": rng.choice((None, 5.0, 6.0)), "channel": f"m{number}", "order": None}
            rows.append(row)
    rng.shuffle(rows)
    return rows


def crowd_options(rng: random.Random, order: str) -> Row:
    """One set of parameters for all of them."""
    options = {
        "steps": tuple(rng.choices(STEPS, k=rng.choice((2, 3, 3, 4)))),
        "order": order,
        "window": rng.choice(WINDOWS),
        "step_window": rng.choice(STEP_WINDOWS),
        "attempt": rng.choice(("best", "best", "first")),
        "exclude": rng.choice(EXCLUDED),
        "include_open": rng.random() < 0.3,
        "by": ("channel",),
    }
    return _possible(options)
