"""Whether what a run has left is whole: the old or the new, and nothing else beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from injecting.scenarios import EACH, Scenario

State = Mapping[str, Any]
MANIFEST = "manifest.json"
SET = "retainkit-set/"


def state(root: Path, scenario: Scenario) -> State:
    """Return what stands at each place that a scenario writes to; None for nothing."""
    found: dict[str, Any] = {}
    for unit in scenario.units:
        path = root / unit.removesuffix(EACH)
        if unit.endswith(EACH):
            found |= {f"{unit}{each.name}": digest(each) for each in visible(path)}
        elif (path / MANIFEST).exists() and SET in (path / MANIFEST).read_text("utf-8"):
            found |= {f"{unit}: {name}": of for name, of in told_by_set(path)}
        elif path.is_dir() and unit != "set":
            found[unit] = sorted((each.name, digest(each)) for each in path.iterdir())
        elif path.is_file():
            found[unit] = digest(path)
    return found


def visible(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder that are not hidden."""
    for each in folder.iterdir() if folder.exists() else ():
        if each.is_file() and not each.name.startswith("."):
            yield each


def told_by_set(folder: Path) -> Iterator[tuple[str, Any]]:
    """Yield what a set holds, by the names of its files; whatever its own files are called."""
    told = json.loads((folder / MANIFEST).read_text("utf-8"))
    yield "options", told["options"]
    if told["members"] is not None:
        yield "members", content(folder, told["members"])
    for entry in told["files"]:
        for name in entry["names"]:
            yield name["name"], content(folder, entry)


def content(folder: Path, entry: dict[str, Any]) -> Any:
    """Return what the manifest says of a part, and the bytes that it names instead of names."""
    part = folder / entry["part"]
    whole = part.is_file() and digest(part) == entry["sha256"]
    rejects = digest(folder / entry["rejects"]) if entry.get("rejects") else None
    rest = {name: of for name, of in entry.items() if name not in ("part", "rejects", "names")}
    return "damaged" if not whole or rejects == "gone" else {**rest, "rejects": rejects}


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "gone"


def listing(root: Path) -> set[str]:
    """Return the names of all files and folders."""
    return {str(path.relative_to(root)) for path in root.rglob("*")}


def contents(root: Path) -> dict[str, str]:
    """Return what every file holds, by name; "gone" for a folder."""
    return {name: digest(root / name) for name in listing(root)}


def named(root: Path) -> set[str]:
    """Return the names of the files that sets in `root` say they are made of."""
    found = set()
    for manifest in root.glob(f"*/{MANIFEST}"):
        told = json.loads(manifest.read_text("utf-8"))
        entries = [*told["files"], *([told["members"]] if told["members"] else [])]
        for entry in entries:
            places = (entry["part"], entry.get("rejects"))
            found |= {f"{manifest.parent.name}/{place}" for place in places if place}
    return found


def probes(folder: Path) -> set[str]:
    """Return the names of what Python's own `tempfile` writes to see whether a folder takes files.

    It is there for a moment, before any file of ours is.
    """
    return {
        f"{folder.name}/{each.name}"
        for each in folder.iterdir()
        if not each.suffix and each.is_file() and each.read_bytes() in (b"", b"bl", b"blat")
    }


def mixed(old: State, new: State, now: State, *, gone: bool = False) -> Iterator[str]:
    """Yield the places at which neither the old nor the new stands.

    gone: whether a folder may be gone between its two renames: the next run brings it back.
    """
    for place in {*old, *new, *now}:
        is_first = place.endswith(": options") and now.get(place) == {}
        is_moved = gone and place not in now and isinstance(old.get(place), list)
        if now.get(place) not in (old.get(place), new.get(place)) and not is_first | is_moved:
            yield f"{place} is neither the old nor the new"
