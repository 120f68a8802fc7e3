"""A file to be whose making or removing goes wrong: nothing is left, and one error is told."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retainkit.errors import OutputError
from retainkit.replacement import Replacement, temporary_folder, write_whole
from retainkit.stopping import stop


def refuse(*_: object, **__: object) -> Any:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_one_that_cannot_be_opened_is_not_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(OutputError, match="Input/output error"):
        Replacement(tmp_path / "a.csv", "--output")
    assert not list(tmp_path.iterdir())


def test_one_that_cannot_be_locked_is_not_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def refused(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        return refuse() if str(path).endswith(".tmp") and flags == 0 else opened(path, flags, *args)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(OutputError, match="Input/output error"):
        write_whole(tmp_path / "a.csv", b"new", "--output")
    assert not list(tmp_path.iterdir())


def test_one_that_cannot_be_removed_is_told_by_its_first_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutputError, match="Input/output error"):
        write_whole(tmp_path / "a.csv", b"new", "--output")


def test_a_folder_that_cannot_be_synced_is_told_with_what_stands_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retainkit.replacement.sync_folder", refuse)
    with pytest.raises(OutputError, match="is written, and the system does not promise"):
        write_whole(tmp_path / "a.csv", b"new", "--output")
    assert (tmp_path / "a.csv").read_bytes() == b"new"


@pytest.mark.parametrize("make", ["mkstemp", "mkdtemp"])
def test_who_is_stopped_while_making_one_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: str
) -> None:
    made = getattr(tempfile, make)

    def stopped(*args: Any) -> Any:
        found = made(*args)
        stop(KeyboardInterrupt())
        return found

    monkeypatch.setattr(tempfile, make, stopped)
    with pytest.raises(KeyboardInterrupt):
        MAKING[make](tmp_path)
    assert not list(tmp_path.iterdir())


def enter(parent: Path) -> None:
    with temporary_folder(parent):
        pass


MAKING: dict[str, Callable[[Path], None]] = {
    "mkstemp": lambda folder: write_whole(folder / "a.csv", b"new", "--output"),
    "mkdtemp": enter,
}
