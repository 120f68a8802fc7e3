"""The member table of a set: read once, kept with its times as moments."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

import polars as pl

from retainkit.errors import UsageError
from retainkit.ingesting.finding import Found, find
from retainkit.ingesting.manifest import Manifest, MemberEntry, Seen, is_whole
from retainkit.ingesting.parts import part_file
from retainkit.ingesting.reading import other_names
from retainkit.schema import Role
from retainkit.sources import SourceOptions, Table, open_table
from retainkit.sources.checksums import unverified_notes
from retainkit.sources.members import Roster, member_rows

_ROLES: tuple[Role, ...] = ("member", "joined", "left", "reason")
_TIMES = ("joined", "left")


def member_entry(
    manifest: Manifest, options: SourceOptions, folder: Path, said: list[str]
) -> Manifest:
    """Return the manifest with the member table that `options` name, read where it is new.

    What is to be said of this run alone is added to `said`.
    """
    old = manifest.members
    known = {} if old is None else {seen.name: (seen, old.fingerprint) for seen in old.names}
    if old is not None and old.snapshots:
        raise UsageError(
            "--members: the set's member table is of snapshots.", "Use another folder."
        )
    assert options.members is not None
    files, _ = find([options.members], folder, known if len(known) == 1 else {}, folder)
    mark = _fingerprint(files)
    same = old is not None and old.fingerprint == mark
    if old is not None and same and is_whole(folder, old, verify=options.verify):
        return replace(manifest, members=replace(old, names=_names(files)))
    roster = _read(files, options, manifest, folder, said)
    rows = _with_members(roster)
    notes = list(roster.notes)
    if rows.height < roster.frame.height:
        lost = roster.frame.height - rows.height
        notes.append(f"Member table: {lost:,} of {roster.frame.height:,} rows have no member.")
    made = write_members(folder, rows, mark, manifest.generation)
    mapping: dict[str, str] = {role: told.source for role, told in roster.mapping.items()}
    made = replace(made, names=_names(files), mapping=mapping, notes=tuple(notes))
    return replace(manifest, members=made)


def write_members(folder: Path, rows: pl.DataFrame, mark: str, generation: int) -> MemberEntry:
    """Write the part of the member table; `mark` tells what it was made of.

    rows: with member, joined and left (moments in UTC) and others. Returns its entry, yet without
    the names of its files.
    """
    part = f"members-{mark}-{generation}.parquet"
    with part_file(folder / part, by_time=False) as file:
        file.write(rows)
        filed = file.finish()
    return MemberEntry(
        names=(),
        fingerprint=mark,
        part=part,
        bytes=filed.bytes,
        sha256=filed.sha256,
        rows=rows.height,
        mapping={role: role for role in ("member", *_TIMES)},
        columns=filed.columns,
        notes=(),
    )


def list_table(
    files: Sequence[Found], options: SourceOptions, folder: Path, said: list[str]
) -> AbstractContextManager[Table]:
    """Open files of members; what --verify says of them is of this run, and added to `said`."""
    if options.verify:
        said += [note for each in files for note in unverified_notes(each.file)]
    own = options.member_encoding
    read = replace(options, verify=False, encoding=own or options.encoding)
    return open_table([each.path for each in files], read, folder, is_members=own is None)


def _names(files: Sequence[Found]) -> tuple[Seen, ...]:
    return tuple(each.seen for each in files)


def _fingerprint(files: Sequence[Found]) -> str:
    """Return the content of one file, or what tells that of several."""
    if len(files) == 1:
        return files[0].fingerprint
    listed = "\n".join(sorted(each.fingerprint for each in files))
    return blake2b(listed.encode(), digest_size=16).hexdigest()


def _read(
    files: Sequence[Found],
    options: SourceOptions,
    manifest: Manifest,
    folder: Path,
    said: list[str],
) -> Roster:
    """Return all rows of the table, its other columns as text under names of their own."""
    with list_table(files, options, folder, said) as table:
        called = [entry.mapping["member"] for entry in manifest.entries]
        events_id = next((name for name in called if name in table.header), "")
        others = other_names(table.header, set(_ROLES))
        roster = member_rows(table, options, others, events_id, reason=True)
    for each in files:
        each.file.check_same()
    played = {mapped.source for mapped in roster.mapping.values()}
    twice = [others[name] for name in table.header if name in played and _is_same(name, roster)]
    return replace(roster, frame=roster.frame.drop(twice))


def _is_same(name: str, roster: Roster) -> bool:
    """Return whether a column says nothing beside the role that it plays."""
    return name in _ROLES or name == roster.mapping["member"].source


def _with_members(roster: Roster) -> pl.DataFrame:
    """Return the rows that have a member, with moments of the database's kind."""
    rows = roster.frame.drop_nulls("member")
    if not rows.height and roster.frame.height:
        raise UsageError("--members: no row has a member.", "Name the column with --member-col.")
    return rows.with_columns(pl.col(_TIMES).cast(pl.Datetime("us", "UTC")))
