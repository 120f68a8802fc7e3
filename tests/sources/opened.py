"""Open, collect and close in one call, as the tests of sources want it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retainkit.errors import RetainkitError
from retainkit.sources import Input, SourceOptions, open_table


@dataclass(frozen=True)
class Opened:
    """What a table held when it was open."""

    frame: pl.DataFrame
    header: tuple[str, ...]
    files: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        return self.frame.rows()


def opened(
    *inputs: Input, origin: bool = False, select: str | None = None, **options: Any
) -> Opened:
    """Read `inputs`, or one column of them, as the engine does: streaming, inside `reading`."""
    with open_table(inputs, SourceOptions(**options), origin=origin) as table:
        with table.reading():
            frame = table.frame.select(select or pl.all()).collect(engine="streaming")
        return Opened(frame, table.header, table.files, table.notes)


def refused(*inputs: Input, **options: Any) -> str:
    """Return the whole message with which `inputs` are refused."""
    with pytest.raises(RetainkitError) as caught:
        opened(*inputs, **options)
    return str(caught.value)


def write(path: Path, data: str | bytes) -> Path:
    """Write `data` byte for byte, making the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path
