"""Metrics and a source in, Results out, whichever engine computes the tallies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from retainkit.engine.journal import Journal, size
from retainkit.engine.local import Local
from retainkit.engine.options import EngineOptions
from retainkit.engine.request import Request
from retainkit.errors import FitError, InputError
from retainkit.periods import Calendar
from retainkit.results import Result
from retainkit.sources import Input, SourceOptions, Table, open_export
from retainkit.sources.canonical import Events, Wanted, read_events
from retainkit.sources.params import source_params
from retainkit.sources.stream import Progress
from retainkit.timeline import Needs
from retainkit.wording import counted

if TYPE_CHECKING:
    from retainkit.engine.spark import Spark


# Of CSV that a cluster reads.
_UNSEEN = (
    "The lines of CSV were not gone through, as a cluster reads them: short rows, cells over "
    "several lines and lines of text under the rows are not told."
)


def run(
    requests: Sequence[Request],
    inputs: Sequence[Input],
    options: SourceOptions,
    *,
    engine: EngineOptions | None = None,
    partitions: int | None = None,
    progress: Progress | None = None,
    journal: Journal | None = None,
    excel_safe: bool = False,
    unfit: bool = False,
) -> list[Result]:
    """Return one Result a request, all from one scan of the inputs.

    partitions: into about how many slices members are split, as memory and cores ask for unless
    given; the Results are the same for any number, and on any engine. journal: is told how.
    excel_safe: whether text in rosters and refused rows that a spreadsheet would run as a formula
    is defused. unfit: whether a model that cannot be fitted is a Result of tables without columns,
    defined by why, and no error.
    Raises InputError where the data cannot be used, UsageError where the request cannot be met,
    OutputError where temporary files cannot be written.
    """
    engine, journal = engine or EngineOptions(), journal or Journal()
    calendar = Calendar(options.tz, options.week_start)
    worker = _kind(engine)(options, calendar, engine, journal, partitions, progress, excel_safe)
    lines = _is_here(engine)
    with open_export(inputs, options, engine.temp_dir, lines=lines) as (table, members):
        with journal.stage("plan"):
            needs = Needs.union([request.needs(False) for request in requests])
            events = read_events(table, members, options, _wanted(needs), calendar)
            needs = _settled(requests, events)
        _tell(journal, table, events)
        account, window, requests, tallies = worker.tallied(requests, table, events, needs)
    data = account.data(window, options)
    notes = [*account.notes(events, options), *events.notes]
    notes = [*account.seen.idle(needs.selectors), *notes]
    if not lines and any(part.separator is not None for part in table.parts):
        notes.append(_UNSEEN)
    source = source_params(inputs, options)
    with journal.stage("summarise"):
        told = []
        for request, parts in zip(requests, tallies, strict=True):
            with _named(request, among=len(requests)):
                try:
                    told.append(request.result(parts.total(), window, data, notes, source))
                except FitError as fault:
                    if not unfit:
                        raise
                    told.append(request.without_model(fault.message, data, source))
        return told


def _is_here(engine: EngineOptions) -> bool:
    """Return whether this machine reads: what a cluster reads, it does not go through alone."""
    if engine.engine == "local":
        return True
    from retainkit.engine.spark.session import is_here

    return is_here(engine.spark_master)


@contextmanager
def _named(request: Request, among: int) -> Iterator[None]:
    """Say which of several metrics an error is of."""
    try:
        yield
    except InputError as fault:
        if among == 1:
            raise
        raise type(fault)(f"{request.metric.command}: {fault.message}", fault.hint) from None


def _kind(engine: EngineOptions) -> type[Local] | type[Spark]:
    if engine.engine == "local":
        return Local
    from retainkit.engine.spark import Spark  # a local run need not import it

    return Spark


def _tell(journal: Journal, table: Table, events: Events) -> None:
    """Say what is read."""
    journal.note("columns", f"{', '.join(events.columns)} ({len(table.header)} there)")
    read = f"{counted(len(table.files), 'file')}"
    if events.pruned.groups is not None:
        kept, there = events.pruned.groups
        read += f", {kept:,} of {counted(there, 'row group')}"
    if events.pruned.bytes is not None:
        kept, there = events.pruned.bytes
        read += f", {size(kept)} of {size(there)} in their columns"
    journal.note("read", read)


def _wanted(needs: Needs) -> Wanted:
    return Wanted(
        marks=needs.selectors,
        amount=needs.amount,
        order=needs.order,
        segments=needs.segments,
        names=needs.event,
        left=needs.left,
        worth=needs.worth or needs.priced,
        strict=needs.priced,
        reason=needs.reason,
    )


def _settled(requests: Sequence[Request], events: Events) -> Needs:
    """Return what is needed now that it is known what there is."""
    joined = events.members is not None and events.members["joined"].count() > 0
    needs = Needs.union([request.needs(joined) for request in requests])
    needs = replace(
        needs,
        worth=(needs.worth or needs.priced) and "amount" in events.mapping,
        order=needs.order and "order" in events.mapping,
        repeats=needs.repeats or needs.order,
    )
    return replace(needs, grain="exact") if "event" in events.segments else needs
