"""Ask `retainkit.orders` and its oracle the same question, and compare every table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

import retainkit
from agreement import ask, assert_same
from oracle.orders_money import tables
from oracle.people import Row, observe
from orders_strategies import Shop
from retainkit.results import Result

KEYS: dict[str, tuple[str, ...]] = {
    "main": ("days",),
    "first_order": ("days",),
    "summary": (),
    "ladder": ("order",),
    "cycle": ("order",),
    "hazard": ("kind", "day"),
    "audit": ("kind",),
    "periods": ("period",),
    "value": ("period",),
    "payback": ("cohort",),
}
# What is counted, and adds up over disjoint members.
COUNTS: dict[str, tuple[str, ...]] = {
    "main": ("buyers", "mature", "repurchased"),
    "first_order": ("members", "mature", "converted"),
    "summary": ("members", "buyers", "orders", "buyers_2plus", "repeat_orders"),
    "ladder": ("buyers", "next", "stopped"),
    "cycle": ("gaps", "open"),
    "hazard": ("at_risk", "events"),
    "audit": ("conversions",),
    "periods": ("buyers", "orders", "new_buyers", "repurchased"),
    "value": ("visitors", "buyers", "orders"),
}


def told(options: Row) -> Row:
    """What is told to `retainkit`."""
    return {key: value for key, value in options.items() if key != "lookback_days"}


def expected(
    history: Shop, options: Row, window: Row | None = None, costs: Sequence[Row] | None = None
) -> dict[str, list[Row]]:
    """The tables of brute force."""
    window = window or {}
    since, as_of = window.get("since"), window.get("as_of")
    rows = [row for row in history.events if since is None or row["time"] >= since]
    by, lookback = options["by"], options["lookback_days"]
    world = observe(
        rows, history.members, tz=history.tz, as_of=as_of, by=by, lookback_days=lookback
    )
    asked = told(options) | {"ids": "order" not in history.absent, "since": since, "costs": costs}
    return tables(world, **asked, amounts="amount" not in history.absent)


def answer(history: Shop, options: Row, window: Row | None = None, **more: Any) -> Result:
    """The tables of `retainkit`."""
    window = dict(window or {})
    as_of = window.pop("as_of", None)
    asked = told(options) | window | more
    if "costs" not in more:
        asked.pop("margin", None)  # refused without costs
    return ask(
        retainkit.orders, history, asked, as_of=as_of, lookback_days=options["lookback_days"]
    )


def compare(result: Result, wanted: dict[str, list[Row]], by: Sequence[str]) -> None:
    """Every table, row by row; of those in which there is nobody a segment may have rows or none,
    and so may the cycle of an order that nobody made.
    """
    assert set(result.tables) == set(wanted)
    for name, rows in wanted.items():
        table = result.table(name)
        if rows:
            assert list(table.columns) == list(rows[0]), name
        if name == "cycle" or (by and name in ("main", "first_order", "audit")):
            rows = [row for row in rows if any(row[count] for count in COUNTS[name])]
            table = table.filter(pl.any_horizontal(pl.col(COUNTS[name]) > 0))
        assert_same(table, rows, (*by, *KEYS[name]))


def event(member: str, time: str, name: str, order: str | None = None, amount: Any = None) -> Row:
    """An event of a history; a time without a zone is in UTC."""
    moment = datetime.fromisoformat(time)
    row = {"member": member, "time": moment if moment.tzinfo else moment.replace(tzinfo=UTC)}
    return row | {"event": name, "order": order, "amount": amount, "channel": None}
