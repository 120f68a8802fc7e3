"""What a source holds: its columns and their roles, rows day by day, the commonest events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from retainkit.render import cells
from retainkit.render.view import Block, Cell, Column, Document, Grid, Legend, Lines
from retainkit.results import Result
from retainkit.wording import counted

MOST_COLUMNS = 40
_BAR = 12  # characters
_MONTHS_BY_DAY = 24  # up to so many months are drawn day by day, beyond it years by week
_MOST_YEARS = 30
_LEVELS = "▁▂▃▄▅▆▇█"
_TOP = 0.98  # the quantile that the highest bar stands for
_GAP = "·"
_OUTSIDE = "\u2007"  # as wide as a digit, and not folded away in HTML
_LEGEND = f"{_GAP} none; the highest bar stands for {{}} and more in a {{}}"

Row = Mapping[str, Any]


def view(result: Result) -> Document:
    """Return the columns, rows by day, events, members; parts that hold nothing are left out."""
    tables = result.tables
    blocks: list[Block] = [*_columns(tables["main"], "columns")]
    if tables["days"].height:
        blocks += _days(tables["days"])
    if tables["events"].height:
        blocks.append(_events(tables["events"]))
    if "member_columns" in tables:
        blocks += _columns(tables["member_columns"], "columns of the member table")
    if "members" in tables:
        blocks.append(_members(tables["members"]))
    return Document("inspect · what the files hold", tuple(blocks), tuple(_facts(result)))


def _columns(frame: pl.DataFrame, caption: str) -> Iterator[Block]:
    columns = (
        Column("column"),
        Column("role"),
        Column("empty", "right"),
        Column("values", "right"),
        Column("why", optional=True),
        Column("look like", optional=True),
        Column("type", optional=True),
    )
    rows = [_column(row) for row in frame.iter_rows(named=True)]
    yield Grid(columns, tuple(rows[:MOST_COLUMNS]), caption=caption)
    if len(rows) > MOST_COLUMNS:
        yield Lines((f"And {counted(len(rows) - MOST_COLUMNS, 'more column')}, in -f csv.",))


def _column(row: Row) -> tuple[Cell, ...]:
    values = "many" if row["distinct"] is None else cells.count(row["distinct"])
    return (
        Cell(cells.label(row["column"])),
        Cell(row["role"] or ""),
        Cell(cells.count(row["nulls"]) if row["nulls"] else ""),
        Cell(values),
        Cell(row["why"] or ""),
        Cell(row["shapes"] or ""),
        Cell(row["dtype"]),
    )


def _days(days: pl.DataFrame) -> tuple[Block, ...]:
    """Return a line of bars for each month, one a day; for each year, one a week, if many."""
    first, last = days["day"][0], days["day"][-1]
    by_day = (last.year - first.year) * 12 + last.month - first.month < _MONTHS_BY_DAY
    unit, line = ("day", "month") if by_day else ("week", "year")
    names = pl.col("day").dt.strftime("%Y-%m" if by_day else "%Y")
    place = pl.col("day").dt.day() if by_day else (pl.col("day").dt.ordinal_day() - 1) // 7 + 1
    bins = days.group_by(line=names, place=place, maintain_order=True).agg(pl.col("rows").sum())
    # Not the maximum: one stampede would flatten all other days.
    top = int(bins.filter(pl.col("rows") > 0)["rows"].quantile(_TOP, "higher") or 1)
    drawn = bins.partition_by("line", maintain_order=True)[-_MOST_YEARS:]
    rows = [
        (
            Cell(part["line"][0]),
            Cell(cells.count(int(part["rows"].sum()))),
            Cell(_spark(part["place"], part["rows"], top)),
        )
        for part in drawn
    ]
    columns = (Column(line, whole=True), Column("rows", "right"), Column(f"{unit} by {unit}"))
    grid = Grid(columns, tuple(rows), caption=f"rows per {unit}")
    return grid, Legend((_LEGEND.format(counted(top, "row"), unit),))


def _spark(places: pl.Series, rows: pl.Series, top: int) -> str:
    """Return a bar for each place from the first one on; blank where the data has none."""
    bars = dict(zip(places, rows, strict=True))
    return "".join(
        _level(bars[place], top) if place in bars else _OUTSIDE for place in range(1, max(bars) + 1)
    )


def _level(rows: int, top: int) -> str:
    return _LEVELS[max(round(min(rows / top, 1) * len(_LEVELS)), 1) - 1] if rows else _GAP


def _events(events: pl.DataFrame) -> Grid:
    columns = (
        Column("event"),
        Column("rows", "right"),
        Column("share", "right"),
        Column("members", "right"),
        Column("", optional=True, called="bar"),
        Column("first", optional=True),
        Column("last", optional=True),
    )
    top = float(events["share"][0])
    rows = (
        (
            Cell(cells.label(row["event"])),
            Cell(cells.count(row["rows"])),
            Cell(cells.percent(row["share"])),
            Cell(cells.count(row["members"])),
            Cell(cells.bar(row["share"] / top, _BAR)),
            Cell(cells.day(row["first"])),
            Cell(cells.day(row["last"])),
        )
        for row in events.iter_rows(named=True)
    )
    return Grid(columns, tuple(rows), caption="commonest events")


def _members(members: pl.DataFrame) -> Grid:
    columns = (
        Column("members", whole=True),
        Column("number", "right"),
        Column("joined", optional=True),
        Column("left", optional=True),
    )
    rows = (
        (
            Cell(row["kind"]),
            Cell(cells.count(row["members"])),
            Cell(_span(row, "joined")),
            Cell(_span(row, "left")),
        )
        for row in members.iter_rows(named=True)
    )
    return Grid(columns, tuple(rows), caption="members, in the events and in the member table")


def _span(row: Row, name: str) -> str:
    if not row[name]:
        return cells.UNKNOWN
    first, last = cells.day(row[f"{name}_first"]), cells.day(row[f"{name}_last"])
    return f"{cells.count(row[name])}, {first} – {last}"


def _facts(result: Result) -> Iterator[tuple[str, str]]:
    yield "files", _files(result.tables["files"])
    yield "repeats", _repeats(result.tables["duplicates"])
    for word, rows in (("refused", result.data.refused), ("left out", result.data.left_out)):
        if rows:
            yield word, ", ".join(f"{cells.count(n)} {reason}" for reason, n in rows.items())


def _files(files: pl.DataFrame) -> str:
    names = files["file"].to_list()
    size = int(files["bytes"].sum())
    more = f" and {counted(len(names) - 1, 'more file')}" if len(names) > 1 else ""
    return f"{names[0]}{more}" + (f", {cells.compact(size)}B" if size else "")


def _repeats(duplicates: pl.DataFrame) -> str:
    return ", ".join(
        f"{'about ' if estimated else ''}{counted(rows, 'row')} {kind}"
        for kind, rows, estimated in duplicates.iter_rows()
    )
