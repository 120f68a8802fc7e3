"""How the rows of a part lie in a file, for an engine that reads files by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Stored:
    """A file that lies as another engine can read it.

    columns: for each column its name in the file; in a CSV, which is UTF-8 and read by position,
    in the file's order. keys: columns that are not in the file, the same in every row of it.
    packed: whether it is a gzip or zstd file. separator, header: of a CSV.
    """

    path: Path
    format: Literal["parquet", "csv"]
    columns: Mapping[str, str]
    keys: Mapping[str, str | None] = field(default_factory=dict)
    packed: bool = False
    separator: str = ","
    header: bool = True

    def renamed(self, names: Mapping[str, str]) -> Stored:
        """Return what is stored under other names for columns."""
        return replace(
            self,
            columns={names.get(name, name): here for name, here in self.columns.items()},
            keys={names.get(name, name): value for name, value in self.keys.items()},
        )
