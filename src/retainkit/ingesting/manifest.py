"""The manifest of a set: what is in it, from which files, read how; nothing else counts."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from retainkit.errors import InputError
from retainkit.replacement import write_whole
from retainkit.sources.sets import FORMAT, MANIFEST, read_manifest

Keys = tuple[tuple[str, str | None], ...]
Identity = tuple[str, Keys]  # a fingerprint, and the keys of Hive folders


@dataclass(frozen=True)
class Seen:
    """A file as it was seen: its name, bytes, and time of change (ns).

    name: as it is from the folder that the set is in. mtime: None where the file was so young
    that it could have changed again without another time.
    """

    name: str
    size: int
    mtime: int | None


@dataclass(frozen=True)
class Rows:
    """read = written + refused + left_out; unreadable_amounts: those of the written."""

    read: int = 0
    written: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    unreadable_amounts: int = 0

    def __add__(self, other: Rows) -> Rows:
        return Rows(
            self.read + other.read,
            self.written + other.written,
            dict(Counter(self.refused) + Counter(other.refused)),
            dict(Counter(self.left_out) + Counter(other.left_out)),
            self.unreadable_amounts + other.unreadable_amounts,
        )


@dataclass(frozen=True)
class Entry:
    """Content that was ingested: one part, whichever names the file goes by.

    fingerprint: BLAKE2b of the file's bytes. keys: of its Hive folders. part, rejects: files of
    the set; bytes, sha256: of the part. first, last: its times. mapping: what roles were read from.
    """

    names: tuple[Seen, ...]
    fingerprint: str
    keys: Keys
    part: str
    bytes: int
    sha256: str
    rejects: str | None
    rows: Rows
    first: str | None
    last: str | None
    mapping: Mapping[str, str]
    columns: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def identity(self) -> Identity:
        """What it is the same content by."""
        return self.fingerprint, self.keys

    def named(self, names: Iterable[Seen]) -> Entry:
        """Return it with other names."""
        return replace(self, names=tuple(sorted(names, key=lambda seen: seen.name)))


@dataclass(frozen=True)
class MemberEntry:
    """The member table: `part` has the rows of the files `names`.

    snapshots: the fingerprints of these by name, where each is a list of members of one day.
    """

    names: tuple[Seen, ...]
    fingerprint: str
    part: str
    bytes: int
    sha256: str
    rows: int
    mapping: Mapping[str, str]
    columns: Mapping[str, str]
    notes: tuple[str, ...]
    snapshots: Mapping[str, str] = field(default_factory=dict)


def is_whole(folder: Path, entry: Entry | MemberEntry, *, verify: bool) -> bool:
    """Return whether a part is there as it was written.

    verify: whether to read it through for that, and not only see how long it is.
    """
    path = folder / entry.part
    if not path.is_file() or path.stat().st_size != entry.bytes:
        return False
    return not verify or sha256(path) == entry.sha256


@dataclass(frozen=True)
class Manifest:
    """What a set is made of.

    generation: how often all was read again with other options. options: how it was read.
    """

    generation: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()
    members: MemberEntry | None = None

    @property
    def rows(self) -> Rows:
        """The rows of all its files."""
        return sum((entry.rows for entry in self.entries), Rows())

    def files(self) -> Iterator[str]:
        """Yield the names of its files, from its folder."""
        for entry in self.entries:
            yield entry.part
            if entry.rejects is not None:
                yield entry.rejects
        if self.members is not None:
            yield self.members.part


def load(folder: Path) -> Manifest | None:
    """Return the manifest in `folder`, None where there is none.

    Raises InputError where it is damaged or of another version.
    """
    told = read_manifest(folder)
    if told is None:
        return None
    try:
        members = told["members"]
        return Manifest(
            int(told["generation"]),
            dict(told["options"]),
            tuple(_entry(each) for each in told["files"]),
            None if members is None else _member_entry(members),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"The manifest of the set '{folder}' is damaged.",
            "Bring it back from a copy, or ingest into another folder.",
        ) from error


def save(manifest: Manifest, folder: Path) -> None:
    """Put the manifest in place at once: from here on the set is what it says."""
    entries = sorted(manifest.entries, key=lambda entry: entry.names[0].name)
    told = {
        "format": FORMAT,
        "generation": manifest.generation,
        "options": dict(manifest.options),
        "rows": asdict(manifest.rows),
        "files": [{**asdict(each), "keys": dict(each.keys)} for each in entries],
        "members": None if manifest.members is None else asdict(manifest.members),
    }
    text = json.dumps(told, ensure_ascii=False, indent=1)
    write_whole(folder / MANIFEST, f"{text}\n".encode(), "--output")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _member_entry(told: Mapping[str, Any]) -> MemberEntry:
    _check(_is_count(told["rows"]), _is_texts(told["snapshots"]))
    return MemberEntry(**{**told, **_common(told)})


def _entry(told: Mapping[str, Any]) -> Entry:
    rows = Rows(**told["rows"])
    _check(
        _is_counts(rows.refused) and _is_counts(rows.left_out),
        all(_is_count(each) for each in (rows.read, rows.written, rows.unreadable_amounts)),
        isinstance(told["rejects"], str | None),
        all(isinstance(value, str | None) for value in told["keys"].values()),
    )
    for end in (told["first"], told["last"]):
        _check(end is None or datetime.fromisoformat(end).tzinfo is not None)
    own = {"keys": tuple(told["keys"].items()), "rows": rows}
    return Entry(**{**told, **own, **_common(told)})


def _common(told: Mapping[str, Any]) -> dict[str, Any]:
    names = tuple(Seen(**each) for each in told["names"])
    _check(
        all(isinstance(told[name], str) for name in ("fingerprint", "part", "sha256")),
        _is_count(told["bytes"]),
        all(isinstance(each.name, str) and _is_count(each.size) for each in names),
        all(each.mtime is None or isinstance(each.mtime, int) for each in names),
        bool(names) and all(isinstance(note, str) for note in told["notes"]),
        *(_is_texts(told[name]) for name in ("mapping", "columns")),
    )
    return {"names": names, "notes": tuple(told["notes"])}


def _check(*held: bool) -> None:
    """Raise ValueError unless all that a manifest should hold is so."""
    if not all(held):
        raise ValueError("a manifest of another kind")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and value >= 0


def _is_counts(value: object) -> bool:
    return isinstance(value, dict) and all(_is_count(each) for each in value.values())


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
