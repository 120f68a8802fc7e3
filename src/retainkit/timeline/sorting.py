"""Rows that fit no single word, sorted: by packing what can be packed, else column by column."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retainkit.periods import SECOND, Ints
from retainkit.timeline.model import first_of_each
from retainkit.timeline.packing import WORD, Keys, Marks

_HALF = 32
_MANY = 1 << 18  # below, what Polars imports for its first Series of an array takes longer


def distinct(keys: Keys, repeats: bool = False) -> Keys:
    """Return `keys` (which are lost) in order and without repeats, unless these are wanted."""
    if len(keys) < _MANY or repeats:
        keys.sort()
        return keys if repeats else keys[first_of_each(keys)]
    low, high = keys.min(), keys.max()
    if int(high - low) >> _HALF:
        return _without_repeats(keys)
    # Half the bits are sorted in half the time.
    keys -= low
    kept: Keys = _without_repeats(keys.astype(np.uint32)).astype(np.uint64)
    kept += low
    return kept


def _without_repeats(keys: NDArray[Any]) -> NDArray[Any]:
    keys.sort()
    # Polars drops rows with vector instructions, several times faster than a NumPy mask.
    kept: NDArray[Any] = pl.Series(keys).filter(pl.Series(first_of_each(keys))).to_numpy()
    return kept


def sort_order(keys: Keys, times: Ints, marks: Marks) -> Ints:
    """Return the order of rows by (key, time, marks)."""
    if not len(keys):
        return np.empty(0, dtype=np.int64)
    if not (times % SECOND).any():  # whole seconds fit where microseconds do not
        times = times // SECOND
    first_time = int(times.min())
    time_bits = (int(times.max()) - first_time).bit_length()
    mark_bits = int(marks.max()).bit_length()
    ranks, count = _ranks(keys)
    if count.bit_length() + time_bits + mark_bits > WORD:
        return np.lexsort((marks, times, keys))
    packed = (ranks << np.uint64(time_bits)) | (times - first_time).view(np.uint64)
    return np.argsort((packed << np.uint64(mark_bits)) | marks.astype(np.uint64))


def _ranks(keys: Keys) -> tuple[Keys, int]:
    """Return for each key how many distinct ones are smaller, and how many distinct there are."""
    order = np.argsort(keys)
    new = first_of_each(keys[order])
    ranks = np.empty(len(keys), dtype=np.uint64)
    ranks[order] = (np.cumsum(new) - 1).view(np.uint64)
    return ranks, int(np.count_nonzero(new))
