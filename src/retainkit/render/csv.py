"""One table of a Result as CSV: UTF-8, line feeds, ISO dates, full precision, null as nothing."""

from __future__ import annotations

import polars.selectors as cs

from retainkit.render.options import RenderOptions
from retainkit.render.tidy import tidy
from retainkit.results import Result
from retainkit.rowsfile import defused


def write(result: Result, options: RenderOptions) -> str:
    """Return the first table, with its header.

    Times carry their offset. With `excel_safe`, text that a spreadsheet would run is defused.
    """
    frame = tidy(next(iter(result.tables.values())))
    if options.excel_safe:
        frame = defused(frame)
    times = cs.datetime().dt.to_string("%Y-%m-%dT%H:%M:%S%.f%:z")
    return frame.with_columns(times).write_csv()
