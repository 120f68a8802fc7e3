"""Rosters: rows about single members, written as they are found, in the order of the slices."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import polars as pl

from retainkit.engine.request import Request
from retainkit.metrics.base import Roster
from retainkit.periods import Window
from retainkit.rowsfile import RowsFile
from retainkit.timeline import Timeline


class Rosters:
    """The rosters that requests ask for; each file is put in place at the end, unless one fails.

    sources: the files that are read, which no roster may replace.
    """

    def __init__(self, requests: Sequence[Request], sources: Sequence[str]) -> None:
        self._asked: list[tuple[Roster[Any], Any]] = []
        self._files: list[RowsFile] = []
        for request in requests:
            roster = request.metric.roster
            path = None if roster is None else roster.path(request.params)
            if roster is not None and path is not None:
                self._asked.append((roster, request.params))
                self._files.append(RowsFile(path, roster.option, sources))

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
        for file, rows in zip(self._files, listed, strict=True):
            file.write(rows)
