"""Rows per day: days without any, days with far fewer than usual, and how to say so briefly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

import polars as pl

from retainkit.wording import counted

GAP, LOW = "gap", "low"
LONGEST = timedelta(days=40 * 366)  # from first to last; more comes from stray dates

_FEW = 0.2  # of the weekday's median
_USUAL = 20  # rows a day; below it chance alone makes days with few
_WEEKS = 4  # so long must a weekday be without rows to be called a habit
_NAMED = 5
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

SCHEMA = {"day": pl.Date(), "rows": pl.Int64(), "members": pl.Int64(), "flag": pl.String()}


def flagged(days: pl.DataFrame) -> pl.DataFrame:
    """Return every day from the first to the last of `days` (day, rows, members) with its flag.

    flag: "gap" for a day without rows, "low" for one with less than a fifth of its weekday's
    median; the first and last may be parts. Over more than LONGEST only days with rows are there.
    """
    if not days.height:
        return pl.DataFrame(schema=SCHEMA)
    first, last = _ends(days)
    if last - first <= LONGEST:
        every = pl.DataFrame({"day": pl.date_range(first, last, eager=True)})
        days = every.join(days, on="day", how="left", maintain_order="left")
    days = days.sort("day")
    rows = pl.col("rows").fill_null(0)
    usual = pl.col("rows").median().over(pl.col("day").dt.weekday())
    whole = ~pl.col("day").is_in([first, last])  # an export may begin and end within a day
    low = whole & (usual >= _USUAL) & (rows < _FEW * usual)
    flag = pl.when(rows == 0).then(pl.lit(GAP)).when(low).then(pl.lit(LOW))
    return days.select("day", rows.cast(pl.Int64), pl.col("members").fill_null(0), flag=flag)


def notes(days: pl.DataFrame) -> Iterator[str]:
    """Yield what a reader should know of the days that `flagged` returned."""
    if not days.height:
        return
    first, last = _ends(days)
    if last - first > LONGEST:
        yield f"Times run from {first} to {last}: look for stray dates, --since and --until cut."
    gaps = _of(days, GAP)
    if gaps:
        never = _never(days)
        others = [day for day in gaps if day.weekday() not in never]
        habit = [f"every {_WEEKDAYS[day]}" for day in sorted(never)]
        listed = "; ".join([*habit, *_listed(_spans(others, never))])
        have = "has" if len(gaps) == 1 else "have"
        yield f"{len(gaps):,} of {counted(days.height, 'day')} {have} no rows: {listed}."
    low = _of(days, LOW)
    if low:
        listed = ", ".join(_listed(_spans(low, set())))
        yield f"Far fewer rows than usual on {listed}: broken tracking, or part of a day?"


def _ends(days: pl.DataFrame) -> tuple[date, date]:
    first, last = days.select(first=pl.col("day").min(), last=pl.col("day").max()).row(0)
    return first, last


def _of(days: pl.DataFrame, flag: str) -> list[date]:
    return days.filter(pl.col("flag") == flag)["day"].to_list()


def _never(days: pl.DataFrame) -> set[int]:
    """Return the weekdays (Monday is 0) that never have rows."""
    if days.height < 7 * _WEEKS:
        return set()
    rows = days.group_by(pl.col("day").dt.weekday()).agg(pl.col("rows").sum())
    return {weekday - 1 for weekday, total in rows.iter_rows() if not total}


def _spans(days: Sequence[date], between: set[int]) -> list[tuple[date, date]]:
    """Return runs of days; the weekdays in `between` do not break a run."""
    spans: list[tuple[date, date]] = [(day, day) for day in days[:1]]
    for before, day in pairwise(days):
        step = before + timedelta(days=1)
        while step < day and step.weekday() in between:
            step += timedelta(days=1)
        spans[-1:] = [(spans[-1][0], day)] if step == day else [spans[-1], (day, day)]
    return spans


def _listed(spans: list[tuple[date, date]]) -> list[str]:
    """Return the longest runs in words, in their order, and how many more there are."""
    named = sorted(sorted(spans, key=lambda span: span[0] - span[1])[:_NAMED])
    words = [str(a) if a == b else f"{a} – {b}" for a, b in named]
    more = len(spans) - len(named)
    return [*words, *([f"and {more} more"] if more else [])]
