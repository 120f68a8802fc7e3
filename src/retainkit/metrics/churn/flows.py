"""The main table: who was there, came and went in each period, and the rates of churn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from retainkit.columns import column
from retainkit.metrics.base import by_segment, check_span, of_segment, with_rate
from retainkit.metrics.churn.params import ChurnParams
from retainkit.periods import Ints, Window

LIFECYCLE = (
    *("period", "active", "previous", "new", "retained", "resurrected", "churned"),
    *("churn_rate", "ci_low", "ci_high", "quick_ratio", "complete"),
)
PRESENCE = (
    *("period", "present_start", "joined", "rejoined", "churned", "churned_of_start"),
    *("present_end", "churn_rate", "ci_low", "ci_high", "rate_average", "rate_exposure"),
    "complete",
)
_COUNTS = ("begun", "again", "ended", "of_start")


@dataclass(frozen=True, eq=False)
class _Flow:
    """What one segment's spells did: Ints[periods] each, from the first period on.

    member_days: how many members were there on how many days before as-of; none for lifecycle.
    """

    begun: Ints
    again: Ints
    ended: Ints
    of_start: Ints
    member_days: Ints

    @property
    def end(self) -> Ints:
        """How many are there at the end of each period."""
        return np.cumsum(self.begun - self.ended)


def main(flows: pl.DataFrame, params: ChurnParams, window: Window) -> pl.DataFrame:
    """Return one row for each segment and period, from the first spell to the last period begun.

    flows: `[seg_i…], at`, _COUNTS; at: periods for lifecycle, else days.
    """
    columns = LIFECYCLE if params.definition == "lifecycle" else PRESENCE
    periods = _periods(flows["at"].to_numpy(), params, window)
    parts = list(by_segment(flows, params.by)) or [((None,) * len(params.by), flows)]
    return pl.concat(
        of_segment(
            _table(_flow(part, periods, params, window), periods, params, window).select(columns),
            params.by,
            segment,
        )
        for segment, part in parts
    )


def _periods(at: Ints, params: ChurnParams, window: Window) -> Ints:
    """Return the periods of the table; raises InputError where they are too many."""
    last = window.last_begun(params.period)
    if not len(at):
        return np.zeros(0, dtype=np.int64)
    first = int(at.min())
    if params.definition != "lifecycle":
        first = int(window.calendar.from_days(np.array([first]), params.period)[0])
    check_span(first, last, params.period)
    return np.arange(first, max(last, first) + 1)


def _flow(part: pl.DataFrame, periods: Ints, params: ChurnParams, window: Window) -> _Flow:
    at = part["at"].to_numpy()
    counts = {name: part[name].cast(pl.Int64).to_numpy() for name in _COUNTS}
    if params.definition == "lifecycle" or not len(at):
        summed = {name: _added(at, values, periods) for name, values in counts.items()}
        return _Flow(**summed, member_days=np.zeros(len(periods), dtype=np.int64))
    day_periods = window.calendar.from_days(at, params.period)
    summed = {name: _added(day_periods, values, periods) for name, values in counts.items()}
    days = np.arange(int(at.min()), window.last_begun("day") + 1)
    there = np.cumsum(_added(at, counts["begun"] - counts["ended"], days))
    of_days = window.calendar.from_days(days, params.period)
    return _Flow(**summed, member_days=_added(of_days, there, periods))


def _added(at: Ints, values: Ints, axis: Ints) -> Ints:
    """Return the sums of `values` at each place of a gapless axis; what lies beyond is dropped."""
    sums = np.zeros(len(axis), dtype=np.int64)
    if len(axis):
        within = (at >= axis[0]) & (at <= axis[-1])
        np.add.at(sums, at[within] - axis[0], values[within])
    return sums


def _table(flow: _Flow, periods: Ints, params: ChurnParams, window: Window) -> pl.DataFrame:
    previous = flow.end - flow.begun + flow.ended
    lost = flow.ended if params.definition == "lifecycle" else flow.of_start
    table = pl.DataFrame(
        {
            "period": window.calendar.names(periods, params.period),
            "previous": column(previous),
            "end": column(flow.end),
            **{name: column(getattr(flow, name)) for name in (*_COUNTS, "member_days")},
            "lost": column(lost),
            "complete": column(periods <= window.last_complete(params.period)).cast(pl.Boolean),
            "days": column(_days(periods, params, window)),
        }
    )
    made = with_rate(table, "lost", "previous", params.confidence).rename({"rate": "churn_rate"})
    if params.definition == "lifecycle":
        made = made.with_columns(
            active=pl.col("end"),
            new=pl.col("begun") - pl.col("again"),
            resurrected=pl.col("again"),
            churned=pl.col("ended"),
            retained=pl.col("previous") - pl.col("ended"),
            quick_ratio=_ratio("begun", "ended"),
        )
    else:
        mean = (pl.col("previous") + pl.col("end")) / 2
        made = made.with_columns(
            present_start=pl.col("previous"),
            joined=pl.col("begun"),
            rejoined=pl.col("again"),
            churned=pl.col("ended"),
            churned_of_start=pl.col("of_start"),
            present_end=pl.col("end"),
            rate_average=pl.when(mean > 0).then(pl.col("ended") / mean),
            rate_exposure=_ratio("ended", "member_days") * pl.col("days"),
        )
    return _since(made, periods, params, window)


def _ratio(part: str, whole: str) -> pl.Expr:
    return pl.when(pl.col(whole) > 0).then(pl.col(part) / pl.col(whole))


def _days(periods: Ints, params: ChurnParams, window: Window) -> Ints:
    first = window.calendar.first_days(np.append(periods, periods[-1:] + 1), params.period)
    return np.diff(first)


def _since(table: pl.DataFrame, periods: Ints, params: ChurnParams, window: Window) -> pl.DataFrame:
    """Return what lies in the stated window; who was there before is counted in its first row."""
    if window.since is None or not len(periods):
        return table
    first = int(window.calendar.index(np.array([window.since]), params.period)[0])
    return table.filter(column(periods >= first))
