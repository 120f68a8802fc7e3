"""What a run of `ingest` found and did, for the screen and for Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from retainkit.ingesting.finding import Found
from retainkit.ingesting.manifest import Entry, Identity, Manifest, Rows
from retainkit.sources.parts import named
from retainkit.wording import counted

STATES = ("new", "changed", "unchanged", "gone", "same content")


@dataclass(frozen=True)
class Line:
    """Files in one state, and their rows; of files with the same content one counts its rows."""

    state: str
    files: int
    rows: Rows
    duplicates: int


@dataclass(frozen=True)
class Outcome:
    """A set as a run left it.

    lines: one for each state that some file is in. rows: of the set. read: how many files this
    run read. members: how many rows the member table has, None without one.
    """

    lines: tuple[Line, ...]
    rows: Rows
    read: int
    members: int | None
    notes: tuple[str, ...]


def outcome(
    before: Manifest,
    after: Manifest,
    found: Sequence[Found],
    notes: Sequence[str],
    read: Collection[Identity],
) -> Outcome:
    """Return what became of the files, and what a reader should know of it."""
    states = dict(_states(before, after, {each.seen.name for each in found}))
    lines = tuple(_lines(after, states))
    told = (*notes, *_notes(after, states, read), *_member_notes(before, after))
    members = None if after.members is None else after.members.rows
    return Outcome(lines, after.rows, len(read), members, tuple(dict.fromkeys(told)))


def _states(before: Manifest, after: Manifest, there: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield the state of each name; of several names of one content one speaks for its rows."""
    was = {seen.name: entry.identity for entry in before.entries for seen in entry.names}
    for entry in after.entries:
        names = sorted(seen.name for seen in entry.names)
        first = min(names, key=lambda name: (name not in there, name))
        for name in names:
            if name != first:
                yield name, "same content"
            elif name not in there:
                yield name, "gone"
            elif name not in was:
                yield name, "new"
            else:
                yield name, "unchanged" if was[name] == entry.identity else "changed"


def _lines(after: Manifest, states: dict[str, str]) -> Iterator[Line]:
    for state in STATES:
        same = state == "same content"
        files, rows, twice = 0, Rows(), 0
        for entry in after.entries:
            count = sum(states[seen.name] == state for seen in entry.names)
            files += count
            twice += entry.rows.read * count if same else 0
            rows += entry.rows if count and not same else Rows()
        if files:
            yield Line(state, files, rows, twice)


def _notes(after: Manifest, states: dict[str, str], read: Collection[Identity]) -> Iterator[str]:
    new = [entry for entry in after.entries if entry.identity in read]
    yield from _refused(new)
    for state, one, many in (
        (
            "gone",
            "is no longer there, and stays in the set",
            "are no longer there, and stay in the set",
        ),
        (
            "same content",
            "has the content of another file: read once",
            "have the content of other files: read once",
        ),
    ):
        names = sorted(name for name, its in states.items() if its == state)
        if names:
            yield f"{named(names)} {one if len(names) == 1 else many}."
    yield from _sources(after)
    yield from (note for entry in new for note in entry.notes)


def _refused(new: Sequence[Entry]) -> Iterator[str]:
    reasons: Counter[str] = Counter()
    for entry in new:
        reasons.update(entry.rows.refused)
    places = sorted(entry.rejects for entry in new if entry.rejects is not None)
    if places:
        listed = ", ".join(f"{reason} {count:,}" for reason, count in reasons.items())
        yield f"{counted(reasons.total(), 'row')} refused: {listed}; in {named(places)} of the set."
    bad = sum(entry.rows.unreadable_amounts for entry in new)
    if bad:
        rows = counted(bad, "row has an unreadable amount", "rows have unreadable amounts")
        yield f"{rows}: kept, and refused where amounts are asked for."


def _sources(after: Manifest) -> Iterator[str]:
    """Say where files call a role differently: what is put together was not called the same."""
    called: dict[str, dict[str, None]] = {}
    for entry in after.entries:
        for role, source in entry.mapping.items():
            called.setdefault(role, {})[source] = None
    differ = [f"{role} ({', '.join(names)})" for role, names in called.items() if len(names) > 1]
    if differ:
        yield f"What files call differently is put together: {', '.join(differ)}."


def _member_notes(before: Manifest, after: Manifest) -> Iterator[str]:
    old, new = before.members, after.members
    if new is not None and (old is None or old.part != new.part):
        yield from new.notes
