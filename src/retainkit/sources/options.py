"""The options that every command shares: one name for the flag, the field and the keyword."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

from retainkit.choices import Weekday
from retainkit.errors import check_kinds, size_of

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

Input: TypeAlias = Union[str, Path, "pl.LazyFrame", "pl.DataFrame", "pa.Table", "pd.DataFrame"]
Moment: TypeAlias = str | date | datetime


@dataclass(frozen=True)
class SourceOptions:
    """How a source is read and which of its rows count; every field is optional.

    The `*_col` fields take a column name or a SQL expression over the columns. Rows with
    `since` <= time < `until` are used; rows at or after `as_of` are left out. dedupe: "exact", or
    the column of which each value counts once.
    """

    member_col: str | None = None
    time_col: str | None = None
    event_col: str | None = None
    amount_col: str | None = None
    order_col: str | None = None
    joined_col: str | None = None
    left_col: str | None = None
    reason_col: str | None = None
    nobody: tuple[str, ...] = ()
    normalize_ids: bool = False
    members: Input | None = None
    where: str | None = None
    dedupe: str | None = None
    since: Moment | None = None
    until: Moment | None = None
    as_of: Moment | None = None
    tz: str = "UTC"
    week_start: Weekday = "monday"
    naive_tz: str | None = None
    day_first: bool | None = None
    time_format: tuple[str, ...] = ()
    encoding: str | None = None
    member_encoding: str | None = None
    separator: str | None = None
    header: bool = True
    sheet: str | None = None
    max_columns: int = 2000
    max_line: str = "16MB"
    max_unpacked: str = "20GB"
    verify: bool = False
    max_rejects: float = 0.5
    rejects: str | None = None

    def __post_init__(self) -> None:
        check_kinds(self)
        for option, size in (("--max-line", self.max_line), ("--max-unpacked", self.max_unpacked)):
            size_of(option, size)
