"""The picture of one table as PNG."""

from __future__ import annotations

from retainkit.render.charts import converted, spec_of
from retainkit.render.options import RenderOptions
from retainkit.results import Result


def write(result: Result, options: RenderOptions) -> bytes:
    """Return the picture of the first table; raises UsageError where it has none."""
    del options
    return converted(spec_of(result), "png")
