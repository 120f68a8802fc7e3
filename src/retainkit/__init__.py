"""retainkit: retention analytics from member and event files.

The functions are those of the command line, with the same words: `retainkit.cohort(events)`,
`retainkit.retention(events)` and so on. They are imported on first use, so that `import retainkit`
and `retainkit --help` cost nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from retainkit.errors import InputError, OutputError, RetainkitError, UsageError

if TYPE_CHECKING:
    from retainkit.api import (
        churn,
        cohort,
        funnel,
        inspect,
        ltv,
        orders,
        paths,
        renewals,
        retention,
        rfm,
    )
    from retainkit.gates import check, report, snapshot
    from retainkit.intake import ingest
    from retainkit.results import Result

__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(
        (
            *("churn", "cohort", "funnel", "inspect", "ltv", "orders", "paths", "renewals"),
            *("retention", "rfm"),
        ),
        "api",
    ),
    **dict.fromkeys(("check", "report", "snapshot"), "gates"),
    "ingest": "intake",
    "Result": "results",
}

__all__ = [
    "InputError",
    "OutputError",
    "Result",
    "RetainkitError",
    "UsageError",
    "__version__",
    "check",
    "churn",
    "cohort",
    "funnel",
    "ingest",
    "inspect",
    "ltv",
    "orders",
    "paths",
    "renewals",
    "report",
    "retention",
    "rfm",
    "snapshot",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'retainkit' has no attribute '{name}'")
    return getattr(import_module(f"retainkit.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
