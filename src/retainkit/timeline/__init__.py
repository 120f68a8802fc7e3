"""Canonical events -> Timelines: each member's events together, in time order.

The only place that knows how rows are packed and sorted, in memory and on disk.
"""

from retainkit.timeline.builder import Builder
from retainkit.timeline.extras import money
from retainkit.timeline.model import MONEY_UNIT, Bools, Grain, Needs, Timeline, first_of_each
from retainkit.timeline.packing import Packing, RepackError
from retainkit.timeline.runs import Bounds, Spill

__all__ = [
    "MONEY_UNIT",
    "Bools",
    "Bounds",
    "Builder",
    "Grain",
    "Needs",
    "Packing",
    "RepackError",
    "Spill",
    "Timeline",
    "first_of_each",
    "money",
]
