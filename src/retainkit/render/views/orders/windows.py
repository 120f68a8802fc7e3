"""First orders and second ones within so many days, golden windows marked; the steps after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from retainkit.render import cells
from retainkit.render.view import Block, Cell, Column, Grid, Legend, Lines
from retainkit.render.views import keys
from retainkit.render.views.keys import Row, interval_title, parts_of
from retainkit.results import Result
from retainkit.wording import counted

GOLDEN = {"first_order": 3, "main": 7}
MOST_SEGMENTS = 8
_MARK = "◆"
_BAR = 12  # characters
_RUNGS = 6
_CAPTIONS = {
    "first_order": "first order: of members, within so many days of {start}",
    "main": "repurchase: of buyers, a second order within so many days of the first",
}
_DONE = {"first_order": "converted", "main": "repurchased"}


def blocks(result: Result, by: Sequence[str]) -> Iterator[Block]:
    """Yield both tables of windows, the summary and the ladder."""
    start = "their start"
    if not result.params.get("start_event") and result.params.get("members"):
        start = "joining"
    for table, caption in _CAPTIONS.items():
        if table == "first_order" and starts_with_orders(result):
            said = "every member starts with one, as nothing earlier is known"
            yield Lines((f"First order: {said}; --members FILE tells when members joined.",))
        else:
            yield from _windows(result, table, by, caption.format(start=start))
    yield Legend(
        (
            f"{_MARK}: the golden window, by rule of thumb 3 days for the first order and 7 for "
            "the next",
            "mature: whose window is over by as of; the share is of them",
        )
    )
    if not by:
        yield Lines(tuple(_summary(next(result.tables["summary"].iter_rows(named=True)))))
        if result.tables["ladder"].height:
            yield _ladder(result)


def starts_with_orders(result: Result) -> bool:
    """Return whether all members whose window is over ordered at once: they started with it."""
    first = result.tables["hazard"].filter(pl.col("kind") == "first_order")
    return bool(first.height and (first["cumulative"] == 1).all()) and not result.params.get(
        "start_event"
    )


def _windows(result: Result, table: str, by: Sequence[str], caption: str) -> Iterator[Block]:
    parts = parts_of(result.tables[table], by)
    shown = keys.largest(parts, "mature", MOST_SEGMENTS)
    done = _DONE[table]
    columns = (
        *(Column(name) for name in by),
        Column("days", "right"),
        Column("mature", "right", optional=True, rank=3),
        Column("ordered", "right", optional=True, rank=2),
        Column("share", "right"),
        Column(interval_title(result.params), "right", optional=True, rank=1),
        Column("", optional=True, called="bar"),
    )

    def drawn(row: Row) -> tuple[Cell, ...]:
        mark = f"{_MARK} " if row["days"] == GOLDEN[table] else ""
        return (
            Cell(f"{mark}{row['days']}"),
            Cell(cells.count(row["mature"])),
            Cell(cells.count(row[done])),
            Cell(cells.percent(row["rate"])),
            Cell(cells.interval(row["ci_low"], row["ci_high"])),
            Cell(cells.bar(row["rate"], _BAR)),
        )

    yield Grid(columns, tuple(keys.keyed(shown, drawn)), caption=caption)
    if len(shown) < len(parts):
        name = "" if table == "main" else f": --table {table}"
        yield Lines((f"The {len(shown)} largest of {counted(len(parts), 'segment')}{name}.",))


def _summary(row: Row) -> Iterator[str]:
    """Yield the same in the ways that others count it, under their names."""
    yield (
        f"{counted(row['orders'], 'order')} of {counted(row['buyers'], 'buyer')}: "
        f"{cells.percent(row['buyers_2plus_share'])} of the buyers have ordered twice or more, "
        f"{cells.percent(row['repeat_order_share'])} of the orders are repeat orders."
    )
    if row["amount"] is not None:
        yield (
            f"Sales {cells.compact(row['amount'])}: {cells.compact(row['amount_per_order'])} an "
            f"order, {cells.compact(row['amount_per_buyer'])} a buyer."
        )


def _ladder(result: Result) -> Grid:
    rungs = result.tables["ladder"]
    columns = (
        Column("order"),
        Column("buyers", "right"),
        Column("go on", "right", optional=True, rank=2),
        Column("share", "right"),
        Column(interval_title(result.params), "right", optional=True, rank=1),
        Column("", optional=True, called="bar"),
    )
    drawn = (
        (
            Cell(f"{row['order']} → {row['order'] + 1}"),
            Cell(cells.count(row["buyers"])),
            Cell(cells.count(row["next"])),
            Cell(cells.percent(row["rate"])),
            Cell(cells.interval(row["ci_low"], row["ci_high"])),
            Cell(cells.bar(row["rate"], _BAR)),
        )
        for row in rungs.head(_RUNGS).iter_rows(named=True)
    )
    return Grid(columns, tuple(drawn), caption="the ladder, of all time: order to order")
