"""The most common paths: a row each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from retainkit.render import cells
from retainkit.render.view import Block, Cell, Column, Grid, Legend
from retainkit.render.views.keys import Row, interval_title
from retainkit.wording import counted

FEW = 5  # of each of several segments
_BAR = 8  # characters
_LINE = 36  # screen cells of a path


def blocks(paths: Sequence[Row], row: Row, params: Mapping[str, object]) -> Iterator[Block]:
    """Yield the grid of all paths that are listed, and what its columns mean."""
    yield _grid(paths, row, params, "")
    yield legend(params)


def few(
    paths: Sequence[Row], row: Row, params: Mapping[str, object], caption: str
) -> Iterator[Block]:
    """Yield the grid of the first few paths of one of several segments."""
    yield _grid(paths[:FEW], row, params, caption)


def legend(params: Mapping[str, object]) -> Legend:
    """Return what the columns mean."""
    items = ["share: of all journeys; the bar of the most common path is full"]
    if params.get("to") is not None:
        items.append(
            "arrived in: half of those on this path took at most so long; no: they did not"
        )
    return Legend(tuple(items))


def _grid(paths: Sequence[Row], row: Row, params: Mapping[str, object], caption: str) -> Grid:
    asked = params.get("to") is not None
    columns = (
        Column("#", "right"),
        Column("path", whole=True, breaks=_LINE),
        Column("members", "right"),
        Column("", optional=True, rank=1, called="bar"),
        Column("share", "right"),
        *([Column("arrived in", "right")] if asked else []),
        Column(interval_title(params), "right", optional=True),
    )
    most = max(path["share"] for path in paths)
    drawn = [_row(path, most, asked) for path in paths]
    others = _others(paths, row, len(columns))
    return Grid(columns, tuple(drawn), (others,) if others else (), caption=caption)


def _row(path: Row, most: float, asked: bool) -> tuple[Cell, ...]:
    arrived = cells.duration(path["median_seconds"]) if path["arrived"] else "no"
    return (
        Cell(str(path["rank"])),
        Cell(path["path"]),
        Cell(cells.count(path["members"])),
        Cell(cells.bar(path["share"] / most, _BAR)),
        Cell(cells.percent(path["share"])),
        *([Cell(arrived)] if asked else []),
        Cell(cells.interval(path["ci_low"], path["ci_high"])),
    )


def _others(paths: Sequence[Row], row: Row, columns: int) -> tuple[Cell, ...]:
    """Return the row of all paths that are not listed; none where there are none."""
    others = row["paths"] - len(paths)
    if not others:
        return ()
    members = row["journeys"] - sum(path["members"] for path in paths)
    share = Cell(cells.percent(members / row["journeys"]))
    told = (Cell(), Cell(counted(others, "other path")), Cell(cells.count(members)), Cell(), share)
    return (*told, *[Cell()] * (columns - len(told)))
