"""The cells that a rule is about, found in the tables of a Result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from retainkit.checking.rules import EACH, LATEST, WORST, Rule
from retainkit.checking.shape import Shape
from retainkit.checking.verdicts import Estimate
from retainkit.errors import nearest
from retainkit.results import Result

Row = Mapping[str, Any]

_WHOLE = "\0whole"  # no column is called so


@dataclass(frozen=True)
class Series:
    """One cell over time: its rows in order, or the one row where there is no time.

    segment: the values of --by, in order. cell: the values of the table's keys.
    """

    segment: tuple[object, ...]
    cell: tuple[object, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Case:
    """What one verdict is about: the row `at` of a series; None where there is none.

    missing: why there is none.
    """

    series: Series
    at: int | None
    missing: str = ""

    @property
    def row(self) -> Row | None:
        """The row that the number is in."""
        return None if self.at is None else self.series.rows[self.at]

    def before(self, many: int, shape: Shape) -> list[Row]:
        """Return up to `many` complete rows before it, the nearest last."""
        assert self.at is not None
        rows = [row for row in self.series.rows[: self.at] if is_complete(row, shape)]
        return rows[-many:]


def is_complete(row: Row, shape: Shape) -> bool:
    """Return whether a cell is over."""
    if shape.complete is None:
        return True
    if isinstance(shape.complete, str):
        return bool(row[shape.complete])
    part, whole = shape.complete
    return shape.time is None or bool(row[part] == row[whole])


def cases(rule: Rule, result: Result) -> list[Case]:
    """Return what a rule is about; where nothing of a series can be, a case without a row."""
    found = list(_series(rule, result.tables[rule.table]))
    if not found:
        return [Case(_absent(rule), None, _why_none(rule, result))]
    latest = _latest(rule, result.tables[rule.table]) if rule.at == LATEST else {}
    return [case for series in found for case in _at(rule, series, latest)]


def estimate_of(row: Row, rule: Rule) -> Estimate | None:
    """Return the number of a row; None where it is unknown."""
    value, number = row[rule.value], rule.number
    if value is None:
        return None
    n = row[_WHOLE] if number.part is not None else _all_of(row, rule)
    low, high = (None, None) if number.interval is None else (row[e] for e in number.interval)
    return Estimate(float(value), n, low, high)


def _all_of(row: Row, rule: Rule) -> int | None:
    """Return how many a number is of; None of nobody in particular."""
    of = rule.number.of
    return sum(int(row[name] or 0) for name in of) if of else None


def _with_wholes(rule: Rule, rows: list[Row], by: Sequence[str]) -> list[Row]:
    """Add to rows of shares how many these are of: those counted, by their share.

    Where nobody is counted it is what it is in the other rows of the segment, if it is in all.
    """
    part = rule.number.part
    if part is None:
        return rows
    wholes = [round(row[part] / row[rule.value]) if row[rule.value] else None for row in rows]
    seen: dict[tuple[object, ...], set[int]] = {}
    for row, whole in zip(rows, wholes, strict=True):
        if whole is not None:
            seen.setdefault(tuple(row[name] for name in by), set()).add(whole)
    return [
        {**row, _WHOLE: whole if whole is not None else _only(seen, row, by)}
        for row, whole in zip(rows, wholes, strict=True)
    ]


def _only(seen: Mapping[tuple[object, ...], set[int]], row: Row, by: Sequence[str]) -> int | None:
    told = seen.get(tuple(row[name] for name in by), set())
    return next(iter(told)) if len(told) == 1 else None


def _series(rule: Rule, table: pl.DataFrame) -> Iterator[Series]:
    """Yield the series of the cells and segments that a rule names."""
    if not table.height:
        return
    by = table.columns[: len(rule.segments)] if rule.shape.by else []
    keys, rows = list(rule.cell), _with_wholes(rule, _inside(rule, table), by)
    wanted = dict(zip(by, rule.segments.values(), strict=True))
    groups: dict[tuple[tuple[object, ...], tuple[object, ...]], list[Row]] = {}
    for row in rows:
        chosen = all(want in (EACH, WORST, _text(row[name])) for name, want in wanted.items())
        if chosen and all(want in (EACH, row[name]) for name, want in rule.cell.items()):
            place = tuple(row[name] for name in by), tuple(row[name] for name in keys)
            groups.setdefault(place, []).append(row)
    for (segment, cell), own in groups.items():
        time = rule.shape.time
        ordered = own if time is None else sorted(own, key=lambda row: str(row[time]))
        yield Series(segment, cell, tuple(ordered))


def _latest(rule: Rule, table: pl.DataFrame) -> dict[tuple[object, ...], str]:
    """Return the last period of each cell that is over, in whichever segment."""
    time, latest = rule.shape.time, dict[tuple[object, ...], str]()
    if time is None:
        return latest
    for row in table.iter_rows(named=True):
        if is_complete(row, rule.shape) and row[rule.value] is not None:
            cell = tuple(row[name] for name in rule.cell)
            latest[cell] = max(latest.get(cell, ""), _day(row[time]))
    return latest


def _inside(rule: Rule, table: pl.DataFrame) -> list[Row]:
    """Return the rows that can have the number a rule is about, if it is the table's first."""
    rows: list[Row] = list(table.iter_rows(named=True))
    if rule.shape.outside is None or EACH not in rule.cell.values():
        return rows
    if rule.value != rule.shape.first:
        return rows
    column, value = rule.shape.outside
    return [row for row in rows if row[column] != value]


def _at(rule: Rule, series: Series, latest: Mapping[tuple[object, ...], str]) -> Iterator[Case]:
    """Yield the rows of a series that a rule is about."""
    shape = rule.shape
    if shape.time is None:
        yield Case(series, len(series.rows) - 1)
    elif rule.at == EACH:
        rows = enumerate(series.rows)
        over = [i for i, row in rows if is_complete(row, shape) and _all_of(row, rule) != 0]
        # Of the first ones it cannot be said what they changed from.
        told = over[rule.changes_from :] or over[-1:]
        yield from (Case(series, i) for i in told)
        if not over:
            yield Case(series, None, f"no {shape.time} is over")
    elif rule.at == LATEST and series.cell not in latest:
        yield Case(series, None, f"no {shape.time} is over")
    else:
        yield _on(rule, series, latest.get(series.cell, rule.at))


def _on(rule: Rule, series: Series, day: str) -> Case:
    """Return the case of one period."""
    time = str(rule.shape.time)
    for i, row in enumerate(series.rows):
        if _day(row[time]) == day:
            over = is_complete(row, rule.shape)
            return Case(series, i if over else None, f"the {time} {day} is not over")
    return Case(
        series,
        None,
        f"there is nothing of the {time} {day}: nobody began in it, it is too young, or it begins "
        "on another day",
    )


def when(moment: object) -> str:
    """Return a period as text: its first day, or moment; in a saved result it is text already."""
    return moment.isoformat() if isinstance(moment, date) else str(moment)


def _day(moment: object) -> str:
    return when(moment.date() if isinstance(moment, datetime) else moment)


def _text(value: object) -> str | None:
    """Return a value of a segment as a rule names it; one that is unknown is none of those."""
    return None if value is None else str(value)


def _absent(rule: Rule) -> Series:
    return Series(tuple(rule.segments.values()), tuple(rule.cell.values()), ())


def _why_none(rule: Rule, result: Result) -> str:
    """Return why no row is the cell that a rule names."""
    table = result.tables[rule.table]
    if not table.width:
        return result.definition.removesuffix(".")
    if not table.height:
        return "there is nobody to count"
    by = table.columns[: len(rule.segments)] if rule.shape.by else []
    wanted = {**dict(zip(by, rule.segments.values(), strict=True)), **rule.cell}
    for name, want in wanted.items():
        there = {_text(value) for value in table.get_column(name).to_list()}
        if want not in (EACH, WORST) and str(want) not in there:
            texts = (text for text in there if text is not None and isinstance(want, str))
            near = nearest(str(want), texts)
            return f"there is no {name} {want}.{near}".removesuffix(".")
    return "there is no such cell"
