"""On which days orders come: how the golden windows fit, and how long buyers wait."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retainkit.render import cells
from retainkit.render.figures import Curve, step_curve
from retainkit.render.view import Block, Cell, Column, Figure, Grid, Lines
from retainkit.render.views import keys
from retainkit.render.views.keys import Row, parts_of
from retainkit.render.views.orders.windows import MOST_SEGMENTS, starts_with_orders
from retainkit.results import Result
from retainkit.wording import counted

CURVES = {"first_order": "first order since the start", "repurchase": "second since the first"}
_KINDS = {"first_order": "first orders", "repurchase": "second orders"}


def blocks(result: Result, by: Sequence[str]) -> Iterator[Block]:
    """Yield how the rules of thumb fit, the curves by day and the cycle."""
    audit = parts_of(result.tables["audit"], by)
    told = [kind for kind in _KINDS if kind != "first_order" or not starts_with_orders(result)]
    if by:
        yield _audit_grid(result, by)
    else:
        rows = [row for rows in audit.values() for row in rows if row["conversions"]]
        rows = [row for row in rows if row["kind"] in told]
        if rows:
            said = tuple(_audited(row, result.params["horizon"]) for row in rows)
            yield Lines(said, "do the rules of thumb fit?")
        yield from _figure(result, told)
    yield from _cycle(result, by)


def _audited(row: Row, horizon: object) -> str:
    held = f"hold {cells.percent(row['golden_share'])}"
    if row["golden_share"] is None:
        held = "are more than the days that are seen"
    return (
        f"{counted(row['golden_days'], 'day')} {held} of the "
        f"{_KINDS[row['kind']]} that come within {counted(int(str(horizon)), 'day')}; 80% take "
        f"{counted(row['days_80'], 'day')}. Their hazard peaks on day {row['peak_day']} and is "
        f"flat from day {row['flat_day']} on."
    )


def _audit_grid(result: Result, by: Sequence[str]) -> Grid:
    columns = (
        *(Column(name) for name in by),
        Column("orders"),
        Column("golden", "right"),
        Column("80% take", "right", optional=True, rank=1),
        Column("peak", "right", optional=True),
        Column("flat from", "right", optional=True),
    )

    def drawn(row: Row) -> tuple[Cell, ...]:
        days = counted(row["days_80"], "day") if row["days_80"] is not None else cells.UNKNOWN
        return (
            Cell(_KINDS[row["kind"]]),
            Cell(cells.percent(row["golden_share"]), hint=f"{row['golden_days']} days"),
            Cell(days),
            *(
                Cell(cells.UNKNOWN if row[name] is None else f"day {row[name]}")
                for name in ("peak_day", "flat_day")
            ),
        )

    parts = parts_of(result.tables["audit"], by)
    shown = keys.largest(parts, "conversions", MOST_SEGMENTS)
    return Grid(columns, tuple(keys.keyed(shown, drawn)), caption="do the rules of thumb fit?")


def _figure(result: Result, told: Sequence[str]) -> Iterator[Figure]:
    parts = parts_of(result.tables["hazard"], ["kind"])
    curves = [
        Curve(
            CURVES[str(kind)],
            [row["day"] for row in rows],
            *([row[name] for row in rows] for name in ("cumulative", "ci_low", "ci_high")),
        )
        for (kind,), rows in parts.items()
        if kind in told
    ]
    if not curves:
        return
    said = "; ".join(f"{curve.name}: {cells.percent(curve.values[-1])}" for curve in curves)
    lines = step_curve(curves)
    yield Figure(lines, "share who have ordered, by day", f"At the last day of each: {said}.")


def _cycle(result: Result, by: Sequence[str]) -> Iterator[Block]:
    parts = parts_of(result.tables["cycle"], by)
    if not parts:
        return
    shown = keys.largest(parts, "gaps", MOST_SEGMENTS)
    if by:
        shown = {key: [row for row in rows if row["order"] is None] for key, rows in shown.items()}
    columns = (
        *(Column(name) for name in by),
        Column("order"),
        Column("gaps seen", "right", optional=True, rank=1),
        Column("their median", "right"),
        Column("waiting", "right", optional=True),
        Column("all: median", "right"),
        Column("interval", "right", optional=True),
    )
    caption = "the repurchase cycle, in days: gaps that ended, and all (Kaplan-Meier)"
    yield Grid(columns, tuple(keys.keyed(shown, _gap)), caption=caption)


def _gap(row: Row) -> tuple[Cell, ...]:
    order = row["order"]
    return (
        Cell("any" if order is None else f"{order} → {order + 1}"),
        Cell(cells.count(row["gaps"])),
        Cell(cells.count(row["observed_median_days"])),
        Cell(cells.count(row["open"])),
        Cell("not yet" if row["km_median_days"] is None else cells.count(row["km_median_days"])),
        Cell(cells.open_interval(row["km_low"], row["km_high"])),
    )
