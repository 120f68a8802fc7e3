"""Lists of members, one a day: who is in one and was not in that before has joined meanwhile.

When it was is known no better than that: between two snapshots. Both ends are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from retainkit.errors import InputError, UsageError
from retainkit.ingesting.finding import Found, find
from retainkit.ingesting.manifest import Manifest, is_whole
from retainkit.ingesting.members import list_table, write_members
from retainkit.ingesting.reading import other_names
from retainkit.sources import SourceOptions
from retainkit.sources.civil import to_utc
from retainkit.sources.expressions import Scope
from retainkit.sources.faults import reading
from retainkit.sources.ids import learn_ids
from retainkit.sources.mapping import choose, column_or_sql
from retainkit.sources.members import segment
from retainkit.wording import counted

_DATE = re.compile(
    r"(?<!\d)(?:(\d{4})-(\d\d)-(\d\d)|(\d{4})(\d\d)(\d\d)|(\d{4})年(\d{1,2})月(\d{1,2})日)(?!\d)"
)
_STAY = {"member": pl.String(), "joined": pl.Date(), "left": pl.Date()}
_BOUNDS = {"joined_after": pl.Date(), "left_after": pl.Date()}
_OWN = (*_STAY, "reason", *_BOUNDS)
_LISTED = 3


@dataclass(frozen=True)
class Day:
    """A snapshot: its day and its file."""

    date: date
    file: Found


def snapshot_entry(
    manifest: Manifest, pattern: str, options: SourceOptions, folder: Path, said: list[str]
) -> Manifest:
    """Return the manifest with the stays that the snapshots called `pattern` show.

    Later snapshots are added to what is there; any others have all read again. What is to be said
    of this run alone is added to `said`. Raises InputError where some of these are gone.
    """
    old = manifest.members
    if old is not None and not old.snapshots:
        raise UsageError(
            "--snapshots: the set has the member table of a --members.", "Use another folder."
        )
    known = {} if old is None else {s.name: (s, old.snapshots[s.name]) for s in old.names}
    days = _dated(find([pattern], folder, known, folder)[0])
    before = {} if old is None else old.snapshots
    new = [day for day in days if before.get(day.file.seen.name) != day.file.fingerprint]
    if old is not None and not new and is_whole(folder, old, verify=options.verify):
        return manifest
    stays, todo = _begin(manifest, days, new, folder, options.verify)
    last = max((date_of(name) for name in before), default=None) if stays is not None else None
    notes: list[str] = []
    for day in todo:
        stays = _after(stays, _listed(day, options, folder, notes, said), day.date, last)
        day.file.file.check_same()
        last = day.date
    assert stays is not None
    named = {**before, **{day.file.seen.name: day.file.fingerprint for day in days}}
    mark = blake2b(repr(sorted(named.items())).encode(), digest_size=16).hexdigest()
    rows = _as_moments(stays.sort("member", "joined"), _zone(vars(options)))
    entry = write_members(folder, rows, mark, manifest.generation)
    seen = {**({} if old is None else {s.name: s for s in old.names})}
    seen |= {day.file.seen.name: day.file.seen for day in days}
    notes += _notes(stays, sorted(map(date_of, named)))
    names = tuple(seen[name] for name in sorted(seen))
    made = replace(entry, names=names, notes=tuple(notes), snapshots=named)
    return replace(manifest, members=made)


def date_of(name: str) -> date:
    """Return the day that a file's name tells. Raises UsageError unless it tells one."""
    found = {tuple(filter(None, match.groups())) for match in _DATE.finditer(Path(name).name)}
    try:
        ((year, month, day),) = found
        return date(int(year), int(month), int(day))
    except ValueError:
        raise UsageError(
            f"--snapshots: the name of '{name}' tells no day, or several.",
            "Name such files like members-2026-11-01.csv, 20261101.csv or 2026年11月1日.csv.",
        ) from None


def _dated(files: Sequence[Found]) -> list[Day]:
    days = sorted((Day(date_of(file.seen.name), file) for file in files), key=lambda day: day.date)
    for one, other in pairwise(days):
        if one.date == other.date:
            raise UsageError(
                f"--snapshots: '{one.file.path}' and '{other.file.path}' are of the same day.",
                "Name one of them.",
            )
    return days


def _begin(
    manifest: Manifest, days: Sequence[Day], new: Sequence[Day], folder: Path, verify: bool
) -> tuple[pl.DataFrame | None, Sequence[Day]]:
    """Return the stays to go on from, and the snapshots to read."""
    old = manifest.members
    if old is None:
        return None, days
    path = folder / old.part
    whole = is_whole(folder, old, verify=verify)
    last = max(date_of(name) for name in old.snapshots)
    if whole and all(day.date > last for day in new):
        with reading(str(path)):
            stays = pl.read_parquet(path, glob=False)
        local = pl.col("joined", "left").dt.convert_time_zone(_zone(manifest.options)).dt.date()
        return stays.with_columns(local), new
    gone = old.snapshots.keys() - {day.file.seen.name for day in days}
    if gone:
        raise InputError(
            f"'{new[0].file.path if new else path}' is not later than the snapshots of the set, "
            f"and '{min(gone)}' is gone, so that they cannot be read again.",
            "Bring it back, or ingest those that there are into another folder.",
        )
    return None, days


def _listed(
    day: Day, options: SourceOptions, folder: Path, notes: list[str], said: list[str]
) -> pl.DataFrame:
    """Return who is in a snapshot: member, and the other columns as text."""
    with list_table([day.file], options, folder, said) as table, table.reading():
        mapping = choose(
            table.header, {"member": True}, {"member": options.member_col}, "The snapshot"
        )
        source = mapping["member"].source
        scope = Scope(table.rows, table.sample())
        expr = column_or_sql("--member-col", source, table.header)
        scope = scope.add("__member", scope.read(expr, "--member-col", "value"))
        ids = learn_ids("__member", scope.frame, scope.sample["__member"], source, options)
        others = other_names([name for name in table.header if name != source], _OWN)
        rows = scope.frame.select(
            ids.expr.cast(pl.String).alias("member"),
            *(segment(name).alias(called) for name, called in others.items()),
        ).collect(engine="streaming")
    members = rows.drop_nulls("member").unique("member", keep="first", maintain_order=True)
    if members.height < rows.height:
        rest = counted(rows.height - members.height, "row")
        notes.append(f"Snapshot {day.date}: {rest} without a member or of one listed already.")
    return members


def _after(
    stays: pl.DataFrame | None, listed: pl.DataFrame, today: date, last: date | None
) -> pl.DataFrame:
    """Return the stays once another snapshot is known; last: the day of the one before."""
    if stays is None:
        stays = pl.DataFrame(schema={**_STAY, **_BOUNDS})
    here = pl.col("member").is_in(listed["member"].implode())
    ended = pl.col("left").is_null() & ~here
    stays = stays.with_columns(
        left=pl.when(ended).then(pl.lit(today)).otherwise("left"),
        left_after=pl.when(ended).then(pl.lit(last, pl.Date)).otherwise("left_after"),
    )
    staying = stays.filter(pl.col("left").is_null())["member"]
    come = listed.select("member").filter(~pl.col("member").is_in(staying.implode()))
    joined = come.with_columns(joined=pl.lit(today), joined_after=pl.lit(last, pl.Date))
    stays = pl.concat([stays, joined], how="diagonal")
    return _with_attributes(stays, listed)


def _with_attributes(stays: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Return the stays with what the latest snapshot says of those who are in it."""
    news = [name for name in listed.columns if name != "member"]
    stays = stays.with_columns(
        pl.lit(None, pl.String).alias(name) for name in news if name not in stays.columns
    )
    marked = listed.with_columns(__here=True).rename({name: f"__new_{name}" for name in news})
    told = stays.join(marked, on="member", how="left", maintain_order="left")
    return told.with_columns(
        pl.when("__here").then(f"__new_{name}").otherwise(name).alias(name) for name in news
    ).drop("__here", *(f"__new_{name}" for name in news))


def _as_moments(stays: pl.DataFrame, zone: str) -> pl.DataFrame:
    return stays.with_columns(
        to_utc(stays[name].cast(pl.Datetime("us")), zone).cast(pl.Datetime("us", "UTC")).alias(name)
        for name in ("joined", "left")
    )


def _zone(options: Mapping[str, Any]) -> str:
    return str(options["naive_tz"] or options["tz"])


def _notes(stays: pl.DataFrame, days: Sequence[date]) -> Iterator[str]:
    first = int(stays["joined_after"].is_null().sum())
    yield (
        f"{counted(len(days), 'snapshot')} of members, {days[0]} to {days[-1]}: "
        f"{counted(first, 'member is', 'members are')} in the first, and joined at some time "
        "before; of the others it is known between which two snapshots they joined and left "
        "(joined_after, left_after)."
    )
    span = range((days[-1] - days[0]).days + 1)
    missing = sorted({days[0] + timedelta(days=number) for number in span} - set(days))
    if missing:
        listed = ", ".join(map(str, missing[:_LISTED]))
        more = f" and {len(missing) - _LISTED:,} more" if len(missing) > _LISTED else ""
        yield f"Snapshots are missing of {counted(len(missing), 'day')}: {listed}{more}."
    again = stays.height - stays["member"].n_unique()
    if again:
        yield f"{counted(again, 'stay is', 'stays are')} of members who came back."
