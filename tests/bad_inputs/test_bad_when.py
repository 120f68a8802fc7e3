"""Bad times: what cannot be read, what can be read in two ways, and what cannot have been."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl
from bad import HEAD, Case, check, each, run


def rows(*times: str) -> str:
    """Return a CSV with a member for each time."""
    return HEAD + "".join(f'u{i},"{time}",1\n' for i, time in enumerate(times))


def parquet(**columns: object) -> bytes:
    """Return a Parquet file."""
    file = io.BytesIO()
    pl.DataFrame(columns).write_parquet(file)
    return file.getvalue()


ISO = ["2024-03-01 10:00", "2024-03-02 10:00", "2024-03-03 10:00", "2024-03-04 10:00"]

CASES = [
    Case(
        "formats",
        "several in one column are read each by its own",
        {
            "f.csv": rows(
                "2024-03-01", "2024/3/2", "20240303", "2024年3月4日", "2024-03-05T01:00:00Z"
            )
        },
        "cohort f.csv --naive-tz UTC",
        rows=5,
        refused={},
    ),
    Case(
        "formats",
        "a list of them is tried in turn",
        {"f.csv": rows("04.03.2024 08h30", "2024|03|05")},
        "cohort f.csv --time-format '%d.%m.%Y %Hh%M' --time-format '%Y|%m|%d'",
        rows=2,
        refused={},
    ),
    Case(
        "formats",
        "what none reads is refused and counted",
        {"f.csv": rows(*ISO, "soon", "", "31.2.2024")},
        "cohort f.csv --day-first",
        rows=4,
        refused={"no time": 1, "unreadable time": 2},
    ),
    Case(
        "formats",
        "a column that is mostly none is an error",
        {"f.csv": rows("soon", "later", "2024-03-01")},
        "cohort f.csv",
        code=1,
        says=("2 of 3 rows cannot be used (unreadable time 2)", "--max-rejects", "--rejects FILE"),
        never=("soon", "later"),
    ),
    Case(
        "offsets",
        "mixed with none they are an error",
        {"f.csv": rows("2024-03-01T10:00Z", "2024-03-02 10:00")},
        "cohort f.csv",
        code=1,
        says=("'event_time' of 'f.csv' has times with a UTC offset and times without one", "row 2"),
    ),
    Case(
        "offsets",
        "unless --naive-tz says what these mean",
        {"f.csv": rows("2024-03-01T10:00Z", "2024-03-02 10:00")},
        "cohort f.csv --naive-tz Asia/Shanghai",
        rows=2,
        refused={},
    ),
    Case(
        "clocks",
        "local times that do not exist, or twice, are moved and counted",
        {"f.csv": rows("2024-03-31 02:30", "2024-10-27 02:30", "2024-05-01 02:30")},
        "cohort f.csv --tz Europe/Berlin",
        rows=3,
        says=(
            "1 time does not exist in Europe/Berlin (clocks are put forward): moved forward",
            "1 time exists twice in Europe/Berlin (clocks are put back): the earlier is taken.",
        ),
    ),
    Case(
        "clocks",
        "Shanghai had summer time from 1986 to 1991",
        {"f.csv": rows("1986-05-04 00:30", "1986-05-04 02:30", "1986-09-14 01:30")},
        "cohort f.csv --tz Asia/Shanghai",
        rows=3,
        says=("exist",),
    ),
    Case(
        "epochs",
        "seconds",
        {"f.csv": rows("1709251200", "1709337600")},
        "cohort f.csv",
        rows=2,
        refused={},
    ),
    Case(
        "epochs",
        "several units in one column are an error",
        {"f.csv": rows("1709251200", "1709337600000")},
        "cohort f.csv",
        code=1,
        says=(
            "The times in 'event_time' of 'f.csv' are epochs of several magnitudes: sec",
            '--time-col "CASE WHEN event_time > 100000000000',
        ),
    ),
    Case(
        "order",
        "01/04/2024 throughout is an error with both readings",
        {"f.csv": rows("01/04/2024", "02/04/2024")},
        "cohort f.csv",
        code=1,
        says=("1 April (day first) or 4 January (month first)", "--day-first or --month-first"),
    ),
    Case(
        "order",
        "one row decides it",
        {"f.csv": rows("01/04/2024", "13/04/2024")},
        "cohort f.csv",
        rows=2,
        says=("have the day first, as the column decides",),
    ),
    Case(
        "order",
        "a column that decides both ways is an error",
        {"f.csv": rows("13/04/2024", "04/13/2024")},
        "cohort f.csv",
        code=1,
        says=("--day-first or --month-first",),
    ),
    Case(
        "outside",
        "after --as-of is left out and counted",
        {"f.csv": rows(*ISO)},
        "cohort f.csv --as-of 2024-03-03",
        rows=2,
        left_out={"at or after --as-of": 2},
    ),
    Case(
        "outside",
        "placeholders are refused",
        {"f.csv": rows(*ISO, "1900-01-01", "1970-01-01 00:00:00", "0000-00-00", "9999-12-31")},
        "cohort f.csv",
        rows=4,
        refused={"zero date": 4},
    ),
    Case(
        "outside",
        "epoch 0 as a clock in Shanghai writes it",
        {"f.csv": rows(*ISO, "1970-01-01 08:00:00")},
        "cohort f.csv --tz Asia/Shanghai",
        rows=4,
        refused={"zero date": 1},
    ),
    Case(
        "outside",
        "an event after today is told",
        {"f.csv": rows(*ISO, "2999-01-01")},
        "cohort f.csv --period year",
        rows=5,
        says=("1 event", "2999"),
    ),
    Case(
        "zones",
        "a wrong name is wrong usage, with the nearest",
        {"f.csv": rows(*ISO)},
        "cohort f.csv --tz Asia/Shanghia",
        code=2,
        says=("--tz: there is no time zone 'Asia/Shanghia'. Did you mean 'Asia/Shanghai'?",),
    ),
    Case(
        "zones",
        "an offset says which zones may be meant",
        {"f.csv": rows(*ISO)},
        "cohort f.csv --naive-tz GMT+8",
        code=2,
        says=("--naive-tz", "Asia/Shanghai"),
    ),
]


@each(CASES)
def test_when(case: Case, here: Path) -> None:
    check(case, here)


def cohorts(line: str) -> set[str]:
    """Return the cohorts that a command finds."""
    return {row["cohort"] for row in json.loads(run(f"{line} -f json").stdout)["tables"]["main"]}


def test_dates_a_date_with_a_zone_is_that_date(here: Path) -> None:
    (here / "f.csv").write_text(rows("2024-03-01"), encoding="utf-8")
    dates = pl.Series(["2024-03-01"]).str.to_date()
    (here / "f.parquet").write_bytes(parquet(user_id=["a"], event_time=dates))
    for file in ("f.csv", "f.parquet"):
        line = f"cohort {file} --period day --tz America/New_York --naive-tz UTC"
        assert cohorts(line) == {"2024-03-01"}


def test_epochs_are_told_by_their_magnitude(here: Path) -> None:
    for scale in (1, 10**3, 10**6, 10**9):
        (here / "f.csv").write_text(rows(str(1_709_251_200 * scale)), encoding="utf-8")
        assert cohorts("cohort f.csv --period day") == {"2024-03-01"}
