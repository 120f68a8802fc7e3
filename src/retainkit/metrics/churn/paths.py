"""What members did last before they went silent, and what those who came back came back with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from retainkit.metrics.base import segment_keys
from retainkit.metrics.churn.params import ChurnParams
from retainkit.metrics.churn.spells import Spells, active_rows
from retainkit.metrics.groups import event_names, segments_of
from retainkit.periods import Ints, Window
from retainkit.timeline import Bools, Timeline, first_of_each

ARROW = " > "


@dataclass(frozen=True, eq=False)
class Units:
    """The last activity of each period of a spell: where a member goes silent, or stays.

    row: of the timeline. member, spell: whose, and which of the spells. age: in periods since
    the member's first spell began. churned: nothing followed, and the spell ended. decided: it
    is known whether it did. opens: the first activity row of each spell that is not the first.
    """

    row: Ints
    member: Ints
    age: Ints
    churned: Bools
    decided: Bools
    opens: Ints


def units_of(timeline: Timeline, params: ChurnParams, found: Spells, window: Window) -> Units:
    """Return the units of all members."""
    rows = active_rows(timeline, params)
    rows = np.arange(len(timeline.time)) if rows is None else rows
    spell = _spell_of(timeline, found, rows)
    rows, spell = rows[spell >= 0], spell[spell >= 0]
    period = timeline.period_of(timeline.time[rows], params.period)
    new_spell = first_of_each(spell)
    last = np.append(first_of_each(spell, period), True)[1:]
    ends_spell = np.append(new_spell, True)[1:]
    at = np.flatnonzero(last)
    final = found.ended
    if params.definition == "lifecycle":  # a running period may still bring its members back
        final = found.end <= window.last_complete(params.period)
    begin = found.begin[found.first][np.cumsum(found.first) - 1]
    if found.unit != params.period:
        begin = timeline.calendar.from_days(begin, params.period)
    return Units(
        row=rows[at],
        member=found.member[spell[at]],
        age=period[at] - begin[spell[at]],
        churned=(ends_spell[at] & final[spell[at]]),
        decided=(~ends_spell[at] | final[spell[at]]),
        opens=rows[np.flatnonzero(new_spell & ~found.first[spell])],
    )


def paths(timeline: Timeline, params: ChurnParams, units: Units) -> pl.DataFrame:
    """Return `[seg_i…], at, text`: how many units of an age end in a path, churned and stayed."""
    some = np.flatnonzero(units.decided)
    names, codes = event_names(timeline)
    walked = pl.DataFrame(
        [
            *segments_of(timeline, params.by, units.member[some]),
            *_steps(timeline, params, units.row[some], codes),
            pl.Series("at", units.age[some]),
            pl.Series("churned", units.churned[some]),
        ]
    )
    steps = [name for name in walked.columns if name.startswith("step_")]
    counts = walked.group_by(*segment_keys(params.by), "at", *steps).agg(
        yes=pl.col("churned").sum(), no=(~pl.col("churned")).sum()
    )
    return counts.with_columns(text=_joined(counts, steps, names)).drop(steps)


def returns(timeline: Timeline, params: ChurnParams, units: Units) -> pl.DataFrame:
    """Return `[seg_i…], text`: how many spells begin again with an event."""
    names, codes = event_names(timeline)
    segments = segments_of(timeline, params.by, timeline.owner[units.opens])
    back = pl.DataFrame([*segments, names.gather(codes[units.opens]).alias("text")])
    return back.group_by(pl.all()).len("yes")


def _spell_of(timeline: Timeline, found: Spells, rows: Ints) -> Ints:
    """Return the spell that each row falls in; -1 where it lies before all of its member."""
    day, member = timeline.period_of(timeline.time[rows], found.unit), timeline.owner[rows]
    if not len(found) or not len(rows):
        return np.full(len(rows), -1)
    low = min(int(day.min()), int(found.begin.min()))
    span = max(int(day.max()), int(found.begin.max())) - low + 1
    begins = found.member * span + (found.begin - low)
    spell = np.searchsorted(begins, member * span + (day - low), side="right") - 1
    own = (spell >= 0) & (found.member[np.maximum(spell, 0)] == member)
    return np.where(own, spell, -1)


def _steps(timeline: Timeline, params: ChurnParams, rows: Ints, codes: Ints) -> list[pl.Series]:
    """Return the codes of the last events up to each of `rows`, oldest first; -1: there is none."""
    told = np.arange(len(codes))
    if params.leave is not None:
        told = np.flatnonzero(~timeline.passes(params.leave))
    at = np.searchsorted(told, rows)
    steps = []
    for back in range(params.last - 1, -1, -1):
        row = told[np.maximum(at - back, 0)] if len(told) else at
        own = (at >= back) & (timeline.owner[row] == timeline.owner[rows])
        steps.append(pl.Series(f"step_{back}", np.where(own, codes[row], -1)))
    return steps


def _joined(counts: pl.DataFrame, steps: Sequence[str], names: pl.Series) -> pl.Series:
    """Return paths in words."""
    words = [
        names.gather(counts[step].replace(-1, 0)).set(counts[step] == -1, None).alias(step)
        if len(names)
        else pl.Series(step, [], dtype=pl.String)
        for step in steps
    ]
    return (
        pl.DataFrame(words)
        .select(pl.concat_str(pl.all(), separator=ARROW, ignore_nulls=True))
        .to_series()
    )
