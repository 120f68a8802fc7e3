"""Sales as visitors x conversion x orders a buyer x amount an order, period by period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retainkit.render import cells
from retainkit.render.view import Block, Cell, Column, Grid, Legend, Lines
from retainkit.render.views import keys
from retainkit.render.views.keys import Parts, Row, parts_of
from retainkit.render.views.orders.windows import MOST_SEGMENTS
from retainkit.results import Result
from retainkit.wording import counted

FACTORS = {
    "visitors": "visitors",
    "conversion": "conversion",
    "orders_per_buyer": "orders a buyer",
    "amount_per_order": "amount an order",
}
_PERIODS = 12


def blocks(result: Result, by: Sequence[str]) -> Iterator[Block]:
    """Yield the last periods (by segment the last whole one), and what the change came from."""
    unit = str(result.params.get("period", "month"))
    parts = parts_of(result.tables["value"], by)
    again = {
        (*key, row["period"]): row["rate"]
        for key, rows in parts_of(result.tables["periods"], by).items()
        for row in rows
    }
    shown = keys.largest(parts, "orders", MOST_SEGMENTS) if by else parts
    kept: Parts = {
        key: [{**row, "again": again[(*key, row["period"])]} for row in _latest(rows, bool(by))]
        for key, rows in shown.items()
    }
    yield _grid(kept, by, unit)
    yield Legend(
        (
            "sales = visitors × conversion × orders a buyer × amount an order",
            f"again: of the buyers of the {unit} before, those who bought again (回购率)",
            "*: not over yet",
        )
    )
    if not by:
        yield from _change(next(iter(parts.values()), []), unit)
    yield from _payback(result, by, unit)


def _latest(rows: Sequence[Row], only: bool) -> Sequence[Row]:
    if not only:
        return rows[-_PERIODS:]
    whole = [row for row in rows if row["complete"]]
    return (whole or rows)[-1:]


def _grid(parts: Parts, by: Sequence[str], unit: str) -> Grid:
    known = any(row["sales"] is not None for rows in parts.values() for row in rows)
    spent = any(row["cost"] is not None for rows in parts.values() for row in rows)
    columns = [
        *(Column(name) for name in by),
        Column(unit, whole=True),
        Column("visitors", "right", optional=True, rank=2),
        Column("× conv.", "right", optional=True, rank=4),
        Column("× orders", "right", optional=True, rank=3),
        Column("× amount", "right", optional=True, rank=2),
        Column("= sales", "right", optional=not known, rank=5),
        Column("profit", "right", optional=True, rank=1),
        Column("again", "right", optional=True),
    ]

    def drawn(row: Row) -> tuple[Cell, ...]:
        open_ = not row["complete"]
        return (
            Cell(cells.period(row["period"], unit)),
            Cell(cells.count(row["visitors"]), provisional=open_),
            Cell(cells.percent(row["conversion"]), hint=f"{cells.count(row['buyers'])} buyers"),
            Cell(cells.compact(row["orders_per_buyer"])),
            Cell(cells.compact(row["amount_per_order"])),
            Cell(cells.compact(row["sales"])),
            Cell(cells.compact(row["profit"])),
            Cell(cells.percent(row["again"])),
        )

    wanted = [place for place, one in enumerate(columns) if one.title != "profit" or spent]
    rows = (tuple(row[place] for place in wanted) for row in keys.keyed(parts, drawn))
    which = "the last whole one of each" if by else f"the last {_PERIODS}"
    caption = f"what sales are made of, by {unit}: {which}"
    return Grid(tuple(columns[place] for place in wanted), tuple(rows), caption=caption)


def _change(rows: Sequence[Row], unit: str) -> Iterator[Block]:
    """Yield what the last change between two whole periods came from."""
    told = [row for row in rows if row["change"] is not None]
    if not told or told[-1]["from_visitors"] is None:
        return
    row = told[-1]
    pieces = ", ".join(
        f"{name} {_signed(row[f'from_{factor}'])}" for factor, name in FACTORS.items()
    )
    when = cells.period(row["period"], unit)
    yield Lines(
        (f"Sales of {when} against the {unit} before: {_signed(row['change'])}. {pieces}.",)
    )


def _signed(value: float | None) -> str:
    if value is None:
        return cells.UNKNOWN
    return f"{'+' if value >= 0 else '−'}{cells.compact(abs(value))}"


def _payback(result: Result, by: Sequence[str], unit: str) -> Iterator[Block]:
    table = result.tables.get("payback")
    if table is None or not table.height:
        return
    parts = {
        key: costed
        for key, rows in parts_of(table, by).items()
        if (costed := [row for row in rows if row["cost"] is not None])
    }
    shown = {
        key: rows[-_PERIODS:] for key, rows in keys.largest(parts, "members", MOST_SEGMENTS).items()
    }
    columns = (
        *(Column(name) for name in by),
        Column("joined", whole=True),
        Column("members", "right", optional=True, rank=2),
        Column("cost", "right", optional=True),
        Column("cost each", "right", optional=True, rank=3),
        Column("earned each", "right", optional=True, rank=4),
        Column("by age", "right", optional=True),
        Column("paid at age", "right"),
    )

    def drawn(row: Row) -> tuple[Cell, ...]:
        paid = row["payback_age"]
        return (
            Cell(cells.period(row["cohort"], unit)),
            Cell(cells.count(row["members"])),
            Cell(cells.compact(row["cost"])),
            Cell(cells.compact(row["cost_per_member"])),
            Cell(cells.compact(row["sales_per_member"])),
            Cell(cells.count(row["age"])),
            Cell("not yet" if paid is None else cells.count(paid)),
        )

    caption = f"when members have paid for what they cost, ages in {unit}s"
    yield Grid(columns, tuple(keys.keyed(shown, drawn)), caption=caption)
    if len(shown) < len(parts):
        yield Lines((f"The {len(shown)} largest of {counted(len(parts), 'segment')}.",))
