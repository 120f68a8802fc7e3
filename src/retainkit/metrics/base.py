"""What every metric is made of, and what the engine needs to know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import polars as pl

from retainkit.columns import known
from retainkit.errors import InputError
from retainkit.periods import Window
from retainkit.stats.intervals import wilson
from retainkit.timeline import Needs, Timeline

P = TypeVar("P")
Segment = tuple[object, ...]  # the value of each --by

_MOST_PERIODS = 100_000  # of a table without gaps: 270 years of days


@dataclass(frozen=True)
class Summary:
    """The small end of a metric: its definition in a sentence, its tables, what to know."""

    definition: str
    tables: Mapping[str, pl.DataFrame]
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Counting(Generic[P]):
    """Something counted of members, additive over disjoint ones.

    tally(timeline, params, window): the counts of some members; the columns in `measures` add
    up, all others are keys.
    """

    measures: tuple[str, ...]
    tally: Callable[[Timeline, P, Window], pl.DataFrame]

    def merge(self, tallies: Iterable[pl.DataFrame]) -> pl.DataFrame:
        """Return the sum of tallies of disjoint members."""
        return add_up(pl.concat(list(tallies)), self.measures)


@dataclass(frozen=True, kw_only=True)
class Survey(Counting[P]):
    """What has to be counted before params are settled that are taken from the data.

    asked(params): whether any are. settle(tally, params, window): the params to go on with, and
    notes that say what was found.
    """

    asked: Callable[[P], bool]
    settle: Callable[[pl.DataFrame, P, Window], tuple[P, Sequence[str]]]


@dataclass(frozen=True, kw_only=True)
class Roster(Generic[P]):
    """Rows about single members, which go to a file and are never added up.

    option: the flag that names the file. path(params): the file, or None where none is asked
    for. rows(timeline, params, window): those of some members, always with the same columns,
    `state` among them.
    """

    option: str
    path: Callable[[P], str | None]
    rows: Callable[[Timeline, P, Window], pl.DataFrame]


@dataclass(frozen=True, kw_only=True)
class Metric(Counting[P]):
    """A metric as the engine sees it.

    needs(params, joined): what it reads of each event; joined tells whether the member table
    gives joining times. summarise(tally, params, window): the tables made from the sum of all
    tallies. survey, roster: where it has one. reads(params): files that params name.
    """

    command: str
    tables: tuple[str, ...]
    needs: Callable[[P, bool], Needs]
    summarise: Callable[[pl.DataFrame, P, Window], Summary]
    survey: Survey[P] | None = None
    roster: Roster[P] | None = None
    reads: Callable[[P], Sequence[str]] | None = None


def add_up(tally: pl.DataFrame, measures: Sequence[str]) -> pl.DataFrame:
    """Return one row a key with the measures summed."""
    keys = [column for column in tally.columns if column not in measures]
    return tally.group_by(keys).agg(pl.col(measure).sum() for measure in measures)


def filled(
    frame: pl.DataFrame, keys: Mapping[str, type[pl.DataType]], measures: Sequence[str]
) -> pl.DataFrame:
    """Return `frame` with all columns of a tally: absent keys are null, absent measures 0.

    Measures are 128-bit integers, so that money in millionths never overflows a sum.
    """
    there = set(frame.columns)
    return frame.select(
        *(column for column in frame.columns if column.startswith("seg_")),
        *(
            (pl.col(key) if key in there else pl.lit(None)).cast(dtype).alias(key)
            for key, dtype in keys.items()
        ),
        *(
            (pl.col(measure) if measure in there else pl.lit(0)).cast(pl.Int128).alias(measure)
            for measure in measures
        ),
    )


def with_rate(counts: pl.DataFrame, part: str, of: str, confidence: float) -> pl.DataFrame:
    """Add rate = `part` / `of`, ci_low and ci_high (Wilson's interval); null where `of` is 0."""
    low, high = wilson(counts[part], counts[of], confidence)
    return counts.with_columns(
        rate=pl.when(pl.col(of) > 0).then(pl.col(part) / pl.col(of)),
        ci_low=known(low),
        ci_high=known(high),
    )


def segment_keys(by: Sequence[str]) -> list[str]:
    """Return the key columns that segments have in a tally, whatever the user's names are."""
    return [f"seg_{i}" for i in range(len(by))]


def nobody(by: Sequence[str]) -> dict[str, pl.Expr]:
    """Return the segment keys of a tally row that is of no segment."""
    return dict.fromkeys(segment_keys(by), pl.lit(None, pl.String))


def by_segment(frame: pl.DataFrame, by: Sequence[str]) -> Iterator[tuple[Segment, pl.DataFrame]]:
    """Yield each segment with its rows, in order; without segments the whole, rows or not."""
    keys = segment_keys(by)
    if keys:
        yield from frame.sort(keys).group_by(keys, maintain_order=True)
    else:
        yield (), frame


def empty_table(
    schema: Mapping[str, pl.DataType | type[pl.DataType]], by: Sequence[str]
) -> pl.DataFrame:
    """Return a table without rows: its segments' keys before its columns."""
    return pl.DataFrame(schema={**dict.fromkeys(segment_keys(by), pl.String), **schema})


def of_segment(table: pl.DataFrame, by: Sequence[str], segment: Segment) -> pl.DataFrame:
    """Return the table of one segment with its keys before its columns."""
    values = zip(segment_keys(by), segment, strict=True)
    return table.select(*(pl.lit(value, pl.String).alias(key) for key, value in values), pl.all())


def of_segments(
    table: pl.DataFrame, by: Sequence[str], segments: Sequence[Segment]
) -> pl.DataFrame:
    """Return a table of several segments, of which each row's is given, with their keys first."""
    keys = [
        pl.Series(key, [segment[i] for segment in segments], pl.String)
        for i, key in enumerate(segment_keys(by))
    ]
    return pl.DataFrame([*keys, *table.get_columns()])


def named_segments(frame: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Put segments first, under the user's names; one that is taken by another gets "by_"."""
    keys, taken, names = segment_keys(by), set(frame.columns), {}
    for key, name in zip(keys, by, strict=True):
        while name in taken:
            name = f"by_{name}"
        names[key] = name
        taken.add(name)
    return frame.select(*keys, pl.exclude(keys)).rename(names)


def check_span(first: int, last: int, period: str) -> None:
    """Raise InputError where a table of every period from the first to the last has no end.

    A date mistyped as 9998 would fill gigabytes with days on which nothing was.
    """
    if last - first >= _MOST_PERIODS:
        raise InputError(
            f"Times run over {last - first + 1:,} {period}s, more than the {_MOST_PERIODS:,} that "
            "a table of every one can have: some are stray.",
            "Leave those out with --since and --until, or take a longer --period.",
        )
