"""What was spent on members, by period, and by segment where the file has its columns."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import polars as pl

from retainkit.choices import DatePeriod
from retainkit.errors import InputError, UsageError
from retainkit.metrics.base import segment_keys
from retainkit.periods import Window
from retainkit.sources import SourceOptions, open_table

_PERIODS = ("period", "month", "week", "day", "date", "周期", "月份", "日期")
_COSTS = ("cost", "costs", "spend", "成本", "费用", "花费")
_DATE = re.compile(r"(\d{4})\D(\d{1,2})(?:\D(\d{1,2}))?(?:\D.*)?")
_MONEY = re.compile(r"[\s,，¥￥$€£]")


@dataclass(frozen=True)
class Costs:
    """rows: `[seg_i…], day (Int64, days since 1970), cost (Float64)`."""

    rows: pl.DataFrame

    def dated(self, period: DatePeriod, window: Window) -> pl.DataFrame:
        """Return the rows with `at`, the period that each one's date lies in."""
        at = window.calendar.from_days(self.rows["day"].to_numpy(), period)
        return self.rows.with_columns(at=pl.Series(at, dtype=pl.Int64))

    def by_period(self, period: DatePeriod, window: Window) -> pl.DataFrame:
        """Return the costs of each period: `[seg_i…], at, cost`."""
        keys = [name for name in self.rows.columns if name not in ("day", "cost")]
        return self.dated(period, window).group_by(*keys, "at").agg(pl.col("cost").sum())


@dataclass(frozen=True, kw_only=True)
class CostsParams:
    """costs: the file with what was spent. margin: the share of sales that is left before it."""

    costs: str | None = None
    margin: float = 1.0
    by: tuple[str, ...] = ()

    def check_costs(self) -> None:
        """Raise UsageError for a margin that is none, or a fault in the file."""
        if not (math.isfinite(self.margin) and 0 < self.margin <= 1):
            raise UsageError("--margin: the share of sales that is left, like 0.4; at most 1.")
        if self.margin != 1 and self.costs is None:
            raise UsageError("--margin is for profits, and no --costs FILE is given.")
        _ = self.spent

    @cached_property
    def spent(self) -> Costs | None:
        """What was spent, by period, where a file says so."""
        return None if self.costs is None else read_costs(self.costs, self.by)

    def cost_files(self) -> Sequence[str]:
        """Return the files that these params name."""
        return () if self.costs is None else (self.costs,)


def read_costs(path: str, by: Sequence[str]) -> Costs:
    """Return the costs in a file of rows `period, cost` and the columns of `by`, if any.

    Raises InputError for a file that cannot be read as such, UsageError where its columns are
    not those that are split by.
    """
    raw = _opened(path)
    if not raw.height:
        raise InputError(f"--costs: '{path}' has no rows.", "It needs at least one cost.")
    names = {name.strip().lower(): name for name in raw.columns}
    period, cost = (_named(path, names, known) for known in (_PERIODS, _COSTS))
    segments = [name for name in raw.columns if name not in (period, cost)]
    if set(segments) - set(by) or (by and set(by) - set(segments)):
        asked = f"--by {', '.join(by)}" if by else "no --by"
        raise UsageError(
            f"--costs: '{path}' has costs by {', '.join(segments) or 'period alone'}, and "
            f"{asked} is asked for: they cannot be set beside each other.",
            "Split by the file's own columns, or sum it up first.",
        )
    days = [_day(path, row, value) for row, value in enumerate(raw[period].to_list(), 2)]
    spent = [_money(path, row, value) for row, value in enumerate(raw[cost].to_list(), 2)]
    keys = zip(segment_keys(by), by, strict=True)
    return Costs(
        pl.DataFrame(
            [
                *(raw[name].cast(pl.String).alias(key) for key, name in keys),
                pl.Series("day", days, dtype=pl.Int64),
                pl.Series("cost", spent, dtype=pl.Float64),
            ]
        )
    )


def _opened(path: str) -> pl.DataFrame:
    """Return the rows of a file; text that is not UTF-8 is tried as GB18030, as in Excel."""
    try:
        return _read(path, SourceOptions())
    except InputError:
        with suppress(InputError):
            raw = _read(path, SourceOptions(encoding="gb18030"))
            if {name.strip() for name in raw.columns} & {*_PERIODS, *_COSTS}:
                return raw
        raise


def _read(path: str, options: SourceOptions) -> pl.DataFrame:
    with open_table([path], options) as table, table.reading():
        return table.frame.select(table.header).collect()


def _named(path: str, names: dict[str, str], known: Sequence[str]) -> str:
    found = [names[name] for name in known if name in names]
    if not found:
        raise InputError(
            f"--costs: '{path}' has no column '{known[0]}'; it has: {', '.join(names.values())}.",
            "It needs the columns period (a date in it, or 2024-03) and cost.",
        )
    return found[0]


def _day(path: str, row: int, value: object) -> int:
    try:
        if isinstance(value, date):
            day = date(value.year, value.month, value.day)
        else:
            match = _DATE.fullmatch(str(value).strip())
            year, month, number = match.groups() if match else ("", "", "")
            day = date(int(year), int(month), int(number or 1))
    except ValueError:
        raise _fault(path, row, value, "period", "2024-03-01 or 2024-03") from None
    return (day - date(1970, 1, 1)).days


def _money(path: str, row: int, value: object) -> float:
    try:
        amount = float(_MONEY.sub("", str(value)))
    except ValueError:
        amount = float("nan")
    if not 0 <= amount < float("inf"):
        raise _fault(path, row, value, "cost", "a number like 1200.50, not below 0")
    return amount


def _fault(path: str, row: int, value: object, column: str, wanted: str) -> InputError:
    shown = "is empty" if value is None or not str(value).strip() else f"is '{value}'"
    return InputError(
        f"--costs: in '{path}', row {row}, the {column} {shown}.", f"It has to be {wanted}."
    )
