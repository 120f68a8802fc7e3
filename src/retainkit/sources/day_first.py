"""Whether 01/04/2024 is 1 April or 4 January: said by the user, or decided by the column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from retainkit.errors import InputError
from retainkit.sources.formats import Match
from retainkit.sources.quality import placed

_DAY_THEN_MONTH = r"^\s*(?:1[3-9]|2[0-9]|3[01])[-/.][0-9]{1,2}[-/.][0-9]{4}"
_MONTH_THEN_DAY = r"^\s*[0-9]{1,2}[-/.](?:1[3-9]|2[0-9]|3[01])[-/.][0-9]{4}"


@dataclass(frozen=True)
class Column:
    """A time column before it is read: where it is, a sample of it, and what users call it.

    files: that it is in. flag: what names it.
    """

    values: pl.Expr
    frame: pl.LazyFrame
    sample: pl.Series
    title: str
    files: tuple[str, ...] = ()
    flag: str = "--time-col"

    @property
    def place(self) -> str:
        """What a message calls it."""
        return placed(self.title, self.files)


def learn_day_first(
    column: Column, matches: Sequence[Match], stated: bool | None
) -> tuple[bool | None, tuple[str, ...]]:
    """Return whether 01/04/2024 is 1 April: as stated, as the column decides, or an error.

    A sample that decides is believed: what contradicts it later is unreadable and counted.
    """
    dates = pl.Series(
        [match[0] for match in matches if match["first"] is not None], dtype=pl.String
    )
    if stated is not None or not len(dates):
        return stated, ()
    day_first, month_first = _ask_order(dates.to_frame("date").lazy(), pl.col("date"))
    if not (day_first or month_first):
        day_first, month_first = _ask_order(column.frame, column.values)
    if day_first == month_first:
        raise _undecided(column.place, both=day_first)
    order = "day" if day_first else "month"
    return day_first, (f"Times in '{column.title}' have the {order} first, as the column decides.",)


def _ask_order(frame: pl.LazyFrame, texts: pl.Expr) -> tuple[bool, bool]:
    """Return whether some date can only have the day first, and some only the month."""
    found = frame.select(
        day_first=texts.str.contains(_DAY_THEN_MONTH).any(),
        month_first=texts.str.contains(_MONTH_THEN_DAY).any(),
    )
    day_first, month_first = found.collect(engine="streaming").row(0)
    return day_first, month_first


def _undecided(place: str, *, both: bool) -> InputError:
    why = "some rows read only one way, others only the other" if both else "no row decides which"
    return InputError(
        f"Times in {place} can be read in two ways, like 01/04/2024: 1 April (day first) or "
        f"4 January (month first); {why}.",
        "Say --day-first or --month-first.",
    )
