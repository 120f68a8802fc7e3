"""Row groups outside the window are not read, and nothing else changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from retainkit.engine import Request, run
from retainkit.metrics.cohort import COHORT, CohortParams
from retainkit.periods import Calendar
from retainkit.results import Result
from retainkit.sources import SourceOptions, open_export
from retainkit.sources.canonical import Wanted, read_events
from retainkit.sources.pruning import Pruned
from retainkit.sources.thrift import Reader, number

DAYS, GROUP = 40, 1500  # a group is larger than the sample that is always read
START = datetime(2024, 1, 1)


def history(kind: str) -> pl.DataFrame:
    """Return DAYS * 300 events in time order: GROUP rows of a row group are five days."""
    times = [START + timedelta(minutes=4.8 * i) for i in range(DAYS * 300)]
    frame = pl.DataFrame({"user_id": [f"u{i % 17}" for i in range(len(times))], "time": times})
    time = pl.col("time")
    readings = {
        "datetime": time,
        "zoned": time.dt.replace_time_zone("Asia/Shanghai"),
        "date": time.dt.date(),
        "milliseconds": time.dt.epoch("ms"),
        "seconds": time.dt.epoch("s"),
        "compact": time.dt.strftime("%Y%m%d").cast(pl.Int64),
        "text": time.dt.strftime("%Y-%m-%d %H:%M:%S"),
    }
    return frame.with_columns(time=readings[kind])


def write(path: Path, frame: pl.DataFrame) -> Path:
    pq.write_table(frame.to_arrow(), path, row_group_size=GROUP)
    return path


def weekly(source: Path | pl.DataFrame, **options: Any) -> Result:
    request = Request(COHORT, CohortParams(period="week"))
    return run([request], [source], SourceOptions(**options))[0]


def pruned(path: Path, **options: Any) -> Pruned:
    asked = SourceOptions(**options)
    with open_export([path], asked) as (table, members):
        calendar = Calendar(asked.tz)
        return read_events(table, members, asked, Wanted(), calendar).pruned


def spoil(path: Path, groups: range) -> None:
    """Overwrite the data of the pages of row groups, so that reading them fails."""
    footer = pq.read_metadata(path)
    content = bytearray(path.read_bytes())
    for group in groups:
        for i in range(footer.num_columns):
            column = footer.row_group(group).column(i)
            begin = column.dictionary_page_offset or column.data_page_offset
            end = begin + column.total_compressed_size
            while begin < end:
                header = Reader(content[begin:end])
                packed = number(header.struct(), 3)
                begin += header.at + packed
                content[begin - packed : begin] = b"\xff" * packed
    path.write_bytes(content)


@pytest.mark.parametrize("tz", ["UTC", "America/New_York"])
@pytest.mark.parametrize("kind", ["datetime", "zoned", "date", "milliseconds", "seconds"])
def test_what_lies_outside_is_not_read(tmp_path: Path, kind: str, tz: str) -> None:
    frame = history(kind)
    path = write(tmp_path / "events.parquet", frame)
    window = {"since": "2024-01-15", "until": "2024-01-25", "tz": tz}
    whole = weekly(frame, **window)
    spoil(path, range(1, 2))
    spoil(path, range(6, 8))
    result = weekly(path, **window)
    assert result.main.equals(whole.main)
    assert result.data == whole.data
    assert result.data.rows_read == frame.height
    assert pruned(path, **window).groups == (4, 8)


@pytest.mark.parametrize("kind", ["compact", "text"])
def test_times_that_do_not_follow_from_their_ends_are_all_read(tmp_path: Path, kind: str) -> None:
    frame = history(kind)
    path = write(tmp_path / "events.parquet", frame)
    window = {"since": "2024-01-15"}
    assert weekly(path, **window).data == weekly(frame, **window).data
    assert not pruned(path, **window).skipped


def test_a_row_group_with_a_row_without_time_is_read(tmp_path: Path) -> None:
    frame = history("datetime").with_columns(
        time=pl.when(pl.int_range(pl.len()) != 3).then(pl.col("time"))
    )
    path = write(tmp_path / "events.parquet", frame)
    result = weekly(path, since="2024-01-15")
    assert result.data.refused == {"no time": 1}
    assert pruned(path, since="2024-01-15").groups == (7, 8)


def test_placeholders_are_told_even_before_since(tmp_path: Path) -> None:
    frame = history("datetime")
    zero = pl.lit(datetime(1970, 1, 1))
    frame = frame.with_columns(
        time=pl.when(pl.int_range(pl.len()) == 3).then(zero).otherwise("time")
    )
    path = write(tmp_path / "events.parquet", frame)
    assert weekly(path, since="2024-01-15").data == weekly(frame, since="2024-01-15").data
    assert pruned(path, since="2024-01-15").groups == (7, 8)


def test_a_window_that_holds_nothing_reads_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "events.parquet", history("datetime"))
    spoil(path, range(1, 8))
    result = weekly(path, since="2030-01-01")
    assert (result.data.rows, result.data.left_out) == (0, {"before --since": DAYS * 300})


def test_refused_rows_keep_their_number_in_the_file(tmp_path: Path) -> None:
    frame = history("datetime")
    frame = frame.with_columns(user_id=pl.when(pl.int_range(pl.len()) != 10_000).then("user_id"))
    path, rejects = write(tmp_path / "events.parquet", frame), tmp_path / "rejects.csv"
    weekly(path, since="2024-01-25", rejects=str(rejects))
    assert pl.read_csv(rejects).select("row", "reason").rows() == [(10_001, "no member")]
    assert pruned(path, since="2024-01-25", rejects=str(rejects)).groups == (4, 8)
