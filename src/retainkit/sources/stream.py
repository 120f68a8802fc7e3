"""The one loop over an export: its events batch by batch, every row's fate counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import polars as pl

from retainkit.sources.canonical import Events
from retainkit.sources.quality import Quality
from retainkit.sources.scan import Table


class Progress(Protocol):
    """Who watches how rows are read."""

    def expect(self, rows: int | None) -> None:
        """Begin to read about so many rows; None where nobody knows."""

    def advance(self, rows: int) -> None:
        """So many more rows have been read."""


BATCH = 1 << 20


def stream(
    table: Table,
    events: Events,
    take: Callable[[pl.DataFrame], None],
    *,
    max_rejects: float,
    rejects: str | None,
    progress: Progress | None,
    batch_rows: int | None = None,
    excel_safe: bool = False,
) -> tuple[dict[str, int], dict[str, int]]:
    """Hand the used events to `take`; return the refused and the left-out rows by reason.

    batch_rows: how many are read at a time, BATCH unless given.
    excel_safe: whether `rejects` is defused for spreadsheets. Raises InputError where the files
    or a user's expression fail on the way, and past `max_rejects`; the file `rejects` is written
    whole or not at all.
    """
    with Quality(max_rejects, rejects, table.files, excel_safe) as quality, table.reading():
        for reason, rows in events.pruned.skipped.items():
            quality.count(rows, {reason: rows})
        if progress is not None:
            progress.expect(table.about_rows(events.pruned.skipped.values()))
        rows = batch_rows or BATCH
        for batch in events.frame.collect_batches(chunk_size=rows, maintain_order=False):
            if progress is not None:
                progress.advance(batch.height)
            take(quality.add(batch))
        table.check_same()
        return quality.finish()
