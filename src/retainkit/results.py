"""What a command answers: named tidy tables with their definition, data window and notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from retainkit.errors import UsageError, nearest

FORMAT = "retainkit/1"


@dataclass(frozen=True)
class DataWindow:
    """What was read and what of it was used: `rows_read = rows + refused + left_out`.

    rows: events used. members: members seen in them or in the member table. first, last: the
    first and last event used; as_of: the end of what was observed; all three aware, in `tz`, or
    None where there is no event. refused: rows that cannot be used, by reason (no member, no
    readable time …). left_out: readable rows outside the request, by reason (--where, --since …).
    """

    rows: int
    members: int
    first: datetime | None
    last: datetime | None
    as_of: datetime | None
    tz: str
    refused: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows_read(self) -> int:
        """Rows in the files, used or not."""
        return self.rows + sum(self.refused.values()) + sum(self.left_out.values())


@dataclass(frozen=True)
class Result:
    """The answer of one command.

    definition: one sentence in words. params: every parameter, defaults too. notes: what the
    reader has to know to trust the numbers. tables: tidy frames by name, `main` first; rates are
    fractions from 0 to 1 with full precision and unknown is null.
    """

    command: str
    definition: str
    params: Mapping[str, object]
    data: DataWindow
    tables: Mapping[str, pl.DataFrame]
    notes: tuple[str, ...] = ()

    @property
    def main(self) -> pl.DataFrame:
        """The main table."""
        return self.tables["main"]

    def table(self, name: str) -> pl.DataFrame:
        """Return the table called `name`; raises UsageError that lists the tables there are."""
        check_table(self.command, name, self.tables)
        return self.tables[name]


def shared_notes(results: Sequence[Result]) -> list[str]:
    """Return what all of these results say, each note once: what is true of the data."""
    shared = set(results[0].notes).intersection(*(result.notes for result in results))
    return [note for note in dict.fromkeys(results[0].notes) if note in shared]


def check_table(command: str, name: str, tables: Iterable[str]) -> None:
    """Raise UsageError that lists `tables` unless `name` is one of those of a command's Result."""
    known = list(tables)
    if name not in known:
        raise UsageError(
            f"{command} has no table '{name}'; it has {', '.join(known)}.{nearest(name, known)}"
        )
