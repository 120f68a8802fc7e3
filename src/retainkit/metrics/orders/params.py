"""What `orders` can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from retainkit.choices import Clock, DatePeriod
from retainkit.errors import UsageError, check_choice, check_kinds
from retainkit.metrics.costs import CostsParams
from retainkit.metrics.purchases import order_selector
from retainkit.metrics.starts import ReturnParams
from retainkit.periods import FURTHEST
from retainkit.selectors import ANY, Selector, parse_selector

MOST_HORIZON = 3660  # days


@dataclass(frozen=True, kw_only=True)
class OrdersParams(CostsParams):
    """The parameters of `orders`; DEFINITIONS: docs/orders.md."""

    order_event: str | None = None
    start_event: str | None = None
    visit_event: str | None = None
    first_days: tuple[int, ...] = (3, 7, 30)
    repeat_days: tuple[int, ...] = (7, 30, 90)
    clock: Clock = "elapsed"
    merge_days: bool = False
    lookback: str | None = None
    horizon: int = 90
    period: DatePeriod = "month"
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_kinds(self)
        check_choice("--period", self.period, get_args(DatePeriod))
        _ = self.starting, self.order, self.visit  # faults in them are told before data is read
        _check_days("--first-days", self.first_days)
        _check_days("--repeat-days", self.repeat_days)
        if not 1 <= self.horizon <= MOST_HORIZON:
            raise UsageError(f"--horizon: name a number of days from 1 to {MOST_HORIZON:,}.")
        self.check_costs()

    @cached_property
    def starting(self) -> ReturnParams:
        """Who starts, and when, as for every other metric."""
        return ReturnParams(
            clock=self.clock,
            start_event=self.start_event,
            return_event=self.order_event,
            by=self.by,
            lookback=self.lookback,
            confidence=self.confidence,
        )

    @cached_property
    def order(self) -> Selector:
        """What is an order."""
        return order_selector(self.order_event)

    @cached_property
    def visit(self) -> Selector:
        """What is a visit; any event by default."""
        return ANY if self.visit_event is None else parse_selector(self.visit_event)


def _check_days(option: str, days: Sequence[int]) -> None:
    if not days or min(days) < 1 or max(days) > FURTHEST:
        raise UsageError(f"{option}: name days from 1 to {FURTHEST:,}, e.g. 3,7,30.")
    if len(set(days)) < len(days):
        raise UsageError(f"{option}: a number of days is named twice.")
