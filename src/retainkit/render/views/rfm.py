"""RFM: the named segments, a map of who stands where, what the scores mean, who moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retainkit.render import cells
from retainkit.render.view import Block, Cell, Column, Document, Grid, Legend, Lines
from retainkit.render.views import keys, plain
from retainkit.render.views.keys import Key, Row, interval_title, parts_of
from retainkit.results import Result
from retainkit.wording import counted

MOST_SEGMENTS, MOST_MAPS = 6, 2
_BAR = 10  # characters
_SCORES = range(1, 6)
_MEASURES = {
    "recency_days": "recency: days since",
    "orders": "frequency: orders",
    "amount": "money",
}


def view(result: Result) -> Document:
    """Return the segments, the map of recency by frequency, the cuts and the movement."""
    main = result.main
    if not main.height:
        return Document("rfm · buyers", (Lines(("Nobody ordered in this data.",)),))
    return Document("rfm · buyers by recency, frequency and money", tuple(_blocks(result)))


def _blocks(result: Result) -> Iterator[Block]:
    main = result.main
    by = main.columns[: main.columns.index("segment")]
    parts = parts_of(main, by)
    shown = keys.largest(parts, "members", MOST_SEGMENTS)
    yield _segments({key: parts[key] for key in shown}, by)
    if len(shown) < len(parts):
        largest = f"{len(shown)} largest of {counted(len(parts), 'segment')}"
        yield Lines((f"Shown are the {largest}; all: -f csv.",))
    maps = parts_of(result.tables["cells"], by)
    for key in keys.largest(maps, "members", MOST_MAPS):
        yield _map(key, maps[key])
    yield Legend(("r: score of recency, 5 the latest; f: of frequency, 5 the most orders",))
    yield _scores(result)
    yield from _movement(result, by)
    yield from plain.others(result, "main", filled=True)


def _segments(parts: keys.Parts, by: Sequence[str]) -> Grid:
    columns = (
        *(Column(name) for name in by),
        Column("segment", whole=True),
        Column("buyers", "right"),
        Column("share", "right"),
        Column("", optional=True, called="bar"),
        Column("money", "right", optional=True, rank=3),
        Column("orders each", "right", optional=True, rank=1),
        Column("money each", "right", optional=True, rank=2),
        Column("days since", "right", optional=True),
    )

    def drawn(row: Row) -> tuple[Cell, ...]:
        return (
            Cell(cells.label(row["segment"])),
            Cell(cells.count(row["members"])),
            Cell(cells.percent(row["share"]), hint=cells.interval(row["ci_low"], row["ci_high"])),
            Cell(cells.bar(row["share"], _BAR)),
            Cell(cells.percent(row["amount_share"]), hint=cells.compact(row["amount"])),
            Cell(cells.compact(row["orders_per_member"])),
            Cell(cells.compact(row["amount_per_member"])),
            Cell(cells.compact(row["mean_recency_days"])),
        )

    return Grid(columns, tuple(keys.keyed(parts, drawn)))


def _map(key: Key, rows: Sequence[Row]) -> Grid:
    members = {(row["r"], row["f"]): row["members"] for row in rows}
    money = {(row["r"], row["f"]): row["amount"] for row in rows}
    top = max(members.values())
    columns = (
        Column("r \\ f", "right"),
        *(Column(str(f), "right", heated=True) for f in _SCORES),
    )

    def cell(place: tuple[int, int]) -> Cell:
        many = members.get(place)
        if many is None:
            return Cell("–")
        return Cell(cells.count(many), many / top, hint=f"money {cells.compact(money[place])}")

    drawn = tuple((Cell(str(r)), *(cell((r, f)) for f in _SCORES)) for r in reversed(_SCORES))
    whose = f" of {keys.label_of(key)}" if key else ""
    return Grid(columns, drawn, caption=f"buyers{whose} by recency (down) and frequency (across)")


def _scores(result: Result) -> Grid:
    parts = parts_of(result.tables["scores"], ["measure"])
    columns = (
        Column("score"),
        *(Column(str(score), "right", optional=score in (2, 4)) for score in _SCORES),
    )
    rows = (
        (Cell(_MEASURES[str(measure)]), *(Cell(_span(row)) for row in rows))
        for (measure,), rows in parts.items()
    )
    return Grid(columns, tuple(rows), caption="what the scores stand for: up to, or above")


def _span(row: Row) -> str:
    if not row["members"]:
        return "–"
    if row["up_to"] is None:
        return f"> {_end(row['above'])}"
    return f"≤ {_end(row['up_to'])}"


def _end(value: float) -> str:
    return cells.count(int(value)) if value == int(value) else cells.compact(value)


def _movement(result: Result, by: Sequence[str]) -> Iterator[Block]:
    table = result.tables["retention"]
    if not table.height:
        return
    stayed = {
        (*key, row["before"]): row["share"]
        for key, rows in parts_of(result.tables["movement"], by).items()
        for row in rows
        if row["before"] == row["now"]
    }
    columns = (
        *(Column(name) for name in by),
        Column("segment then", whole=True),
        Column("buyers", "right"),
        Column("ordered since", "right"),
        Column(interval_title(result.params), "right", optional=True),
        Column("still in it", "right", optional=True, rank=2),
        Column("money each", "right", optional=True, rank=1),
    )
    parts = parts_of(table, by)
    shown: keys.Parts = {
        key: [{**row, "still": stayed.get((*key, row["segment"]), 0.0)} for row in parts[key]]
        for key in keys.largest(parts, "members", MOST_SEGMENTS)
    }
    since = result.params.get("compare_to")
    drawn = tuple(keys.keyed(shown, _moved))
    yield Grid(
        columns, drawn, caption=f"who has ordered since {since}, by the segment they were in"
    )


def _moved(row: Row) -> tuple[Cell, ...]:
    return (
        Cell(cells.label(row["segment"])),
        Cell(cells.count(row["members"])),
        Cell(cells.percent(row["rate"]), hint=cells.count(row["retained"])),
        Cell(cells.interval(row["ci_low"], row["ci_high"])),
        Cell(cells.percent(row["still"])),
        Cell(cells.compact(row["amount_since_per_member"])),
    )
