"""The colours of heat: one ramp for every format that has colours, and a pale one for paper."""

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
# The same for pages that are white and may be printed: L .97 → .42, C .012 → .095, h 175 → 250.
_PALE_BACKGROUNDS = (
    *("#eef9f5", "#deeeea", "#cee3df", "#bdd8d5", "#adcdcc", "#9dc2c4", "#8db7bc", "#7eacb4"),
    *("#6fa1ad", "#6096a7", "#528aa0", "#457f99", "#397393", "#2e678c", "#255b85", "#1d4f7e"),
)
_PALE = 11  # so many of them take dark ink
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

# (background, ink) for white pages, as many as of RAMP.
PALE = tuple(
    (background, _DARK_INK if step < _PALE else _LIGHT_INK)
    for step, background in enumerate(_PALE_BACKGROUNDS)
)


def step_of(heat: float) -> int:
    """Return which step of a ramp is that of `heat`, 0 (coldest) to 1, or the nearest."""
    return round(min(max(heat, 0.0), 1.0) * (len(RAMP) - 1))


def shade(heat: float) -> Shade:
    """Return the shade at `heat`, 0 (coldest) to 1; what lies beyond takes the nearest."""
    return RAMP[step_of(heat)]
