"""The demo's files: what they hold, whose they are, and whole or not at all."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retainkit.demo import DemoFiles, write_demo
from retainkit.demo.shop import open_shop
from retainkit.demo.write import NAMES
from retainkit.errors import OutputError, UsageError


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_demo(tmp_path_factory.mktemp("demo"), members=400, seed=3)


def test_files_hold_the_shop(demo: DemoFiles) -> None:
    shop = open_shop(400, 3)
    assert_frame_equal(pl.read_parquet(demo.events), shop.events)
    assert_frame_equal(pl.read_csv(demo.members, try_parse_dates=True), shop.members)
    assert demo.event_rows == shop.events.height
    assert demo.member_rows == 400
    assert {path.name for path in demo.events.parent.iterdir()} == set(NAMES)
    assert "400 members" in demo.summary


def test_one_seed_gives_the_same_bytes(demo: DemoFiles, tmp_path: Path) -> None:
    write_demo(tmp_path / "again", members=400, seed=3)
    assert contents(tmp_path / "again") == contents(demo.events.parent)


def test_default_is_small_and_the_parquet_compressed(tmp_path: Path) -> None:
    files = write_demo(tmp_path)
    assert files.member_rows == 5000
    assert files.events.stat().st_size < 2_000_000
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 3_000_000


def test_sample_is_a_chinese_export_with_its_dirt_counted(demo: DemoFiles) -> None:
    lines = demo.sample.read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(lines))
    assert lines[0] == "用户ID,事件,事件时间,订单编号,实付金额"
    dirt = json.loads(demo.truths_data.read_text("utf-8"))["files"]["events_sample.csv"]["dirt"]
    assert dirt == {"no_member": 6, "unreadable_time": 3, "total_lines": 1}
    assert sum(not row["用户ID"] for row in rows) == 6
    times = pl.Series([row["事件时间"] for row in rows[:-1]])
    assert times.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False).null_count() == 3
    assert rows[-1]["用户ID"] == "合计"
    assert not rows[-1]["事件时间"]
    cents = [round(100 * float(row["实付金额"])) for row in rows if row["实付金额"]]
    assert sum(cents[:-1]) == cents[-1]
    assert demo.sample_rows == len(rows)


def test_truths_are_listed_for_people_and_machines(demo: DemoFiles) -> None:
    data = json.loads(demo.truths_data.read_text("utf-8"))
    page = demo.truths.read_text("utf-8")
    assert data["format"] == "retainkit-demo/1"
    assert (data["members"], data["seed"], data["tz"]) == (400, 3, "Asia/Shanghai")
    assert len(data["truths"]) == 7
    for truth in data["truths"]:
        assert truth["title"] in page
        assert truth["planted"]
        assert truth["measured"]
        assert truth["metrics"]
        assert truth["commands"]
        assert all(command in page for command in truth["commands"])
    assert set(data["leave_reasons"].values()) == {
        *("product", "access", "cost", "low interaction", "natural", "mismatch", "other"),
    }


def test_demo_replaces_its_own_files(tmp_path: Path) -> None:
    write_demo(tmp_path, members=20, seed=1)
    before = contents(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    write_demo(tmp_path, members=20, seed=2)
    after = contents(tmp_path)
    assert after.pop("notes.txt") == b"mine"
    assert after.keys() == before.keys()
    assert after["events.parquet"] != before["events.parquet"]


@pytest.mark.parametrize("name", NAMES)
def test_demo_refuses_files_of_others(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}")
    with pytest.raises(OutputError, match=name.replace(".", r"\.")) as refused:
        write_demo(tmp_path, members=20)
    assert "--overwrite" in str(refused.value)
    assert contents(tmp_path) == {name: b"{}"}
    write_demo(tmp_path, members=20, overwrite=True)
    assert contents(tmp_path)[name] != b"{}"


def test_demo_refuses_its_own_file_once_changed(tmp_path: Path) -> None:
    files = write_demo(tmp_path, members=20)
    with files.members.open("a") as members:
        members.write("M999999,2025-01-01 00:00:00,,,,,,,\n")
    before = contents(tmp_path)
    with pytest.raises(OutputError, match=r"members\.csv"):
        write_demo(tmp_path, members=20)
    assert contents(tmp_path) == before


def test_demo_refuses_a_link_and_never_writes_through_it(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.csv"
    target.write_text("precious")
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "members.csv").symlink_to(target)
    with pytest.raises(OutputError, match=r"members\.csv"):
        write_demo(folder, members=20)
    write_demo(folder, members=20, overwrite=True)
    assert target.read_text() == "precious"


def test_a_folder_of_that_name_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "TRUTHS.md").mkdir()
    with pytest.raises(OutputError, match=r"TRUTHS\.md") as refused:
        write_demo(tmp_path, members=20, overwrite=True)
    assert "--overwrite" not in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["TRUTHS.md"]


@pytest.mark.parametrize("fault", [OSError("No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException
) -> None:
    write_demo(tmp_path, members=20, seed=1)
    before = contents(tmp_path)

    def fail(path: Path) -> None:
        raise fault

    monkeypatch.setattr("retainkit.demo.write._sync", fail)
    expected = OutputError if isinstance(fault, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        write_demo(tmp_path, members=20, seed=2)
    assert contents(tmp_path) == before
    with pytest.raises(expected):
        write_demo(tmp_path / "new", members=20)
    assert contents(tmp_path / "new") == {}


def test_a_failing_parquet_writer_is_told_as_an_output_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise pl.exceptions.ComputeError("underlying IO error: File too large")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", fail)
    with pytest.raises(OutputError, match="File too large"):
        write_demo(tmp_path, members=20)
    assert contents(tmp_path) == {}


def test_a_file_in_the_folders_place_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        write_demo(tmp_path / "demo", members=20)


@pytest.mark.parametrize(("members", "seed"), [(0, 1), (-5, 1), (10, -1)])
def test_numbers_that_make_no_shop_are_wrong_usage(tmp_path: Path, members: int, seed: int) -> None:
    with pytest.raises(UsageError, match="no demo"):
        write_demo(tmp_path, members=members, seed=seed)
