"""Ask `retainkit.rfm` and its oracle the same question, and compare every table and the roster."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import strategies as st

import retainkit
from agreement import ask, assert_same
from oracle.clock import first_instant, local_day
from oracle.people import Row, observe
from oracle.rfm import ORDER, tables
from orders_strategies import Shop
from retainkit.results import Result
from strategies import segments

KEYS: dict[str, tuple[str, ...]] = {
    "main": ("segment",),
    "cells": ("r", "f"),
    "scores": ("measure", "score"),
    "movement": ("before", "now"),
    "retention": ("segment",),
    "roster": ("member",),
}
R_CUTS = ((), (), (), (0, 1, 2, 3), (1, 7, 30, 90), (1, 1, 2, 40))
F_CUTS = ((), (), (), (1, 2, 3, 4), (1, 1, 3, 8), (0.5, 1.5, 2, 2.5))
M_CUTS = ((), (), (), (0, 1.25, 10, 20), (-2.5, -2.5, 0.1, 11.35), (0.2, 0.3, 1.35, 10.1))


def windows(history: Shop, asked: Row) -> tuple[list[Row], Any]:
    """The events that count, and as-of."""
    since, as_of = asked.get("since"), asked.get("as_of")
    rows = [row for row in history.events if since is None or row["time"] >= since]
    return rows, observe(rows, tz=history.tz, as_of=as_of).as_of


def rfm_options(history: Shop, window: Row) -> st.SearchStrategy[Row]:
    """Parameters of `rfm`, as both the oracle and `retainkit` take them."""
    rows, as_of = windows(history, window)
    near = {local_day(row["time"], history.tz) for row in rows} | {local_day(as_of, history.tz)}
    days = {day + timedelta(days=more) for day in near for more in (-1, 0, 1)}
    before = sorted(day for day in days if first_instant(day, history.tz) < as_of)
    named = (None, None, None, "order", "order|join", "*", "order[amount > 5]", "[amount > 0]")
    by = segments(history)
    return st.fixed_dictionaries(
        {
            "order_event": st.sampled_from(named),
            "merge_days": st.booleans(),
            "r_cuts": st.sampled_from(R_CUTS),
            "f_cuts": st.sampled_from(F_CUTS),
            "m_cuts": st.sampled_from(M_CUTS),
            "compare_to": st.none() | st.sampled_from(before),
            "by": st.sampled_from(((), ())) | by,
            "confidence": st.sampled_from((0.8, 0.95, 0.99)),
        }
    )


def expected(history: Shop, options: Row, window: Row | None = None) -> dict[str, list[Row]]:
    """The tables of brute force, and the roster."""
    window = window or {}
    rows, as_of = windows(history, window)
    world = observe(rows, history.members, tz=history.tz, as_of=as_of, by=options["by"])
    return tables(world, **options, ids="order" not in history.absent)


def answer(history: Shop, options: Row, window: Row | None = None, **more: Any) -> Result:
    """The tables of `retainkit`."""
    asked = dict(options) | (window or {}) | more
    as_of, day = asked.pop("as_of", None), asked.get("compare_to")
    asked["compare_to"] = day.isoformat() if isinstance(day, date) else day
    return ask(retainkit.rfm, history, asked, as_of=as_of)


def compare(result: Result, wanted: dict[str, list[Row]], by: Sequence[str]) -> None:
    """Every table row by row; where nobody ordered there is nobody in any."""
    named = {name for name in wanted if name != "roster"}
    assert set(result.tables) == set(KEYS) - {"roster"}
    if not wanted:
        for name, table in result.tables.items():
            assert table.height == 0 or (name == "scores" and not table["members"].sum()), name
        return
    for name in set(result.tables) - named:  # without --compare-to
        assert not result.table(name).height, name
    for name in named:
        table, rows = result.table(name), wanted[name]
        if rows:
            assert list(table.columns) == list(rows[0]), name
        keys = KEYS[name] if name == "scores" else (*by, *KEYS[name])
        assert_same(table, rows, keys)
    assert_in_order(result, by)


def assert_in_order(result: Result, by: Sequence[str]) -> None:
    """Segments of `by` in one piece; champions first; best recency first, fewest orders first."""
    for name in ("main", "cells"):
        rows = result.table(name).to_dicts()
        groups = [tuple(row[column] for column in by) for row in rows]
        assert len(dict.fromkeys(groups)) == sum(
            number == 0 or group != groups[number - 1] for number, group in enumerate(groups)
        )
        for group in dict.fromkeys(groups):
            own = [row for row, other in zip(rows, groups, strict=True) if other == group]
            if name == "main":
                ranks = [ORDER.index(row["segment"]) for row in own]
            else:
                ranks = [(-row["r"], row["f"]) for row in own]
            assert ranks == sorted(ranks), name


def read_roster(path: Path) -> pl.DataFrame:
    read = {".csv": pl.read_csv, ".parquet": pl.read_parquet, ".ndjson": pl.read_ndjson}
    return read[path.suffix](path)
