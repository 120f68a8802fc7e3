"""Rows of new files that the set has already: told here, counted once by --dedupe where it is read.

Exports that reach back a month come every day, and overlap. Which of two equal rows is a repeat,
and which is what happened twice, nobody but the reader can tell: so both stay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retainkit.ingesting.manifest import Entry, Identity, Manifest
from retainkit.sources.faults import reading
from retainkit.sources.parts import named
from retainkit.wording import counted

_MOST = 10_000_000  # rows that are looked at: 16 bytes of memory each, 100 where all repeat


@dataclass(frozen=True)
class _Span:
    """A file of the set whose rows from `first` to `last` are compared."""

    entry: Entry
    first: datetime
    last: datetime
    is_new: bool


def repeat_notes(folder: Path, manifest: Manifest, read: Collection[Identity]) -> Iterator[str]:
    """Yield what to say of rows in the files that were `read` which equal others in every column.

    Only files whose times overlap are compared; nothing is said where these have over 10 million
    rows.
    """
    spans = list(_spans(manifest.entries, read))
    if not spans or sum(span.entry.rows.written for span in spans) > _MOST:
        return
    rows = _doubled(folder, spans)
    new = rows.filter("is_new")
    repeats = new.height - new.filter(pl.col("place") == pl.col("first")).n_unique("hash")
    if not repeats:
        return
    elsewhere = new.filter(pl.col("place") > pl.col("first"))
    also = ""
    if elsewhere.height:
        names = [spans[place].entry.names[0].name for place in elsewhere["first"].unique().sort()]
        also = f", {elsewhere.height:,} of them one of {named(names)}"
    yield (
        f"{counted(repeats, 'new row repeats', 'new rows repeat')} another in every column{also}. "
        "All are kept; --dedupe exact, where the set is read, counts them once."
    )


def _spans(entries: Sequence[Entry], read: Collection[Identity]) -> Iterator[_Span]:
    """Yield what to compare: old files first, as far as new ones reach, then these."""
    new: list[_Span] = []
    old: list[_Span] = []
    for entry in entries:
        if entry.first is not None and entry.last is not None:
            first, last = datetime.fromisoformat(entry.first), datetime.fromisoformat(entry.last)
            is_new = entry.identity in read
            (new if is_new else old).append(_Span(entry, first, last, is_new))
    for span in old:
        meeting = [each for each in new if each.first <= span.last and span.first <= each.last]
        if meeting:
            first = max(span.first, min(each.first for each in meeting))
            last = min(span.last, max(each.last for each in meeting))
            yield _Span(span.entry, first, last, is_new=False)
    yield from new


def _doubled(folder: Path, spans: Sequence[_Span]) -> pl.DataFrame:
    """Return the rows that equal another: hash, place of the file, is_new, the first place."""
    columns = sorted({name for span in spans for name in span.entry.columns})
    found = [_hashes(folder, span, columns) for span in spans]
    every = np.sort(np.concatenate(found))
    twice = pl.Series(np.unique(every[1:][every[1:] == every[:-1]]))
    del every
    rows = pl.concat(
        pl.DataFrame({"hash": own}).select(
            pl.col("hash").filter(pl.col("hash").is_in(twice.implode())),
            place=pl.lit(place, pl.Int32),
            is_new=span.is_new,
        )
        for place, (span, own) in enumerate(zip(spans, found, strict=True))
    )
    return rows.with_columns(first=pl.col("place").min().over("hash"))


def _hashes(folder: Path, span: _Span, columns: Sequence[str]) -> NDArray[np.uint64]:
    """Return a hash of each row that is compared."""
    part = folder / span.entry.part
    with reading(str(part)):
        rows = pl.scan_parquet(part, glob=False)
        schema = rows.collect_schema()
        cells = [_text(name, schema.get(name)) for name in columns]
        own = rows.filter(pl.col("time").is_between(span.first, span.last))
        hashes = own.select(pl.struct(cells).hash()).collect(engine="streaming")
    found: NDArray[np.uint64] = hashes.to_series().to_numpy()
    return found


def _text(name: str, dtype: pl.DataType | None) -> pl.Expr:
    """Return a column as it is compared: numbers as text, as other files may have them."""
    if dtype is None:
        return pl.lit(None, pl.String).alias(name)
    return pl.col(name).cast(pl.String) if dtype.is_numeric() else pl.col(name)
