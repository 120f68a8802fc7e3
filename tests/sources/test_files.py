"""Which files a name means, in which order, and how it is said that there are none."""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path

import polars as pl
import pytest

from retainkit.sources import SourceOptions, open_table
from retainkit.sources.faults import fault

from .opened import opened, refused, write

ROW = "user_id,time\nu1,2024-01-01\n"


def test_several_files_are_read_in_the_order_given(tmp_path: Path) -> None:
    b, a = write(tmp_path / "b.csv", ROW), write(tmp_path / "a.csv", ROW)
    assert opened(b, a).files == (str(b), str(a))


def test_a_folder_is_read_recursively_and_sorted(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "sub/c.csv.gz.csv", "_SUCCESS", ".hidden.csv", ".git/x.csv"):
        write(tmp_path / name, ROW)
    names = [str(Path(file).relative_to(tmp_path)) for file in opened(tmp_path).files]
    assert names == ["a.csv", "b.csv", "sub/c.csv.gz.csv"]


def test_a_folder_with_other_files_is_refused_naming_them(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", ROW)
    for i in range(7):
        write(tmp_path / f"photo{i}.png", "x")
    message = refused(tmp_path)
    assert "photo0.png" in message
    assert "and 2 more" in message


def test_a_folder_without_data_is_refused(tmp_path: Path) -> None:
    assert "holds no data files" in refused(tmp_path)


def test_the_literal_name_wins_over_the_glob(tmp_path: Path) -> None:
    literal = write(tmp_path / "a[1].csv", ROW)
    write(tmp_path / "a1.csv", ROW)
    assert opened(literal).files == (str(literal),)


@pytest.mark.parametrize("suffix", [".csv", ".ndjson", ".parquet"])
def test_what_is_read_is_the_literal_file(tmp_path: Path, suffix: str) -> None:
    for name, who in (("a[1]", "mine"), ("a1", "theirs")):
        rows, path = pl.DataFrame({"user_id": [who]}), tmp_path / f"{name}{suffix}"
        getattr(rows, f"write_{suffix[1:]}")(path)
    assert opened(tmp_path / f"a[1]{suffix}").rows == [("mine",)]


def test_a_glob_is_expanded_when_no_such_file_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b1.csv", "a1.csv", "sub/a2.csv", ".a3.csv", "a4.txt.bak"):
        write(tmp_path / name, ROW)
    monkeypatch.chdir(tmp_path)
    assert opened("a*.csv").files == ("a1.csv",)
    assert opened("**/*.csv").files == ("a1.csv", "b1.csv", "sub/a2.csv")
    assert opened(str(tmp_path / "?1.csv")).frame.height == 2
    assert "No file matches 'z*.csv'" in refused("z*.csv")


def test_one_file_reached_twice_is_read_once_and_said(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ROW)
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    table = opened(path, link, tmp_path / "." / "a.csv")
    assert table.frame.height == 1
    assert len(table.notes) == 2
    assert "read once" in table.notes[0]


def test_hive_folders_become_columns_unless_the_file_has_them(tmp_path: Path) -> None:
    write(tmp_path / "dt=2024-01-01/city=K%C3%B6ln/part-0.csv", "user_id,city\nu1,Bonn\n")
    write(tmp_path / "dt=2024-01-02/city=__HIVE_DEFAULT_PARTITION__/part-0.csv", "user_id\nu2\n")
    table = opened(tmp_path)
    assert table.header == ("user_id", "city", "dt")
    assert table.rows == [("u1", "Bonn", "2024-01-01"), ("u2", None, "2024-01-02")]


def test_a_glob_of_hive_folders_keeps_the_keys(tmp_path: Path) -> None:
    write(tmp_path / "dt=1/a.csv", "user_id\nu1\n")
    write(tmp_path / "dt=2/a.csv", "user_id\nu2\n")
    assert opened(str(tmp_path / "dt=*")).rows == [("u1", "1"), ("u2", "2")]


class _Pipe:
    def __init__(self, data: bytes, *, terminal: bool = False) -> None:
        self.buffer = io.BytesIO(data)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_stdin_is_spooled_and_told_by_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", _Pipe(b'{"user_id": "00123"}\n'))
    table = opened("-")
    assert (table.files, table.rows) == (("<stdin>",), [("00123",)])


def test_a_terminal_as_stdin_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", _Pipe(b"", terminal=True))
    assert "this terminal" in refused("-")


def test_a_named_pipe_is_read_like_stdin(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(ROW.encode(),))
    writer.start()
    assert opened(pipe).rows == [("u1", "2024-01-01")]
    writer.join()


def test_a_missing_file_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    write(tmp_path / "events.csv", ROW)
    assert "Did you mean 'events.csv'?" in refused(tmp_path / "event.csv")


def test_a_missing_folder_is_named_rather_than_the_file_in_it(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    message = refused(tmp_path / "export" / "2024" / "events.csv")
    assert message == f"There is no '{tmp_path / 'export'}'. Did you mean 'exports'?"


def test_links_in_circles_end(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", ROW)
    (tmp_path / "sub").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path)
    assert opened(tmp_path).files == (str(tmp_path / "a.csv"),)


@pytest.mark.parametrize(
    "name", ["a b.csv", "a%20b.csv", "a*?.csv", "{a}.csv", "用户.csv", "~.csv"]
)
def test_names_are_taken_literally(tmp_path: Path, name: str) -> None:
    assert opened(write(tmp_path / name, ROW)).frame.height == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ROW)
    path.chmod(0)
    assert "Permission denied" in refused(path)


def test_an_empty_name_is_no_source() -> None:
    assert "An empty name" in refused("")


def test_standard_input_cannot_be_read_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "named twice" in refused("-", "-")
    with write(tmp_path / "none", "").open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        assert "can be read once" in refused("-")


@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
def test_a_url_that_is_out_of_reach_is_named(name: str) -> None:
    told = str(fault(ConnectionRefusedError("object-store error"), f"https://host/{name}"))
    assert told.startswith(f"'https://host/{name}' cannot be reached")
    assert "nothing at 's3://a/b'" in str(fault(FileNotFoundError(2, "x"), "s3://a/b"))


def test_a_url_and_not_the_frame_is_at_fault() -> None:
    assert "'file://nowhere/x.csv'" in refused("file://nowhere/x.csv")


def test_files_of_one_kind_are_scanned_as_one(tmp_path: Path) -> None:
    for i in range(40):
        columns = {"user_id": [i], "time": ["2024-01-01"]}
        if i % 4 == 1:
            columns = {"time": ["2024-01-02"], "user_id": [i]}
        if i % 4 == 2:
            columns = {**columns, "city": ["x"]}
        name = f"{i:02}.{'csv' if i % 8 >= 4 else 'parquet'}"
        frame = pl.DataFrame(columns)
        (frame.write_csv if i % 8 >= 4 else frame.write_parquet)(tmp_path / name)
    with open_table([tmp_path], SourceOptions()) as table:
        plan = table.frame.explain()
        rows = table.frame.collect().sort("user_id", maintain_order=True)
    assert plan.count("Parquet SCAN") == plan.count("Csv SCAN") == 3
    assert sorted(rows["user_id"].cast(pl.Int64).to_list()) == list(range(40))
    assert rows["city"].drop_nulls().to_list() == ["x"] * 10


def test_a_name_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/x\xff.csv"
    try:
        Path(os.fsdecode(path)).write_text(ROW)
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    assert "is not UTF-8" in refused(tmp_path)
