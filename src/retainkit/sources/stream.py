"""The one loop over an export: its events batch by batch, every row's fate counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import polars as pl

from retainkit.sources.canonical import Events
from retainkit.sources.quality import MixedError, Quality, fatal
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
    time = events.mapping["time"].source
    with (
        Quality(max_rejects, rejects, table.files, excel_safe=excel_safe, time=time) as quality,
        table.reading(),
    ):
        for reason, rows in events.pruned.skipped.items():
            quality.count(rows, {reason: rows})
        if progress is not None:
            progress.expect(table.about_rows(events.pruned.skipped.values()))
        rows = batch_rows or BATCH
        # Refused rows are written as they come; what is counted does not depend on it.
        in_order = rejects is not None
        for batch in events.frame.collect_batches(chunk_size=rows, maintain_order=in_order):
            if progress is not None:
                progress.advance(batch.height)
            try:
                take(quality.add(batch))
            except MixedError as error:
                raise _located(error.reason, table, events) or error from None
        table.check_same()
        return quality.finish()


def _located(reason: str, table: Table, events: Events) -> MixedError | None:
    """Return the error that names the file and the row; they are looked for once it is too late."""
    if table.joined is None:
        return None
    for part in table.parts:
        fates = events.recipe.of(table.joined.rows([part])).select("fate").with_row_index("row", 1)
        found = fates.filter(pl.col("fate") == reason).head(1).collect(engine="streaming")
        if found.height:
            title = events.mapping["time"].source
            return fatal(reason, title, [part.name], row=found["row"][0])
    return None
