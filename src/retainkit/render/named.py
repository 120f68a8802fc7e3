"""Numbers as people read them, by what they are called: shares in percent, others as they are."""

from __future__ import annotations

from retainkit.render import cells

FRACTIONS = frozenset(
    (
        *("rate", "share", "coefficient", "overall", "survival", "hazard", "cumulative", "rest"),
        *("conversion", "difference", "churn_rate", "rate_average", "rate_exposure"),
        *("returned_so_far", "churned_share", "stayed_share", "golden_share", "amount_share"),
        *("buyers_2plus_share", "repeat_order_share", "alive_share"),
        *("coefficient_before", "coefficient_after", "expected_rate", "expected_survival"),
    )
)


def told(name: str, value: float | None) -> str:
    """Return the number called `name`."""
    if value is None:
        return cells.UNKNOWN
    if name in FRACTIONS:
        return cells.percent(value) if 0 <= value <= 1 else f"{value:.1%}"
    return cells.compact(value) if abs(value) < 1000 else f"{value:,.0f}"


def distance(name: str, value: float) -> str:
    """Return how far two numbers called `name` lie apart: of shares, in points."""
    if name not in FRACTIONS:
        return told(name, value)
    points = f"{100 * value:.2g}"
    return f"{points} point" if points == "1" else f"{points} points"
