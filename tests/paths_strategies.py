"""What `paths` can be asked of the histories that funnels are tested with, and hostile names."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

from funnel_strategies import BEGIN, OFFSETS, WINDOWS
from strategies import History, Row

SELECTORS = (
    *("a", "b", "c", "a|b", "b|c", "*", "a[amount > 5]", "[amount > 5]", "big = c[amount > 5]"),
    "a[amount > 5]|c",
)
STARTS = (None, None, *SELECTORS)
IGNORED = ((), (), (), ("d",), ("c",), ("b[amount > 5]",), ("d", "c[amount > 5]"), ("a|d",))
# Names that read like our own words, or like several events.
HOSTILE = (
    *("(arrived)", "(ended)", "…", "(no name)", "(other)", '"…"', "a > b", "a", "b", ""),
    *('"', '""', "a b", "a\tb", "<script>", "中文", "*", None),
)


def paths_options(history: History) -> st.SearchStrategy[Row]:
    """Parameters of `paths`, as both the oracle and `retainkit` take them."""
    segments = [
        (),
        (),
        ("channel",),
        *([("tier",), ("channel", "tier")] if history.members else []),
    ]
    return st.fixed_dictionaries(
        {
            "from_": st.sampled_from(STARTS),
            "to": st.sampled_from(STARTS),
            "window": st.sampled_from(WINDOWS),
            "ignore": st.sampled_from(IGNORED),
            "keep_repeats": st.booleans(),
            "include_open": st.booleans(),
            "depth": st.sampled_from((1, 1, 2, 3, 8, 50)),
            "top": st.sampled_from((1, 2, 20, 20)),
            "by": st.sampled_from(segments),
            "confidence": st.sampled_from((0.5, 0.8, 0.95)),
        }
    )


# --- many at once, from a seed ---


def crowd(rng: random.Random, members: int) -> list[Row]:
    """Histories of one to nine events, each of another member, in two channels."""
    rows = []
    for number in range(members):
        moments = [BEGIN + offset for offset in rng.sample(OFFSETS[:11], rng.randint(1, 6))]
        names = rng.sample(("a", "b", "c", "d", None), rng.randint(1, 4))
        channel = rng.choice(("ads", "web"))
        for _ in range(rng.randint(1, 9)):
            row = {"member": f"m{number}", "time": rng.choice(moments), "event": rng.choice(names)}
            row |= {"amount": rng.choice((None, 5.0, 6.0)), "channel": channel, "order": None}
            rows.append(row)
    rng.shuffle(rows)
    return rows


def crowd_options(rng: random.Random) -> dict[str, Any]:
    """One set of parameters for all of them."""
    return {
        "from_": rng.choice(STARTS),
        "to": rng.choice(STARTS),
        "window": rng.choice(WINDOWS),
        "ignore": rng.choice(IGNORED),
        "keep_repeats": rng.random() < 0.4,
        "include_open": rng.random() < 0.3,
        "depth": rng.choice((1, 2, 3, 8)),
        "top": 10**9,
        "by": rng.choice(((), ("channel",))),
    }
