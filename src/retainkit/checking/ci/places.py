"""Where rules stand in the repository, so that a CI system can show a verdict beside its rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from retainkit.checking.ci.findings import one_line

_RULE = re.compile(r"^[ \t]*\[\[[ \t]*(?:tool\.retainkit\.)?rules[ \t]*\]\]", re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """A line of a file; the path is seen from the root of the repository, with slashes."""

    path: str
    line: int = 1


def places(settings: Path, names: Sequence[str], roots: Iterable[Path]) -> Mapping[str, Place]:
    """Return where the rules of a settings file stand. names: what they are called, in its order.

    roots: folders that may be that of the repository. Where the file has not one [[rules]] a
    rule, its first line stands for all.
    """
    text = settings.read_text(encoding="utf-8")
    lines = [text.count("\n", 0, match.start()) + 1 for match in _RULE.finditer(text)]
    if len(lines) != len(names):
        lines = [1] * len(names)
    path = _seen_from(settings.resolve(), roots)
    return {one_line(name): Place(path, line) for name, line in zip(names, lines, strict=True)}


def _seen_from(path: Path, roots: Iterable[Path]) -> str:
    for root in roots:
        if path.is_relative_to(root.resolve()):
            return path.relative_to(root.resolve()).as_posix()
    return path.name
