"""--verify: pages of Parquet files against their checksums."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from retainkit.errors import InputError
from retainkit.sources import SourceOptions, open_table

FRAME = pl.DataFrame(
    {"user_id": [f"user{i}" for i in range(3000)], "n": range(3000), "nested": [[1, 2]] * 3000}
)


def write(path: Path, *, checksums: bool = True) -> None:
    pq.write_table(
        FRAME.to_arrow(),
        path,
        write_page_checksum=checksums,
        row_group_size=1000,
        compression="none",
        use_dictionary=["user_id"],
    )


def notes(path: Path) -> str:
    with open_table([path], SourceOptions(verify=True)) as table:
        return " ".join(table.notes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.parquet"


def test_whole_pages_pass(path: Path) -> None:
    write(path)
    assert notes(path) == ""


def test_pages_without_checksums_are_told(path: Path) -> None:
    write(path, checksums=False)
    assert "its pages have no checksums" in notes(path)
    FRAME.write_parquet(path)
    assert "have no checksums" in notes(path)


def test_a_flipped_bit_is_an_error_that_says_where(path: Path) -> None:
    write(path)
    chunk = pq.read_metadata(path).row_group(1).column(1)
    data = bytearray(path.read_bytes())
    data[chunk.data_page_offset + chunk.total_compressed_size // 2] ^= 1
    path.write_bytes(data)
    with open_table([path], SourceOptions()) as table:
        assert not table.frame.collect().equals(FRAME), "read silently without"
    with pytest.raises(InputError, match="row group 2, column 'n'"):
        notes(path)


def test_a_file_cut_short_is_an_error(path: Path) -> None:
    write(path)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(InputError, match="truncated or damaged"):
        notes(path)
