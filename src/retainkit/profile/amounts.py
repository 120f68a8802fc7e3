"""What the amount column holds that a reader of sums should know."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from retainkit.errors import RefusedError, RetainkitError
from retainkit.profile.roles import Casting, read_role
from retainkit.sources import SourceOptions, Table
from retainkit.wording import counted


def read_amounts(
    casting: Casting, table: Table, options: SourceOptions
) -> tuple[Casting, list[str]]:
    """Return the casting of the amount, with its fault if it cannot be read, and notes."""
    if casting.mapped is None or not casting.plays:
        return casting, []
    try:
        scope = read_role("amount", casting.mapped, table, options)
    except RefusedError:
        raise
    except RetainkitError as fault:
        return replace(casting, fault=fault), []
    counts = scope.frame.select(
        negative=(pl.col("__amount") < 0).sum(), unreadable=pl.col("__bad_amount").sum()
    )
    with table.reading():
        negative, unreadable = counts.collect(engine="streaming").row(0)
    notes = []
    if negative:
        rows = counted(negative, "row has a negative amount", "rows have negative amounts")
        notes.append(f"{rows}: refunds, cancellations?")
    if unreadable:
        rows = counted(unreadable, "row has an amount", "rows have amounts")
        notes.append(f"{rows} that cannot be read: refused where amounts count.")
    return casting, notes
