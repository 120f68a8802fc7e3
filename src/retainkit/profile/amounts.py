"""What the amount column holds that a reader of sums should know."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from retainkit.profile.roles import read_role
from retainkit.schema import Mapped
from retainkit.sources import SourceOptions, Table


def amount_notes(mapped: Mapped, table: Table, options: SourceOptions) -> Iterator[str]:
    """Yield sentences about negative and unreadable amounts; raises as `read_role` does."""
    scope = read_role("amount", mapped, table, options)
    with table.reading():
        negative, unreadable = (
            scope.frame.select(
                negative=(pl.col("__amount") < 0).sum(), unreadable=pl.col("__bad_amount").sum()
            )
            .collect(engine="streaming")
            .row(0)
        )
    if negative:
        yield f"{negative:,} rows have negative amounts (refunds, cancellations?)."
    if unreadable:
        yield f"{unreadable:,} amounts cannot be read; where amounts are asked for, such rows fail."
