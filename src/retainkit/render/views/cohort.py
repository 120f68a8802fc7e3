"""The cohort triangle: who started when, and what share of them was active at each age."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from retainkit.render import cells
from retainkit.render.view import MARK, Block, Cell, Column, Document, Grid, Legend, Lines, Scale
from retainkit.render.views.keys import Key, Row, caption_of
from retainkit.results import Result
from retainkit.wording import counted

MOST_TRIANGLES = 8
_MOST_NAMES = 12
_AGES = "ages"
_WIDEN = "widen, pick with --horizon, or write -f csv"
_WHAT = {
    "members": "share of members active",
    "amount": "amount per member",
    "orders": "orders per member",
}
_UNIT = {
    "amount": "values are amount per member of the cohort, in the unit of the data",
    "orders": "values are orders per member of the cohort",
}
_WHERE = {
    "on": "at each age",
    "within": "from age 1 up to each age",
    "on-or-after": "at each age or later",
    "every": "at every age so far",
}

Cohorts = dict[str, dict[object, Row]]  # by start, then by age


@dataclass(frozen=True)
class _Reading:
    """What of a Result is drawn: the column of the values, the ages in order, the words.

    top: the value of the hottest colour, None where nothing is complete.
    """

    period: str
    measure: str
    value: str
    words: Callable[[float | None], str]
    ages: tuple[int | str, ...]
    top: float | None

    def cell(self, row: Row | None, *, provisional: bool = False) -> Cell:
        """Return the cell of one row; an empty one where the age has not begun."""
        if row is None:
            return Cell()
        value = row[self.value]
        cold = value is None or provisional or str(row["age"]) == "0"
        heat = None if cold or not self.top else value / self.top
        return Cell(self.words(value), heat, provisional, self._hint(row))

    def _hint(self, row: Row) -> str:
        size = counted(row["size"], "member")
        if self.value != "rate":
            return f"per member of {size}"
        between = cells.interval(row["ci_low"], row["ci_high"])
        return f"{cells.count(row['returned'])} of {size}, interval {between}"

    def columns(self, *first: str) -> tuple[Column, ...]:
        """Return the columns `first`, a size, and one for each age."""
        ages = (Column(str(age), "right", optional=True, heated=True) for age in self.ages)
        names = (Column(name, whole=name == "cohort") for name in first)
        return (*names, Column("size", "right"), *ages)


def view(result: Result) -> Document:
    """Return the triangle; with segments, their comparison and then a triangle for each."""
    main = result.main
    title = f"cohort · {title_of(result.params)}"
    if not main.height:
        return Document(title, (Lines(("No member started in this data.",)),))
    by = main.columns[: main.columns.index("cohort")]
    reading = _reading(result)
    parts, pooled = _parts(main, by), _pooled(result, by, reading)
    if not by:
        blocks: Iterable[Block] = [_triangle(parts[()], pooled.get((), {}), reading)]
    else:
        blocks = _by_segment(parts, by, pooled, reading)
    return Document(title, (*blocks, _legend(main, reading)))


def title_of(params: Mapping[str, object]) -> str:
    """Return what the triangle is about."""
    what = _WHAT[str(params.get("measure", "members"))]
    where = _WHERE[str(params.get("mode", "on"))]
    unit = f"{params.get('period', 'month')}s"
    if params.get("clock") == "elapsed" and unit == "months":
        unit = "30-day months"
    return f"{what} {where} ({unit} since start)"


def _reading(result: Result) -> _Reading:
    main, params = result.main, result.params
    measure = str(params.get("measure", "members"))
    value = "rate" if measure == "members" else "value_per_member"
    ages = main["age"].unique(maintain_order=True).to_list()
    if main["age"].dtype.is_integer():
        ages.sort()
    if params.get("mode") == "within":
        ages = [age for age in ages if age != 0]
    # Age 0 is where everyone starts: on the scale it would leave every other cell cold. The top
    # is the 95th percentile, so that one tiny cohort does not set the colours of all.
    later = main.filter(pl.col("complete"), pl.col("age").cast(pl.String) != "0")[value]
    return _Reading(
        period=str(params.get("period", "month")),
        measure=measure,
        value=value,
        words=cells.percent if measure == "members" else cells.compact,
        ages=tuple(ages),
        top=later.quantile(0.95, "higher"),
    )


def _parts(main: pl.DataFrame, by: Sequence[str]) -> dict[Key, Cohorts]:
    """Return the rows by segment, in plain Python: Polars takes a column named "*" for all."""
    parts: dict[Key, Cohorts] = {}
    for row in main.iter_rows(named=True):
        cohorts = parts.setdefault(tuple(row[name] for name in by), {})
        # In ISO form, offset and all: Python takes an hour that comes twice for one.
        cohorts.setdefault(row["cohort"].isoformat(), {})[row["age"]] = row
    return parts


def _pooled(result: Result, by: Sequence[str], reading: _Reading) -> dict[Key, dict[object, Row]]:
    """Return the pooled rows: by segment, then by age."""
    rows: dict[Key, dict[object, Row]] = {}
    pooled = result.tables.get("pooled")
    if pooled is not None and reading.value in pooled.columns:
        for row in pooled.iter_rows(named=True):
            rows.setdefault(tuple(row[name] for name in by), {})[row["age"]] = row
    return rows


def _triangle(
    cohorts: Cohorts, pooled: Mapping[object, Row], reading: _Reading, caption: str = ""
) -> Grid:
    mean = (Cell("pooled mean"), Cell(), *(reading.cell(pooled.get(a)) for a in reading.ages))
    return Grid(
        columns=reading.columns("cohort"),
        rows=tuple(_cohort_row(ages, reading) for ages in cohorts.values()),
        summary=(mean,) if pooled else (),
        caption=caption,
        optional_name=_AGES,
        widen=_WIDEN,
    )


def _size(ages: Mapping[object, Row]) -> int | None:
    size: int | None = next(iter(ages.values()))["size"]
    return size


def _sum(sizes: Iterable[int | None]) -> int | None:
    """Return a sum; None where one of the sizes is not known."""
    told = list(sizes)
    known = [size for size in told if size is not None]
    return sum(known) if len(known) == len(told) else None


def _cohort_row(ages: Mapping[object, Row], reading: _Reading) -> tuple[Cell, ...]:
    drawn = (
        reading.cell(row, provisional=row is not None and not row["complete"])
        for row in map(ages.get, reading.ages)
    )
    start = next(iter(ages.values()))["cohort"]
    return (Cell(cells.period(start, reading.period)), Cell(cells.count(_size(ages))), *drawn)


def _legend(main: pl.DataFrame, reading: _Reading) -> Legend:
    lines = []
    if not main["complete"].all():
        lines.append(f"{MARK} not over yet, kept out of the pooled mean")
    if reading.measure in _UNIT:
        lines.append(_UNIT[reading.measure])
    if not reading.top:
        return Legend(tuple(lines))
    scale = Scale(reading.words(0), f"{reading.words(reading.top)} and more")
    return Legend(tuple(lines), scale)


def _by_segment(
    parts: Mapping[Key, Cohorts],
    by: Sequence[str],
    pooled: Mapping[Key, Mapping[object, Row]],
    reading: _Reading,
) -> Iterator[Block]:
    sizes = {key: _sum(map(_size, cohorts.values())) for key, cohorts in parts.items()}
    largest_first = sorted(parts, key=lambda key: -(sizes[key] or 0))
    if pooled:
        rows = (
            _segment_row(key, sizes[key], pooled.get(key, {}), reading) for key in largest_first
        )
        yield Grid(
            columns=reading.columns(*by),
            rows=tuple(rows),
            caption=f"pooled mean by {', '.join(by)}",
            optional_name=_AGES,
            widen=_WIDEN,
        )
    for key in largest_first[:MOST_TRIANGLES]:
        yield _triangle(parts[key], pooled.get(key, {}), reading, caption_of(by, key))
    if undrawn := largest_first[MOST_TRIANGLES:]:
        yield Lines((_not_drawn(by, undrawn),))


def _segment_row(
    key: Key, size: int | None, pooled: Mapping[object, Row], reading: _Reading
) -> tuple[Cell, ...]:
    means = (reading.cell(pooled.get(age)) for age in reading.ages)
    return (*(Cell(cells.label(name)) for name in key), Cell(cells.count(size)), *means)


def _not_drawn(by: Sequence[str], keys: Sequence[Sequence[object]]) -> str:
    names = [caption_of(by, key) for key in keys[:_MOST_NAMES]]
    if len(keys) > _MOST_NAMES:
        names.append(f"and {len(keys) - _MOST_NAMES} more, all compared above")
    return f"Drawn are the {MOST_TRIANGLES} largest segments. Not drawn, in -f csv: " + "; ".join(
        names
    )
