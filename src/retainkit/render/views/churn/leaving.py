"""Around a churn: why members left, who came back after it, what they did before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retainkit.render import cells
from retainkit.render.view import Block, Cell, Column, Grid, Legend, Lines
from retainkit.render.views.keys import Parts, Row, interval_title, keyed, largest, parts_of
from retainkit.results import Result
from retainkit.wording import counted

MOST_SEGMENTS = 8
_BAR = 12  # characters
_CATEGORIES, _SILENCES, _PATHS = 8, 6, 10  # rows of a grid, of all segments together


def blocks(result: Result, by: Sequence[str]) -> Iterator[Block]:
    """Yield a short grid for each of reasons, winback and paths that has rows."""
    drawers = {"reasons": _reasons, "winback": _winback, "paths": _paths}
    for name, draw in drawers.items():
        frame = result.tables.get(name)
        if frame is not None and frame.height:
            parts = parts_of(frame, by)
            yield from draw(result, parts, by)
            if len(parts) > MOST_SEGMENTS:
                segments = counted(len(parts), "segment")
                yield Lines((f"Shown are the {MOST_SEGMENTS} largest of {segments}.",))


def _first(parts: Parts, size: str, most: int) -> Parts:
    """Return the first rows of the largest segments: `most` of all, one of each at least."""
    shown = largest(parts, size, MOST_SEGMENTS)
    each = max(most // len(shown), 1)
    return {key: rows[:each] for key, rows in shown.items()}


def _reasons(result: Result, parts: Parts, by: Sequence[str]) -> Iterator[Block]:
    del result
    summed = {key: _by_category(rows) for key, rows in parts.items()}
    shown = _first(summed, "members", _CATEGORIES)
    top = max(row["share"] for rows in shown.values() for row in rows) or 1
    columns = (
        *(Column(name) for name in by),
        Column("category"),
        Column("members", "right"),
        Column("share", "right"),
        Column("", optional=True, called="bar"),
    )

    def drawn(row: Row) -> tuple[Cell, ...]:
        return (
            Cell(cells.label(row["category"])),
            Cell(cells.count(row["members"])),
            Cell(cells.percent(row["share"])),
            Cell(cells.bar(row["share"] / top, _BAR)),
        )

    yield Grid(columns, tuple(keyed(shown, drawn)), caption="reasons of their last churn")


def _by_category(rows: Sequence[Row]) -> list[Row]:
    """Return the categories with their members, most first."""
    members: dict[object, int] = {}
    for row in rows:
        members[row["category"]] = members.get(row["category"], 0) + row["members"]
    total = sum(members.values()) or 1
    most_first = sorted(members.items(), key=lambda item: -item[1])
    return [{"category": c, "members": n, "share": n / total} for c, n in most_first]


def _winback(result: Result, parts: Parts, by: Sequence[str]) -> Iterator[Block]:
    unit = str(result.params.get("period", "month"))
    columns = (
        *(Column(name) for name in by),
        Column(f"{unit}s", "right"),
        Column("silent", "right", optional=True, rank=2),
        Column("returned", "right"),
        Column("rate", "right"),
        Column(interval_title(result.params), "right", optional=True, rank=1),
        Column("so far", "right", optional=True),
    )

    def drawn(row: Row) -> tuple[Cell, ...]:
        return (
            Cell(cells.count(row["silence"])),
            Cell(cells.count(row["members"])),
            Cell(cells.count(row["returned"])),
            Cell(cells.percent(row["rate"])),
            Cell(cells.interval(row["ci_low"], row["ci_high"])),
            Cell(cells.percent(row["returned_so_far"])),
        )

    shown = _first(parts, "members", _SILENCES)
    caption = f"coming back, by {unit}s since the churn"
    yield Grid(columns, tuple(keyed(shown, drawn)), caption=caption)
    yield Legend((f"rate: returned, of those still silent in that {unit}; so far: by then",))


def _paths(result: Result, parts: Parts, by: Sequence[str]) -> Iterator[Block]:
    columns = (
        *(Column(name) for name in by),
        Column("path"),
        Column("churned", "right"),
        Column("share", "right", optional=True, rank=1),
        Column("of stayed", "right", optional=True, rank=1),
        Column("lift", "right"),
        Column(interval_title(result.params), "right", optional=True, rank=2),
    )

    def drawn(row: Row) -> tuple[Cell, ...]:
        return (
            Cell(cells.label(row["path"])),
            Cell(cells.count(row["churned"])),
            Cell(cells.percent(row["churned_share"])),
            Cell(cells.percent(row["stayed_share"]), hint=f"{cells.count(row['stayed'])} stayed"),
            Cell(cells.compact(row["lift"])),
            Cell(cells.between(row["ci_low"], row["ci_high"])),
        )

    last = result.params.get("last", 3)
    caption = f"last {counted(int(str(last)), 'event')} before a churn"
    shown = _first(parts, "churned", _PATHS)
    yield Grid(columns, tuple(keyed(shown, drawn)), caption=caption)
    yield Legend(("lift: share among churned over share among stayed, at the same ages",))
