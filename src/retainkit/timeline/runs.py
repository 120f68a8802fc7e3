"""Sorted runs of rows, in memory or in files, given back slice by slice: an external merge sort.

A run is a sorted array of keys, or a frame whose first column is one; rows that belong together
agree in the upper bits of the key. Runs are written once they take too much memory. A slice is all
rows of all runs between two bounds; it is read, merged and dropped before the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retainkit.errors import OutputError
from retainkit.replacement import temporary_folder
from retainkit.sources.files import temporary_name

Keys = NDArray[np.uint64]
Run = TypeVar("Run", Keys, pl.DataFrame)

END = 1 << 64
FILE_BYTES = 32 << 20  # of a run on disk, about
SAMPLED = 1024  # every so many keys of a file, one is known without reading it
SAMPLES_A_SLICE = 256


@dataclass(frozen=True)
class Bounds:
    """A slice of keys: from `first` up to but not with `end`."""

    first: int
    end: int

    def of(self, keys: Keys) -> slice:
        """Return where sorted keys lie between the bounds."""
        first = np.searchsorted(keys, np.uint64(self.first))
        end = len(keys) if self.end >= END else np.searchsorted(keys, np.uint64(self.end))
        return slice(int(first), int(end))


@dataclass
class Spill:
    """A folder for runs that memory has no room for, made when first needed.

    It is removed when `stack` closes. parent: where it is made, by default the system's folder
    for temporary files.
    """

    stack: ExitStack
    parent: Path | None = None
    files: int = 0
    bytes: int = 0
    _folder: Path | None = None

    def write(self, run: Keys | pl.DataFrame) -> Path:
        """Write `run` to a file of its own; raises OutputError where the disk refuses."""
        try:
            if self._folder is None:
                self._folder = self.stack.enter_context(temporary_folder(self.parent))
            path = self._folder / f"{self.files}.arrow"
            frame = pl.DataFrame({"key": run}) if isinstance(run, np.ndarray) else run
            frame.write_ipc(path, compression="uncompressed")
        except OSError as error:
            raise OutputError(
                f"Temporary files cannot be written to '{temporary_name(self.parent)}': "
                f"{error.strerror or error}.",
                "Name another folder with --temp-dir, or allow more with --memory.",
            ) from error
        self.files += 1
        self.bytes += path.stat().st_size
        return path


@dataclass(frozen=True)
class _Filed(Generic[Run]):
    kind: type[Run]
    path: Path
    first: int
    last: int
    sample: Keys

    @classmethod
    def of(cls, run: Run, spill: Spill) -> Self:
        keys = _keys(run)
        return cls(type(run), spill.write(run), int(keys[0]), int(keys[-1]), keys[::SAMPLED].copy())

    def read(self, bounds: Bounds) -> Run:
        near = bounds.of(self.sample)
        first = max(near.start - 1, 0) * SAMPLED
        rows = pl.scan_ipc(self.path).slice(first, near.stop * SAMPLED - first).collect()
        run: Any = rows if self.kind is pl.DataFrame else rows.to_series().to_numpy()
        found: Run = run[bounds.of(_keys(run))]
        return found


@dataclass
class Runs(Generic[Run]):
    """The runs of one kind of row. merge: one sorted run of several."""

    merge: Callable[[list[Run]], Run]
    _held: list[Run] = field(default_factory=list)
    _filed: list[_Filed[Run]] = field(default_factory=list)
    held_bytes: int = 0
    rows: int = 0

    def add(self, run: Run) -> None:
        """Take a run."""
        if len(run):
            self._held.append(run)
            self.held_bytes += (
                run.nbytes if isinstance(run, np.ndarray) else int(run.estimated_size())
            )
            self.rows += len(run)

    def file(self, spill: Spill, aligned_bits: int) -> None:
        """Merge the runs in memory and move them to files."""
        held: Runs[Run] = Runs(self.merge)
        for run in self._held:
            held.add(run)
        self._held.clear()
        self.rows -= held.rows
        self.held_bytes = 0
        for bounds in slices([held], -(-held.held_bytes // FILE_BYTES), aligned_bits):
            run = held.between(bounds)
            if len(run):
                self._filed.append(_Filed.of(run, spill))
                self.rows += len(run)

    def between(self, bounds: Bounds) -> Run:
        """Return the rows between `bounds` as one run."""
        pieces = [run[bounds.of(_keys(run))] for run in self._held]
        pieces += [
            filed.read(bounds)
            for filed in self._filed
            if filed.first < bounds.end and bounds.first <= filed.last
        ]
        return self.merge([piece for piece in pieces if len(piece)])

    def sample(self, step: int) -> list[Keys]:
        """Return every `step`-th key of each run."""
        held = [_keys(run)[::step] for run in self._held]
        return held + [filed.sample[:: -(-step // SAMPLED)] for filed in self._filed]


def slices(runs: Sequence[Runs[Any]], count: int, aligned_bits: int) -> list[Bounds]:
    """Return at most `count` slices with about as many rows each, which cover all keys.

    Bounds do not part keys that are equal above `aligned_bits`.
    """
    rows = sum(each.rows for each in runs)
    if count <= 1 or not rows:
        return [Bounds(0, END)]
    step = max(rows // (count * SAMPLES_A_SLICE), 1)
    keys = np.sort(np.concatenate([sample for each in runs for sample in each.sample(step)]))
    at = keys[np.arange(1, count) * len(keys) // count]
    edges = np.unique(at >> np.uint64(aligned_bits)).tolist()
    cuts = [edge << aligned_bits for edge in edges if edge]
    return [Bounds(*pair) for pair in zip([0, *cuts], [*cuts, END], strict=True)]


def _keys(run: Keys | pl.DataFrame) -> Keys:
    keys: Keys = run if isinstance(run, np.ndarray) else run.to_series(0).to_numpy()
    return keys
