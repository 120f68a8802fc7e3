"""A funnel: how many got to each step, which step to mend, what changed and where people went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from retainkit.render import cells
from retainkit.render.figures.paper import fitted
from retainkit.render.view import Block, Document, Lines
from retainkit.render.views import plain
from retainkit.render.views.funnel import around, mend, nodes, steps
from retainkit.render.views.keys import Parts, Row, parts_of
from retainkit.results import Result
from retainkit.wording import counted

_NAME = 30  # screen cells, in the title
_ORDERS = {"strict": "one directly after the other", "any": "in any order"}


def view(result: Result) -> Document:
    """Return the funnel, or the segments side by side; then each other table that has rows."""
    main = result.main
    by = main.columns[: main.columns.index("step")]
    parts = parts_of(main, by)
    rows = next(iter(parts.values()), [])
    return Document(_title(rows, result.params), tuple(_blocks(result, parts, by)))


def _title(rows: Sequence[Row], params: Mapping[str, object]) -> str:
    order, window = str(params.get("order", "ordered")), params.get("window")
    said = _ORDERS.get(order, "one after the other")
    if rows and order != "any":
        ends = (fitted(cells.label(row["event"]), _NAME) for row in (rows[0], rows[-1]))
        said = f"{' to '.join(ends)}, {said}"
    return f"funnel · {said}" + (f" within {window}" if window else "")


def _blocks(result: Result, parts: Parts, by: Sequence[str]) -> Iterator[Block]:
    if not any(row["members"] != 0 for rows in parts.values() for row in rows):
        said = tuple(_open(parts))
        nobody = "No attempt is over yet." if said else "Nobody took the first step."
        yield Lines((nobody, *said))
        return
    if len(parts) == 1:
        ((key, rows),) = parts.items()
        yield from steps.blocks(rows, key, by, result.params)
    else:
        yield from nodes.segments(result, parts, by)
    lower = nodes.lower(result, by) if by else None
    if said := (*mend.sentences(parts, result.params, lower), *_open(parts)):
        yield Lines(said)
    yield from around.change(result)
    yield from nodes.trend(result)
    yield from around.dropoffs(result)
    yield from plain.others(result, "main", filled=True)


def _open(parts: Parts) -> Iterator[str]:
    members = sum(row["open"] or 0 for rows in parts.values() for row in rows)
    if members:
        attempts = "is not over yet: it is" if members == 1 else "are not over yet: they are"
        whose = "the attempt" if members == 1 else "the attempts"
        yield f"Open: {whose} of {counted(members, 'member')} {attempts} not counted."
