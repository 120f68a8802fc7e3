"""One source file becomes one part of the set, and a file of the rows that were refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from retainkit.errors import InputError
from retainkit.ingesting.manifest import Rows
from retainkit.ingesting.parts import Filed, part_file
from retainkit.ingesting.sorting import ROW, Sorting
from retainkit.periods import Calendar
from retainkit.schema import Mapped, Role
from retainkit.sources import SourceOptions, Table, open_table
from retainkit.sources.canonical import Events, Recipe, Wanted, read_events
from retainkit.sources.clocks import moved, moved_notes
from retainkit.sources.files import Scratch
from retainkit.sources.quality import LEFT_OUT, REFUSED, Quality, fates_of
from retainkit.sources.rejects import RejectsFile
from retainkit.sources.sets import BAD_AMOUNT_COLUMN
from retainkit.sources.stream import Progress

ROLES: tuple[Role, ...] = ("member", "time", "event", "amount", "order")
_OWN = {*ROLES, BAD_AMOUNT_COLUMN}
_BAD = "__bad_amount"
_BATCH = 1 << 16
_WANTED = Wanted(worth=True, order=True, event=True)
_UTC = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Targets:
    """Where a source file goes: its part, its refused rows, and temporary files meanwhile."""

    part: Path
    rejects: Path
    temporary: Path


@dataclass(frozen=True)
class Ingested:
    """What became of a source file. rejects: whether there is a file of refused rows."""

    filed: Filed
    rows: Rows
    rejects: bool
    span: tuple[datetime, datetime] | None
    mapping: Mapping[Role, Mapped]
    notes: tuple[str, ...]


def ingest_file(
    path: Path, options: SourceOptions, to: Targets, progress: Progress | None
) -> Ingested:
    """Write the rows of the file `path`; on a failure only refused rows may be there to look at.

    Raises InputError where the file cannot be used, OutputError where nothing can be written.
    """
    calendar = Calendar(options.tz, options.week_start)
    with ExitStack() as stack:
        table = stack.enter_context(open_table([path], options, to.temporary, origin=True))
        events = read_events(table, None, options, _WANTED, calendar)
        scratch = Scratch(stack, to.temporary)
        work = _Work(path, table, events, options, to, Sorting(scratch))
        stack.callback(work.discard)
        work.read(progress)
        filed, span = _written(work.sorting, to.part, drop=work.spare())
        notes = (*events.notes, *work.moved_notes())
        return Ingested(filed, work.rows(), work.refused, span, events.mapping, notes)


@dataclass
class _Work:
    """The rows of one file on their way, and their count."""

    path: Path
    table: Table
    events: Events
    options: SourceOptions
    to: Targets
    sorting: Sorting
    refused: bool = False
    _count: int = 0
    _bad: int = 0
    _moved: tuple[int, int] = (0, 0)
    _fates: Counter[str] = field(default_factory=Counter)
    _rejects: RejectsFile | None = None

    def read(self, progress: Progress | None) -> None:
        """Bring all rows where they belong."""
        pruned, title = self.events.pruned, self.events.mapping["time"].source
        quality = Quality(self.options.max_rejects, sources=self.table.files, time=title)
        for reason, rows in pruned.skipped.items():
            quality.count(rows, {reason: rows})
            self._tally(rows, {reason: rows})
        if progress is not None:
            progress.expect(self.table.about_rows(pruned.skipped.values()))
        columns = tuple(_stored(self.table.header, self.events.mapping))
        with self.table.reading():
            frame = _with_bad_amounts(self.events).of(pruned.frame)
            self._take(pl.DataFrame(schema=frame.collect_schema()), columns)
            for batch in frame.collect_batches(chunk_size=_BATCH, maintain_order=True):
                fates = fates_of(batch)
                quality.count(batch.height, fates)
                self._tally(batch.height, fates)
                self._refuse(batch.filter(batch["fate"].is_in(REFUSED)))
                self._take(batch.filter(batch["fate"].is_null()), columns)
                if progress is not None:
                    progress.advance(batch.height)
        self._finish(quality)

    def _tally(self, rows: int, fates: Mapping[str, int]) -> None:
        self._count += rows
        self._fates.update(fates)

    def _refuse(self, rows: pl.DataFrame) -> None:
        if not rows.height:
            return
        if self._rejects is None:
            self._rejects = RejectsFile(str(self.to.rejects), self.table.files)
        self._rejects.write(rows.drop(_BAD, strict=False))

    def moved_notes(self) -> list[str]:
        """Return what to say of times that a clock never shows, or shows twice."""
        title, zone = self.events.mapping["time"].source, self.options.naive_tz or self.options.tz
        return moved_notes(title, zone, *self._moved)

    def _take(self, batch: pl.DataFrame, columns: Sequence[pl.Expr]) -> None:
        skipped, twice = moved(batch)
        self._moved = self._moved[0] + skipped, self._moved[1] + twice
        rows = batch.select(columns)
        if BAD_AMOUNT_COLUMN in rows.columns:
            self._bad += rows.height - rows[BAD_AMOUNT_COLUMN].null_count()
        self.sorting.add(rows)

    def _finish(self, quality: Quality) -> None:
        if self._rejects is not None:
            self._rejects.finish()
            self.refused = True
        try:
            quality.finish()
        except InputError as error:
            raise InputError(
                f"'{self.path}': {error.message}",
                f"They are in {self.to.rejects}; accept more with --max-rejects 1.",
            ) from None

    def discard(self) -> None:
        """Remove what is not finished."""
        if self._rejects is not None:
            self._rejects.discard()

    def spare(self) -> tuple[str, ...]:
        """Return the columns that turned out to say nothing."""
        return () if self._bad else (BAD_AMOUNT_COLUMN,)

    def rows(self) -> Rows:
        """Return the count, in which no row is missing."""
        refused, left_out = (
            {reason: self._fates[reason] for reason in reasons if self._fates[reason]}
            for reasons in (REFUSED, LEFT_OUT)
        )
        written = self._count - sum(self._fates.values())
        return Rows(self._count, written, refused, left_out, self._bad)


def _with_bad_amounts(events: Events) -> Recipe:
    if "amount" not in events.mapping:
        return events.recipe
    return Recipe(events.recipe.steps, (*events.recipe.columns, pl.col(_BAD)))


def _stored(header: Sequence[str], mapping: Mapping[Role, Mapped]) -> Iterator[pl.Expr]:
    """Yield the columns of a part: the roles first, then all others of the source."""
    raw = pl.col("__raw").struct
    for role in ROLES:
        if role == "time":
            yield pl.col("time").cast(_UTC)
        elif role in mapping:
            yield pl.col(role)
    if "amount" in mapping:
        source = mapping["amount"].source
        written = raw.field(source).cast(pl.String) if source in header else pl.lit("computed")
        yield pl.when(pl.col(_BAD)).then(written).alias(BAD_AMOUNT_COLUMN)
    played = {mapped.source for mapped in mapping.values()}
    others = [name for name in header if name not in played]
    for name, called in other_names(others, _OWN).items():
        yield raw.field(name).alias(called)
    yield pl.col(ROW)


def other_names(names: Sequence[str], own: Collection[str]) -> dict[str, str]:
    """Return what columns are called beside those that a set calls its `own`."""
    called: dict[str, str] = {}
    for name in names:
        new = name
        while new in own or (new != name and new in names):
            new = f"raw_{new}"
        called[name] = new
    return called


def _written(
    sorting: Sorting, path: Path, drop: Sequence[str]
) -> tuple[Filed, tuple[datetime, datetime] | None]:
    """Write all rows in the order of time; return the first and the last."""
    ends: list[datetime] = []
    with part_file(path, by_time=True) as file:
        for piece in sorting.pieces():
            file.write(piece.drop(ROW, *drop, strict=False))
            if piece.height:
                ends += [piece["time"][0], piece["time"][-1]]
        return file.finish(), (ends[0], ends[-1]) if ends else None
