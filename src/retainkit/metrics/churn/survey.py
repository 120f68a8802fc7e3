"""The silence after which a member counts as churned, taken from the gaps in the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from retainkit.errors import InputError
from retainkit.metrics.base import Survey, filled
from retainkit.metrics.churn.params import ChurnParams
from retainkit.metrics.churn.tally import KEYS, MEASURES, gap_counts
from retainkit.periods import Window
from retainkit.timeline import Timeline
from retainkit.wording import counted

QUANTILE = 0.9  # of the gaps between a member's active days


def _asked(params: ChurnParams) -> bool:
    return params.definition == "inactivity" and params.inactive_days is None


def _tally(timeline: Timeline, params: ChurnParams, _window: Window) -> pl.DataFrame:
    return filled(gap_counts(timeline, params), KEYS, MEASURES)


def _settle(
    tally: pl.DataFrame, params: ChurnParams, _window: Window
) -> tuple[ChurnParams, Sequence[str]]:
    """Return the smallest gap that at least QUANTILE of all gaps do not exceed (nearest rank)."""
    gaps = tally.group_by("at").agg(pl.col("yes").sum()).sort("at")
    total = int(gaps["yes"].sum())
    if not total:
        raise InputError(
            "--inactive-days cannot be found: no member has two active days.",
            "Say how many silent days make a churned member: --inactive-days 30.",
        )
    enough = gaps.filter(pl.col("yes").cum_sum() * 10 >= total * round(QUANTILE * 10))
    days = int(enough["at"][0])
    said = (
        f"--inactive-days {days} was found in the data: {QUANTILE:.0%} of the "
        f"{counted(total, 'gap')} between a member's active days are no longer (--table gaps)."
    )
    return replace(params, inactive_days=days), [said]


SURVEY = Survey(measures=MEASURES, tally=_tally, asked=_asked, settle=_settle)
