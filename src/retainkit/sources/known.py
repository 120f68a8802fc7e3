"""Which texts are ids of members."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from retainkit.periods import Calendar
from retainkit.sources.canonical import Wanted, read_events
from retainkit.sources.options import Input, SourceOptions
from retainkit.sources.scan import open_export


def ids_among(inputs: Sequence[Input], options: SourceOptions, texts: Collection[str]) -> set[str]:
    """Return those of `texts` that are the id of a member, in the events or the member table.

    Reads the ids of all rows. Raises InputError where the data cannot be read.
    """
    asked = pl.Series(sorted(texts), dtype=pl.String)
    with open_export(inputs, options) as (table, members):
        events = read_events(
            table, members, options, Wanted(), Calendar(options.tz, options.week_start)
        )
        with table.reading():
            found = _among(events.frame, asked).collect()["member"].to_list()
    if events.members is not None:
        found += _among(events.members.lazy(), asked).collect()["member"].to_list()
    return set(found)


def _among(frame: pl.LazyFrame, asked: pl.Series) -> pl.LazyFrame:
    ids = frame.select(pl.col("member").cast(pl.String))
    return ids.filter(pl.col("member").is_in(asked.implode())).unique()
