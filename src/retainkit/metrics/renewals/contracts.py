"""Members' contracts by their own clocks: which renewals are due, and at which one they ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retainkit.metrics.churn.spells import OPEN, Spells, spells
from retainkit.metrics.renewals.params import RenewalsParams
from retainkit.periods import Ints, Window, whole_periods
from retainkit.timeline import Bools, Timeline


@dataclass(frozen=True, eq=False)
class Contracts:
    """Contracts, the first stays of members: one an item of each array.

    member: whose. due: renewals whose due day is over by as-of. lost: the one of them at which it
    ended; 0 where it is still there. leaving: which have ended since their last due renewal, and
    are lost when the next is due. stays: all stays, with what was found on the way.
    """

    member: Ints
    due: Ints
    lost: Ints
    leaving: Bools
    stays: Spells

    @property
    def back(self) -> int:
        """How many members came back after their contract: what follows is none."""
        return len(np.unique(self.stays.member[~self.stays.first]))


def contracts(timeline: Timeline, params: RenewalsParams, window: Window) -> Contracts:
    """Return the contracts of all members.

    Renewal t of a contract falls due t periods after its first day. It is lost at the first whose
    due day is not before the day of leaving: who leaves on that day does not renew.
    """
    stays = spells(timeline, params.stays, window)
    begin, end = stays.begin[stays.first], stays.end[stays.first]
    today = np.full(len(begin), window.last_complete("day"))
    due = np.maximum(whole_periods(begin, today, params.period), 0)
    ended = np.flatnonzero(end != OPEN)
    at = np.zeros(len(begin), dtype=np.int64)
    at[ended] = np.maximum(whole_periods(begin[ended], end[ended] - 1, params.period) + 1, 1)
    return Contracts(
        member=stays.member[stays.first],
        due=due,
        lost=np.where(at <= due, at, 0),
        leaving=at > due,
        stays=stays,
    )
