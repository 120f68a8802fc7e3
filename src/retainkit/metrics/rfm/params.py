"""What `rfm` can be asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from retainkit.errors import UsageError, check_kinds, check_once
from retainkit.metrics.listing import ListingParams
from retainkit.metrics.purchases import order_selector
from retainkit.selectors import Selector
from retainkit.stats.intervals import quantile

SCORES = 5


@dataclass(frozen=True, kw_only=True)
class RfmParams(ListingParams):
    """The parameters of `rfm`; DEFINITIONS: docs/rfm.md.

    r_cuts (days), f_cuts (orders), m_cuts (money): the upper ends of the first four scores'
    values, in rising order; found in the data where they are not given.
    """

    order_event: str | None = None
    merge_days: bool = False
    r_cuts: tuple[float, ...] = ()
    f_cuts: tuple[float, ...] = ()
    m_cuts: tuple[float, ...] = ()
    compare_to: str | None = None
    by: tuple[str, ...] = ()
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_kinds(self)
        quantile(self.confidence)
        check_once("--by", self.by)
        self.check_listing()
        _ = self.order, self.before  # faults in them are told before data is read
        for option, cuts in (("--r-cuts", self.r_cuts), ("--f-cuts", self.f_cuts)):
            _check_cuts(option, cuts)
        _check_cuts("--m-cuts", self.m_cuts)

    @cached_property
    def order(self) -> Selector:
        """What is an order."""
        return order_selector(self.order_event)

    @cached_property
    def before(self) -> date | None:
        """The earlier date that segments are compared with."""
        if self.compare_to is None:
            return None
        try:
            return date.fromisoformat(self.compare_to.strip())
        except ValueError:
            raise UsageError(
                f"--compare-to: '{self.compare_to}' is not a date.", "Write it like 2024-03-01."
            ) from None

    @property
    def cuts(self) -> tuple[tuple[float, ...], ...]:
        """The cuts of recency, frequency and money; empty where they are to be found."""
        return self.r_cuts, self.f_cuts, self.m_cuts


def _check_cuts(option: str, cuts: Sequence[float]) -> None:
    whole = len(cuts) == SCORES - 1 and all(map(math.isfinite, cuts))
    if cuts and not (whole and sorted(cuts) == list(cuts)):
        raise UsageError(
            f"{option}: name {SCORES - 1} rising numbers, not {', '.join(f'{c:g}' for c in cuts)}.",
            "They are the greatest values of the first four scores, like 7,30,90,180.",
        )
