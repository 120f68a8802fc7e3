"""The file of refused rows: whole or not at all."""

from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

import retainkit
from retainkit.errors import InputError, OutputError, UsageError
from retainkit.sources.quality import Quality

from .made import events_of, made

ROWS: dict[str, list[object]] = {
    "user_id": ["a", "", "b", None],
    "time": ["2024-01-01", "2024-01-02", "soon", ""],
    "reason": ["x", "y,z", None, "w"],
}


def run(path: Path, max_rejects: float = 1, rows: dict[str, list[object]] = ROWS) -> None:
    events = events_of(made(rows, origin=True))
    with Quality(max_rejects, str(path)) as quality:
        for batch in events.frame.collect_batches(chunk_size=2, maintain_order=True):
            quality.add(batch)
        assert not path.exists(), "not before it is whole"
        quality.finish()


def read(path: Path) -> pl.DataFrame:
    if path.suffix == ".csv":
        return pl.read_csv(path)
    return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_ndjson(path)


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet", "rows.ndjson", "rows.jsonl"])
def test_has_where_and_why_and_the_row_as_it_is(tmp_path: Path, name: str) -> None:
    run(tmp_path / name)
    rejects = read(tmp_path / name)
    assert rejects.columns == ["file", "row", "reason", "user_id", "time", "raw_reason"]
    assert rejects["file"].unique().to_list() == ["made.csv"]
    assert rejects["row"].to_list() == [2, 3, 4]
    assert rejects["reason"].to_list() == ["no member", "unreadable time", "no member"]
    assert rejects["time"].to_list()[:2] == ["2024-01-02", "soon"]
    assert rejects["raw_reason"].to_list() == ["y,z", None, "w"]
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_is_there_to_look_at_when_too_many_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="in the --rejects file"):
        run(tmp_path / "rows.csv", max_rejects=0.5)
    assert len(read(tmp_path / "rows.csv")) == 3


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_nothing_is_left_of_a_run_that_fails(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("the old file")
    rows = events_of(made(ROWS, origin=True)).frame.collect()
    with suppress(KeyboardInterrupt), Quality(1, str(tmp_path / name)) as quality:
        quality.add(rows)
        raise KeyboardInterrupt
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "the old file"


def test_no_refused_rows_leave_a_header(tmp_path: Path) -> None:
    run(tmp_path / "rows.csv", rows={"user_id": ["a"], "time": ["2024-01-01"]})
    assert (tmp_path / "rows.csv").read_text() == "file,row,reason,user_id,time\n"


def test_nested_columns_are_written_as_text_where_there_is_no_other_way(tmp_path: Path) -> None:
    run(tmp_path / "rows.csv", rows={"user_id": [""], "time": ["2024-01-01"], "tags": [["x", "y"]]})
    assert read(tmp_path / "rows.csv")["tags"].to_list() == ["['x', 'y']"]


def test_paths_that_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("x")
    with pytest.raises(UsageError, match=r"has to end in \.csv"):
        Quality(1, str(tmp_path / "rows.xlsx"))
    with pytest.raises(UsageError, match="is what is read"):
        Quality(1, str(source), [str(source)])
    (tmp_path / "link.csv").symlink_to(source)
    with pytest.raises(OutputError, match="is a link"):
        Quality(1, str(tmp_path / "link.csv"))
    with pytest.raises(OutputError, match="cannot be written"):
        Quality(1, str(tmp_path / "none" / "rows.csv"))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["in.csv", "link.csv"]


def test_are_in_the_order_of_the_files_however_they_are_read(tmp_path: Path) -> None:
    for name in "abcdef":
        rows = "".join(f",2024-01-01,{number}\n" for number in range(200))
        (tmp_path / f"{name}.csv").write_text(f"user_id,event_time,n\nann,2024-01-01,0\n{rows}")
    sources = [tmp_path / f"{name}.csv" for name in "abcdef"]
    for number in range(4):
        path = tmp_path / f"{number}.rejects.csv"
        retainkit.retention(sources, rejects=str(path), max_rejects=1)
        rejects = pl.read_csv(path)
        assert rejects.rows() == rejects.sort("file", "row").rows()
        assert rejects.height == 1200
