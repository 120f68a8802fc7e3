"""Rosters: rows about single members, written as they are found, in the order of the slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

import polars as pl

from retainkit.engine.request import Request
from retainkit.metrics.base import Roster
from retainkit.periods import Window
from retainkit.rowsfile import RowsFile
from retainkit.timeline import Timeline
from retainkit.wording import counted


@dataclass(frozen=True)
class _Open:
    """A roster that is being written. number: of the request that asked for it."""

    number: int
    roster: Roster[Any]
    params: Any
    path: str
    file: RowsFile
    states: Counter[str] = field(default_factory=Counter)

    @property
    def note(self) -> str:
        """How many members it has, by state."""
        by_state = (f", {count:,} {state}" for state, count in sorted(self.states.items()))
        members = counted(self.states.total(), "member")
        return f"{self.roster.option} {self.path}: {members}{''.join(by_state)}."


class Rosters:
    """The rosters that requests ask for; each file is put in place at the end, unless one fails.

    sources: the files that are read, which no roster may replace. excel_safe: whether text that
    a spreadsheet would run as a formula is defused.
    """

    def __init__(
        self, requests: Sequence[Request], sources: Sequence[str], excel_safe: bool = False
    ) -> None:
        self._requests = requests
        self._open: list[_Open] = []
        for number, request in enumerate(requests):
            roster, params = request.metric.roster, request.params
            path = None if roster is None else roster.path(params)
            if roster is not None and path is not None:
                file = RowsFile(path, roster.option, sources, excel_safe)
                self._open.append(_Open(number, roster, params, path, file))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            for each in self._open if kind is None else ():
                each.file.finish()
        finally:
            for each in self._open:
                each.file.discard()

    def rows(self, timeline: Timeline, window: Window) -> list[pl.DataFrame]:
        """Return what each roster says of the members of a timeline."""
        return [each.roster.rows(timeline, each.params, window) for each in self._open]

    def write(self, listed: Sequence[pl.DataFrame]) -> None:
        """Add rows to each roster."""
        for each, rows in zip(self._open, listed, strict=True):
            each.file.write(rows)
            each.states.update(dict(rows["state"].value_counts().iter_rows()))

    def told(self) -> list[Request]:
        """Return the requests, with a note on what their rosters hold."""
        done = list(self._requests)
        for each in self._open:
            request = done[each.number]
            done[each.number] = replace(request, found=(*request.found, each.note))
        return done
