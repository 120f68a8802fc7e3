"""Counts of some members by the path they took, additive over disjoint members."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from retainkit.metrics.base import add_up, filled
from retainkit.metrics.groups import Groups
from retainkit.metrics.paths.journeys import Journeys, journeys_of
from retainkit.metrics.paths.names import ARROW, MORE, OVER, in_paths, in_tables
from retainkit.metrics.paths.params import PathsParams
from retainkit.periods import Ints, Window
from retainkit.timeline import Needs, Timeline

# kind: which table a row goes into. at: seconds, or a position. text: a path, or what is at the
# position; target: what follows there.
KEYS = {
    "kind": pl.String,
    "at": pl.Int64,
    "text": pl.String,
    "target": pl.String,
    "arrived": pl.Boolean,
}
MEASURES = ("members",)

MEMBERS, STARTED, OPEN, CUT, PATH, LINK = "members", "started", "open", "cut", "path", "link"
_EXACT = 10_000  # seconds; longer times are told to as many digits as it has zeros
_NONE = -1  # no event: the path is over


def needs(params: PathsParams, _joined: bool) -> Needs:
    """Return what `paths` reads of each event."""
    ends = () if params.end is None else (params.end,)
    return Needs(
        grain="exact",
        selectors=tuple(dict.fromkeys((params.start, *ends, *params.ignored))),
        segments=params.by,
        event=True,
    )


def tally(timeline: Timeline, params: PathsParams, window: Window) -> pl.DataFrame:
    """Return members by `[seg_i…], kind, at, text, target, arrived`.

    members, started, open: who has events, begins, waits. cut: whose path is longer than is told.
    path: who took the path `text`, by whether they arrived and after how many seconds (`at`).
    link: who went from `text` at position `at` to `target` at the next.
    """
    assert timeline.names is not None
    journeys = journeys_of(timeline, params, window)
    every = Groups.of_members(timeline, params.by, np.arange(timeline.members))
    active = np.flatnonzero(np.diff(timeline.bounds))
    groups = every.take(journeys.member)
    counts = {
        MEMBERS: every.take(active),
        STARTED: every.take(journeys.started),
        OPEN: every.take(journeys.open),
        CUT: groups.take(journeys.length > params.depth + 1),
    }
    parts = [
        some.tally(members=None).with_columns(kind=pl.lit(kind)) for kind, some in counts.items()
    ]
    parts.append(_paths(groups, journeys, timeline.names, params).with_columns(kind=pl.lit(PATH)))
    links = _links(groups, journeys, timeline.names, params)
    parts += [part.with_columns(kind=pl.lit(LINK)) for part in links]
    return add_up(pl.concat(filled(part, KEYS, MEASURES) for part in parts), MEASURES)


def _paths(
    groups: Groups, journeys: Journeys, names: pl.Series, params: PathsParams
) -> pl.DataFrame:
    """Return journeys by path, told position by position: few strings are ever made."""
    steps = [f"step_{position}" for position in range(params.depth + 1)]
    for position, step in enumerate(steps):
        there = np.flatnonzero(journeys.length > position)
        if not len(there):  # not one path is so long
            steps = steps[:position]
            break
        event = np.full(len(journeys.member), _NONE)
        event[there] = journeys.at(position, there)
        groups = groups.by(step, event)
    cut = journeys.length > params.depth + 1
    end = np.full(len(cut), _NONE)
    end[cut & journeys.arrived] = journeys.last[cut & journeys.arrived]
    groups = groups.by("cut", cut.astype(np.int64)).by("end", end)
    groups = groups.by("arrived", journeys.arrived.astype(np.int64)).present()
    arrived = pl.col("arrived") == 1 if params.end is not None else pl.lit(None, pl.Boolean)
    told = groups.keys.with_columns(_told(groups.keys, steps, in_paths(names)), arrived=arrived)
    groups = Groups(groups.code, told.drop(*steps, "cut", "end"))
    counted = groups.by("at", four_digits(journeys.seconds)).tally(members=None)
    return counted.with_columns(at=pl.when(pl.col("at") >= 0).then("at"))


def _told(keys: pl.DataFrame, steps: list[str], names: pl.Series) -> pl.Series:
    """Return the text of each path."""
    words = [_word(keys[step], names).alias(step) for step in steps]
    more = keys.select(cut=pl.when(pl.col("cut") == 1).then(pl.lit(MORE))).to_series()
    told = pl.DataFrame([*words, more, _word(keys["end"], names).alias("end")])
    return told.select(text=pl.concat_str(pl.all(), separator=ARROW, ignore_nulls=True)).to_series()


def _word(codes: pl.Series, names: pl.Series) -> pl.Series:
    """Return the names that codes stand for; null for none."""
    return names.gather(codes.set(codes == _NONE, None)) if len(names) else codes.cast(pl.String)


def four_digits(seconds: Ints) -> Ints:
    """Return times with all but their first four digits 0.

    Few different times keep a tally small, and none is off by more than a thousandth.
    """
    unit = np.ones(len(seconds), dtype=np.int64)
    while (long := seconds // unit >= _EXACT).any():
        unit[long] *= 10
    return seconds // unit * unit


def _links(
    groups: Groups, journeys: Journeys, names: pl.Series, params: PathsParams
) -> Iterator[pl.DataFrame]:
    """Yield for each position how many go from each event to what follows, or end there."""
    words = pl.concat([in_tables(names), pl.Series(OVER, dtype=pl.String)])
    arrived, ended, more = range(len(names), len(words))
    for position in range(params.depth + 1):
        rows = np.flatnonzero(journeys.length > position)
        target = np.where(journeys.arrived[rows], arrived, ended)
        on = np.flatnonzero(journeys.length[rows] > position + 1)
        target[on] = more if position == params.depth else journeys.at(position + 1, rows[on])
        source = journeys.at(position, rows)
        counted = groups.take(rows).by("source", source).by("target", target).tally(members=None)
        yield counted.select(
            pl.exclude("source", "target"),
            text=words.gather(counted["source"]),
            target=words.gather(counted["target"]),
            at=pl.lit(position, pl.Int64),
        )
        if not len(on):
            return
