"""One table of a Result as Parquet, its definition, parameters and notes in the file's metadata."""

from __future__ import annotations

from io import BytesIO

import polars as pl
import pyarrow.parquet as pq

from retainkit.render.json import head_text
from retainkit.render.options import RenderOptions
from retainkit.render.tidy import tidy
from retainkit.results import Result


def write(result: Result, options: RenderOptions) -> bytes:
    """Return the first table, zstd, with page checksums.

    The key "retainkit" of the file's metadata holds the JSON object of the result, less its
    tables.
    """
    del options
    frame = tidy(next(iter(result.tables.values())))
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    table = table.replace_schema_metadata({"retainkit": head_text(result)})
    out = BytesIO()
    pq.write_table(table, out, compression="zstd", write_page_checksum=True)
    return out.getvalue()
