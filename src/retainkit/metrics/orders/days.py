"""How days are counted from a moment on: by the clock, or by dates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retainkit.metrics.orders.params import OrdersParams
from retainkit.periods import DAY, Ints, Window
from retainkit.timeline import Bools


@dataclass(frozen=True)
class Days:
    """How days are counted from a moment on: by the clock of the params."""

    params: OrdersParams
    window: Window

    def between(self, start: Ints, end: Ints) -> Ints:
        """Return which day, counted from 0 at the start, each end lies on."""
        if self.params.clock == "elapsed":
            return (end - start) // DAY
        days = self.window.calendar.days
        return np.asarray(days(end) - days(start))

    def over(self, start: Ints) -> Ints:
        """Return the last day, counted from 0 at the start, that is over by as-of; -1: none."""
        if self.params.clock == "elapsed":
            return (self.window.as_of - start) // DAY - 1
        over: Ints = self.window.last_complete("day") - self.window.calendar.days(start)
        return over

    def mature(self, start: Ints, days: int) -> Bools:
        """Return whether the window of so many days is over by as-of."""
        if self.params.clock == "elapsed":
            return np.asarray(start + days * DAY <= self.window.as_of)
        return np.asarray(self.over(start) >= days)

    def within(self, start: Ints, end: Ints, days: int) -> Bools:
        """Return whether each end lies in the window of so many days from the start."""
        if self.params.clock == "elapsed":
            return np.asarray(end - start <= days * DAY)
        return np.asarray(self.between(start, end) <= days)
