"""From event to event, position by position: the links, and the step matrix they add up to.

Everybody is somewhere at every position: who is over stays over up to the last one.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from retainkit.metrics.paths.names import ARRIVED, ENDED


def flows_of(links: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Return `[seg_i…], position, source, target, members`, with who is over by then.

    links: who went from an event (`text`) at a position (`at`) to what follows (`target`).
    """
    links = links.select(*keys, "target", "members", position="at", source="text")
    last = links.group_by(keys).agg(last=pl.col("position").max())
    over = (
        links.filter(pl.col("target").is_in([ARRIVED, ENDED]))
        .join(last, on=keys, nulls_equal=True)
        .with_columns(position=pl.int_ranges(pl.col("position") + 1, pl.col("last") + 1))
        .explode("position", empty_as_null=False)
        .group_by(*keys, "position", "target")
        .agg(pl.col("members").sum())
        .with_columns(source=pl.col("target"))
    )
    columns = (*keys, "position", "source", "target", "members")
    descending = [*[False] * len(keys), False, True, False, False]
    return pl.concat([links.select(columns), over.select(columns)]).sort(
        *keys, "position", "members", "source", "target", descending=descending
    )


def cells_of(links: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Return `[seg_i…], position, event, members, share`: where everybody is at each position."""
    begins = links.filter(position=0).select(*keys, "position", "members", event="source")
    later = links.select(*keys, pl.col("position") + 1, "members", event="target")
    cells = (
        pl.concat([begins, later]).group_by(*keys, "position", "event").agg(pl.col("members").sum())
    )
    descending = [*[False] * len(keys), False, True, False]
    return (
        cells.with_columns(
            share=pl.col("members") / pl.col("members").sum().over(*keys, "position")
        )
        .sort(*keys, "position", "members", "event", descending=descending)
        .select(*keys, "position", "event", "members", "share")
    )
