"""How many generated cases are tried: `make test` has ten minutes for all, `make laws` has time."""

from __future__ import annotations

import os

CASES = float(os.environ.get("RETAINKIT_CASES", "0.15"))  # of those that each law says
_FEWEST = 4


def scaled(many: int) -> int:
    """Return how many cases to try of a law that says `many`."""
    return round(many * CASES) if CASES > 1 else min(many, max(_FEWEST, round(many * CASES)))
