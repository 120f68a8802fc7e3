"""The folder of a set: made, told from folders of others, and rid of what killed runs left."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from hashlib import blake2b
from pathlib import Path
from typing import Any

from retainkit.errors import OutputError, UsageError
from retainkit.ingesting.finding import Found
from retainkit.ingesting.manifest import Manifest, load, save
from retainkit.leftovers import is_leftover, remove_leftovers
from retainkit.locking import locked
from retainkit.sources import SourceOptions
from retainkit.sources.sets import MANIFEST

EVENTS, REJECTS = "events", "rejects"
# What does not decide what a row becomes.
_NOT_COMPARED = {
    *("members", "rejects", "max_rejects", "week_start", "verify", "dedupe"),
    *("max_columns", "max_line", "max_unpacked"),
}
# What a run makes beside the manifest; nothing else is ever removed.
_OURS = (
    ("", re.compile(r"members-[0-9a-f-]+\.parquet")),
    (EVENTS, re.compile(r"[0-9a-f-]+\.parquet")),
    (REJECTS, re.compile(r"[\w-]*-[0-9a-f-]+\.csv")),
)


@contextmanager
def held(folder: Path, timeout: float = 0) -> Iterator[Manifest]:
    """Hold the set in `folder` for this run alone, and give its manifest; make it if need be.

    timeout: seconds to wait for another run. What the manifest does not name is removed. Raises
    OutputError where another run holds it, or the folder is something else or cannot be written
    to.
    """
    with locked(folder, "--output", timeout):
        with _told(folder):
            is_new = not folder.exists()
            manifest = _opened(folder)
            _clean(folder, manifest)
        try:
            yield manifest
        except BaseException:
            if is_new:
                _take_back(folder)
            raise


def _opened(folder: Path) -> Manifest:
    if folder.is_symlink():
        raise OutputError(
            f"--output: '{folder}' is a link.",
            "Name the folder itself, or allow it with --follow-symlinks.",
        )
    for place in (folder, folder / EVENTS, folder / REJECTS):
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise OutputError(f"--output: '{place}' is no folder.", "Name a folder.")
    manifest = load(folder) if folder.exists() else None
    if manifest is None:
        manifest = _made(folder)
    for each in (EVENTS, REJECTS):
        (folder / each).mkdir(exist_ok=True)
    return manifest


def place_of(found: Found, generation: int) -> tuple[str, str]:
    """Return the names of the part of a file and of its refused rows, which no other has."""
    more = {"keys": found.keys, "generation": generation}
    key = found.fingerprint
    if found.keys or generation:
        digest = blake2b(json.dumps(more).encode(), digest_size=4).hexdigest()
        key = f"{key}-{digest}"
    slug = re.sub(r"[^\w]+", "-", Path(found.seen.name).name)[:40].strip("-").lower() or "file"
    return f"{EVENTS}/{key}.parquet", f"{REJECTS}/{slug}-{key}.csv"


def recorded(options: SourceOptions) -> dict[str, Any]:
    """Return the options that decide what a file becomes, as the manifest keeps them."""
    told = {
        field.name: getattr(options, field.name)
        for field in fields(options)
        if field.name not in _NOT_COMPARED
    }
    plain: dict[str, Any] = json.loads(json.dumps(told, default=str))
    return plain


def check_options(then: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    """Raise UsageError naming every option that is not what it was."""
    changed = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    if not changed:
        return
    listed = ", ".join(
        f"--{name.replace('_', '-')} ({_said(then.get(name))} then, {_said(now.get(name))} now)"
        for name in changed
    )
    raise UsageError(
        f"The set '{folder}' was ingested with other options: {listed}.",
        "Use the same, or another folder, or read all files again with --rebuild.",
    )


def _said(value: object) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return "none" if value in (None, "") else f"'{value}'"


def _made(folder: Path) -> Manifest:
    """Begin a set in a folder that is not there or empty."""
    if folder.exists():
        remove_leftovers(folder)  # of a first run that was killed
        others = [each.name for each in folder.iterdir() if not is_leftover(each.name)]
        if others:
            raise OutputError(
                f"--output: '{folder}' holds something that no ingest wrote, like '{others[0]}'.",
                "Name a folder that is not there yet.",
            )
    folder.mkdir(exist_ok=True)
    manifest = Manifest()
    save(manifest, folder)
    return manifest


def _take_back(folder: Path) -> None:
    """Remove a set that was begun in vain, unless there is something in it, like refused rows."""
    manifest = load(folder)
    if manifest is None or any(manifest.files()):
        return
    with suppress(OSError):  # what is not empty stays
        (folder / REJECTS).rmdir()
        (folder / EVENTS).rmdir()
        (folder / MANIFEST).unlink()
        folder.rmdir()


def _clean(folder: Path, manifest: Manifest) -> None:
    """Remove what runs made that is not, or no longer, named in the manifest."""
    named = {folder / name for name in manifest.files()}
    for below, ours in _OURS:
        remove_leftovers(folder / below)
        for path in (folder / below).iterdir():
            if path not in named and ours.fullmatch(path.name):
                path.unlink()


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turn what the system says about the folder into an OutputError."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"--output: '{folder}' cannot be written: {error.strerror or error}.",
            "Name a folder in one that can be written; what was in the set still is.",
        ) from error
