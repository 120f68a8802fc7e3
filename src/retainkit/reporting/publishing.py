"""A report made and put in its place, by one run at a time, beside those of the runs before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retainkit.choices import TableFormat
from retainkit.leftovers import remove_leftovers
from retainkit.locking import locked
from retainkit.reporting.history import check_keep, kept, past, trend
from retainkit.reporting.model import Report
from retainkit.reporting.running import with_trend
from retainkit.reporting.writing import DATE, check_output, placed, written


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a report goes.

    history: the folder that keeps the headline of each run. tables: the format of the files in a
    folder; excel_safe: whether text that a spreadsheet would run is defused in those of CSV.
    lock_timeout: how many seconds to wait for another run that writes it.

    Raises UsageError for a target of no known kind and for a number of runs that is none.
    """

    output: str
    history: str | None = None
    keep: int | None = None
    tables: TableFormat = "csv"
    excel_safe: bool = False
    lock_timeout: float = 0

    def __post_init__(self) -> None:
        check_output(self.output)
        check_keep(self.keep, self.history)

    @property
    def file(self) -> Path | None:
        """The file that is written, whatever day it is named by; None for a folder."""
        path = Path(self.output.replace(DATE, "0000-00-00"))
        return path if path.suffix else None

    @property
    def folders(self) -> dict[str, Path]:
        """The folders that are written to, by option."""
        found = {} if self.file else {"--output": Path(self.output)}
        return found if self.history is None else {**found, "--history": Path(self.history)}

    def publish(self, make: Callable[[], Report]) -> tuple[Report, Path]:
        """Return the report that `make` returns, and where it was written.

        What a killed run left beside it is removed before, so that a folder which it had set aside
        is back even where no new one can be made. Raises OutputError where another run is at it, or
        where it cannot be written.
        """
        with locked(Path(self.output), "--output", self.lock_timeout):
            remove_leftovers(Path(self.output).parent)
            folder = None if self.history is None else Path(self.history)
            runs = {} if folder is None else past(folder)
            report = make()
            target = placed(self.output, report)
            if folder is not None:
                report = with_trend(report, trend(runs, folder, report))
            written(report, target, self.tables, excel_safe=self.excel_safe)
            if folder is not None:
                kept(folder, report, self.keep)
        return report, target
