"""A reader of the plain YAML that our own files keep to; raises ValueError for any other.

Mappings and lists by indentation, text plain or in quotes, blocks after `|`, comments. Every
value is text.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_KEY = re.compile(r"([\w./-]+):(?: +(.*))?")
_PLAIN = re.compile(r"[^\s\"'\[\]{}>|*&!%#`@,-].*|-[^\s].*")


def read_yaml(path: Path) -> Any:
    """Return what a file says."""
    return _Lines(path.read_text(encoding="utf-8").splitlines()).value(0)


class _Lines:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._at = 0

    def _next(self) -> tuple[int, str] | None:
        """Return indentation and text of the next line that says something."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            text = line.lstrip(" ")
            if text and not text.startswith("#"):
                return len(line) - len(text), text
            self._at += 1
        return None

    def value(self, least: int) -> Any:
        """Return the mapping or list that begins here; None where none is as deep as `least`."""
        told = self._next()
        if told is None or told[0] < least:
            return None
        depth, text = told
        return self._list(depth) if text.startswith("- ") else self._mapping(depth)

    def _list(self, depth: int) -> list[Any]:
        items = []
        while (told := self._next()) and told[0] == depth and told[1].startswith("- "):
            rest = told[1][2:]
            if _KEY.fullmatch(rest):
                self._lines[self._at] = " " * (depth + 2) + rest
                items.append(self._mapping(depth + 2))
            else:
                self._at += 1
                items.append(_scalar(rest))
        self._check_end(depth)
        return items

    def _mapping(self, depth: int) -> dict[str, Any]:
        read: dict[str, Any] = {}
        while (told := self._next()) and told[0] == depth:
            match = _KEY.fullmatch(told[1])
            if match is None or match[1] in read:
                raise ValueError(f"line {self._at + 1}: {told[1]}")
            self._at += 1
            read[match[1]] = self._told(match[2], depth)
        self._check_end(depth)
        return read

    def _told(self, text: str | None, depth: int) -> Any:
        if text is None:
            return self.value(depth + 1)
        return self._block(depth) if text == "|" else _scalar(text)

    def _block(self, depth: int) -> str:
        lines = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip() and len(line) - len(line.lstrip(" ")) <= depth:
                break
            lines.append(line)
            self._at += 1
        inner = min(len(line) - len(line.lstrip(" ")) for line in lines if line.strip())
        return "\n".join(line[inner:] for line in lines).rstrip("\n") + "\n"

    def _check_end(self, depth: int) -> None:
        told = self._next()
        if told is not None and told[0] > depth:
            raise ValueError(f"line {self._at + 1} is too deep: {told[1]}")


def _scalar(text: str) -> str:
    quoted = re.fullmatch(r'"([^"\\]*)"(?: +#.*)?', text)
    if quoted is not None:
        return quoted[1]
    plain = re.sub(r" +#.*$", "", text)
    if not _PLAIN.fullmatch(plain) or ": " in plain or plain.endswith(":"):
        raise ValueError(f"no plain text: {text}")
    return plain
