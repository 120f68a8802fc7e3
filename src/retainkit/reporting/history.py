"""Headlines of the runs before: one Parquet file a run, and their trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC
from pathlib import Path

import polars as pl

from retainkit.errors import InputError, OutputError, UsageError
from retainkit.replacement import write_whole
from retainkit.reporting.model import Headline
from retainkit.results import DataWindow, Result

_NAME = "headline-{}.parquet"
_NUMBERS = ("value", "low", "high", "before", "change", "change_low", "change_high")
SCHEMA = {
    "as_of": pl.Datetime("us", "UTC"),
    **{
        field.name: pl.Float64 if field.name in _NUMBERS else pl.String
        for field in fields(Headline)
    },
    "n": pl.Int64,
}


def kept(folder: Path, headline: Sequence[Headline], data: DataWindow, keep: int | None) -> None:
    """Put the headline of a run into the folder, in place of one of the same as-of.

    keep: how many runs are kept, the latest; None: all. Raises OutputError where the folder
    cannot be written to.
    """
    if data.as_of is None:
        return
    from io import BytesIO

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"--history: {folder} cannot be made: {error.strerror}.") from error
    rows = [{"as_of": data.as_of, **asdict(each)} for each in headline]
    beside = BytesIO()
    pl.DataFrame(rows, schema=SCHEMA).write_parquet(beside)
    moment = data.as_of.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    write_whole(folder / _NAME.format(moment), beside.getvalue(), "--history")
    for old in _files(folder)[: -keep if keep else 0]:
        old.unlink(missing_ok=True)


def trend(folder: Path, data: DataWindow) -> Result | None:
    """Return the headline over runs; None where there is none.

    A row a run and number; `restated`: whether a run before it had told another value of the same
    period. Raises InputError for a file that is no headline.
    """
    try:
        parts = [pl.read_parquet(path) for path in _files(folder)]
        runs = pl.concat(parts) if parts else None
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"--history: {folder} has a file that is no headline: {error}.") from error
    if runs is None:
        return None
    if runs.schema != SCHEMA:
        raise InputError(f"--history: {folder} has a file that is no headline.")
    same = ["name", "period"]
    before = pl.col("value").shift(1).over(same, order_by="as_of")
    table = runs.sort("name", "as_of").with_columns(
        restated=(pl.col("period") != "") & (pl.col("value") != before).fill_null(value=False)
    )
    columns = ("name", "as_of", "period", "value", "low", "high", "n", "restated")
    return Result(
        command="trend",
        definition="The headline of each run kept; restated: a run before told another value of "
        "the same period.",
        params={"history": str(folder)},
        data=data,
        tables={"main": table.select(columns)},
    )


def check_keep(keep: int | None, folder: str | None) -> None:
    """Raise UsageError for a number of runs that is none, or of no history."""
    if keep is not None and folder is None:
        raise UsageError("--keep is for the runs in a --history DIR, and none is named.")
    if keep is not None and keep < 1:
        raise UsageError("--keep: at least 1 run is kept.")


def _files(folder: Path) -> list[Path]:
    """Return the files of runs, the oldest first: they are named by as-of."""
    return sorted(folder.glob(_NAME.format("*")))
