"""One metric asked for, and the Result it becomes; the same whichever engine runs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import polars as pl

from retainkit.engine.seen import Members
from retainkit.metrics.base import Counting, Metric
from retainkit.periods import Window
from retainkit.results import DataWindow, Result
from retainkit.timeline import Needs, Timeline
from retainkit.wording import spelled

_WAITING_ROWS = 500_000


@dataclass(frozen=True)
class Asked:
    """Something to count of members, and its parameters."""

    counting: Counting[Any]
    params: Any


@dataclass(frozen=True)
class Request:
    """A metric and its parameters. found: what was said as they were taken from the data."""

    metric: Metric[Any]
    params: Any
    found: tuple[str, ...] = ()

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
        told = (*self.found, *summary.notes, *notes)
        return self._told(summary.definition, summary.tables, told, data, source)

    def without_model(self, why: str, data: DataWindow, source: Mapping[str, object]) -> Result:
        """Return the Result of a model that cannot be fitted: no table of it has a column."""
        tables = {name: pl.DataFrame() for name in self.metric.tables}
        return self._told(f"No model: {why}", tables, (why,), data, source)

    def _told(
        self,
        definition: str,
        tables: Mapping[str, pl.DataFrame],
        notes: Sequence[str],
        data: DataWindow,
        source: Mapping[str, object],
    ) -> Result:
        params = {spelled(name): told for name, told in asdict(self.params).items()} | {**source}
        return Result(self.metric.command, definition, params, data, tables, tuple(notes))

    @property
    def asked(self) -> Asked:
        """What is counted for its tables."""
        return Asked(self.metric, self.params)


def settled(
    requests: Sequence[Request],
    window: Window,
    count: Callable[[Sequence[Asked]], Sequence[Tallies]],
) -> list[Request]:
    """Return the requests with all params that are taken from the data.

    count: returns the tallies of what is asked, over all members; called only if need be.
    """
    surveys = {
        number: survey
        for number, request in enumerate(requests)
        if (survey := request.metric.survey) is not None and survey.asked(request.params)
    }
    done = list(requests)
    if not surveys:
        return done
    asked = [Asked(survey, done[number].params) for number, survey in surveys.items()]
    for (number, survey), tallies in zip(surveys.items(), count(asked), strict=True):
        params, found = survey.settle(tallies.total(), done[number].params, window)
        done[number] = replace(done[number], params=params, found=tuple(found))
    return done


def counted(
    timeline: Timeline, asked: Sequence[Asked], window: Window
) -> tuple[Members, list[pl.DataFrame]]:
    """Return the members of a timeline, and its tally for each thing asked."""
    tallies = [each.counting.tally(timeline, each.params, window) for each in asked]
    return Members.of(timeline), tallies


@dataclass
class Tallies:
    """The tallies of disjoint members, added up as they come: memory grows with distinct keys."""

    counting: Counting[Any]
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
        return self.counting.merge(self._parts)
