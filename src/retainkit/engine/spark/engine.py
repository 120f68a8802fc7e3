"""The engine of a cluster: two passes over the files, one to see what is in them, one to count."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from functools import partial, reduce
from typing import TYPE_CHECKING

import polars as pl

from retainkit.engine.request import Asked, Request, Tallies, settled
from retainkit.engine.seen import Account, Members, Seen
from retainkit.engine.spark.carried import told
from retainkit.engine.spark.ledger import Ledger
from retainkit.engine.spark.reading import Raw, read_raw
from retainkit.engine.spark.session import session
from retainkit.engine.spark.tasks import MEMBERS, SURVEY, Count, Shipment
from retainkit.engine.spark.travel import arrived, ddl, outward
from retainkit.engine.worker import Worker
from retainkit.errors import UsageError
from retainkit.periods import Window
from retainkit.sources import Table
from retainkit.sources.canonical import Events
from retainkit.sources.clocks import CLOCK
from retainkit.sources.quality import FATE, Quality
from retainkit.timeline import Needs

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

TASK_ROWS = 1 << 21  # of a partition of members: what a task holds, about


@dataclass(frozen=True)
class Spark(Worker):
    """A run on Spark; partitions are tasks of members."""

    def __post_init__(self) -> None:
        if self.options.rejects is not None:
            raise UsageError(
                "--rejects is for --engine local: one machine writes one file.",
                "Leave one of them out; refused rows are counted by reason on any engine.",
            )

        if self.options.dedupe is not None:
            raise UsageError(
                "--dedupe is for --engine local: repeats may lie anywhere in the export.",
                "Remove them where it is written, or leave one of them out.",
            )

    def tallied(
        self, requests: Sequence[Request], table: Table, events: Events, needs: Needs
    ) -> tuple[Account, Window, Sequence[Request], list[Tallies]]:
        """Return what was seen, and the requests, settled, with their tallies."""
        _check_rosters(requests)
        with ExitStack() as stack:
            with self.journal.stage("start Spark"):
                spark = stack.enter_context(session(self.engine.spark_master))
            stack.enter_context(told())
            with self.journal.stage("read"):
                raws = read_raw(spark, table, events.recipe, stack)
                account = self._surveyed(raws, table, events)
            window = account.seen.window(self.options, self.calendar)
            with self.journal.stage("count"):
                listed = events.members is not None
                shipment = _shipment(events, needs)

                def tallied(asked: Sequence[Asked]) -> tuple[Members, list[Tallies]]:
                    rows = account.seen.rows
                    count = Count(
                        tuple(asked), shipment, needs, self.calendar, window, listed, rows
                    )
                    return self._counted(spark, count, raws, events)

                requests = settled(requests, window, lambda asked: tallied(asked)[1])
                account.members, tallies = tallied([request.asked for request in requests])
        return account, window, requests, tallies

    def _surveyed(self, raws: Sequence[Raw], table: Table, events: Events) -> Account:
        """Return what becomes of all rows."""
        surveys = [raw.rows.mapInArrow(raw.reader.survey, ddl(SURVEY)) for raw in raws]
        account = Account()
        if self.progress is not None:
            self.progress.expect(table.about_rows())
        time = events.mapping["time"].source
        with Quality(self.options.max_rejects, None, table.files, time=time) as quality:
            for row in arrived(_union(surveys).toArrow()).iter_rows(named=True):
                account.seen += Seen(*(row[field.name] for field in fields(Seen)))
                fates = {
                    reason: count
                    for i, reason in enumerate(FATE.categories)
                    if (count := row[f"fate_{i}"])
                }
                quality.count(row["read"], fates)
                if self.progress is not None:
                    self.progress.advance(row["read"])
            account.refused, account.left_out = quality.finish()
        return account

    def _counted(
        self,
        spark: SparkSession,
        count: Count,
        raws: Sequence[Raw],
        events: Events,
    ) -> tuple[Members, list[Tallies]]:
        """Return how many members there are, and the tally of each thing asked of them."""
        from pyspark.sql import functions as F  # noqa: N812

        measures = [each.counting.measures for each in count.asked]
        ledger = Ledger.of(count.tallies(), [*measures, MEMBERS])
        parts = self.partitions or max(
            -(-count.rows // TASK_ROWS), spark.sparkContext.defaultParallelism
        )
        self.journal.note("partitions", f"{parts} of members")
        entries = (
            self._rows(spark, count.shipment, raws, events)
            .repartition(parts, "member")
            .mapInArrow(partial(count.entries, ledger), ddl(ledger.schema))
        )
        sums = [F.sum(name).alias(name) for name in ledger.sums]
        total = arrived(entries.groupBy(*ledger.keys).agg(*sums).toArrow())
        (members,) = ledger.tally(len(count.asked), total).iter_rows() or [(0,) * len(MEMBERS)]
        tallies = [Tallies(each.counting) for each in count.asked]
        for number, sum_ in enumerate(tallies):
            sum_.add(ledger.tally(number, total))
        return Members(*members), tallies

    def _rows(
        self, spark: SparkSession, shipment: Shipment, raws: Sequence[Raw], events: Events
    ) -> DataFrame:
        """Return the used events and the members of the member table."""
        columns = ddl(shipment.schema)
        rows = [raw.rows.mapInArrow(partial(shipment.sent, raw.reader), columns) for raw in raws]
        if events.members is not None:
            listed = outward(shipment.listed(events.members))
            rows.append(spark.createDataFrame(listed, columns))
        return _union(rows)


def _shipment(events: Events, needs: Needs) -> Shipment:
    schema = events.frame.collect_schema()
    segments = zip(needs.segments, events.segments, strict=True)
    used = {name: dtype for name, dtype in schema.items() if name not in ("fate", CLOCK)}
    people = {} if events.members is None else dict(events.members.schema)
    known: dict[str, pl.DataType] = {
        name: people[name] for name in ("left", "reason") if name in people
    }
    return Shipment(used, tuple(segments), known)


def _check_rosters(requests: Sequence[Request]) -> None:
    """Raise UsageError where a roster is asked for."""
    for request in requests:
        roster = request.metric.roster
        if roster is not None and roster.path(request.params) is not None:
            raise UsageError(
                f"{roster.option} is for --engine local: one machine writes one file.",
                "Leave one of them out.",
            )


def _union(frames: Sequence[DataFrame]) -> DataFrame:
    return reduce(lambda one, other: one.union(other), frames)
