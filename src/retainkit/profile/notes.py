"""What a reader has to know before trusting a source, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from retainkit.errors import RetainkitError
from retainkit.profile import days as daily
from retainkit.profile.people import member_notes, table_notes
from retainkit.profile.seen import Seen
from retainkit.profile.tables import EXACT, SAME_TIME
from retainkit.profile.usage import Usage
from retainkit.sources import SourceOptions
from retainkit.wording import counted


def of(seen: Seen, tables: Mapping[str, pl.DataFrame], options: SourceOptions) -> tuple[str, ...]:
    """Return the notes, each once; `tables` are those made of what was seen."""
    usage = seen.usage
    said = [*_problems(seen), *_refused(usage, options), *_placeholders(seen)]
    if usage.plays("member"):
        said += member_notes(usage.members.table())
    if usage.table is not None and usage.plays("member", "time"):
        said += table_notes(usage.members.table(), usage.table)
    said += daily.notes(tables["days"])
    if options.dedupe is None:
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
            f"{counted(refused, 'row')} of {read:,} would be refused ({refused / read:.0%}), more "
            f"than --max-rejects {options.max_rejects:.0%}: other commands stop."
        )


def _placeholders(seen: Seen) -> Iterator[str]:
    if seen.columns.nobody:
        found = sorted(seen.columns.nobody.items(), key=lambda each: (-each[1], each[0]))
        listed = ", ".join(f"'{word}' in {counted(rows, 'row')}" for word, rows in found)
        yield f"Ids that mean nobody are refused: {listed}."


def _repeats(duplicates: pl.DataFrame) -> Iterator[str]:
    told = 0
    for kind, rows, estimated in duplicates.iter_rows():
        # That member and time repeat is nothing odd: the lines of one order do.
        if rows > told and kind != SAME_TIME:
            repeating = counted(rows, "row repeats", "rows repeat")
            about = f"about {repeating}" if estimated else repeating
            end = "; --dedupe exact leaves them out" if kind == EXACT else ""
            yield f"{about[0].upper()}{about[1:]} an earlier one, {kind}: repeats count{end}."
            told = rows


def _estimates(usage: Usage) -> Iterator[str]:
    if not (usage.day_reach.exact and usage.event_reach.exact):
        yield "Members by day and by event are estimates from a share of the members."
