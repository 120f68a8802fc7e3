"""A report made and put in its place, by one run at a time, beside those of the runs before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retainkit.locking import locked
from retainkit.reporting.history import check_keep, kept, trend
from retainkit.reporting.model import Report
from retainkit.reporting.running import with_trend
from retainkit.reporting.writing import DATE, check_output, placed, written


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a report goes. history: the folder that keeps the headline of each run.

    Raises UsageError for a target of no known kind and for a number of runs that is none.
    """

    output: str
    history: str | None = None
    keep: int | None = None

    def __post_init__(self) -> None:
        check_output(self.output)
        check_keep(self.keep, self.history)

    @property
    def file(self) -> Path | None:
        """The file that is written, whatever day it is named by; None for a folder."""
        path = Path(self.output.replace(DATE, "0000-00-00"))
        return path if path.suffix else None

    def publish(self, make: Callable[[], Report]) -> tuple[Report, Path]:
        """Return the report that `make` returns, and where it was written.

        Raises OutputError where another run is at it, or where it cannot be written.
        """
        with locked(Path(self.output), "--output"):
            report = make()
            if self.history is not None:
                folder = Path(self.history)
                kept(folder, report.headline, report.data, self.keep)
                report = with_trend(report, trend(folder, report.data))
            target = placed(self.output, report)
            written(report, target)
        return report, target
