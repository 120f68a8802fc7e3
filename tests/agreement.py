"""Ask `retainkit` and the oracle the same question and compare every cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from hypothesis import strategies as st

from oracle.people import Row, World, observe
from retainkit.results import Result
from strategies import History

# How far floating point may differ: rates are one division, amounts are sums in another order.
ABSOLUTE = 1e-9
WINDOW: dict[str, st.SearchStrategy[Any]] = {"lookback_days": st.sampled_from((0, 0, 0, 7, 30))}


def stated_as_of(history: History) -> st.SearchStrategy[datetime | None]:
    """Not stated, or at one of the events, so that something is left out."""
    return st.none() | st.sampled_from([row["time"] for row in history.events])


def world(history: History, options: Row, as_of: datetime | None, lookback_days: int) -> World:
    """What the oracle sees of `history`."""
    by = options.get("by", ())
    return observe(
        history.events,
        history.members,
        tz=history.tz,
        as_of=as_of,
        by=by,
        lookback_days=lookback_days,
    )


def ask(
    command: Callable[..., Result],
    history: History,
    options: Row,
    *,
    as_of: datetime | None = None,
    lookback_days: int = 0,
    events: pl.DataFrame | None = None,
) -> Result:
    """Call `retainkit.cohort` or `retainkit.retention`; `events` stands in for the history's."""
    stated = {key: value for key, value in options.items() if value not in (None, ())}
    if lookback_days:
        stated["lookback"] = f"{lookback_days}d"
    return command(
        history.event_frame() if events is None else events,
        members=history.member_frame() if history.members else None,
        tz=history.tz,
        as_of=as_of,
        **stated,
    )


def keyed(rows: Iterable[Row], keys: Sequence[str]) -> dict[tuple[Any, ...], Row]:
    """Rows by their key columns; a key that comes twice is an error."""
    by_key: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(absolute(row[name]) for name in keys)
        assert key not in by_key, f"two rows for {key}"
        by_key[key] = row
    return by_key


def assert_same(table: pl.DataFrame, expected: Sequence[Row], keys: Sequence[str]) -> None:
    """Every cell of `table` is a row of `expected`, with the same columns and values."""
    actual = keyed(table.to_dicts(), keys)
    wanted = keyed(expected, keys)
    assert set(actual) == set(wanted)
    for key, row in wanted.items():
        assert set(actual[key]) == set(row)
        for column, value in row.items():
            assert close(actual[key][column], value), (key, column)


def absolute(value: object) -> object:
    """A moment in UTC: local times that come twice equal nothing of another zone (PEP 495)."""
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def close(actual: object, expected: object) -> bool:
    """Whether two values are equal, numbers as far as floating point tells."""
    if isinstance(actual, float) and isinstance(expected, int | float):
        return abs(actual - expected) <= ABSOLUTE
    return absolute(actual) == absolute(expected)
