"""One metric asked for, and the Result it becomes; the same whichever engine runs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from retainkit.metrics.base import Metric
from retainkit.periods import Window
from retainkit.results import DataWindow, Result
from retainkit.timeline import Needs


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
        tallies: Iterable[pl.DataFrame],
        window: Window,
        data: DataWindow,
        notes: Sequence[str],
        source: Mapping[str, object],
    ) -> Result:
        """Return the Result that the tallies of disjoint members add up to."""
        tally = self.metric.merge(tallies)
        summary = self.metric.summarise(tally, self.params, window)
        return Result(
            command=self.metric.command,
            definition=summary.definition,
            params={**asdict(self.params), **source},
            data=data,
            tables=summary.tables,
            notes=(*summary.notes, *notes),
        )
