"""Settings files, found and read. They are data only; nothing in them is run or expanded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retainkit.errors import UsageError, nearest
from retainkit.toml import parse_toml

FILE = "retainkit.toml"
PYPROJECT = "pyproject.toml"


def find(folder: Path) -> Path | None:
    """Return the nearest settings file in `folder` or above it: retainkit.toml or pyproject.toml.

    A pyproject.toml counts where it has a [tool.retainkit].
    """
    for place in (folder, *folder.absolute().parents):
        for name in (FILE, PYPROJECT):
            path = place / name
            if path.is_file() and (name == FILE or _is_ours(path)):
                return path
    return None


def read(path: Path) -> dict[str, Any]:
    """Return what a file holds for retainkit: all of it, or its [tool.retainkit].

    Raises UsageError for a file that is not there, cannot be read, is not TOML or not about us.
    """
    try:
        document = parse_toml(path, path.read_bytes())
    except OSError as error:
        there = (each.name for each in path.parent.glob("*.toml") if each.name != path.name)
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.{nearest(path.name, there)}",
            "`retainkit init FILE` writes a settings file.",
        ) from None
    if path.name != PYPROJECT:
        return document
    ours = _tool(document).get("retainkit")
    if not isinstance(ours, dict):
        raise UsageError(f"{path} has no [tool.retainkit].")
    return ours


def _is_ours(pyproject: Path) -> bool:
    """Return whether a pyproject.toml is about retainkit; a broken one that is not is let be."""
    data = pyproject.read_bytes()
    return b"retainkit" in data and "retainkit" in _tool(parse_toml(pyproject, data))


def _tool(document: dict[str, Any]) -> dict[str, Any]:
    tool = document.get("tool")
    return tool if isinstance(tool, dict) else {}
