"""The headline days: one row for each day and mode, with its interval and a bar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from retainkit.render import cells
from retainkit.render.view import Cell, Column, Document, Grid, Legend, Lines
from retainkit.render.views.keys import Row, interval_title, key_cells, repeated
from retainkit.results import Result
from retainkit.wording import counted

_BAR = 12  # characters
_BAR_ENDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)
_LEGEND = (
    "mature: members whose day is over by as of; the rate is of them",
    "on: active on day N; within: on any of days 1 to N; on-or-after: on day N or later",
)


def view(result: Result) -> Document:
    """Return one grid; keys (segment, cohort, day) are written where they change."""
    main = result.main
    title = "retention · share of mature members active by day since start"
    if not main.height:
        return Document(title, (Lines(("No member started in this data.",)),))
    keys = main.columns[: main.columns.index("day")]
    top = max(main["rate"].drop_nulls().to_list(), default=0.0)
    end = next((end for end in _BAR_ENDS if top <= end), 1.0)
    columns = (
        *(Column(name, whole=name == "cohort") for name in keys),
        Column("day", "right"),
        Column("mode", whole=True),
        Column("mature", "right", optional=True, rank=2),
        Column("rate", "right"),
        Column(interval_title(result.params), "right", optional=True, rank=1),
        Column(f"0–{end:.0%}", optional=True, called="bar"),
    )
    rows = _rows(main.iter_rows(named=True), keys, str(result.params.get("cohort") or ""), end)
    return Document(title, (Grid(columns, tuple(rows)), Legend(_LEGEND)))


def _rows(
    rows: Iterator[Row], keys: list[str], period: str, end: float
) -> Iterator[tuple[Cell, ...]]:
    above: list[object] = []
    for row in rows:
        values = [row[name] for name in (*keys, "day")]
        names = [*(_key(name, row[name], period) for name in keys), f"D{row['day']}"]
        same = repeated(values, above)
        yield (*key_cells(names, same), *_numbers(row, end))
        above = values


def _key(name: str, value: object, period: str) -> str:
    if name == "cohort" and isinstance(value, date):
        return cells.period(value, period)
    return cells.label(value)


def _numbers(row: Row, end: float) -> Iterator[Cell]:
    rate = row["rate"]
    yield Cell(row["mode"])
    yield Cell(cells.count(row["mature"]), hint=f"of {counted(row['members'], 'member')}")
    yield Cell(cells.percent(rate), hint=f"{cells.count(row['returned'])} returned")
    yield Cell(cells.interval(row["ci_low"], row["ci_high"]))
    yield Cell(cells.bar(rate / end if rate else None, _BAR))
