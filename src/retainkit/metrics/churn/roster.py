"""The members to win back: now silent, or longer so than they use to be. One row a member."""

from __future__ import annotations

import numpy as np
import polars as pl

from retainkit.metrics.base import Roster, named_segments
from retainkit.metrics.churn.params import ChurnParams
from retainkit.metrics.churn.spells import OPEN, Days, Spells, activity, spells
from retainkit.metrics.groups import segments_of
from retainkit.periods import Ints, Window
from retainkit.stats.intervals import Floats
from retainkit.timeline import MONEY_UNIT, Timeline

LIKELY = 2.0  # times their own usual gap, from which on members are likely to be lost


def rows(timeline: Timeline, params: ChurnParams, window: Window) -> pl.DataFrame:
    """Return members who churned and are not back (silent, left) or are likely to (at risk).

    Columns: member, state, last_active, silent_days, usual_gap_days (median of the member's own),
    times_usual, active_days, churned_on, value (null without amounts), and segments.
    """
    days, found = activity(timeline, params, "day"), spells(timeline, params, window)
    last, count, usual = _habits(timeline, days)
    churned = _churned_on(timeline, found, window)
    end = window.last_complete("day")
    begin = np.full(timeline.members, OPEN)
    begin[found.member] = found.begin if found.unit == "day" else OPEN
    since = np.where(last != OPEN, last, begin)
    silent = np.where(since != OPEN, np.maximum(end - since, 0), 0)
    times = silent / usual
    lost = churned != OPEN
    some = np.flatnonzero((since != OPEN) & (lost | (times > LIKELY)))
    state = "left" if params.definition == "leave" else "silent"
    assert timeline.ids is not None
    table = pl.DataFrame(
        {
            "member": params.told(timeline.ids.gather(some)),
            "state": np.where(lost[some], state, "at risk").astype(object),
            "last_active": _dates(window, last[some]),
            "silent_days": silent[some],
            "usual_gap_days": pl.Series(usual[some]).fill_nan(None),
            "times_usual": pl.Series(times[some]).fill_nan(None),
            "active_days": count[some],
            "churned_on": _dates(window, churned[some]),
            "value": _value(timeline)[some],
        },
        schema_overrides={"state": pl.String, "value": pl.Float64},
    )
    with_segments = table.hstack(segments_of(timeline, params.by, some))
    return named_segments(with_segments, params.by)


def _habits(timeline: Timeline, days: Days) -> tuple[Ints, Ints, Floats]:
    """Return each member's last active day (OPEN: none), active days and usual gap (NaN: none)."""
    count = np.bincount(days.member, minlength=timeline.members)
    last = np.full(timeline.members, OPEN)
    last[days.member] = days.day  # days are in order: the last one stays
    usual = np.full(timeline.members, np.nan)
    follows = np.flatnonzero(np.diff(days.member) == 0)
    member, gap = days.member[follows], np.diff(days.day)[follows]
    if len(gap):
        span = int(gap.max()) + 1
        gap = np.sort(member * span + gap) % span
        many = np.bincount(member, minlength=timeline.members)
        first = np.cumsum(many) - many
        some = np.flatnonzero(many)
        low, high = first[some] + (many[some] - 1) // 2, first[some] + many[some] // 2
        usual[some] = (gap[low] + gap[high]) / 2
    return last, count, usual


def _churned_on(timeline: Timeline, found: Spells, window: Window) -> Ints:
    """Return the day on which each member churned for the last time; OPEN where it is there."""
    final = found.end
    if found.unit != "day":
        over = found.end <= window.last_complete(found.unit)
        final = np.full(len(found), OPEN)
        final[over] = timeline.calendar.first_days(found.end[over], found.unit)
    churned = np.full(timeline.members, OPEN)
    churned[found.member] = final  # spells are in order: the last one stays
    return churned


def _dates(window: Window, days: Ints) -> pl.Series:
    known = days != OPEN
    names = window.calendar.names(np.where(known, days, 0), "day")
    return names.set(pl.Series(~known), None)


def _value(timeline: Timeline) -> pl.Series:
    """Return the sum of each member's amounts; null where there are no amounts."""
    if timeline.amount is None:
        return pl.repeat(None, timeline.members, dtype=pl.Float64, eager=True)
    upto = np.append(0, np.cumsum(timeline.amount))
    sums = upto[timeline.bounds[1:]] - upto[timeline.bounds[:-1]]
    return pl.Series(sums / MONEY_UNIT)


ROSTER: Roster[ChurnParams] = Roster(
    option="--roster", path=lambda params: params.roster, rows=rows
)
