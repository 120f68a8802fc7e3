"""What `churn` can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from retainkit.choices import ChurnDefinition, DatePeriod
from retainkit.errors import UsageError, check_choice, check_kinds, check_once
from retainkit.metrics.churn.taxonomy import Taxonomy, default_taxonomy, read_taxonomy
from retainkit.metrics.listing import ListingParams
from retainkit.periods import FURTHEST
from retainkit.selectors import ANY, Selector, parse_selector
from retainkit.stats.intervals import quantile

MOST_LAST = 10  # events in a path


@dataclass(frozen=True, kw_only=True)
class ChurnParams(ListingParams):
    """The parameters of `churn`; DEFINITIONS: docs/churn.md.

    inactive_days is found in the data where it is not given and the definition needs it.
    """

    definition: ChurnDefinition = "lifecycle"
    period: DatePeriod = "month"
    inactive_days: int | None = None
    leave_event: str | None = None
    return_event: str | None = None
    taxonomy: str | None = None
    paths: bool = False
    last: int = 3
    by: tuple[str, ...] = ()
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_kinds(self)
        check_choice("--definition", self.definition, get_args(ChurnDefinition))
        check_choice("--period", self.period, get_args(DatePeriod))
        quantile(self.confidence)
        for text in (self.leave_event, self.return_event):
            if text is not None:
                parse_selector(text)
        if self.leave == ANY:
            raise UsageError("--leave-event: not every event is a leaving.", "Name one of them.")
        check_once("--by", self.by)
        if not 1 <= self.last <= MOST_LAST:
            raise UsageError(f"--last: a path has between 1 and {MOST_LAST} events.")
        self._check_window()
        self.check_listing()
        if self.taxonomy is not None:
            _ = self.categories  # a fault in the file is told before any data is read

    def _check_window(self) -> None:
        if self.inactive_days is not None and not 1 <= self.inactive_days <= FURTHEST:
            raise UsageError(f"--inactive-days: name a number of days from 1 to {FURTHEST:,}.")

    @property
    def leave(self) -> Selector | None:
        """The events that are a leaving, if any are."""
        return None if self.leave_event is None else parse_selector(self.leave_event)

    @property
    def activity(self) -> Selector:
        """What counts as activity, unless it is a leaving; any event by default."""
        return ANY if self.return_event is None else parse_selector(self.return_event)

    @property
    def window(self) -> int:
        """How many silent days make a churned member."""
        assert self.inactive_days is not None, "the survey comes first"
        return self.inactive_days

    @cached_property
    def categories(self) -> Taxonomy:
        """What the reasons of leaving are counted as."""
        return default_taxonomy() if self.taxonomy is None else read_taxonomy(self.taxonomy)
