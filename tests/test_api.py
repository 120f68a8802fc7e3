"""The Python functions: any kind of table in, the same Result out, shown where one looks at it."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

import retainkit

ROWS = {
    "user_id": ["a", "a", "b", "b", "c"],
    "time": ["2024-01-01", "2024-02-03", "2024-01-05", "2024-01-06", "2024-02-01"],
    "channel": ["x", "x", "y", "y", None],
}


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame(ROWS)


def test_every_kind_of_table_gives_the_same_answer(frame: pl.DataFrame, tmp_path: Path) -> None:
    frame.write_csv(tmp_path / "events.csv")
    frame.write_parquet(tmp_path / "events.parquet")
    halves = [frame.head(2), frame.tail(3)]
    for half, name in zip(halves, "ab", strict=True):
        half.write_csv(tmp_path / f"part-{name}.csv")
    expected = retainkit.cohort(frame, by="channel").main
    sources = [
        frame.lazy(),
        frame.to_arrow(),
        frame.to_pandas(),
        tmp_path / "events.csv",
        str(tmp_path / "events.parquet"),
        str(tmp_path / "part-*.csv"),
        halves,
        [tmp_path / "part-a.csv", tmp_path / "part-b.csv"],
    ]
    for source in sources:
        assert retainkit.cohort(source, by="channel").main.equals(expected), type(source)


def test_the_answer_by_hand(frame: pl.DataFrame) -> None:
    main = retainkit.cohort(frame).main
    cells = {(row["cohort"], row["age"]): row["returned"] for row in main.to_dicts()}
    january, february = date(2024, 1, 1), date(2024, 2, 1)
    assert cells == {(january, 0): 2, (january, 1): 1, (february, 0): 1}
    day = retainkit.retention(frame, days=1, mode="on").main.row(0, named=True)
    assert (day["members"], day["mature"], day["returned"], day["rate"]) == (3, 3, 1, 1 / 3)


def test_words_and_lists_of_words_are_the_same(frame: pl.DataFrame) -> None:
    one = retainkit.cohort(frame, brackets="0,1-2", by="channel")
    several = retainkit.cohort(frame, brackets=["0", "1-2"], by=["channel"])
    assert one.main.equals(several.main)
    assert one.main["age"].unique().sort().to_list() == ["0", "1-2"]


def test_a_result_shows_itself(frame: pl.DataFrame) -> None:
    result = retainkit.cohort(frame)
    assert "pooled mean" in str(result)
    console = Console(file=io.StringIO(), width=70)
    console.print(result)
    shown = console.file.getvalue()
    assert "pooled mean" in shown
    assert max(map(len, shown.splitlines())) <= 70
    assert "<table" in result._repr_html_()
    assert result.table("pooled").height == 1


def test_segments_called_like_a_result_column_are_told_apart(frame: pl.DataFrame) -> None:
    renamed = frame.rename({"channel": "size"})
    main = retainkit.cohort(renamed, by="size").main
    assert main.columns[:4] == ["by_size", "cohort", "age", "size"]


def test_segments_add_up_to_the_total(frame: pl.DataFrame) -> None:
    parts = retainkit.cohort(frame, by="channel").main
    summed = parts.group_by("cohort", "age").agg(pl.col("size", "returned").sum())
    total = retainkit.cohort(frame).main.select("cohort", "age", "size", "returned")
    # A segment without members in a cohort has no row there, so sizes are compared by cohort.
    sizes = summed.filter(pl.col("age") == 0).select("cohort", "size").sort("cohort")
    assert sizes.equals(total.filter(pl.col("age") == 0).select("cohort", "size").sort("cohort"))
    returned = summed.select("cohort", "age", "returned").sort("cohort", "age")
    assert returned.equals(total.select("cohort", "age", "returned").sort("cohort", "age"))


def test_faults_are_retainkit_errors(frame: pl.DataFrame) -> None:
    with pytest.raises(retainkit.InputError, match="Did you mean 'channel'"):
        retainkit.cohort(frame, by="chanel")
    with pytest.raises(retainkit.UsageError, match="--period"):
        retainkit.cohort(frame, period="fortnight")
    with pytest.raises(retainkit.UsageError, match="--days"):
        retainkit.retention(frame, days=0)
    with pytest.raises(retainkit.UsageError, match="has no table 'mian'"):
        retainkit.cohort(frame).table("mian")
    with pytest.raises(AttributeError, match="no attribute 'churn_rate'"):
        retainkit.churn_rate  # noqa: B018 - looking it up is the test


def test_importing_retainkit_imports_nothing_heavy() -> None:
    code = "import sys, retainkit; print(sorted({'polars', 'numpy', 'rich'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert "cohort" in dir(retainkit)


@pytest.mark.parametrize(
    "wrong",
    [
        {"tz": None},
        {"period": None},
        {"horizon": "3"},
        {"horizon": 2.5},
        {"start_event": 5},
        {"by": [1]},
        {"confidence": "0.9"},
        {"lookback": 30},
        {"lookback": "99999999999999d"},
        {"brackets": "1-2,01-2"},
        {"brackets": "1-9999999999"},
        {"perod": "day"},
    ],
)
def test_what_is_no_option_is_a_usage_error(frame: pl.DataFrame, wrong: dict[str, object]) -> None:
    with pytest.raises(retainkit.UsageError):
        retainkit.cohort(frame, **wrong)


def test_a_mode_named_twice_counts_nobody_twice(frame: pl.DataFrame) -> None:
    with pytest.raises(retainkit.UsageError, match="--mode: a mode is named twice"):
        retainkit.retention(frame, mode=["on", "on"])


def test_segments_never_share_a_name(frame: pl.DataFrame) -> None:
    twins = frame.rename({"channel": "size"}).with_columns(by_size=pl.col("size"))
    assert retainkit.cohort(twins, by=["size", "by_size"]).main.columns[:2] == [
        "by_size",
        "by_by_size",
    ]


def test_a_member_table_that_does_not_fit_is_told(frame: pl.DataFrame) -> None:
    members = pl.DataFrame({"user_id": ["a", "z"], "joined": ["2024-01-20", "2024-01-02"]})
    notes = retainkit.cohort(frame, members=members).notes
    assert (
        "Member table: 1 member has events, 1 joined and has none; 2 members with events not in it."
    ) in notes
    assert "1 event lies before its member joined: activity, but at no age." in notes
