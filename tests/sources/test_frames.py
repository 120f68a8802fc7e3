"""Frames from Python: Polars, PyArrow, pandas."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from .opened import opened, refused

FRAME = pl.DataFrame({"user_id": ["00123", None], "n": [1, 2]})


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (FRAME, "<DataFrame>"),
        (FRAME.lazy(), "<LazyFrame>"),
        (FRAME.to_arrow(), "<Table>"),
        (pd.DataFrame(FRAME.to_dict(as_series=False)), "<DataFrame>"),
    ],
)
def test_every_kind_of_frame(frame: pl.DataFrame, name: str) -> None:
    table = opened(frame, origin=True)
    assert table.files == (name,)
    assert table.header == ("user_id", "n")
    assert table.rows == [("00123", 1, name, 1), (None, 2, name, 2)]


def test_a_named_pandas_index_is_a_column_and_a_nameless_one_is_not() -> None:
    frame = pd.DataFrame({"n": [1]}, index=pd.Index(["u1"], name="user_id"))
    assert set(opened(frame).header) == {"user_id", "n"}
    assert opened(frame.reset_index(drop=True)).header == ("n",)


def test_frames_and_files_are_one_export() -> None:
    assert opened(FRAME, FRAME.lazy()).frame.height == 4


def test_a_pandas_column_of_several_types_is_refused_without_its_values() -> None:
    message = refused(pd.DataFrame({"user_id": [1, "secret"]}, dtype="object"))
    assert "several types" in message
    assert "secret" not in message


def test_two_columns_of_one_name_are_refused() -> None:
    assert "one name" in refused(pa.table([[1], [2]], names=["a", "a"]))
    assert "one name" in refused(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_what_is_no_frame_is_a_usage_error() -> None:
    assert "not dict" in refused({"user_id": [1]})


def test_a_lazy_frame_that_fails_is_named() -> None:
    broken = pl.LazyFrame({"a": ["x"]}).with_columns(pl.col("a").cast(pl.Int64))
    assert "'<LazyFrame>' cannot be read" in refused(broken)


def test_pandas_and_pyarrow_are_not_imported_unless_given() -> None:
    code = (
        "import sys; from retainkit.sources import open_table, SourceOptions; import polars as pl\n"
        "with open_table([pl.DataFrame({'a': [1]})], SourceOptions()) as t: t.sample()\n"
        "assert not {'pandas', 'pyarrow'} & sys.modules.keys(), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
