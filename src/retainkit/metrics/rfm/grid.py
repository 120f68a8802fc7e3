"""The named segments: a name for each score of recency and of frequency and money together."""

from __future__ import annotations

import numpy as np

from retainkit.periods import Ints

# A row a recency score, 5 first; columns: the mean of the frequency and money scores, 1 to 5.
_GRID = (
    ("new", "potential", "potential", "champions", "champions"),
    ("promising", "potential", "potential", "loyal", "champions"),
    ("about to sleep", "need attention", "need attention", "loyal", "loyal"),
    ("hibernating", "hibernating", "at risk", "at risk", "cannot lose"),
    ("lost", "lost", "at risk", "cannot lose", "cannot lose"),
)
SEGMENTS = (
    *("champions", "loyal", "potential", "new", "promising", "need attention"),
    *("about to sleep", "at risk", "cannot lose", "hibernating", "lost"),
)
_CODES = np.array([[SEGMENTS.index(name) for name in row] for row in _GRID], dtype=np.int64)


def segment_codes(r: Ints, f: Ints, m: Ints) -> Ints:
    """Return which of SEGMENTS each has, by its scores 1 to 5; halves of f and m count upwards."""
    together = (f + m + 1) // 2
    codes: Ints = _CODES[5 - r, together - 1]
    return codes
