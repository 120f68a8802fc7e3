"""Source files to a set, again and again: only what is new is read, and nothing counts twice."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from retainkit.errors import InputError, UsageError
from retainkit.ingesting.finding import Found, find
from retainkit.ingesting.folder import REJECTS, check_options, held, place_of, recorded
from retainkit.ingesting.manifest import Entry, Identity, Manifest, Seen, is_whole, save
from retainkit.ingesting.members import member_entry
from retainkit.ingesting.outcome import Outcome, outcome
from retainkit.ingesting.reading import Targets, ingest_file
from retainkit.ingesting.repeats import repeat_notes
from retainkit.ingesting.snapshots import snapshot_entry
from retainkit.sources import Input, SourceOptions
from retainkit.sources.checksums import unverified_notes
from retainkit.sources.stream import Progress

_PATIENCE = 1.0  # seconds of work that a kill may cost


def ingest(
    inputs: Sequence[Input],
    folder: Path,
    options: SourceOptions,
    *,
    snapshots: str | None = None,
    rebuild: bool = False,
    lock_timeout: float = 0,
    progress: Progress | None = None,
) -> Outcome:
    """Bring the set in `folder` up to date with the files that `inputs` mean.

    snapshots: files whose names tell a day, each a list of the members of that day. rebuild: read
    all files again, with other options than before if need be. lock_timeout: how
    many seconds to wait for another run on this set. Raises InputError where a file cannot be
    used; files before it are in the set by then.
    """
    if snapshots is not None and options.members is not None:
        raise UsageError("ingest: --members and --snapshots exclude each other.")
    if not inputs:
        raise UsageError("ingest: nothing to read.", "Name files, folders or globs.")
    with held(folder, lock_timeout) as manifest:
        work = _Run(folder, options, manifest, snapshots, progress)
        work.begin(inputs, rebuild)
        try:
            work.take()
        except BaseException:
            work.commit(late=not work.rebuilt)
            raise
        work.commit(late=True)
        work.check_whole()
        repeats = repeat_notes(folder, work.manifest, work.read)
        notes = (*work.notes, *repeats)
        return outcome(work.before, work.manifest, work.found, notes, work.read)


@dataclass
class _Run:
    """A set on its way from what it was to what it is to be.

    manifest: as of now; what is on disk may be older, never newer. read: the content that this
    run read.
    """

    folder: Path
    options: SourceOptions
    manifest: Manifest
    snapshots: str | None
    progress: Progress | None
    found: list[Found] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    read: set[Identity] = field(default_factory=set)
    rebuilt: bool = False

    def __post_init__(self) -> None:
        self.before = self.saved = self.manifest
        self._done = time.monotonic()

    def begin(self, inputs: Sequence[Input], rebuild: bool) -> None:
        """Find the files, and see whether they go with what is there."""
        now = recorded(self.options)
        filled = bool(self.manifest.entries) or self.manifest.members is not None
        if filled and not rebuild:
            check_options(self.manifest.options, now, self.folder)
        known = {
            seen.name: (seen, entry.fingerprint)
            for entry in self.manifest.entries
            for seen in entry.names
        }
        self.found, self.notes = find(inputs, self.folder, known, self.folder)
        if self.options.rejects is not None:
            self.notes += (f"--rejects: refused rows are all in {self.folder / REJECTS}.",)
        if self.options.dedupe is not None:
            self.notes += ("--dedupe: repeats stay in the set; say it where the set is read.",)
        if rebuild and filled:
            self._check_all_there()
            self.manifest = Manifest(self.manifest.generation + 1)
            self.rebuilt = True
        self.manifest = replace(self.manifest, options=now)

    def take(self) -> None:
        """Read what is new, and name what is known."""
        entries = {entry.identity: entry for entry in self.manifest.entries}
        whole = {identity for identity, entry in entries.items() if self._is_whole(entry)}
        wanted: dict[Identity, list[Found]] = {}
        for each in self.found:
            wanted.setdefault(each.identity, []).append(each)
        self._name(entries, {each: wanted[each] for each in wanted if each in whole})
        for identity, files in wanted.items():
            if identity not in whole:
                was = entries.get(identity)
                entries[identity] = self._read(files[0], () if was is None else was.names)
                self.read.add(identity)
                self._name(entries, {identity: files})
        said: list[str] = []
        if self.options.members is not None:
            self.manifest = member_entry(self.manifest, self.options, self.folder, said)
        if self.snapshots is not None:
            self.manifest = snapshot_entry(
                self.manifest, self.snapshots, self.options, self.folder, said
            )
        self.notes += tuple(said)

    def check_whole(self) -> None:
        """Raise InputError where a part is damaged whose file is gone."""
        there = {each.identity for each in self.found}
        lost = [
            entry
            for entry in self.manifest.entries
            if entry.identity not in there and not self._is_whole(entry)
        ]
        if lost:
            raise InputError(
                f"The set '{self.folder}' is damaged: {lost[0].part} is not as it was, and "
                f"'{lost[0].names[0].name}', which it is made of, is gone.",
                "Bring one of them back from a copy. All else in the set is up to date.",
            )

    def commit(self, *, late: bool = False) -> None:
        """Put the manifest on disk, where it says something new and it is time to.

        late: whatever the time. What is read again as a whole is put there at the end alone.
        """
        due = late or (not self.rebuilt and time.monotonic() - self._done > _PATIENCE)
        if due and (_says(self.manifest) != _says(self.saved) or self._is_retimed()):
            save(self.manifest, self.folder)
            self.saved, self._done = self.manifest, time.monotonic()

    def _is_retimed(self) -> bool:
        """Return whether a file has another time than the manifest knows: else it is read on."""
        known = {each for entry in self.saved.entries for each in entry.names}
        timed = {each.name for each in known if each.mtime is not None}
        return any(
            each.mtime is not None and each.name in timed and each not in known
            for entry in self.manifest.entries
            for each in entry.names
        )

    def _read(self, file: Found, names: tuple[Seen, ...]) -> Entry:
        part, rejects = place_of(file, self.manifest.generation)
        to = Targets(self.folder / part, self.folder / rejects, self.folder)
        if self.options.verify:  # what is said of it is of this run, and not kept
            self.notes += unverified_notes(file.file)
        none = dict.fromkeys(("members", "joined_col", "left_col", "reason_col", "dedupe"))
        options = replace(self.options, verify=False, **none)  # type: ignore[arg-type]
        made = ingest_file(file.path, options, to, self.progress)
        file.file.check_same()
        first, last = (None, None) if made.span is None else (t.isoformat() for t in made.span)
        return Entry(
            names=names,
            fingerprint=file.fingerprint,
            keys=file.keys,
            part=part,
            bytes=made.filed.bytes,
            sha256=made.filed.sha256,
            rejects=rejects if made.rejects else None,
            rows=made.rows,
            first=first,
            last=last,
            mapping={role: mapped.source for role, mapped in made.mapping.items()},
            columns=made.filed.columns,
            notes=made.notes,
        )

    def _name(
        self, entries: dict[Identity, Entry], wanted: Mapping[Identity, Sequence[Found]]
    ) -> None:
        """Give contents their names at once; what has no name left then is not of the set."""
        given = {each.seen.name for files in wanted.values() for each in files}
        for identity, entry in list(entries.items()):
            names = [seen for seen in entry.names if seen.name not in given]
            names += [each.seen for each in wanted.get(identity, ())]
            if names:
                entries[identity] = entry.named(names)
            else:
                del entries[identity]
        self.manifest = replace(self.manifest, entries=tuple(entries.values()))
        self.commit()

    def _is_whole(self, entry: Entry) -> bool:
        return is_whole(self.folder, entry, verify=self.options.verify)

    def _check_all_there(self) -> None:
        """Raise UsageError where a file of the set is gone: read again, it would be lost."""
        named = self.options.members is not None or self.snapshots is not None
        if self.manifest.members is not None and not named:
            raise UsageError("--rebuild: the set has a member table.", "Name it with --members.")
        there = {each.identity for each in self.found}
        gone = [entry for entry in self.manifest.entries if entry.identity not in there]
        changed = {each.seen.name for each in self.found}
        lost = [entry.names[0].name for entry in gone if not _names(entry) <= changed]
        if lost:
            raise UsageError(
                f"--rebuild: {len(lost):,} of the set's files are not among the sources, "
                f"like '{lost[0]}'; their rows would be lost.",
                "Name them, too, or ingest into another folder.",
            )


def _names(entry: Entry) -> set[str]:
    return {seen.name for seen in entry.names}


def _says(manifest: Manifest) -> Manifest:
    """Return what counts of a manifest: not when files were changed last."""
    entries = tuple(
        replace(entry, names=tuple(replace(seen, mtime=None) for seen in entry.names))
        for entry in sorted(manifest.entries, key=lambda entry: entry.names[0].name)
    )
    members = manifest.members
    if members is not None:
        names = tuple(replace(seen, mtime=None) for seen in members.names)
        members = replace(members, names=names)
    return replace(manifest, entries=entries, members=members)
