"""The time column: how it is written is learned from a sample, then read in one expression.

Most rows are read by the few formats that the sample shows, at the speed of a known format.
What those leave goes, row by row, through the thorough reader of `civil`. What a row means
depends on the row and on what was settled for the column, never on its neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from retainkit.errors import InputError, UsageError
from retainkit.periods import Calendar
from retainkit.schema import FLAGS
from retainkit.sources.civil import (
    FLOOR,
    PATTERN,
    ZERO,
    Style,
    Zones,
    is_absent,
    is_placeholder,
    is_zero,
    read_civil,
    read_walls,
    to_utc,
)
from retainkit.sources.clocks import Clock
from retainkit.sources.day_first import Column, learn_day_first
from retainkit.sources.epochs import is_epoch_text, learn_epoch
from retainkit.sources.formats import (
    Match,
    Reader,
    Stated,
    clashing,
    format_reader,
    has_clock,
    in_turn,
    is_padded,
    strptime_format,
    strptime_reader,
    zone_offset,
)
from retainkit.sources.options import SourceOptions
from retainkit.sources.quality import MIXED_OFFSETS, fatal

_FAST_FORMATS = 3
_FAST_SHARE = 0.1
_ZONE = PATTERN.groupindex["zone"]


@dataclass(frozen=True)
class Times:
    """A read time column.

    expr: Int64 us since 1970 UTC; null where unreadable (or null in the source); below every
    moment one of civil's marks (ABSENT, ZERO, OFFSETS, EPOCHS) for why there is no moment.
    clock: where local times may be written that a clock never shows, or shows twice.
    """

    expr: pl.Expr
    notes: tuple[str, ...] = ()
    clock: Clock | None = None


def learn_times(column: Column, options: SourceOptions) -> Times:
    """Return how `column` is read; raises InputError where it can be read in two ways."""
    zones = _zones(options)
    dtype = column.sample.dtype
    if dtype == pl.Null:
        return Times(column.values.cast(pl.Int64))
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        return _typed(column, zones)
    if dtype.is_numeric() and not _is_compact(column.sample):
        return _numbers(column, zones)
    if dtype.is_integer() or isinstance(dtype, (pl.String, pl.Categorical, pl.Enum)):
        return _texts(column, options, zones)
    raise InputError(
        f"The time column {column.place} holds {dtype}, which is no time.",
        f"Name another with {column.flag}, or write a SQL expression that gives one.",
    )


def _zones(options: SourceOptions) -> Zones:
    if options.naive_tz is None:
        return Zones(options.tz, options.tz)
    try:
        return Zones(Calendar(options.naive_tz).tz, options.tz)
    except UsageError as error:
        raise UsageError(error.message.replace("--tz", "--naive-tz"), error.hint) from None


def _is_compact(numbers: pl.Series) -> bool:
    """Return whether numbers are integers that are dates like 20101201 (or 20101201082600)."""
    if not numbers.dtype.is_integer():
        return False
    text = numbers.drop_nulls().cast(pl.String)
    dates = text.str.head(8).str.to_date("%Y%m%d", strict=False)
    return len(text) > 0 and not dates.has_nulls() and set(text.str.len_chars()) <= {8, 14}


def _typed(column: Column, zones: Zones) -> Times:
    dtype = column.sample.dtype
    tz = zones.dates if dtype == pl.Date else zones.times
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        zoned = column.values.cast(pl.Datetime("us", dtype.time_zone), strict=False)
        us = zoned.cast(pl.Int64)
        return Times(_marked(us, us, column, zones))
    local = column.values
    if dtype != pl.Datetime("us"):
        local = local.cast(pl.Datetime("us"), strict=False)
    us = moments = local.cast(pl.Int64)
    if tz != "UTC":
        moments = _by_batch(local, lambda batch: to_utc(batch, tz))
    notes = _naive_notes(column.title, zones, {dtype != pl.Date})
    clock = _clock(tz, _as_written) if dtype != pl.Date else None
    return Times(_marked(moments, us, column, zones), notes, clock)


def _as_written(local: pl.Series) -> pl.Series:
    return local.cast(pl.Datetime("us"), strict=False).cast(pl.Int64)


def _clock(tz: str, wall: Reader) -> Clock | None:
    return None if tz == "UTC" else Clock(tz, wall)


def _marked(moments: pl.Expr, local: pl.Expr, column: Column, zones: Zones) -> pl.Expr:
    """Return the moments, and of placeholders that they are; years too far off to be us, too."""
    odd = is_placeholder(local)
    if moments is not local or zones.zeros != (0,):  # else it is asked for already
        odd |= is_zero(moments, zones)
    dtype = column.sample.dtype
    if not (isinstance(dtype, pl.Datetime) and dtype.time_unit in ("us", "ns")):
        odd |= local.is_null() & column.values.is_not_null()
    return pl.when(odd).then(ZERO).otherwise(moments)


def _numbers(column: Column, zones: Zones) -> Times:
    values, sample = column.values, column.sample
    if sample.dtype.is_integer():
        values = values.cast(pl.Int64, strict=False)
    else:
        values = values.cast(pl.Float64).fill_nan(None)
        sample = sample.cast(pl.Float64).fill_nan(None)
    epoch = learn_epoch(sample, column, zones)
    return Times(epoch.moments(values), (epoch.note(column.title),))


def _texts(column: Column, options: SourceOptions, zones: Zones) -> Times:
    """Read texts, and what is text in all but its type: categories, numbers like 20101201."""
    sample = column.sample.cast(pl.String)
    column = replace(column, values=column.values.cast(pl.String), sample=sample)
    if options.time_format:
        return _stated(column, options, zones)
    written = sample.filter(~is_absent(sample)).str.strip_chars()
    matches = [match for text in written if (match := PATTERN.match(text))]
    if is_epoch_text(written).sum() > len(matches):
        return _epoch_texts(column, written, zones)
    return _civil_texts(column, matches, options, zones)


def _stated(column: Column, options: SourceOptions, zones: Zones) -> Times:
    """Read what the formats that the user gave read, and nothing else."""
    formats = [strptime_reader(text, zones) for text in options.time_format]
    found: set[Stated] = set()
    rest = column.sample
    for each in formats:
        moments = each.read(rest)
        found |= {each} if (moments >= FLOOR).any() else set()
        rest = rest.filter(moments.is_null())
    zoned = {each.offset for each in found}
    readers = [each.read for each in formats]
    if options.naive_tz is None:
        if len(zoned) > 1:
            raise _mixed(column, [each.read for each in formats if each.offset])
        readers = [
            clashing(each.read) if zoned == {not each.offset} else each.read for each in formats
        ]
    clocks = {each.clock for each in found if not each.offset}
    notes = _naive_notes(column.title, zones, clocks)
    clock = _clock(zones.times, partial(_stated_walls, options.time_format))
    return Times(_by_batch(column.values, in_turn(readers)), notes, clock)


def _mixed(column: Column, zoned: Sequence[Reader]) -> InputError:
    """Return the error for times with an offset and without in a sample.

    zoned: what gives something, not null, for those with one.
    """
    written = column.sample.is_not_null() & ~is_absent(column.sample)
    has = pl.select(pl.any_horizontal(each(column.sample).is_not_null() for each in zoned))
    rows = pl.DataFrame({"has": has.to_series(), "written": written}).with_row_index("row", 1)
    kinds = rows.filter("written")
    other = kinds.filter(pl.col("has") != kinds["has"][0])["row"]
    # The sample of a member table has no nulls: its rows are not those of the file.
    known = len(column.files) == 1 and column.flag == FLAGS["time"] and len(other)
    row = other[0] if known else None
    return fatal(MIXED_OFFSETS, column.title, column.files, column.flag, row)


def _stated_walls(formats: Sequence[str], values: pl.Series) -> pl.Series:
    """Return the local times (us) written; null where with an offset, or a date alone."""
    utc = Zones("UTC", "UTC")
    readers = [
        clashing(each.read) if each.offset or not each.clock else each.read
        for each in (strptime_reader(text, utc) for text in formats)
    ]
    walls = in_turn(readers)(values.cast(pl.String))
    return walls.set(walls < FLOOR, None)


def _epoch_texts(column: Column, written: pl.Series, zones: Zones) -> Times:
    """Read numbers written as text; what is no number is unreadable."""
    dtype = pl.Float64() if written.str.contains(".", literal=True).any() else pl.Int64()
    epoch = learn_epoch(written.cast(dtype, strict=False), column, zones)

    def read(texts: pl.Series) -> pl.Series:
        numbers = texts.str.strip_chars().cast(dtype, strict=False).to_frame("number")
        return numbers.select(epoch.moments(pl.col("number"))).to_series()

    return Times(_by_batch(column.values, in_turn([read])), (epoch.note(column.title),))


def _civil_texts(
    column: Column, matches: Sequence[Match], options: SourceOptions, zones: Zones
) -> Times:
    day_first, notes = learn_day_first(column, matches, options.day_first)
    zoned = {match["zone"] is not None for match in matches}
    if len(zoned) > 1 and options.naive_tz is None:
        raise _mixed(column, [lambda text: text.str.extract(PATTERN.pattern, _ZONE)])
    offset = zoned == {True} if zoned and options.naive_tz is None else None
    style = Style(zones, day_first, offset)
    readers = [*_common_formats(matches, style), lambda rest: read_civil(rest, style)]
    clocks = {has_clock(match) for match in matches if match["zone"] is None}
    naive = _naive_notes(column.title, zones, clocks)
    walls = partial(_civil_walls, day_first)
    clock = None if offset else _clock(zones.times, walls)
    return Times(_by_batch(column.values, in_turn(readers)), (*notes, *naive), clock)


def _civil_walls(day_first: bool | None, values: pl.Series) -> pl.Series:
    return read_walls(values.cast(pl.String), day_first)


def _common_formats(matches: Sequence[Match], style: Style) -> list[Reader]:
    """Return readers of the commonest formats of a sample, the commonest first."""
    alike = defaultdict(list)
    for match in matches:
        alike[strptime_format(match, style.day_first)].append(match)
    common = sorted(alike.items(), key=lambda item: -len(item[1]))[:_FAST_FORMATS]
    return [
        format_reader(
            text, style.zones, zone_offset(same[0]["zone"]), padded=all(map(is_padded, same))
        )
        for text, same in common
        if text is not None and len(same) >= _FAST_SHARE * len(matches)
    ]


def _by_batch(values: pl.Expr, read: Reader) -> pl.Expr:
    return values.map_batches(read, return_dtype=pl.Int64, is_elementwise=True)


def _naive_notes(title: str, zones: Zones, clocks: Collection[bool]) -> tuple[str, ...]:
    """Return how what has no offset is taken; clocks: whether it has a time of day, or has none."""
    apart = zones.times != zones.dates
    notes = []
    if True in clocks or (clocks and not apart):
        notes.append(f"Times in '{title}' have no offset: taken as {zones.times}.")
    if apart and False in clocks:
        notes.append(f"Dates in '{title}' without a time of day are dates in {zones.dates}.")
    return tuple(notes)
