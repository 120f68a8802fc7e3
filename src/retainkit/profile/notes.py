"""What a reader has to know before trusting a source, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from retainkit.errors import RetainkitError
from retainkit.profile import days as daily
from retainkit.profile.people import member_notes, table_notes
from retainkit.profile.seen import Seen
from retainkit.profile.tables import SAME_TIME
from retainkit.profile.usage import Usage
from retainkit.sources import SourceOptions


def of(seen: Seen, tables: Mapping[str, pl.DataFrame], options: SourceOptions) -> tuple[str, ...]:
    """Return the notes, each once; `tables` are those made of what was seen."""
    usage = seen.usage
    said = [*_problems(seen), *_refused(usage, options), *_placeholders(seen)]
    if usage.plays("member"):
        said += member_notes(usage.members.table())
    if usage.table is not None and usage.plays("member", "time"):
        said += table_notes(usage.members.table(), usage.table)
    said += daily.notes(tables["days"])
    said += _repeats(tables["duplicates"])
    said += seen.amount_notes
    said += usage.notes
    said += _estimates(usage)
    return tuple(dict.fromkeys(said))


def _problems(seen: Seen) -> Iterator[str]:
    """Yield what has to be settled: first what every metric needs, then the rest."""
    needed = [c.fault for c in seen.castings.values() if c.blocks and c.fault is not None]
    for fault in needed:
        yield f"To settle before anything can be computed: {_words(fault)}"
    others = [c.fault for c in seen.castings.values() if not c.blocks and c.fault is not None]
    for fault in (*others, *seen.usage.faults):
        yield _words(fault)


def _words(fault: RetainkitError) -> str:
    return " ".join(part for part in (fault.message, fault.hint) if part)


def _refused(usage: Usage, options: SourceOptions) -> Iterator[str]:
    refused = sum(usage.refused.values())
    read = usage.rows + refused + sum(usage.left_out.values())
    if refused > options.max_rejects * read:
        yield (
            f"{refused / read:.0%} of the rows would be refused, more than --max-rejects "
            f"{options.max_rejects:.0%}: other commands stop."
        )


def _placeholders(seen: Seen) -> Iterator[str]:
    if seen.columns.nobody:
        listed = ", ".join(f"'{word}' {rows:,}" for word, rows in seen.columns.nobody.most_common())
        yield f"Ids that mean nobody are refused: {listed}."


def _repeats(duplicates: pl.DataFrame) -> Iterator[str]:
    told = 0
    for kind, rows, estimated in duplicates.iter_rows():
        # That member and time repeat is nothing odd: the lines of one order do.
        if rows > told and kind != SAME_TIME:
            about = "about " if estimated else ""
            yield f"Rows that repeat an earlier one, {kind}: {about}{rows:,}. They count."
            told = rows


def _estimates(usage: Usage) -> Iterator[str]:
    if not (usage.day_reach.exact and usage.event_reach.exact):
        yield "Members by day and by event are estimates from a share of the members."
