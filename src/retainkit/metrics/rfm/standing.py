"""Where each buyer stands at a moment: how recently, how often and for how much it ordered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retainkit.errors import UsageError
from retainkit.metrics.purchases import Purchases
from retainkit.metrics.rfm.grid import segment_codes
from retainkit.metrics.rfm.params import SCORES, RfmParams
from retainkit.periods import Calendar, Ints, Window
from retainkit.timeline import MONEY_UNIT, first_of_each


@dataclass(frozen=True, eq=False)
class Standing:
    """Buyers, in order. member: which. days: from the date of their last order to the moment's.

    orders: how many. amount: millionths.
    """

    member: Ints
    days: Ints
    orders: Ints
    amount: Ints

    def scores(self, params: RfmParams) -> tuple[Ints, Ints, Ints]:
        """Return the scores of recency, frequency and money, 1 to 5, 5 the best."""
        r_cuts, f_cuts, m_cuts = (np.array(cuts, dtype=np.float64) for cuts in params.cuts)
        money = np.round(m_cuts * MONEY_UNIT)
        return (
            SCORES - np.searchsorted(r_cuts, self.days),
            1 + np.searchsorted(f_cuts, self.orders),
            1 + np.searchsorted(money, self.amount),
        )

    def segments(self, params: RfmParams) -> Ints:
        """Return the named segment of each, as codes."""
        return segment_codes(*self.scores(params))


def earlier(params: RfmParams, window: Window) -> int | None:
    """Return the moment that is compared with, if any; raises UsageError unless before as-of."""
    if params.before is None:
        return None
    moment = window.calendar.midnight(params.before)
    if moment >= window.as_of:
        as_of = window.calendar.aware(window.as_of).isoformat(" ", "minutes")
        raise UsageError(f"--compare-to: {params.before} is not before as-of, {as_of}.")
    return moment


def standing(bought: Purchases, calendar: Calendar, moment: int) -> Standing:
    """Return where those stand who ordered before a moment (us)."""
    assert bought.amount is not None
    rows = np.flatnonzero(bought.time < moment)
    owner = bought.member[rows]
    first = np.flatnonzero(first_of_each(owner)) if len(rows) else rows
    last = rows[np.append(first[1:], len(rows)) - 1] if len(rows) else rows
    today = calendar.days(np.array([moment], dtype=np.int64))[0]
    return Standing(
        member=owner[first],
        days=today - calendar.days(bought.time[last]),
        orders=np.diff(first, append=len(rows)),
        amount=np.add.reduceat(bought.amount[rows], first) if len(rows) else bought.amount[rows],
    )
