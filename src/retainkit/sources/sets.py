"""Sets that `ingest` wrote, as sources: their manifest says which files are theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retainkit.errors import InputError
from retainkit.wording import counted

MANIFEST = "manifest.json"
FORMAT = "retainkit-set/1"
# Roles keep these names in a set; a column of the source that is called so is called otherwise.
BAD_AMOUNT_COLUMN = "amount_unreadable"
_ANY_FORMAT = re.compile(rb'"format":\s*"retainkit-set/')
_START = 4096  # bytes of a manifest that show whose it is
_SAFE = re.compile(r"(?:events/)?[0-9a-z-]+\.parquet")
_MOST = 1 << 30  # bytes of a manifest


@dataclass(frozen=True)
class Kept:
    """A Parquet file of a set. ready: the roles that its columns are, and what they were before."""

    path: Path
    ready: Mapping[str, str]


@dataclass(frozen=True)
class KeptSet:
    """What the manifest of a set names."""

    folder: Path
    parts: tuple[Kept, ...]
    members: Kept | None


def kept_set(folder: Path) -> KeptSet | None:
    """Return the set that `folder` is, None where it is none.

    Raises InputError where a file is missing or not as long as the manifest says.
    """
    told = read_manifest(folder)
    if told is None:
        return None
    try:
        parts = tuple(_kept(folder, each) for each in told["files"])
        if not parts:  # `ingest` writes none without
            raise _damaged(folder)
        members = told.get("members")
        return KeptSet(folder, parts, None if members is None else _kept(folder, members))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _damaged(folder) from error


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the manifest in `folder`, None where there is none of a set."""
    path = folder / MANIFEST
    try:
        with path.open("rb") as file:
            start = file.read(_START)
            if not _ANY_FORMAT.search(start):
                return None
            text = start + file.read(_MOST)
        told = json.loads(text)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(folder) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise InputError(
            f"'{folder}' is a set that another version of retainkit wrote.",
            "Use that version, or ingest the sources again into another folder.",
        )
    return told


def members_of(inputs: Sequence[object]) -> tuple[Kept, Path] | None:
    """Return the member table of the one set among `inputs` that has one, and the set's folder."""
    found = list(_with_members(inputs))
    return found[0] if len(found) == 1 else None


def lost_notes(inputs: Sequence[object]) -> list[str]:
    """Return what to say of the rows that the sets among `inputs` were made without."""
    folders = (Path(each) for each in inputs if isinstance(each, (str, Path)))
    return [note for folder in folders if folder.is_dir() for note in _lost(folder)]


def _lost(folder: Path) -> Iterator[str]:
    told = read_manifest(folder)
    try:
        yield from () if told is None else _lost_of(folder, told["rows"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _damaged(folder) from error


def _lost_of(folder: Path, rows: Mapping[str, Any]) -> Iterator[str]:
    for kind, word in (("refused", "refused"), ("left_out", "left out")):
        found = rows[kind]
        if found:
            lost = f"{sum(found.values()):,} of {counted(int(rows['read']), 'row')} {word}"
            listed = ", ".join(f"{reason} {count:,}" for reason, count in found.items())
            place = f"; in {folder}/rejects" if kind == "refused" else ""
            yield f"'{folder}' was ingested with {lost}: {listed}{place}."


def check_no_set_below(folder: Path, paths: Sequence[Path]) -> None:
    """Raise InputError where a folder that is no set holds one: its rows would be read twice."""
    for path in paths:
        if path.name == MANIFEST and read_manifest(path.parent) is not None:
            raise InputError(
                f"'{folder}' holds a set, '{path.parent}', and other files.",
                f"Name the set, or the other files with a glob, e.g. '{folder}/*.csv'.",
            )


def _with_members(inputs: Sequence[object]) -> Iterator[tuple[Kept, Path]]:
    for each in inputs:
        if not isinstance(each, (str, Path)) or not Path(each).is_dir():
            continue
        kept = kept_set(Path(each))
        if kept is not None and kept.members is not None:
            yield kept.members, kept.folder


def _kept(folder: Path, entry: Mapping[str, Any]) -> Kept:
    name, size = entry["part"], entry["bytes"]
    if not _SAFE.fullmatch(name):
        raise ValueError(name)
    path = folder / name
    try:
        found = path.stat().st_size
    except OSError as error:
        raise _broken(folder, name, "is not there") from error
    if found != size:
        raise _broken(folder, name, f"has {found:,} bytes instead of {size:,}")
    return Kept(path, {str(role): str(source) for role, source in entry["mapping"].items()})


def _broken(folder: Path, name: str, what: str) -> InputError:
    return InputError(
        f"The set '{folder}' is damaged: {name} {what}.",
        "Run the same `retainkit ingest` again: it reads anew what is not whole.",
    )


def _damaged(folder: Path) -> InputError:
    return InputError(
        f"The manifest of the set '{folder}' is damaged.",
        "Bring it back from a copy, or ingest the sources again into another folder.",
    )
