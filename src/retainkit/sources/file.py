"""One file to read, and whether it stays what it was while it is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from retainkit.errors import InputError

PACKED_SUFFIXES = (".gz", ".zst")


class State(NamedTuple):
    """What tells one state of a file from another."""

    size: int
    modified: int
    inode: int
    device: int

    @classmethod
    def of(cls, found: os.stat_result) -> State:
        """Return the state that the system tells."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)


@dataclass(frozen=True)
class File:
    """One file to read: where it lies, what messages call it, the keys of its Hive folders.

    is_members: whether it is the member table, for which --encoding was not said alone. state: what
    it was when it was found; None where it is a copy of ours. ready: the roles that its columns
    are, where it is a part of a set; see `sets`.
    """

    path: Path
    name: str
    keys: tuple[tuple[str, str | None], ...] = ()
    is_members: bool = False
    ready: Mapping[str, str] | None = None
    state: State | None = None

    def check_same(self) -> None:
        """Raise InputError where the file is not what it was when it was found."""
        if self.state is None:
            return
        try:
            now = State.of(self.path.stat())
        except OSError:
            raise _changed(self.name, "is gone") from None
        if now[2:] != self.state[2:]:
            raise _changed(self.name, "was replaced")
        if now.size != self.state.size:
            raise _changed(self.name, "grew" if now.size > self.state.size else "shrank")
        if now != self.state:
            raise _changed(self.name, "was written")

    @property
    def suffix(self) -> str:
        """The suffix that tells the format, lower case, without .gz or .zst."""
        return data_suffix(self.name)


def _changed(name: str, how: str) -> InputError:
    return InputError(
        f"'{name}' {how} while it was read: its rows are of no one moment.",
        "Run again when nothing writes it, or read a copy. Of it nothing was written.",
    )


def data_suffix(name: str) -> str:
    """Return the suffix that tells the format, lower case, without .gz or .zst."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    if suffixes and suffixes[-1] in PACKED_SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""
