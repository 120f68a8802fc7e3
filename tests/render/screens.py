"""What the tests of views do with a Result: draw it, read its lines, change it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from retainkit.render import RenderOptions, render_text
from retainkit.results import Result


def shown(result: Result, width: int = 80) -> str:
    return render_text(result, "table", RenderOptions(width=width))


def flat(result: Result) -> str:
    return " ".join(shown(result).split())


def with_tables(result: Result, **tables: pl.DataFrame) -> Result:
    return replace(result, tables={**result.tables, **tables})


def with_main(result: Result, **columns: Any) -> Result:
    return with_tables(result, main=result.main.with_columns(**columns))


def with_params(result: Result, **params: object) -> Result:
    return replace(result, params={**result.params, **params})


def row_of(text: str, start: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(start)).split()
