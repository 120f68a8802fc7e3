"""The step matrix: where everybody is at each position, as a grid, a figure and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from retainkit.render import cells
from retainkit.render.figures.stacks import Stack, stacked
from retainkit.render.view import Block, Cell, Chart, Column, Figure, Grid, Legend
from retainkit.render.views.keys import Row
from retainkit.results import Result
from retainkit.wording import counted

ARRIVED, ENDED, MORE = "(arrived)", "(ended)", "…"
MARKS = (ARRIVED, ENDED, MORE)  # of who is over, and of what is not told
OTHERS = "(other events)"
MOST_EVENTS = 8
_WIDTH = 80
_SAID = {ARRIVED: "arrived", ENDED: "ended", MORE: "beyond --depth", OTHERS: "other events"}
_SIGNS = {ARRIVED: "+", ENDED: "·", MORE: "…", OTHERS: "░"}
_LETTERS = "ABCDEFGH"

Shares = dict[str, dict[int, Row]]  # by event, then by position


def blocks(result: Result) -> Iterator[Block]:
    """Yield the matrix of the one segment there is, and its pictures."""
    rows: list[Row] = [*result.tables["steps"].iter_rows(named=True)]
    events = named_events(rows)
    positions = range(max(row["position"] for row in rows) + 1)
    columns = [Column(str(n), "right", optional=True, heated=True) for n in positions]
    drawn = tuple(_row(event, shares, positions) for event, shares in events.items())
    yield Grid(
        (Column("event"), *columns),
        drawn,
        caption="where they are, so many events after the start",
        optional_name="positions",
        widen="widen, pick with --depth, or write --table steps -f csv",
    )
    items = ["each column adds up to all journeys; empty: nobody"]
    if MORE in events:
        items.append("…: they go on, beyond --depth")
    yield Legend(tuple(items))
    yield from pictures(result, (_figure(events, positions),))


def pictures(result: Result, instead: tuple[Block, ...] = ()) -> Iterator[Block]:
    """Yield the flow from event to event and the shares by position, as pictures.

    instead: what stands for the shares where there are no pictures; the paths do for the flow.
    """
    for table, caption, other in (
        ("links", "from event to event", ()),
        ("steps", "shares by position", instead),
    ):
        of = replace(result, tables={table: result.tables[table]})
        yield Chart(of, caption=caption, instead=other)


def named_events(rows: list[Row], most: int = MOST_EVENTS) -> Shares:
    """Return the cells of the most common events, of all others together, and of who is over."""
    shares: Shares = {}
    for row in rows:
        shares.setdefault(row["event"], {})[row["position"]] = row
    sizes = {
        event: sum(row["members"] for row in cells_.values())
        for event, cells_ in shares.items()
        if event not in MARKS
    }
    common = sorted(sizes, key=lambda event: (-sizes[event], event))
    if len(common) > most + 1:  # one other event can as well be named
        common = common[:most]
    found = {event: shares[event] for event in common}
    if others := [shares[event] for event in sizes if event not in found]:
        found[OTHERS] = _together(others)
    return found | {mark: shares[mark] for mark in MARKS if mark in shares}


def _together(events: list[dict[int, Row]]) -> dict[int, Row]:
    sums: dict[int, Row] = {}
    for event in events:
        for position, row in event.items():
            so_far = sums.get(position, {"members": 0, "share": 0.0})
            sums[position] = {name: so_far[name] + row[name] for name in ("members", "share")}
    return sums


def _row(event: str, shares: dict[int, Row], positions: range) -> tuple[Cell, ...]:
    return (Cell(event), *(_cell(shares.get(position)) for position in positions))


def _cell(row: Row | None) -> Cell:
    if row is None:
        return Cell()
    return Cell(
        cells.percent(row["share"]), heat=row["share"], hint=counted(row["members"], "member")
    )


def _figure(events: Shares, positions: range) -> Figure:
    letters = iter(_LETTERS + _LETTERS.lower())
    stacks = [
        Stack(
            _SIGNS.get(event) or next(letters),
            _SAID.get(event, event),
            [shares[n]["members"] if n in shares else 0 for n in positions],
        )
        for event, shares in events.items()
    ]
    lines = stacked([str(n) for n in positions], stacks, _WIDTH)
    return Figure(lines, "shares by position", "Stacked bars: the shares of the matrix above.")
