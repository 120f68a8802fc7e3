"""`retention`: the headline days, D1, D7, D30: who came back on day N, within it, or after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

import numpy as np
import polars as pl

from retainkit.choices import RetentionCohort, RetentionMode
from retainkit.errors import UsageError, check_choice
from retainkit.metrics.base import (
    Metric,
    Summary,
    add_up,
    filled,
    named_segments,
    segment_keys,
    with_rate,
)
from retainkit.metrics.groups import Groups
from retainkit.metrics.returns import follow
from retainkit.metrics.start_words import clock_words, event_words, start_notes, start_words
from retainkit.metrics.starts import (
    START_MEASURES,
    Entries,
    ReturnParams,
    doubts,
    first_entries,
    left_out,
)
from retainkit.periods import DAY, FURTHEST, Window
from retainkit.timeline import Bools, Grain, Needs, Timeline

MODES: tuple[RetentionMode, ...] = get_args(RetentionMode)

KEYS = {"cohort": pl.Int64, "day": pl.Int64, "mode": pl.String}
MEASURES = ("members", "mature", "returned", *START_MEASURES)

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True)
class RetentionParams(ReturnParams):
    """The parameters of `retention`; DEFINITIONS: docs/retention.md."""

    days: tuple[int, ...] = (1, 7, 30)
    mode: tuple[RetentionMode, ...] = MODES
    cohort: RetentionCohort | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for mode in self.mode:
            check_choice("--mode", mode, MODES)
        if self.cohort is not None:
            check_choice("--cohort", self.cohort, get_args(RetentionCohort))
        if not self.days or min(self.days) < 1:
            raise UsageError("--days: name days from 1 on, e.g. 1,7,30 (day 0 is the start).")
        if max(self.days) > FURTHEST:
            raise UsageError(f"--days: days go up to {FURTHEST:,}.")
        if len(set(self.days)) < len(self.days):
            raise UsageError("--days: a day is named twice.")
        if len(set(self.mode)) < len(self.mode):
            raise UsageError("--mode: a mode is named twice.")


def needs(params: RetentionParams, joined: bool) -> Needs:
    """Return what `retention` reads of each event.

    Days from 1 on lie after the start whatever the order within the day.
    """
    exact = params.clock == "elapsed" or (joined and params.start_event is None)
    grain: Grain = "exact" if exact else "day"
    return Needs(grain=grain, selectors=(params.start, params.back), segments=params.by)


def tally(timeline: Timeline, params: RetentionParams, window: Window) -> pl.DataFrame:
    """Return counts by `[seg_i…], cohort, day, mode`; `cohort` is null where not asked for."""
    entries = first_entries(timeline, params, window, "day")
    groups = Groups.of_members(timeline, params.by, entries.member)
    if params.cohort is not None:
        groups = groups.by("cohort", timeline.period_of(entries.moment, params.cohort))
    parts = [left_out(params, entries), groups.tally(**doubts(timeline, params, entries, window))]
    for day, mode, mature, returned in _returned(timeline, params, entries, window):
        counts = groups.tally(members=None, mature=mature, returned=mature & returned)
        parts.append(counts.with_columns(day=pl.lit(day), mode=pl.lit(mode)))
    return add_up(pl.concat(filled(part, KEYS, MEASURES) for part in parts), MEASURES)


def _returned(
    timeline: Timeline, params: RetentionParams, entries: Entries, window: Window
) -> Iterator[tuple[int, RetentionMode, Bools, Bools]]:
    """Yield for each day and mode which entries are mature, and which came back."""
    on = {day: np.zeros(len(entries), dtype=np.bool_) for day in params.days}
    first = np.full(len(entries), _NEVER)
    last = np.zeros(len(entries), dtype=np.int64)
    for runs in follow(timeline, entries, params, "day"):
        later = runs.age >= 1
        for ages, rows in (
            (first, runs.first_of_entry(later)),
            (last, runs.last_of_entry(later)),
        ):
            ages[runs.entry[rows]] = runs.age[rows]
        for day in params.days:
            on[day][runs.entry[runs.age == day]] = True
    for day in params.days:
        mature = _mature(entries, params, window, day)
        returned = {"on": on[day], "within": first <= day, "on-or-after": last >= day}
        for mode in params.mode:
            yield day, mode, mature, returned[mode]


def _mature(entries: Entries, params: RetentionParams, window: Window, day: int) -> Bools:
    """Return for which entries the whole of day N lies before as-of."""
    if params.clock == "calendar":
        return entries.cohort + day <= window.last_complete("day")
    return entries.moment + (day + 1) * DAY <= window.as_of


def summarise(tally: pl.DataFrame, params: RetentionParams, window: Window) -> Summary:
    """Return the rates of the mature members, by day and mode."""
    keys = [*segment_keys(params.by), *(["cohort"] if params.cohort else [])]
    counts = tally.filter(pl.col("mode").is_not_null()).with_columns(
        pl.col("members", "mature", "returned").cast(pl.Int64),
        order=pl.col("mode").replace_strict({mode: i for i, mode in enumerate(MODES)}),
    )
    counts = counts.sort(*keys, "day", "order")
    main = with_rate(counts, "returned", "mature", params.confidence)
    if params.cohort:
        main = main.with_columns(
            cohort=window.calendar.names(main["cohort"].to_numpy(), params.cohort)
        )
    columns = ["day", "mode", "members", "mature", "returned", "rate", "ci_low", "ci_high"]
    main = named_segments(main.select(*keys, *columns), params.by)
    return Summary(_definition(params), {"main": main}, _notes(tally, main, params))


def _definition(params: RetentionParams) -> str:
    meanings = {
        "on": "on day N exactly",
        "within": "on any of days 1 to N",
        "on-or-after": "on day N or any later day before as-of",
    }
    modes = "; ".join(f"{mode}: {meanings[mode]}" for mode in params.mode)
    return (
        f"Of {start_words(params, params.cohort)} whose day N is over by as-of, the share with "
        f"{event_words(params.back)} ({modes}); {clock_words(params, 'day')}."
    )


def _notes(tally: pl.DataFrame, main: pl.DataFrame, params: RetentionParams) -> list[str]:
    said = start_notes(tally, params)
    young = main.group_by("day").agg((pl.col("members") - pl.col("mature")).sum()).sort("day")
    waiting = [f"{n // len(params.mode):,} for day {day}" for day, n in young.rows() if n]
    if waiting:
        said.append(f"Members whose day is not over by as-of are left out: {', '.join(waiting)}.")
    if "on-or-after" in params.mode:
        said.append("on-or-after is never final: an event still to come can raise it.")
    return said


RETENTION = Metric(
    command="retention",
    tables=("main",),
    measures=MEASURES,
    needs=needs,
    tally=tally,
    summarise=summarise,
)
