"""Canonical events -> Timeline: each member's events together, in time order.

The only place that knows how rows are packed and sorted.
"""

from retainkit.timeline.builder import Builder, HashCollisionError
from retainkit.timeline.model import MONEY_UNIT, Bools, Grain, Needs, Timeline, first_of_each
from retainkit.timeline.packing import member_keys, partition_of

__all__ = [
    "MONEY_UNIT",
    "Bools",
    "Builder",
    "Grain",
    "HashCollisionError",
    "Needs",
    "Timeline",
    "first_of_each",
    "member_keys",
    "partition_of",
]
