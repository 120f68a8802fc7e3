"""Packing is chosen before the data is known: what does not fit begins anew with another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from retainkit.timeline import Packing, RepackError

Done = TypeVar("Done")

TRIES = 12


def packed(work: Callable[[Packing], Done]) -> Done:
    """Return what `work` returns with the first packing that fits."""
    packing = Packing()
    for _ in range(TRIES):
        try:
            return work(packing)
        except RepackError as error:
            packing = error.packing
    raise AssertionError("ids collided under every seed")  # 2**-64 a pair, each time
