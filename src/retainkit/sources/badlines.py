"""The line that Polars stumbled over, looked for once it did."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from retainkit.sources.magic import unpacked


def bad_line(path: Path, encoding: str) -> int | None:
    """Return the first line with bytes that are not in `encoding`, None where there is none."""
    with io.TextIOWrapper(unpacked(path), encoding, "replace") as text:
        return next((i for i, line in enumerate(text, 1) if "\ufffd" in line), None)


def bad_quote(path: Path, separator: str) -> int | None:
    """Return the first line with a quote that does not stand around a cell, None without one."""
    with io.TextIOWrapper(unpacked(path), "utf-8", "replace", newline="") as text:
        rows = csv.reader(text, delimiter=separator, strict=True)
        try:
            for _ in rows:
                pass
        except csv.Error:
            return rows.line_num
    return None
