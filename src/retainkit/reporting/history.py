"""Headlines of the runs before: one Parquet file a run, and their trend."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import UTC
from io import BytesIO
from pathlib import Path

import polars as pl

from retainkit.errors import InputError, OutputError, UsageError
from retainkit.replacement import write_whole
from retainkit.reporting.model import Headline, Report
from retainkit.results import DataWindow, Result
from retainkit.sources.faults import FAULTS
from retainkit.wording import counted

_NAME = re.compile(r"headline-\d{8}T\d{6}Z-([0-9a-f]{8})\.parquet")  # as-of, and what it means
_NUMBERS = ("value", "low", "high", "before", "change", "change_low", "change_high")
SCHEMA = {
    "as_of": pl.Datetime("us", "UTC"),
    **{
        field.name: pl.Float64 if field.name in _NUMBERS else pl.String
        for field in fields(Headline)
    },
    "n": pl.Int64,
}


def past(folder: Path) -> dict[Path, pl.DataFrame]:
    """Return the headline of each run kept in a folder, the oldest first.

    Files of other names are none of them. Raises InputError for a file that is no headline.
    """
    found = {}
    for path in _files(folder):
        try:
            runs = pl.read_parquet(path, glob=False)
        except FileNotFoundError:
            continue  # removed meanwhile, by a run for another target that keeps fewer
        except FAULTS as error:
            raise InputError(
                f"--history: {path} cannot be read: it is no headline that a report kept.",
                "Move it elsewhere, or name another folder.",
            ) from error
        if runs.schema != SCHEMA:
            raise InputError(
                f"--history: {path} has other columns than a headline of this version.",
                "Move it elsewhere, or name another folder.",
            )
        found[path] = runs
    return found


def kept(folder: Path, report: Report, keep: int | None) -> None:
    """Put the headline of a report into the folder, in place of one of the same as-of.

    keep: how many runs that mean the same are kept, the latest; None: all. Raises OutputError
    where the folder cannot be written to.
    """
    path = _place(folder, report)
    if path is None:
        return
    _made(folder)
    beside = BytesIO()
    _rows(report.headline, report.data).write_parquet(beside)
    write_whole(path, beside.getvalue(), "--history")
    same = [each for each in _files(folder) if _meaning(each) == _meaning(path)]
    for old in same[: -keep if keep else 0]:
        old.unlink(missing_ok=True)


def trend(past: dict[Path, pl.DataFrame], folder: Path, report: Report) -> Result | None:
    """Return the headline over the runs before and this one; None where there is none.

    A row a run and number, in the order of the headline; `restated`: whether a run before it had
    told another value of the same period. Runs whose numbers mean something else are left out.
    """
    own = _place(folder, report)
    if own is None:
        return None
    same = {path: runs for path, runs in past.items() if _meaning(path) == _meaning(own)}
    runs = pl.concat({**same, own: _rows(report.headline, report.data)}.values())
    before = pl.col("value").shift(1).over("name", "period", order_by="as_of")
    order = {each.name: place for place, each in enumerate(report.headline)}
    place = pl.col("name").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    table = runs.sort(place, "name", "as_of").with_columns(
        pl.col("as_of").dt.convert_time_zone(report.data.tz),
        restated=(pl.col("period") != "") & (pl.col("value") != before).fill_null(value=False),
    )
    columns = ("name", "unit", "as_of", "period", "value", "low", "high", "n", "restated")
    others = len(past) - len(same)
    return Result(
        command="trend",
        definition="The headline of each run kept that means the same; restated: a run before "
        "told another value of the same period.",
        params={"history": str(folder), "period": report.params.get("period")},
        data=report.data,
        tables={"main": table.select(columns)},
        notes=(f"{counted(others, 'run')} of other definitions: not shown.",) if others else (),
    )


def check_keep(keep: int | None, folder: str | None) -> None:
    """Raise UsageError for a number of runs that is none, or of no history."""
    if keep is not None and folder is None:
        raise UsageError("--keep is for the runs in a --history DIR, and none is named.")
    if keep is not None and keep < 1:
        raise UsageError("--keep: at least 1 run is kept.")


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"--history: {folder} cannot be made: {error.strerror}.") from error


def _rows(headline: Sequence[Headline], data: DataWindow) -> pl.DataFrame:
    return pl.DataFrame([{"as_of": data.as_of, **asdict(each)} for each in headline], schema=SCHEMA)


def _place(folder: Path, report: Report) -> Path | None:
    """Return the file of a report's headline; None where it has no as-of."""
    if report.data.as_of is None:
        return None
    moment = report.data.as_of.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return folder / f"headline-{moment}-{report.meaning[:8]}.parquet"


def _meaning(path: Path) -> str:
    found = _NAME.fullmatch(path.name)
    return found[1] if found else ""


def _files(folder: Path) -> list[Path]:
    """Return the files of runs, the oldest first: they are named by as-of."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
