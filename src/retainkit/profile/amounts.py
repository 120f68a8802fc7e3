"""What the amount column holds that a reader of sums should know."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from retainkit.errors import RetainkitError
from retainkit.profile.roles import Casting, read_role
from retainkit.sources import SourceOptions, Table


def read_amounts(
    casting: Casting, table: Table, options: SourceOptions
) -> tuple[Casting, list[str]]:
    """Return the casting of the amount, with its fault if it cannot be read, and notes."""
    if casting.mapped is None or not casting.plays:
        return casting, []
    try:
        scope = read_role("amount", casting.mapped, table, options)
    except RetainkitError as fault:
        return replace(casting, fault=fault), []
    counts = scope.frame.select(
        negative=(pl.col("__amount") < 0).sum(), unreadable=pl.col("__bad_amount").sum()
    )
    with table.reading():
        negative, unreadable = counts.collect(engine="streaming").row(0)
    notes = []
    if negative:
        notes.append(f"Rows with a negative amount (refunds, cancellations?): {negative:,}.")
    if unreadable:
        where = "their rows are refused where amounts count"
        notes.append(f"Amounts that cannot be read ({where}): {unreadable:,}.")
    return casting, notes
