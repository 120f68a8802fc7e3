"""The files that the benchmarks read, written once from a seed.

Members join over time (integer ids count up) and are heavy-tailed as people are: the events of the
n-th busiest are proportional to 1/n (Zipf), so that a third of (member, week) pairs is left of all
events. Events are in time order, as exports are: a folder of Parquet files, one after the other in
time, with integer ids and again with text ids of 24 characters, and one CSV of at most 5 million
events. PyArrow writes the Parquet files with its defaults, as pandas does (Polars would put all
ids of a row group in a dictionary, which few writers do). For funnels there are the same events
with names, drawn one by one: kinds funnel-integer and funnel-text.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numpy.typing import NDArray

SECOND = 1_000_000
START, END = 1_700_000_000, 1_745_000_000  # seconds since 1970: 17 months
FILE_EVENTS = 2_500_000
EVENTS_A_MEMBER = 20
MEMBERS_AT_START = 0.2  # the share that had joined before the first event
CSV_EVENTS = 5_000_000
FUNNEL = "funnel-"  # what kinds with names of events begin with
NAMES = {"visit": 0.6, "view": 0.2, "cart": 0.1, "checkout": 0.06, "pay": 0.04}


def written(folder: Path, events: int, kind: str) -> Path:
    """Return the file or folder of one kind (integer, text, csv, or funnel-integer and
    funnel-text, with names of events), written unless it is there.
    """
    if kind == "csv":
        return _csv(folder / f"text-{events}.csv", min(events, CSV_EVENTS))
    path = folder / f"{kind}-{events}"
    if not (path / "_done").exists():
        path.mkdir(parents=True, exist_ok=True)
        for i, frame in enumerate(_frames(events, text=kind.endswith("text"))):
            if kind.startswith(FUNNEL):
                frame = frame.with_columns(_names(frame.height, i))
            pq.write_table(frame.to_arrow(), path / f"part-{i:05}.parquet")
        (path / "_done").touch()
    return path


def _csv(path: Path, events: int) -> Path:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        rows = pl.concat(_frames(events, text=True))
        rows.write_csv(draft, datetime_format="%Y-%m-%d %H:%M:%S")
        draft.rename(path)
    return path


def _frames(events: int, *, text: bool) -> Iterator[pl.DataFrame]:
    """Yield the events of one file after the other."""
    people = max(events // EVENTS_A_MEMBER, 1)
    parts = -(-events // FILE_EVENTS)
    edges = np.linspace(START, END, parts + 1)
    for part in range(parts):
        rng = np.random.default_rng([2024, part])
        count = min(FILE_EVENTS, events - part * FILE_EVENTS)
        joined = people * (MEMBERS_AT_START + (1 - MEMBERS_AT_START) * (part + 1) / parts)
        member = (joined ** rng.random(count)).astype(np.int64)
        seconds = np.sort(rng.integers(int(edges[part]), int(edges[part + 1]), count))
        time = pl.Series(seconds * SECOND)
        columns = {"user_id": _text_ids(member) if text else member, "event_time": time}
        frame = pl.DataFrame(columns).with_columns(pl.col("event_time").cast(pl.Datetime("us")))
        yield frame


def _names(events: int, part: int) -> pl.Series:
    """Return the names of one file's events, from a seed of their own."""
    drawn = np.random.default_rng([2025, part]).random(events)
    # Summed shares end a little beside 1: whatever is past the others has the last name.
    number = np.searchsorted(np.cumsum(list(NAMES.values()))[:-1], drawn, side="right")
    names = pl.Series("event", list(NAMES), dtype=pl.String)
    return names.gather(number)


def _text_ids(member: NDArray[np.int64]) -> pl.Series:
    """Return ids of 24 decimal digits, another for each member, without order."""
    mixed = member.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    words = pl.DataFrame({"high": mixed ^ (mixed >> np.uint64(29)), "low": member})
    digits = pl.format("{}{}", pl.col("high"), pl.col("low"))
    return words.select(digits.str.zfill(24).str.tail(24)).to_series()


if __name__ == "__main__":
    where, count, *kinds = sys.argv[1:]
    for each in kinds:
        print(written(Path(where), int(count), each), flush=True)
