"""The funnel itself: members and shares of the steps, and between them what leads to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from retainkit.render import cells
from retainkit.render.view import Block, Cell, Column, Grid, Legend
from retainkit.render.views.keys import Key, Row, caption_of, interval_title

BOTTLENECK = "»"
_BAR = 16  # characters
_LEGEND = (
    "share: of those at the first step; ×: of those at the step before, with its interval",
    "median: half of those who went on took at most so long from the step before",
)


def named(row: Row, params: Mapping[str, object]) -> str:
    """Return what a step is called; in any order its label already counts."""
    label = cells.label(row["event"])
    return label if params.get("order") == "any" else f"{row['step']} {label}"


def is_bottleneck(row: Row) -> bool:
    """Whether this is the step to mend: the one of the greatest leverage, if it gains anything."""
    return bool(row["bottleneck"]) and (row["leverage"] or 0) > 0


def blocks(
    rows: Sequence[Row], key: Key, by: Sequence[str], params: Mapping[str, object]
) -> Iterator[Block]:
    """Yield the grid of one segment: down its columns, members less dropped, share × coefficient.

    The row between two steps says what led from the one to the other.
    """
    columns = (
        Column("step"),
        Column("members", "right"),
        Column("", optional=True, called="bar"),
        Column("share", "right"),
        Column(interval_title(params), "right", optional=True, rank=2),
        Column("median", "right", optional=True, rank=1),
    )
    drawn = [cells_ for row in rows for cells_ in _step(row, row is rows[0], params)]
    yield Grid(columns, tuple(drawn), caption=caption_of(by, key), ordered=True)
    yield Legend(_LEGEND)


def _step(row: Row, first: bool, params: Mapping[str, object]) -> Iterator[tuple[Cell, ...]]:
    if not first:
        yield _between(row)
    share = row["overall"]
    yield (
        Cell(named(row, params)),
        Cell(cells.count(row["members"])),
        Cell(cells.bar(share, _BAR)),
        Cell(cells.percent(share)),
        Cell(),
        Cell(),
    )


def _between(row: Row) -> tuple[Cell, ...]:
    dropped, p90 = row["dropped"], cells.duration(row["p90_seconds"])
    return (
        Cell(f"  {BOTTLENECK} bottleneck" if is_bottleneck(row) else ""),
        Cell(f"-{cells.count(dropped)}" if dropped else cells.count(dropped), hint="dropped"),
        Cell(),
        Cell(f"× {cells.percent(row['coefficient'])}"),
        Cell(cells.interval(row["ci_low"], row["ci_high"])),
        Cell(cells.duration(row["median_seconds"]), hint=f"nine of ten within {p90}"),
    )
