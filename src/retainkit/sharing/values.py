"""The values of a column that segments are told by."""

from __future__ import annotations

import polars as pl


def members_by_value(main: pl.DataFrame) -> dict[str | None, int]:
    """Return how many members have each value of the first column of a table, at most."""
    size = "members" if "members" in main.columns else "size"
    sizes = main.group_by(main.columns[0], maintain_order=True).agg(pl.col(size).max())
    return {value: members or 0 for value, members in sizes.iter_rows()}
