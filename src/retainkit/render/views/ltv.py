"""LTV: what buyers are worth so far and ahead, the model, and how well it has told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retainkit.render import cells
from retainkit.render.figures import Curve, step_curve
from retainkit.render.view import Block, Cell, Column, Document, Figure, Grid, Legend
from retainkit.render.views import keys, plain
from retainkit.render.views.keys import Row, parts_of
from retainkit.render.views.parameters import parameters
from retainkit.results import Result

MOST_SEGMENTS = 20
_COSTS = (
    Column("cost each", "right", optional=True, rank=5),
    Column("value/cost", "right"),
    Column("paid at", "right", optional=True, rank=6),
)


def view(result: Result) -> Document:
    """Return the forecast, its parameters, the tracking and the holdout."""
    title = f"ltv · what buyers will bring within {result.params.get('horizon')}"
    return Document(title, tuple(_blocks(result)))


def _blocks(result: Result) -> Iterator[Block]:
    main = result.main
    by = main.columns[: main.columns.index("buyers")]
    yield _forecast(result, by)
    yield Legend(tuple(_legend(result)))
    yield parameters(result, ["model"], "the models, time in weeks")
    yield from _tracking(result)
    yield from _holdout(result)
    yield from plain.others(result, "main", filled=True)


def _legend(result: Result) -> Iterator[str]:
    yield "alive: of the buyers, the share that the model takes for still buying"
    yield "so far, ahead: money a buyer has brought, and is expected to within the horizon"
    if result.params.get("costs") is not None:
        margin, unit = result.params.get("margin"), result.params.get("period")
        share = "what they bring" if margin == 1 else f"{margin:.4g} of what they bring"
        yield f"value/cost: {share} over what they cost, of cohorts whose costs are known"
        yield f"paid at: the age in {unit}s by which it had paid for itself, ~ if forecast"


def _forecast(result: Result, by: Sequence[str]) -> Grid:
    costed = result.params.get("costs") is not None
    columns = (
        *(Column(name) for name in by),
        Column("buyers", "right"),
        Column("alive", "right", optional=True, rank=2),
        Column("orders", "right", optional=True),
        Column("ahead", "right", optional=True, rank=1, called="orders ahead"),
        Column("so far each", "right", optional=True, rank=3),
        Column("ahead each", "right", optional=True, rank=4),
        Column("ltv", "right"),
        *(_COSTS if costed else ()),
    )

    def drawn(row: Row) -> tuple[Cell, ...]:
        return (
            Cell(cells.count(row["buyers"])),
            Cell(cells.percent(row["alive_share"])),
            Cell(cells.count(row["orders"])),
            Cell(cells.compact(row["expected_orders"])),
            Cell(cells.compact(row["realised_value_per_buyer"])),
            Cell(cells.compact(row["expected_value_per_buyer"])),
            Cell(cells.compact(row["ltv"])),
            *(_costs(row) if costed else ()),
        )

    parts = keys.largest(parts_of(result.main, by), "buyers", MOST_SEGMENTS)
    return Grid(columns, tuple(keys.keyed(parts, drawn)))


def _costs(row: Row) -> tuple[Cell, ...]:
    """Return cells of what a buyer cost, how often it comes back, and from which age on."""
    ratio, age = row["value_to_cost"], row["payback_age"]
    ahead = "~" if row["payback"] == "forecast" else ""
    return (
        Cell(cells.compact(row["cost_per_buyer"])),
        Cell(cells.UNKNOWN if ratio is None else f"{cells.compact(ratio)}x"),
        Cell(cells.UNKNOWN if age is None else f"{ahead}{age}"),
    )


def _tracking(result: Result) -> Iterator[Figure]:
    """Yield repeat purchases so far beside what the model says, to the end of the horizon."""
    rows = list(result.tables["tracking"].iter_rows(named=True))
    top = max((row["cumulative_expected"] for row in rows), default=0.0)
    seen = [row for row in rows if row["cumulative_actual"] is not None]
    top = max([top, *(row["cumulative_actual"] for row in seen)])
    if not top:
        return
    whole = list(range(len(rows)))
    curves = [
        Curve("expected", whole, [row["cumulative_expected"] / top for row in rows]),
        Curve("came", whole[: len(seen)], [row["cumulative_actual"] / top for row in seen]),
    ]
    weeks = f"week {len(seen) - 1}"
    said = f"Up to {cells.day(seen[-1]['to'])}, {weeks}; what is beyond is forecast."
    caption = f"repeat purchases by week, of {cells.compact(top)}; the data end with {weeks}"
    yield Figure(step_curve(curves), caption, said)


def _holdout(result: Result) -> Iterator[Grid]:
    table = result.tables["holdout"]
    if not table.height:
        return
    columns = (
        Column("repeat purchases before", whole=True),
        Column("buyers", "right"),
        Column("expected each", "right"),
        Column("came", "right"),
    )
    rows = (
        (
            Cell(row["frequency"]),
            Cell(cells.count(row["members"])),
            Cell(cells.compact(row["expected"])),
            Cell(cells.compact(row["actual"])),
        )
        for row in table.iter_rows(named=True)
    )
    yield Grid(columns, tuple(rows), caption=f"the holdout of {result.params.get('holdout')}")
