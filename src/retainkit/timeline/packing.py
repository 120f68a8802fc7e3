"""How a member and a time fit one 64-bit word, and what is done where they do not.

NumPy sorts one integer column with vector instructions, many times faster than any engine sorts
two columns. Integer ids are packed as they are. Text ids are hashed to 64 bits, of which a word
keeps the upper ones; that no two ids share a key is checked by a second hash of every id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retainkit.periods import SECOND, Ints
from retainkit.timeline.model import Grain

Keys = NDArray[np.uint64]
Marks = NDArray[np.uint32]

WORD = 64
SHARED_BITS = 12  # the upper bits of a key that its check has too: collisions are counted by them
LEAST_HASH_BITS = 47  # of a key; with fewer, collisions of a few million ids are to be expected

_CHECK_SEED = 0x5EED
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying by it maps 64 bits one to one
# How many periods an export may span: 20 years of weeks, 6 of days, 7 of hours, 8 of seconds.
_TIME_BITS: Mapping[Grain, int] = {
    "exact": 28,
    "hour": 16,
    "day": 11,
    "week": 10,
    "month": 9,
    "quarter": 8,
    "year": 8,
}
_MORE_TIME_BITS = 4


class RepackError(Exception):
    """What was chosen does not fit the data: a signal to begin anew with `packing`, never shown."""

    def __init__(self, packing: Packing) -> None:
        super().__init__(packing)
        self.packing = packing


@dataclass(frozen=True)
class Packing:
    """How ids become keys, and whether words may be tried.

    seed: of the hashes. hashed: whether integer ids, too, are hashed (one to one), being too
    large for a word as they are. words: whether rows are packed. widened: how often the times
    were found to span more than a word had room for.
    """

    seed: int = 0
    hashed: bool = False
    words: bool = True
    widened: int = 0

    def hashing(self, events: pl.LazyFrame, keep: bool = False) -> pl.LazyFrame:
        """Return events with text ids replaced by their two hashes (a struct: key, check).

        keep: with the id itself beside them, as `id`. Where they are read is the best place for
        it: there they are in a core's cache.
        """
        if events.collect_schema()["member"] != pl.String:
            return events
        ids = pl.col("member")
        hashes = self._hashes(ids)
        return events.with_columns(member=hashes.struct.with_fields(id=ids) if keep else hashes)

    def keys(self, ids: pl.Series) -> Keys:
        """Return a 64-bit key for each id; text is hashed, an integer is never mistaken."""
        if is_text(ids.dtype):
            return self._field(ids, "key")
        keys = ids.to_numpy().astype(np.int64, copy=False).view(np.uint64)
        return keys * _GOLDEN if self.hashed else keys

    def checks(self, ids: pl.Series, keys: Keys) -> Keys | None:
        """Return a second hash for each id, beginning with SHARED_BITS of its key, in a new array.

        None where keys cannot collide, unless words cut them short.
        """
        if is_text(ids.dtype):
            checks = self._field(ids, "check") >> np.uint64(SHARED_BITS)
            checks |= keys & _UPPER
            return checks
        return keys.copy() if self.hashed and self.words else None

    def ids(self, ids: pl.Series) -> pl.Series:
        """Return ids as they are written, of hashes that kept them."""
        return ids.struct.field("id") if ids.dtype == pl.Struct else ids

    def reseeded(self) -> Packing:
        """Return the packing for another try after a collision."""
        if self.hashed:  # integers are mixed without a seed
            return replace(self, words=False)
        return replace(self, seed=self.seed + 1)

    def _hashes(self, ids: pl.Expr) -> pl.Expr:
        return pl.struct(key=ids.hash(self.seed), check=ids.hash(_CHECK_SEED + self.seed))

    def _field(self, ids: pl.Series, name: str) -> Keys:
        if ids.dtype == pl.String:
            ids = ids.to_frame("id").select(self._hashes(pl.col("id"))).to_series()
        field: Keys = ids.struct.field(name).to_numpy()
        return field


def is_text(ids: pl.DataType) -> bool:
    """Return whether ids are text, or were before `Packing.hashing`."""
    return ids in (pl.String, pl.Struct)


_UPPER = np.uint64((1 << WORD) - (1 << (WORD - SHARED_BITS)))


@dataclass(frozen=True)
class Layout:
    """What lies where in a word, from its low end: marks, time, key.

    first_time: what a time of 0 means, in units of `unit`. hashed: whether the word keeps the
    upper bits of the key, as of a hash, or the whole key, which then is a small integer.
    """

    first_time: int
    unit: int
    time_bits: int
    mark_bits: int
    hashed: bool

    @classmethod
    def of(cls, grain: Grain, marks: int, packing: Packing, hashed: bool, times: Ints) -> Layout:
        """Return the layout for rows like the first that came; raises RepackError if none fits."""
        time_bits = _TIME_BITS[grain] + packing.widened * _MORE_TIME_BITS
        low = WORD - time_bits - marks
        if low < (LEAST_HASH_BITS if hashed else 1):
            raise RepackError(replace(packing, words=False))
        unit = SECOND if grain == "exact" else 1
        # Exports are mostly in the order of time: most of the room is left for later times.
        first_time = int(times.min()) // unit - (1 << time_bits) // 8
        return cls(first_time, unit, time_bits, marks, hashed)

    @property
    def low_bits(self) -> int:
        """How many bits lie below the key."""
        return self.time_bits + self.mark_bits

    @property
    def aligned_bits(self) -> int:
        """Words that are equal above these bits belong together: one member, or one group."""
        return WORD - SHARED_BITS if self.hashed else self.low_bits

    def place(self, keys: Keys, packing: Packing) -> Keys:
        """Return the words of `keys` with nothing below the key; raises RepackError."""
        if self.hashed:
            return keys & np.uint64((1 << WORD) - (1 << self.low_bits))
        if len(keys) and int(keys.max()) >> (WORD - self.low_bits):
            raise RepackError(replace(packing, hashed=True))
        return keys << np.uint64(self.low_bits)

    def pack(self, keys: Keys, times: Ints, marks: Marks, packing: Packing, words: Keys) -> None:
        """Put one word a row into `words`, in the order of (key, time, marks).

        Raises RepackError where a row does not fit.
        """
        ticks = self._ticks(times, packing)
        if self.mark_bits:
            ticks = (ticks << np.uint64(self.mark_bits)) | marks
        np.bitwise_or(self.place(keys, packing), ticks, out=words)

    def times(self, words: Keys) -> Ints:
        """Return the times of words."""
        if self.mark_bits:
            words = words >> np.uint64(self.mark_bits)
        times = (words & np.uint64((1 << self.time_bits) - 1)).view(np.int64)
        times += self.first_time
        if self.unit != 1:
            times *= self.unit
        return times

    def marks(self, words: Keys) -> Marks:
        """Return the marks of words; all set where words have no room for them."""
        if not self.mark_bits:
            return np.ones(len(words), dtype=np.uint32)
        return (words & np.uint64((1 << self.mark_bits) - 1)).astype(np.uint32)

    def _ticks(self, times: Ints, packing: Packing) -> Keys:
        if self.unit != 1:
            whole = times // self.unit
            if not np.array_equal(whole * self.unit, times):
                raise RepackError(replace(packing, words=False))
            times = whole
        ticks = (times - self.first_time).view(np.uint64)
        if len(ticks) and int(ticks.max()) >> self.time_bits:
            raise RepackError(replace(packing, widened=packing.widened + 1))
        return ticks
