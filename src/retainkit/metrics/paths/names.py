"""What events are called in paths, so that no two paths and no two rows read the same."""

from __future__ import annotations

import polars as pl

from retainkit.metrics.groups import NAMELESS

ARROW = " > "
MORE = "…"  # stands for what lies beyond --depth
ARRIVED, ENDED = "(arrived)", "(ended)"  # of journeys that are over at a position
OTHER = "(other)"  # what pictures call events that they draw as one
OVER = (ARRIVED, ENDED, MORE)
# As in the grammar of selectors, so that a path can be handed to `funnel --steps`.
_PLAIN = r"""^[^\s|\[\]"'=*>,()]+$"""


def in_paths(names: pl.Series) -> pl.Series:
    """Return names as they stand in a path: those with spaces or signs in double quotes."""
    name = pl.col("name")
    plain = name.str.contains(_PLAIN) & (name != MORE)
    return _chosen(names, pl.when(plain).then(name).otherwise(_quoted(name)))


def in_tables(names: pl.Series) -> pl.Series:
    """Return names as they are; in double quotes those that read like one of our own words."""
    name = pl.col("name")
    ours = name.str.strip_chars('"').is_in([*OVER, OTHER, NAMELESS])
    return _chosen(names, pl.when(ours).then(_quoted(name)).otherwise(name))


def _quoted(name: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), name.str.replace_all('"', '""', literal=True), pl.lit('"'))


def _chosen(names: pl.Series, written: pl.Expr) -> pl.Series:
    frame = pl.DataFrame([names.alias("name")])
    return frame.select(written.fill_null(NAMELESS)).to_series()
