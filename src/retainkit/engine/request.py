"""One metric asked for, and the Result it becomes; the same whichever engine runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from retainkit.engine.seen import Members
from retainkit.metrics.base import Metric
from retainkit.periods import Window
from retainkit.results import DataWindow, Result
from retainkit.timeline import Needs, Timeline

_WAITING_ROWS = 500_000


@dataclass(frozen=True)
class Request:
    """A metric and its parameters."""

    metric: Metric[Any]
    params: Any

    def needs(self, joined: bool) -> Needs:
        """Return what the metric reads of each event."""
        return self.metric.needs(self.params, joined)

    def result(
        self,
        tally: pl.DataFrame,
        window: Window,
        data: DataWindow,
        notes: Sequence[str],
        source: Mapping[str, object],
    ) -> Result:
        """Return the Result of the tally of all members."""
        summary = self.metric.summarise(tally, self.params, window)
        return Result(
            command=self.metric.command,
            definition=summary.definition,
            params={**asdict(self.params), **source},
            data=data,
            tables=summary.tables,
            notes=(*summary.notes, *notes),
        )


def counted(
    timeline: Timeline, requests: Sequence[Request], window: Window
) -> tuple[Members, list[pl.DataFrame]]:
    """Return the members of a timeline, and its tally for each request."""
    tallies = [request.metric.tally(timeline, request.params, window) for request in requests]
    return Members.of(timeline), tallies


@dataclass
class Tallies:
    """The tallies of disjoint members, added up as they come: memory grows with distinct keys."""

    metric: Metric[Any]
    _parts: list[pl.DataFrame] = field(default_factory=list)
    _rows: int = 0

    def add(self, tally: pl.DataFrame) -> None:
        """Take one more."""
        self._parts.append(tally)
        self._rows += tally.height
        if self._rows > _WAITING_ROWS + 2 * self._parts[0].height:
            self._parts = [self.total()]
            self._rows = self._parts[0].height

    def total(self) -> pl.DataFrame:
        """Return their sum."""
        return self.metric.merge(self._parts)
