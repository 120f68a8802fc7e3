"""How long members stay: the age by which half are gone, and the share still there at each age."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retainkit.render import cells
from retainkit.render.figures import Curve, step_curve
from retainkit.render.figures.steps import MOST_CURVES
from retainkit.render.view import Block, Cell, Column, Figure, Grid, Lines
from retainkit.render.views import keys
from retainkit.render.views.keys import Key, Parts, Row, interval_title, parts_of
from retainkit.results import Result
from retainkit.wording import counted

MOST_SEGMENTS = 12
_ROWS, _ROWS_OF_SEVERAL = 12, 16  # of the figure


def blocks(result: Result, by: Sequence[str]) -> Iterator[Block]:
    """Yield the medians, what the log-rank test says of them, and the curves."""
    unit = str(result.params.get("period", "month"))
    medians, timing = result.tables.get("survival"), result.tables.get("timing")
    if medians is not None and medians.height:
        yield from _medians(result, parts_of(medians, by), by, unit)
    if timing is not None and timing.height:
        yield from _figure(parts_of(timing, by), unit)


def _medians(result: Result, parts: Parts, by: Sequence[str], unit: str) -> Iterator[Block]:
    caption = "how long members stay, until they churn for the first time"
    tests = result.tables.get("logrank")
    rows = tests.iter_rows(named=True) if tests is not None else iter(())
    said = tuple(_test(row) for row in rows)
    if len(parts) == 1:
        ((only,),) = parts.values()
        yield Lines((_sentence(only, result, unit), *said), caption)
        return
    columns = (
        *(Column(name) for name in by),
        Column("members", "right", optional=True, rank=1),
        Column("churned", "right"),
        Column("expected", "right", optional=True),
        Column(f"half gone at age ({unit}s)", "right"),
        Column(interval_title(result.params), "right", optional=True, rank=2),
    )
    shown = keys.largest(parts, "members", MOST_SEGMENTS)
    yield Grid(columns, tuple(keys.keyed(shown, _median_cells)), caption=caption)
    if len(shown) < len(parts):
        largest_of = f"{cells.count(len(shown))} largest of {counted(len(parts), 'segment')}"
        said = (*said, f"Shown are the {largest_of}; all: --table survival.")
    if said:
        yield Lines(said)


def _median_cells(row: Row) -> tuple[Cell, ...]:
    return (
        Cell(cells.count(row["members"])),
        Cell(cells.count(row["churned"])),
        Cell(cells.compact(row["expected"]), hint="if all segments churned alike"),
        Cell("not yet" if row["median"] is None else cells.count(row["median"])),
        Cell(cells.open_interval(row["median_low"], row["median_high"])),
    )


def _sentence(row: Row, result: Result, unit: str) -> str:
    members = f"of {counted(row['members'], 'member')}"
    if row["median"] is None:
        gone = f"{cells.count(row['churned'])} have churned"
        return f"At no age seen so far half are gone: {members}, {gone}."
    ends = cells.open_interval(row["median_low"], row["median_high"])
    interval = f"{interval_title(result.params)} {ends}"
    return f"Half are gone by age {counted(row['median'], unit)} ({interval}), {members}."


def _test(row: Row) -> str:
    test = (
        f"log-rank {cells.compact(row['statistic'])} at {counted(row['df'], 'degree')} of freedom"
    )
    segments = counted(row["groups"], "segment")
    return f"Do the {segments} churn alike? {test}, p {cells.probability(row['p_value'])}."


def _figure(parts: Parts, unit: str) -> Iterator[Figure]:
    shown = keys.largest(parts, "members", MOST_CURVES)
    name = f"share not churned yet, by age in {unit}s"
    curves = [_curve(key, rows, len(parts) > 1) for key, rows in shown.items()]
    which = f", the {len(shown)} largest segments" if len(shown) < len(parts) else ""
    ends = "; ".join(f"{curve.name}: {cells.percent(curve.values[-1])}" for curve in curves)
    said = f"Steps falling from 100%, at the last age of each: {ends}."
    lines = step_curve(curves, height=_ROWS if len(curves) == 1 else _ROWS_OF_SEVERAL)
    yield Figure(lines, name + which, said)


def _curve(key: Key, rows: Sequence[Row], named: bool) -> Curve:
    """Return the curve of a segment, from age 0 on, where all are there unless a row says so."""
    first = [] if rows[0]["age"] == 0 else [0]
    values, low, high = (
        [*(1.0 for _ in first), *(row[name] for row in rows)]
        for name in ("survival", "ci_low", "ci_high")
    )
    name = keys.label_of(key) if named else "not churned yet"
    return Curve(name, [*first, *(row["age"] for row in rows)], values, low, high)
