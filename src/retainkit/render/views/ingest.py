"""What a run of `ingest` did: files and rows by what became of them."""

from __future__ import annotations

from retainkit.ingesting.outcome import Line, Outcome
from retainkit.render import cells
from retainkit.render.view import Cell, Column, Document, Grid
from retainkit.wording import counted

_COUNTS = ("files", "rows read", "written", "refused", "left out", "duplicates")


def view(made: Outcome, folder: str) -> Document:
    """Return a row for each state that files are in; rows read = the columns after it."""
    columns = (Column("files that are"), *(Column(name, "right") for name in _COUNTS))
    rows = tuple(_row(line) for line in made.lines)
    held = counted(made.rows.written, "row")
    if made.members is not None:
        held += f", {counted(made.members, 'row')} of members"
    return Document(f"ingest · {folder}", (Grid(columns, rows),), (("set", held),))


def _row(line: Line) -> tuple[Cell, ...]:
    counts = (
        line.files,
        line.rows.read + line.duplicates,
        line.rows.written,
        sum(line.rows.refused.values()),
        sum(line.rows.left_out.values()),
        line.duplicates,
    )
    return (Cell(line.state), *(Cell(cells.count(number)) for number in counts))
