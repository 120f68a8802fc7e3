"""Period by period: how many are there, came and went; and the same as columns around a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from retainkit.render import cells
from retainkit.render.figures import Series, diverging_columns
from retainkit.render.view import MARK, Block, Cell, Column, Figure, Grid, Legend, Lines
from retainkit.render.views.keys import Parts, Row, interval_title, keyed, largest, parts_of
from retainkit.results import Result
from retainkit.wording import counted

MOST_PERIODS = 24  # of all segments together
_FEWEST = 3  # of each segment
MOST_SEGMENTS = 8
_WORDS = {
    "rate": "churned, of those who were active in the {period} before",
    "quick": "(new + resurrected) / churned; below 1, fewer are active than before",
    "rate of start": "of those present at the start of the {period}, the share gone by its end",
    "average": "churned, of the mean of start and end",
    "exposure": "churned, per day that a member was there, times the days of the {period}",
}


@dataclass(frozen=True)
class _Kind:
    """How one sort of definition is drawn: columns after the period, with the cells of a row.

    size: the column that tells how large a segment is. came, went: what the figure draws above
    and below the line. words: what the titles mean.
    """

    columns: tuple[Column, ...]
    drawn: Callable[[Row], tuple[Cell, ...]]
    size: str
    came: tuple[str, ...]
    words: tuple[tuple[str, str], ...]
    went: tuple[str, ...] = ("churned",)


def title(params: Mapping[str, object]) -> str:
    """Return what the main table is about."""
    unit = params.get("period", "month")
    if params.get("definition") == "leave":
        return f"members present by {unit}, and who left"
    if params.get("definition") != "inactivity":
        return f"members active by {unit}, and who of the {unit} before was not"
    days = params.get("inactive_days")
    silent = f"{counted(days, 'day')} without activity" if isinstance(days, int) else "silence"
    return f"members present by {unit}, and who was gone after {silent}"


def blocks(result: Result, by: Sequence[str]) -> Iterator[Block]:
    """Yield the grid of the last periods, what was not shown of it, and the figure."""
    lifecycle = "quick_ratio" in result.main.columns
    kind = (_lifecycle if lifecycle else _presence)(result.params)
    unit = str(result.params.get("period", "month"))
    parts = parts_of(result.main, by)
    shown = largest(parts, kind.size, MOST_SEGMENTS)
    each = max(MOST_PERIODS // len(shown), _FEWEST)
    last = {key: rows[-each:] for key, rows in shown.items()}

    def drawn(row: Row) -> tuple[Cell, ...]:
        name = cells.period(row["period"], unit)
        return (Cell(name, provisional=not row["complete"]), *kind.drawn(row))

    names = (*(Column(name) for name in by), Column(unit, whole=True))
    yield Grid((*names, *kind.columns), tuple(keyed(last, drawn)))
    yield Legend(tuple(_legend(last, kind, unit)))
    if said := tuple(_not_shown(parts, shown, each, unit)):
        yield Lines(said)
    if len(parts) == 1:
        yield from _figure(next(iter(parts.values())), kind, unit)


def _lifecycle(params: Mapping[str, object]) -> _Kind:
    columns = (
        Column("active", "right"),
        Column("new", "right", optional=True, rank=2),
        Column("resurrected", "right", optional=True, rank=2),
        Column("churned", "right"),
        Column("rate", "right"),
        Column(interval_title(params), "right", optional=True, rank=1),
        Column("quick", "right", optional=True),
    )

    def drawn(row: Row) -> tuple[Cell, ...]:
        counts = (row[name] for name in ("active", "new", "resurrected"))
        return (
            *(Cell(cells.count(count)) for count in counts),
            Cell(cells.count(row["churned"]), hint=f"{cells.count(row['retained'])} retained"),
            Cell(cells.percent(row["churn_rate"])),
            Cell(cells.interval(row["ci_low"], row["ci_high"])),
            Cell(cells.compact(row["quick_ratio"])),
        )

    words = (("rate", _WORDS["rate"]), ("quick", _WORDS["quick"]))
    return _Kind(columns, drawn, "active", ("new", "resurrected"), words)


def _presence(params: Mapping[str, object]) -> _Kind:
    columns = (
        Column("start", "right"),
        Column("joined", "right", optional=True, rank=2),
        Column("churned", "right"),
        Column("end", "right", optional=True, rank=2),
        Column("rate", "right"),
        Column(interval_title(params), "right", optional=True, rank=1),
        Column("average", "right", optional=True),
        Column("exposure", "right", optional=True),
    )

    def drawn(row: Row) -> tuple[Cell, ...]:
        of_start = f"{cells.count(row['churned_of_start'])} of those at the start"
        return (
            Cell(cells.count(row["present_start"])),
            Cell(cells.count(row["joined"]), hint=f"{cells.count(row['rejoined'])} again"),
            Cell(cells.count(row["churned"])),
            Cell(cells.count(row["present_end"])),
            Cell(cells.percent(row["churn_rate"]), hint=of_start),
            Cell(cells.interval(row["ci_low"], row["ci_high"])),
            Cell(cells.percent(row["rate_average"])),
            Cell(cells.percent(row["rate_exposure"])),
        )

    names = ("average", "exposure")
    words = (("rate", _WORDS["rate of start"]), *((name, _WORDS[name]) for name in names))
    return _Kind(columns, drawn, "present_end", ("joined",), words)


def _legend(parts: Parts, kind: _Kind, unit: str) -> Iterator[str]:
    if not all(row["complete"] for rows in parts.values() for row in rows):
        yield f"{MARK} not over yet"
    for name, meaning in kind.words:
        yield f"{name}: {meaning.format(period=unit)}"


def _not_shown(parts: Parts, shown: Parts, each: int, unit: str) -> Iterator[str]:
    longest = max(map(len, parts.values()))
    if longest > each:
        whose = " of each segment" if len(parts) > 1 else ""
        all_ = counted(longest, unit)
        yield f"Shown are the last {cells.count(each)} of {all_}{whose}; all: --table main."
    if len(parts) > len(shown):
        segments = counted(len(parts), "segment")
        yield f"Shown are the {cells.count(len(shown))} largest of {segments}; all: --table main."


def _figure(rows: Sequence[Row], kind: _Kind, unit: str) -> Iterator[Figure]:
    labels = [cells.period(row["period"], unit) for row in rows]
    came, went = (
        [Series(name, [row[name] for row in rows]) for name in names]
        for names in (kind.came, kind.went)
    )
    lines = diverging_columns(labels, came, went, marked=[not row["complete"] for row in rows])
    names = f"{' and '.join(kind.came)} members above a line, {' and '.join(kind.went)} below it"
    said = f"Columns by {unit}, {labels[0]} to {labels[-1]}: {names}; the numbers are in the table."
    yield Figure(lines, f"members by {unit}", said)
