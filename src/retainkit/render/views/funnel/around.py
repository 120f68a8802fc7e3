"""Around the funnel: which steps made it change, and where those went who dropped out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from retainkit.render import cells
from retainkit.render.view import Block, Cell, Column, Grid, Legend, Lines
from retainkit.render.views.funnel.steps import named
from retainkit.render.views.keys import Row, keyed, largest, parts_of
from retainkit.results import Result
from retainkit.wording import counted

_BAR = 12  # characters
_MOST_SEGMENTS = 3
_NEXT = 3  # after each step, of one segment


def change(result: Result) -> Iterator[Block]:
    """Yield what each step contributed to the change of the share that gets to the end."""
    frame = result.tables.get("change")
    if frame is None or not frame.height:
        return
    rows = [row for row in frame.iter_rows(named=True) if row["contribution"] is not None]
    columns = (
        Column("step"),
        Column("before", "right"),
        Column("after", "right"),
        Column("points", "right"),
        Column("of the change", "right", optional=True, rank=2),
        Column("members", "right", optional=True),
    )
    drawn = (
        (
            Cell(named(row, result.params)),
            Cell(f"× {cells.percent(row['coefficient_before'])}"),
            Cell(f"× {cells.percent(row['coefficient_after'])}"),
            Cell(cells.points(row["contribution"])),
            Cell(cells.percent(row["share"])),
            Cell(f"{cells.count(row['before'])} → {cells.count(row['after'])}"),
        )
        for row in rows
    )
    caption = f"before and after: {cells.label(result.params.get('compare'))}"
    yield Grid(columns, tuple(drawn), (_whole(rows),) if rows else (), caption=caption)
    what = "percentage points of the share that gets to the end"
    yield Legend((f"points: what the step contributed to the change, in {what}",))


def _whole(rows: Sequence[Row]) -> tuple[Cell, ...]:
    before, after = (
        _product([row[f"coefficient_{side}"] for row in rows]) for side in ("before", "after")
    )
    total = sum(row["contribution"] for row in rows)
    shares = (Cell(cells.percent(before)), Cell(cells.percent(after)), Cell(cells.points(total)))
    return (Cell("to the end"), *shares, Cell(), Cell())


def _product(coefficients: Sequence[float | None]) -> float | None:
    if 0 in coefficients:
        return 0.0
    known = [each for each in coefficients if each is not None]
    return prod(known) if len(known) == len(coefficients) else None


def dropoffs(result: Result) -> Iterator[Block]:
    """Yield what those who dropped out did next, the commonest first."""
    frame = result.tables.get("dropoffs")
    if frame is None or not frame.height:
        return
    by = frame.columns[: frame.columns.index("step")]
    parts = parts_of(frame, by)
    shown = largest(parts, "members", _MOST_SEGMENTS)
    most = _NEXT if len(shown) == 1 else 1
    columns = (
        *(Column(name) for name in by),
        Column("dropped after"),
        Column("next"),
        Column("members", "right"),
        Column("share", "right"),
        Column("", optional=True, called="bar"),
    )
    above: list[object] = []

    def drawn(row: Row) -> tuple[Cell, ...]:
        here = [*(row[name] for name in by), row["step"]]
        same, above[:] = here == above, here
        step = named(row, result.params)
        return (
            Cell(repeats=step) if same else Cell(step),
            Cell(cells.label(row["next"])),
            Cell(cells.count(row["members"])),
            Cell(cells.percent(row["share"])),
            Cell(cells.bar(row["share"], _BAR)),
        )

    commonest = {key: _commonest(rows, most) for key, rows in shown.items()}
    caption = "what those did next who dropped out"
    yield Grid(columns, tuple(keyed(commonest, drawn)), caption=caption)
    yield Legend(("(none): nothing more within the window of their attempt",))
    if len(shown) < len(parts):
        segments = counted(len(parts), "segment")
        yield Lines((f"Shown are the {len(shown)} largest of {segments}; all: --table dropoffs.",))


def _commonest(rows: Sequence[Row], most: int) -> list[Row]:
    """Return the `most` commonest rows of each step."""
    steps: dict[int, list[Row]] = {}
    for row in rows:
        steps.setdefault(row["step"], []).append(row)
    ordered = (sorted(of_it, key=lambda row: -(row["members"] or 0)) for of_it in steps.values())
    return [row for of_it in ordered for row in of_it[:most]]
