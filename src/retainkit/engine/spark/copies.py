"""Parquet copies, made by Polars, of what Spark does not read as it lies."""

from __future__ import annotations

from collections.abc import Container
from contextlib import ExitStack
from pathlib import Path

from retainkit.addresses import is_address
from retainkit.errors import InputError
from retainkit.replacement import temporary_folder
from retainkit.sources.faults import reading
from retainkit.sources.parts import Part
from retainkit.sources.stored import Stored


class Copies:
    """Copies live as long as `stack`. seen: whether the executors see the files of this machine."""

    def __init__(self, stack: ExitStack, *, seen: bool) -> None:
        self._stack = stack
        self._seen = seen
        self._folder: Path | None = None
        self._made = 0

    def of(self, part: Part, wanted: Container[str]) -> Stored:
        """Return a copy of the wanted columns; raises InputError where no executor would see it."""
        if not self._seen:
            raise _unseen(part.name)
        names = [name for name in part.schema if name in wanted] or list(part.schema)[:1]
        path = self._path()
        with reading(part.name):
            part.frame.select(names).sink_parquet(path)
        return Stored(path, "parquet", {name: name for name in names})

    def _path(self) -> Path:
        if self._folder is None:
            self._folder = self._stack.enter_context(temporary_folder())
        self._made += 1
        return self._folder / f"{self._made}.parquet"


def _unseen(name: str) -> InputError:
    if is_address(name):
        return InputError(
            f"'{name}' is an address, and executors of Spark are sent paths only.",
            "Mount it on every machine under one path, or run with --spark-master 'local[*]'.",
        )
    return InputError(
        f"'{name}' is nothing that Spark's executors can read as it lies.",
        "They read Parquet, and CSV in UTF-8, plain or as .gz, in files whose names do not "
        "begin with '_' or '.'. Convert it, or run with --spark-master 'local[*]'.",
    )
