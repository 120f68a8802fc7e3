"""Results of paths: members of a shop who wander by lot, counted by the metric itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from render_samples import HOSTILE as OTHERS
from render_samples import RETAIL

import retainkit
from retainkit.results import DataWindow, Result

HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "]]></svg>", "&lt;b&gt;")
START = datetime(2024, 3, 1, 8, tzinfo=UTC)
NEXT = {  # what may follow an event, the likelier the oftener it stands there
    "visit": ("view_item", "view_item", "view_item", "search", "login", None),
    "search": ("view_item", "view_item", "search page 2", None),
    "search page 2": ("view_item", None),
    "login": ("visit", "view_item", "support"),
    "view_item": ("add_to_cart", "view_item", "visit", "search", "review", None),
    "review": ("view_item", None),
    "add_to_cart": ("checkout", "checkout", "view_item", "coupon", None),
    "coupon": ("checkout",),
    "checkout": ("pay", "pay", "support", "invoice", None),
    "support": ("visit", "checkout", None),
    "invoice": ("pay",),
    "pay": ("review", None),
}
Row = dict[str, Any]


@cache
def life(seed: int) -> tuple[tuple[str, int], ...]:
    """Return what a member does, and how many seconds after the start."""
    rng = np.random.default_rng(seed)
    found, event, at = [], "visit", 0
    while event is not None and len(found) < 20:
        found.append((event, at))
        at += int(rng.lognormal(5, 2))
        event = NEXT[event][rng.integers(len(NEXT[event]))]
    return tuple(found)


def events(names: Sequence[str | None], people: int) -> pl.DataFrame:
    """Return the events of as many members, in as many channels as there are names."""
    rows: list[Row] = []
    for who in range(people):
        channel = names[who % len(names)] if who % 3 else names[0]
        for event, at in life(who):
            row = {"user_id": f"m{who}", "event_time": START + timedelta(seconds=at)}
            rows.append(row | {"event": event, "channel": channel})
    return pl.DataFrame(rows, infer_schema_length=None)


def renamed(result: Result) -> Result:
    """Return a result as of other data, whose facts and notes are as short as other samples'."""
    return replace(result, data=RETAIL, notes=("Events may lie at the same time.",))


def paths(names: Sequence[str | None] = (), people: int = 900, **asked: Any) -> Result:
    """Paths to a payment; by segment if there are `names`."""
    asked = {"from_": "visit", "to": "pay", "window": "30d", "include_open": True} | asked
    by = ("channel",) if names else ()
    return renamed(retainkit.paths(events(names or ("web",), people), by=by, **asked))


def on_and_on() -> Result:
    """What members do after they begin, wherever it leads, cut early."""
    return paths(people=300, to=None, from_=None, window=None, include_open=False, depth=3, top=6)


def empty_paths() -> Result:
    made = paths(people=30)
    frames = {name: table.clear() for name, table in made.tables.items()}
    data = DataWindow(0, 0, None, None, None, "Asia/Shanghai")
    return replace(made, data=data, tables=frames)


def hostile() -> Result:
    names = (*HOSTILE, *OTHERS[:6])
    made = paths(people=200)
    known = sorted({name for name in made.table("steps")["event"] if name[0] != "("} - {"…"})
    new = dict(zip(known, names, strict=False))
    frames = {
        name: table.with_columns(pl.col(pl.String).replace(new))
        for name, table in made.tables.items()
    }
    params = {**made.params, "from": HOSTILE[0], "to": HOSTILE[1]}
    return replace(made, tables=frames, definition=HOSTILE[0], params=params)
