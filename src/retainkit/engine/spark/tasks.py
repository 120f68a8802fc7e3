"""What runs on executors: raw rows to canonical events, and a partition of members to tallies.

Arrow batches in, Arrow batches out. All of it is plain data that can be pickled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import polars as pl

from retainkit.engine.local import SLICE_ROWS
from retainkit.engine.request import Asked, Tallies, counted
from retainkit.engine.seen import Members, Seen
from retainkit.engine.spark.carried import carrying
from retainkit.engine.spark.ledger import Ledger
from retainkit.engine.spark.travel import Schema, arrived, batches, home, nulls
from retainkit.engine.tries import packed
from retainkit.periods import Calendar, Window
from retainkit.sources.alike import Alike
from retainkit.sources.canonical import Recipe, Side
from retainkit.sources.clocks import CLOCK
from retainkit.sources.faults import long_rows
from retainkit.sources.nobody import MUCH
from retainkit.sources.quality import FATE, fates_of
from retainkit.timeline import Builder, Needs, Packing

if TYPE_CHECKING:
    import pyarrow as pa

MEMBERS = tuple(field.name for field in fields(Members))
SURVEY: Schema = {
    "read": pl.Int64(),
    "rows": pl.Int64(),
    "first": pl.Int64(),
    "last": pl.Int64(),
    "negative": pl.Int64(),
    "marks": pl.Int64(),
    "skipped": pl.Int64(),
    "twice": pl.Int64(),
    "late": pl.Int64(),
    **{f"fate_{i}": pl.Int64() for i in range(len(FATE.categories))},
}


@dataclass(frozen=True)
class Reader:
    """How batches of raw rows become canonical events.

    names: what messages call the files. columns: of the batches, in order, and the types they
    have where Polars reads them; a last one, where `checked`, is true of rows with more cells
    than the header. keys: columns that are the same in every row. joined: all as the whole export
    has them.
    """

    names: str
    columns: Schema
    checked: bool
    keys: tuple[pl.Expr, ...]
    joined: tuple[pl.Expr, ...]
    recipe: Recipe

    def events(
        self, raw: Iterable[pa.RecordBatch], columns: Sequence[str] | None = None
    ) -> Iterator[pl.DataFrame]:
        """Yield the canonical events of raw rows, batch by batch; `columns`: only these."""
        for batch in raw:
            rows = arrived(batch)
            if self.checked and rows.to_series(-1).any():
                raise long_rows(self.names)
            rows.columns = [*self.columns, *rows.columns[len(self.columns) :]]
            typed = rows.lazy().with_columns(
                *self.keys, *(pl.col(name).cast(dtype) for name, dtype in self.columns.items())
            )
            events = self.recipe.of(typed.with_columns(self.joined))
            yield events.select(columns or pl.all()).collect()

    @carrying
    def survey(self, raw: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield one row of SURVEY: how many rows there are, and what becomes of them."""
        read, seen, fates = 0, Seen(), Counter[str]()
        some = [name for name in ("amount", CLOCK) if name in self._made]
        for events in self.events(raw, ["time", "fate", "marks", *some]):
            read += events.height
            seen += Seen.of(events.filter(pl.col("fate").is_null()))
            fates.update(fates_of(events))
        counts = {f"fate_{i}": fates[reason] for i, reason in enumerate(FATE.categories)}
        yield from batches(pl.DataFrame([{"read": read, **vars(seen), **counts}], schema=SURVEY))

    @property
    def _made(self) -> list[str]:
        return [column.meta.output_name() for column in self.recipe.columns]


@dataclass(frozen=True)
class Shipment:
    """Used events and members of the member table as one kind of row, to be brought together.

    events: the types of canonical events. segments: the name and the side of each. known: what
    else the member table says of a member. A row of the
    member table has no marks, and as its time the time of joining.
    """

    events: Schema
    segments: tuple[tuple[str, Side], ...]
    known: Schema = field(default_factory=dict)

    @property
    def schema(self) -> Schema:
        """The columns of such rows."""
        return {**self.events, **dict(self._of_members)}

    @carrying
    def sent(self, reader: Reader, raw: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of used events."""
        for events in reader.events(raw):
            used = events.filter(pl.col("fate").is_null())
            yield from batches(used.with_columns(nulls(self._of_members)).select(*self.schema))

    def listed(self, table: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of a member table."""
        rows = table.rename({"joined": "time"})
        absent = [(name, kind) for name, kind in self.schema.items() if name not in rows.columns]
        return rows.with_columns(nulls(absent)).select(*self.schema)

    def parted(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the events and the member table of rows that have arrived."""
        known = home(rows, self.schema)
        columns = [name for name, _ in self._of_members]
        table = known.filter(pl.col("marks").is_null())
        return (
            known.filter(pl.col("marks").is_not_null()).select(*self.events),
            table.select("member", *columns, joined="time"),
        )

    @property
    def _of_members(self) -> list[tuple[str, pl.DataType]]:
        sides = enumerate(side for _, side in self.segments)
        segments = [(f"seg_{i}", pl.String()) for i, side in sides if side == "member"]
        return [*self.known.items(), *segments]


@dataclass(frozen=True)
class Count:
    """Tallies the members of a partition.

    listed: whether there is a member table. rows: how many events there are.
    """

    asked: tuple[Asked, ...]
    shipment: Shipment
    needs: Needs
    calendar: Calendar
    window: Window
    listed: bool
    rows: int

    @carrying
    def entries(self, ledger: Ledger, rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the entries of a partition's tallies and, in the last page, its members."""
        for number, tally in enumerate(self.tallies(rows)):
            yield from batches(ledger.entries(number, tally))

    def tallies(self, rows: Iterable[pa.RecordBatch] = ()) -> list[pl.DataFrame]:
        """Return the tally of each thing asked, and the members counted; of none, without rows."""
        parts = [self.shipment.parted(arrived(batch)) for batch in rows]
        nothing = pl.DataFrame(schema=dict(self.shipment.schema))
        parts.append(self.shipment.parted(nothing))
        table = pl.concat(listed for _, listed in parts) if self.listed else None
        return packed(lambda packing: self._counted([used for used, _ in parts], table, packing))

    def _crowd(self, events: Sequence[pl.DataFrame]) -> Members:
        rows = pl.concat(used["member"] for used in events).value_counts(name="rows")["rows"]
        theirs = rows.filter(rows > MUCH * self.rows)
        alike = Alike()
        if self.needs.counts_rows:
            alike.add(pl.concat(events).hash_rows().to_numpy())
        return Members(busy=len(theirs), theirs=int(theirs.sum()), alike=alike.rows())

    def _counted(
        self, events: Sequence[pl.DataFrame], table: pl.DataFrame | None, packing: Packing
    ) -> list[pl.DataFrame]:
        builder = Builder(self.needs, self.calendar, packing, self.shipment.segments, table)
        for used in events:
            builder.add(used)
        tallies, members = [Tallies(each.counting) for each in self.asked], self._crowd(events)
        for bounds in builder.slices(-(-builder.rows // SLICE_ROWS)):
            more, found = counted(builder.timeline(bounds), self.asked, self.window)
            members += more
            for sum_, tally in zip(tallies, found, strict=True):
                sum_.add(tally)
        people = {name: [getattr(members, name)] for name in MEMBERS}
        return [*(sum_.total() for sum_ in tallies), pl.DataFrame(people)]
