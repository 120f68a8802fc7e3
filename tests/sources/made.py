"""Tables made of frames, so that what reads rows is tested apart from what reads files."""

from __future__ import annotations

import polars as pl

from retainkit.periods import Calendar
from retainkit.selectors import parse_selector
from retainkit.sources.canonical import Events, Wanted, read_events
from retainkit.sources.options import SourceOptions
from retainkit.sources.quality import Quality
from retainkit.sources.scan import Table


def made(columns: pl.DataFrame | dict[str, list[object]], *, origin: bool = False) -> Table:
    """Return a table of the columns as they are."""
    frame = columns if isinstance(columns, pl.DataFrame) else pl.DataFrame(columns, strict=False)
    lazy = frame.lazy()
    if origin:
        lazy = lazy.with_columns(
            __file=pl.lit("made.csv"), __row=pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
        )
    return Table(lazy, tuple(frame.columns), (), (), origin)


def events_of(
    table: Table | dict[str, list[object]],
    *marks: str,
    members: Table | dict[str, list[object]] | None = None,
    amount: bool = False,
    order: bool = False,
    event: bool = False,
    segments: tuple[str, ...] = (),
    **options: object,
) -> Events:
    """Return the canonical events of a table."""
    chosen = SourceOptions(**options)
    wanted = Wanted(
        tuple(map(parse_selector, marks or ("*",))), amount, order, segments, event=event
    )
    return read_events(
        made(table) if isinstance(table, dict) else table,
        made(members) if isinstance(members, dict) else members,
        chosen,
        wanted,
        Calendar(chosen.tz),
    )


def used(events: Events) -> tuple[pl.DataFrame, dict[str, int], dict[str, int]]:
    """Return the used rows and the others by reason; checks the law of rows."""
    batches = list(events.frame.collect_batches(chunk_size=3, maintain_order=True))
    with Quality(max_rejects=1) as quality:
        kept = [quality.add(batch) for batch in batches]
        refused, left_out = quality.finish()
    rows = pl.concat(kept) if kept else events.frame.collect()
    assert sum(map(len, batches)) == len(rows) + sum(refused.values()) + sum(left_out.values())
    return rows, refused, left_out
