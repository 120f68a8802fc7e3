"""Frames that Python code hands over: Polars, PyArrow, pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

import polars as pl

from retainkit.errors import InputError, UsageError
from retainkit.sources.faults import reading
from retainkit.sources.names import ROW, refuse_own_names
from retainkit.sources.options import Input
from retainkit.sources.parts import Part

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def read_frame(frame: Input, *, origin: bool, name: str | None = None) -> Part:
    """Return the rows of `frame`, its own types kept. A named pandas index is a column.

    name: what messages call it, the kind of frame that it is unless given.

    Raises UsageError where `frame` is of no kind that can be read.
    """
    name = name or f"<{type(frame).__name__}>"
    with reading(name):
        rows = _lazy(frame)
        schema = rows.collect_schema()
    if origin:
        refuse_own_names(name, schema)
        rows = rows.with_row_index(ROW, 1).with_columns(pl.col(ROW).cast(pl.Int64))
    return Part(name, rows, schema)


def _lazy(frame: Input) -> pl.LazyFrame:
    if isinstance(frame, pl.LazyFrame):
        return frame
    if isinstance(frame, pl.DataFrame):
        return frame.lazy()
    if _is_arrow(frame):
        return pl.DataFrame(frame).lazy()
    if _is_pandas(frame):
        return _from_pandas(frame)
    raise UsageError(
        f"A source is a path or a frame, not {type(frame).__name__}.",
        "Frames may be Polars, pandas or PyArrow.",
    )


def _from_pandas(frame: pd.DataFrame) -> pl.LazyFrame:
    named = any(name is not None for name in frame.index.names)
    try:
        return pl.from_pandas(frame, include_index=named).lazy()
    except (TypeError, ValueError) as error:
        raise InputError(
            "<DataFrame> has two columns of one name, or values of several types in one column.",
            "Make them one, e.g. frame['user_id'] = frame['user_id'].astype('string').",
        ) from error


# pandas and PyArrow are told by the name of their module: importing them to ask costs time.
def _is_arrow(frame: Input) -> TypeGuard[pa.Table]:
    return _is(frame, "pyarrow", "Table")


def _is_pandas(frame: Input) -> TypeGuard[pd.DataFrame]:
    return _is(frame, "pandas", "DataFrame")


def _is(frame: Input, package: str, name: str) -> bool:
    kind = type(frame)
    return kind.__module__.partition(".")[0] == package and kind.__name__ == name
