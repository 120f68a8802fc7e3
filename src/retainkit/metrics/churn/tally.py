"""Counts of some members' spells, additive over disjoint members."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from retainkit.choices import Period
from retainkit.columns import column
from retainkit.metrics.base import add_up, filled, nobody, segment_keys
from retainkit.metrics.churn.params import ChurnParams
from retainkit.metrics.churn.paths import paths, returns, units_of
from retainkit.metrics.churn.spells import OPEN, Spells, activity, gaps, spells
from retainkit.metrics.groups import Groups, segments_of
from retainkit.periods import Ints, Window
from retainkit.timeline import Grain, Needs, Timeline

# kind: which table a row goes into. at: a day or period, an age, a gap. text: a path, a reason.
KEYS = {"kind": pl.String, "at": pl.Int64, "text": pl.String}
FINDINGS = ("early", "twice", "only", "assumed", "cut", "unseen", "young")
MEASURES = ("begun", "again", "ended", "of_start", "yes", "no", *FINDINGS)

FLOW, GAP, REASON, PATH, RETURN = "flow", "gap", "reason", "path", "return"
TIMING, SECOND_LIFE, WINBACK = "timing", "second_life", "winback"


def needs(params: ChurnParams, _joined: bool) -> Needs:
    """Return what `churn` reads of each event."""
    listed = params.roster is not None
    grain: Grain = "day"
    if params.definition == "lifecycle" and not listed:
        grain = params.period
    if params.paths:
        grain = "exact"
    leave = () if params.leave is None else (params.leave,)
    return Needs(
        grain=grain,
        selectors=(params.activity, *leave),
        segments=params.by,
        left=params.definition == "leave" and params.leave is None,
        reason=True,
        worth=listed,
        event=params.paths,
        ids=listed,
    )


def tally(timeline: Timeline, params: ChurnParams, window: Window) -> pl.DataFrame:
    """Return counts by `[seg_i…], kind, at, text`.

    flow: spells that begin (`again`: of them, not the first) and end at a day or period
    (`of_start`: of them, begun before that period). timing, second_life, winback: by age, how
    many came to their end (`yes`) and how many were last seen (`no`). path: by age, churned and
    stayed. gap, reason, return: how many (`yes`). A row without a kind has the findings.
    """
    found = spells(timeline, params, window)
    groups = Groups.of_members(timeline, params.by, found.member)
    begin, end = (_periods(timeline, found, at, params.period) for at in (found.begin, found.end))
    parts = [_findings(found, params), *_flows(found, groups, begin, end)]
    parts += _durations(found, groups, begin, end, params, window)
    parts.append(_reasons(timeline, params, found, end))
    if params.definition == "inactivity":
        parts.append(gap_counts(timeline, params))
    if params.paths:
        units = units_of(timeline, params, found, window)
        parts.append(paths(timeline, params, units).with_columns(kind=pl.lit(PATH)))
        parts.append(returns(timeline, params, units).with_columns(kind=pl.lit(RETURN)))
    return add_up(pl.concat(filled(part, KEYS, MEASURES) for part in parts), MEASURES)


def gap_counts(timeline: Timeline, params: ChurnParams) -> pl.DataFrame:
    """Return how often each number of days lies between active days; of no segment."""
    days, times = np.unique(gaps(activity(timeline, params, "day")), return_counts=True)
    return pl.DataFrame([column(days, "at"), column(times, "yes")]).with_columns(
        kind=pl.lit(GAP), **nobody(params.by)
    )


def _findings(found: Spells, params: ChurnParams) -> pl.DataFrame:
    counts = pl.DataFrame({name: [getattr(found, name)] for name in FINDINGS[:-1]})
    return counts.with_columns(**nobody(params.by))


def _flows(found: Spells, groups: Groups, begin: Ints, end: Ints) -> Iterator[pl.DataFrame]:
    """Yield how many spells begin and end when; begin, end: their periods."""
    flow = pl.lit(FLOW)
    yield groups.by("at", found.begin).tally(begun=None, again=~found.first).with_columns(kind=flow)
    ended = np.flatnonzero(found.ended)
    counts = groups.take(ended).by("at", found.end[ended])
    of_start = begin[ended] < end[ended]
    yield counts.tally(ended=None, of_start=of_start).with_columns(kind=flow)


def _periods(timeline: Timeline, found: Spells, days: Ints, period: Period) -> Ints:
    """Return the periods of begins or ends of spells; OPEN stays what it is."""
    if found.unit == period:
        return days
    periods = days.copy()
    known = days != OPEN
    periods[known] = timeline.calendar.from_days(days[known], period)
    return periods


def _durations(
    found: Spells, groups: Groups, begin: Ints, end: Ints, params: ChurnParams, window: Window
) -> Iterator[pl.DataFrame]:
    """Yield how long first spells, later ones and silences last, in periods."""
    follows = np.append(~found.first, False)[1:]
    back = np.where(follows, np.append(begin, OPEN)[1:], OPEN)
    for kind, some, since, until in (
        (TIMING, found.first, begin, end),
        (SECOND_LIFE, ~found.first, begin, end),
        (WINBACK, found.ended, end, back),
    ):
        rows = np.flatnonzero(some)
        yield from _lasted(kind, groups.take(rows), since[rows], until[rows], params, window)


def _lasted(
    kind: str, groups: Groups, since: Ints, until: Ints, params: ChurnParams, window: Window
) -> Iterator[pl.DataFrame]:
    """Yield durations by age: those that are over, and those last seen at an age that is over."""
    over = window.last_complete(params.period)
    came = until <= over
    age = np.where(came, until, over) - since
    seen = age >= first_age(params)
    yield (
        groups.take(np.flatnonzero(seen))
        .by("at", age[seen])
        .tally(yes=came[seen], no=~came[seen])
        .with_columns(kind=pl.lit(kind))
    )
    if kind == TIMING:
        yield groups.tally(young=~seen)


def first_age(params: ChurnParams) -> int:
    """Return the least age at which a spell or a silence can end: no run is shorter than 1."""
    return 1 if params.definition == "lifecycle" else 0


def _reasons(timeline: Timeline, params: ChurnParams, found: Spells, end: Ints) -> pl.DataFrame:
    """Return the reasons of leaving, each at its member's last churn; end: periods of spells."""
    if timeline.reason is None:
        schema = dict.fromkeys((*segment_keys(params.by), "kind", "text"), pl.String)
        return pl.DataFrame(schema={**schema, "at": pl.Int64, "yes": pl.Int64})
    ended = np.flatnonzero(found.ended)
    member = found.member[ended]
    last = ended[np.append(member[1:] != member[:-1], True)[: len(ended)]]
    member = found.member[last]
    said = pl.DataFrame(
        [
            *segments_of(timeline, params.by, member),
            column(end[last], "at"),
            timeline.reason.gather(member).alias("text"),
        ]
    )
    return said.group_by(pl.all()).len("yes").with_columns(kind=pl.lit(REASON))
