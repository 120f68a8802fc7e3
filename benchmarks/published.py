"""Whether what `retainkit report` leaves is whole: reports, headlines of runs before, nothing else.

A reader returns the as-of of a report, as it was asked for, and raises Broken for half a one.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl

from retainkit.reporting.history import SCHEMA

MANIFEST = "manifest.json"
EMPTY = {"meta", "link", "br", "img", "input", "hr"}
KEYS = {"format", "title", "data", "params", "notes", "headline", "compared", "findings"}
AS_OF = re.compile(r"\bas_of = (\d{4}-\d\d-\d\d)")


class Broken(Exception):  # noqa: N818
    """What is published is not whole."""


@dataclass
class Desk:
    """The folders that runs write to, and what was published when they were last looked at."""

    root: Path
    reports: dict[str, str] = field(default_factory=dict)  # digests by name

    def __post_init__(self) -> None:
        self.out, self.history, self.temp = self.folders = [
            self.root / name for name in ("out", "history", "temp")
        ]
        for folder in self.folders:
            folder.mkdir()

    def gone(self) -> set[str]:
        """Return the names of reports that do not stand there any more."""
        return {name for name in self.reports if not (self.out / name).exists()}

    def changed(self) -> Iterator[tuple[str, str]]:
        """Yield the name and the day of each report that is new; raises Broken."""
        for path in self.out.glob("[!.]*"):
            content = _digest(path)
            if content != self.reports.get(path.name):
                self.reports[path.name] = content
                yield path.name, _day_of(path)

    def kept(self) -> int:
        """Return how many runs the history keeps; raises Broken where one cannot be read."""
        paths = [*self.history.glob("headline-*.parquet")]
        for path in paths:
            try:
                schema = pl.read_parquet(path).schema
            except (OSError, pl.exceptions.PolarsError) as error:
                raise Broken(f"{path.name}: {error}") from error
            _hold(schema == SCHEMA, path, "has other columns than a headline")
        return len(paths)

    def litter(self) -> set[str]:
        """Return what is neither a report nor kept."""
        beside = {*self.out.glob(".*"), *self.history.glob(".*")}
        temporary = set(self.temp.iterdir())
        own = {path for path in temporary if _is_probe(path)}
        return {f"{path.parent.name}/{path.name}" for path in beside | temporary - own}

    def stamps(self) -> list[int]:
        """Return when each folder was last changed."""
        return [folder.stat().st_mtime_ns for folder in self.folders]


def _digest(path: Path) -> str:
    """Return what tells a file, or a folder of files, from any other."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return "\n".join(f"{each.name} {_sha256(each)}" for each in files)


def _is_probe(path: Path) -> bool:
    """Return whether it is Python's own: `tempfile` tries so whether it can write to a folder."""
    return not path.suffix and path.is_file() and path.read_bytes() in (b"", b"blat")


def _day_of(path: Path) -> str:
    try:
        return READERS[path.suffix](path)
    except (OSError, ValueError, LookupError) as error:
        raise Broken(f"{path.name}: {error!r}") from error


def _page(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    _hold(text.endswith("</html>\n"), path, "does not end with </html>")
    nesting = _Nesting()
    nesting.feed(text)
    nesting.close()
    _hold(not nesting.open, path, f"does not close {nesting.open}")
    return AS_OF.findall(text)[-1]


def _markdown(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    section = re.findall("^## (.*)$", text, re.MULTILINE)[-1]
    end = text.rpartition("\n\n")[2]
    _hold(section == "Data", path, f"ends with the section {section}")
    _hold(end.startswith("How they were read") and end.endswith("\n"), path, "ends too early")
    return AS_OF.findall(end)[0]


def _document(path: Path) -> str:
    told = json.loads(path.read_bytes())
    _hold(told.keys() >= KEYS | {"sections", "verdicts"}, path, "lacks keys")
    return _day(told)


def _folder(path: Path) -> str:
    told = json.loads((path / MANIFEST).read_bytes())
    listed = {each["file"]: each["sha256"] for each in told["files"]}
    there = {each.name: _sha256(each) for each in path.iterdir() if each.name != MANIFEST}
    _hold(there == listed, path, "and its manifest differ")
    return _day(told)


READERS: Mapping[str, Callable[[Path], str]] = {
    ".html": _page,
    ".md": _markdown,
    ".json": _document,
    "": _folder,
}


class _Nesting(HTMLParser):
    """The elements that are open; what closes another than the last is an error."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open.pop() != tag:
            raise ValueError(f"</{tag}> closes another element")


def _day(told: Mapping[str, Any]) -> str:
    return str(told["params"]["as_of"])


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _hold(condition: bool, path: Path, fault: str) -> None:
    if not condition:
        raise Broken(f"{path.name} {fault}.")
