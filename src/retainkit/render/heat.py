"""The colours of heat: one ramp for every format that has colours."""

from __future__ import annotations

from typing import NamedTuple

# A straight line in OKLCH, L .30 → .88, C .035 → .125, h 265 → 165, so that equal steps look
# equal: dark slate recedes on a dark screen, mint stands out on both.
_BACKGROUNDS = (
    *("#252e40", "#2a384d", "#2f435a", "#334f67", "#355b74", "#386880", "#39758b", "#3b8396"),
    *("#3d90a0", "#3f9ea8", "#44acb0", "#4abab6", "#53c8bb", "#5fd6bf", "#6ee4c2", "#7ff2c3"),
)
# The nearest of 256 colours jump in hue; these are dark to mint as well.
_ANSI = (235, 235, 238, 238, 23, 23, 30, 30, 37, 37, 43, 43, 85, 85, 158, 158)
_DARK = 8  # so many of them take light ink; either ink then keeps a contrast above 4.3
_LIGHT_INK, _DARK_INK = "#ffffff", "#101418"


class Shade(NamedTuple):
    """A background and the ink that is legible on it, as #rrggbb; ansi: one of 256 colours."""

    background: str
    ink: str
    ansi: int


RAMP = tuple(
    Shade(background, _LIGHT_INK if step < _DARK else _DARK_INK, ansi)
    for step, (background, ansi) in enumerate(zip(_BACKGROUNDS, _ANSI, strict=True))
)


def shade(heat: float) -> Shade:
    """Return the shade at `heat`, 0 (coldest) to 1; what lies beyond takes the nearest."""
    return RAMP[round(min(max(heat, 0.0), 1.0) * (len(RAMP) - 1))]
