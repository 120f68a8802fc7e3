"""Where a report goes: by its suffix a page, Markdown or JSON; without one a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from retainkit.choices import TableFormat
from retainkit.errors import UsageError
from retainkit.replacement import write_whole
from retainkit.reporting.document import document
from retainkit.reporting.folder import write_folder
from retainkit.reporting.markdown import markdown
from retainkit.reporting.model import Report
from retainkit.reporting.page import page

WRITERS: dict[str, Callable[[Report], str]] = {
    ".html": page,
    ".htm": page,
    ".md": markdown,
    ".markdown": markdown,
    ".json": document,
}
DATE = "{date}"


def check_output(text: str) -> None:
    """Raise UsageError for a target of no known kind, or with a placeholder that is none."""
    path = Path(text)
    if text == "-" or not text.strip():
        raise UsageError("--output: a report is written to a file or a folder; name one.")
    if path.suffix and path.suffix.lower() not in WRITERS:
        raise UsageError(
            f"--output: a report is no '{path.suffix}' file.",
            f"Name a file of {', '.join(WRITERS)}, or a folder.",
        )
    rest = text.replace(DATE, "")
    if "{" in rest or "}" in rest:
        raise UsageError(f"--output: '{text}' has a placeholder other than {DATE}.")


def placed(text: str, report: Report) -> Path:
    """Return the target of a report: {date} is the day of as-of."""
    as_of = report.data.as_of
    return Path(text.replace(DATE, "undated" if as_of is None else as_of.date().isoformat()))


def written(
    report: Report, target: Path, tables: TableFormat = "csv", *, excel_safe: bool = False
) -> None:
    """Write a report whole or not at all; raises OutputError where that cannot be.

    tables, excel_safe: of a folder, as for `write_folder`.
    """
    writer = WRITERS.get(target.suffix.lower())
    if writer is None:
        write_folder(report, target, tables, excel_safe=excel_safe)
    else:
        write_whole(target, writer(report).encode(), "--output")
