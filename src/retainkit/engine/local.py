"""The engine of one machine: one scan for all metrics, then slices of members side by side."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

import polars as pl

from retainkit.engine.crew import Crew
from retainkit.engine.journal import size
from retainkit.engine.memory import Budget
from retainkit.engine.request import Asked, Request, Tallies, counted, settled
from retainkit.engine.rosters import Rosters
from retainkit.engine.seen import Account, Crowd, Members, Seen
from retainkit.engine.tries import packed
from retainkit.engine.worker import Worker
from retainkit.periods import Window
from retainkit.sources import Table
from retainkit.sources.alike import Alike, row_hashes
from retainkit.sources.canonical import Events
from retainkit.sources.clocks import CLOCK
from retainkit.sources.stream import stream
from retainkit.timeline import Bounds, Builder, Needs, Packing, Spill

_HASHES = 1 << 22  # of rows, 32 MB, to tell which are alike; of more rows a share is looked at
SLICE_ROWS = 1 << 20  # about as many as fit a core's cache with what is computed from them


@dataclass(frozen=True)
class Local(Worker):
    """A run on this machine; partitions are slices of members."""

    def tallied(
        self, requests: Sequence[Request], table: Table, events: Events, needs: Needs
    ) -> tuple[Account, Window, Sequence[Request], list[Tallies]]:
        """Return what was seen, and the requests, settled, with their tallies.

        However many tries it takes.
        """
        return packed(lambda packing: self._tried(requests, table, events, needs, packing))

    def _tried(
        self,
        requests: Sequence[Request],
        table: Table,
        events: Events,
        needs: Needs,
        packing: Packing,
    ) -> tuple[Account, Window, Sequence[Request], list[Tallies]]:
        with ExitStack() as stack, Crew() as crew:
            folder = None if self.engine.temp_dir is None else Path(self.engine.temp_dir)
            spill, budget = Spill(stack, folder), Budget.of(self.engine.memory)
            segments = list(zip(needs.segments, events.segments, strict=True))
            builder = Builder(
                needs, self.calendar, packing, segments, events.members, budget.room, spill
            )
            with self.journal.stage("read and sort"):
                account = self._gathered(builder, table, events, crew, budget)
            window = account.seen.window(self.options, self.calendar)
            with self.journal.stage("count"):
                slices = self._slices(builder, budget, crew)
                work = _Counting(builder, slices, window, crew)
                requests = settled(requests, window, lambda asked: work.tallies(asked)[1])
                rosters = stack.enter_context(Rosters(requests, table.files, self.excel_safe))
                asked = [request.asked for request in requests]
                people, tallies = work.tallies(asked, rosters)
                account.members += people
            self._tell(builder, budget, slices, crew)
            return account, window, rosters.told(), tallies

    def _gathered(
        self, builder: Builder, table: Table, events: Events, crew: Crew, budget: Budget
    ) -> Account:
        """Bring all events to the builder."""
        events = replace(
            events, frame=builder.packing.hashing(events.frame, keep=builder.needs.ids)
        )
        account, crowd, alike, lock = Account(), Crowd(), Alike(_HASHES), Lock()

        def gather(used: pl.DataFrame) -> None:
            keys = builder.packing.keys(used["member"])
            told = used.drop(CLOCK, strict=False)
            hashes = row_hashes(keys, told) if builder.needs.counts_rows else None
            builder.add(told, keys)
            crowd.add(keys)
            seen = Seen.of(used)
            with lock:
                account.seen += seen
                if hashes is not None:
                    alike.add(hashes)

        account.refused, account.left_out = stream(
            table,
            events,
            lambda used: crew.hand(gather, used),
            max_rejects=self.options.max_rejects,
            rejects=self.options.rejects,
            progress=self.progress,
            batch_rows=budget.batch_rows,
            excel_safe=self.excel_safe,
        )
        crew.settle()
        busy, theirs = crowd.busy(account.seen.rows)
        account.members = Members(busy=busy, theirs=theirs, alike=alike.rows())
        account.exact = alike.exact
        return account

    def _slices(self, builder: Builder, budget: Budget, crew: Crew) -> list[Bounds]:
        if self.partitions is not None:
            return builder.slices(self.partitions)
        rows = min(SLICE_ROWS, budget.slice_rows(crew.size))
        return builder.slices(-(-builder.rows // rows))

    def _tell(self, builder: Builder, budget: Budget, slices: Sequence[Bounds], crew: Crew) -> None:
        kind = "packed into words of 64 bits" if builder.packs else "as columns"
        self.journal.note("rows", f"{builder.rows:,} held, {kind}")
        self.journal.note("partitions", f"{len(slices)}, worked {crew.size} at a time")
        self.journal.note("memory", f"{size(budget.total)} allowed")
        spill = builder.spill
        written = f"{size(spill.bytes)} in {spill.files} files" if spill.files else "none"
        self.journal.note("spill", written)


@dataclass(frozen=True)
class _Counting:
    """All slices of members, to be counted side by side."""

    builder: Builder
    slices: Sequence[Bounds]
    window: Window
    crew: Crew

    def tallies(
        self, asked: Sequence[Asked], rosters: Rosters | None = None
    ) -> tuple[Members, list[Tallies]]:
        """Return how many members there are, and the tally of each thing asked of them."""

        def count(bounds: Bounds) -> tuple[Members, list[pl.DataFrame], list[pl.DataFrame]]:
            timeline = self.builder.timeline(bounds)
            listed = rosters.rows(timeline, self.window) if rosters else []
            return *counted(timeline, asked, self.window), listed

        members, tallies = Members(), [Tallies(each.counting) for each in asked]
        for more, found, listed in self.crew.map(count, self.slices):
            members += more
            for sum_, tally in zip(tallies, found, strict=True):
                sum_.add(tally)
            if rosters is not None:
                rosters.write(listed)
        return members, tallies
