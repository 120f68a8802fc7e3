"""Rosters: rows about single members, written as they are found, in the order of the slices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import polars as pl

from retainkit.engine.request import Request
from retainkit.metrics.base import Roster
from retainkit.periods import Window
from retainkit.rowsfile import RowsFile
from retainkit.timeline import Timeline
from retainkit.wording import counted


class Rosters:
    """The rosters that requests ask for; each file is put in place at the end, unless one fails.

    sources: the files that are read, which no roster may replace. excel_safe: whether text that
    a spreadsheet would run as a formula is defused.
    """

    def __init__(
        self, requests: Sequence[Request], sources: Sequence[str], excel_safe: bool = False
    ) -> None:
        self._requests = requests
        self._asked: list[tuple[Roster[Any], Any]] = []
        self._files: list[RowsFile] = []
        self._states: list[Counter[str]] = []
        for request in requests:
            roster = request.metric.roster
            path = None if roster is None else roster.path(request.params)
            if roster is not None and path is not None:
                self._asked.append((roster, request.params))
                self._files.append(RowsFile(path, roster.option, sources, excel_safe))
                self._states.append(Counter())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            for file in self._files if kind is None else ():
                file.finish()
        finally:
            for file in self._files:
                file.discard()

    def rows(self, timeline: Timeline, window: Window) -> list[pl.DataFrame]:
        """Return what each roster says of the members of a timeline."""
        return [roster.rows(timeline, params, window) for roster, params in self._asked]

    def write(self, listed: Sequence[pl.DataFrame]) -> None:
        """Add rows to each roster."""
        for file, states, rows in zip(self._files, self._states, listed, strict=True):
            file.write(rows)
            states.update(dict(rows["state"].value_counts().iter_rows()))

    def told(self) -> list[Request]:
        """Return the requests, with a note on what their rosters hold."""
        notes = iter(
            f"{roster.option} {roster.path(params)}: {counted(states.total(), 'member')}"
            + "".join(f", {count:,} {state}" for state, count in sorted(states.items()))
            + "."
            for (roster, params), states in zip(self._asked, self._states, strict=True)
        )
        asked = [id(params) for _, params in self._asked]
        return [
            replace(request, found=(*request.found, next(notes)))
            if id(request.params) in asked
            else request
            for request in self._requests
        ]
