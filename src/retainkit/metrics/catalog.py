"""The metrics by the names of their commands, imported as they are asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

from retainkit.metrics.base import Metric

NAMES = ("cohort", "retention", "churn", "funnel", "paths", "orders", "rfm", "ltv", "renewals")


class Listed(NamedTuple):
    """A metric and the class of its parameters."""

    metric: Metric[Any]
    params: type[Any]


def listed(name: str) -> Listed:
    """Return the metric of a command, one of NAMES."""
    home = import_module(f"retainkit.metrics.{name}")
    return Listed(getattr(home, name.upper()), getattr(home, f"{name.capitalize()}Params"))
