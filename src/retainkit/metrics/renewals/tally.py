"""Counts of some members' contracts, additive over disjoint members."""

from __future__ import annotations

import polars as pl

from retainkit.metrics.base import add_up, filled, nobody
from retainkit.metrics.groups import Groups
from retainkit.metrics.renewals.contracts import contracts
from retainkit.metrics.renewals.params import RenewalsParams
from retainkit.periods import Window
from retainkit.timeline import Needs, Timeline

# due: renewals that are due; lost: the one at which contracts ended, 0 for those still there.
KEYS = {"due": pl.Int64, "lost": pl.Int64}
_OF_STAYS = ("assumed", "cut", "unseen", "early", "only")
FINDINGS = ("leaving", "back", *_OF_STAYS)
MEASURES = ("members", *FINDINGS)


def needs(params: RenewalsParams, _joined: bool) -> Needs:
    """Return what `renewals` reads of each event."""
    stays = params.stays
    leave = () if stays.leave is None else (stays.leave,)
    return Needs(
        grain="day",
        selectors=(stays.activity, *leave),
        segments=params.by,
        left=stays.leave is None,
    )


def tally(timeline: Timeline, params: RenewalsParams, window: Window) -> pl.DataFrame:
    """Return how many members have a contract by `[seg_i…], due, lost`.

    A row without keys has the findings: contracts that are about to be lost, members who came
    back, and what `churn` finds of stays.
    """
    known = contracts(timeline, params, window)
    groups = Groups.of_members(timeline, params.by, known.member)
    found = {name: [getattr(known.stays, name)] for name in _OF_STAYS}
    found |= {"leaving": [int(known.leaving.sum())], "back": [known.back]}
    parts = [
        groups.by("due", known.due).by("lost", known.lost).tally(members=None),
        pl.DataFrame(found).with_columns(**nobody(params.by)),
    ]
    return add_up(pl.concat(filled(part, KEYS, MEASURES) for part in parts), MEASURES)
