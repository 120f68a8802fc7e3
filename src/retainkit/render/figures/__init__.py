"""Drawings made of characters: numbers in, lines out, legible without any colour.

Every function returns lines that are at most `width` screen cells wide, and none where there is
nothing to draw. They are for `view.Figure`.
"""

from retainkit.render.figures.columns import Series, diverging_columns
from retainkit.render.figures.sparks import Spark, sparklines
from retainkit.render.figures.steps import Curve, step_curve

__all__ = ["Curve", "Series", "Spark", "diverging_columns", "sparklines", "step_curve"]
