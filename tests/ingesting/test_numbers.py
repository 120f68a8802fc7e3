"""The law of sets: what a set says is what the files say that it was made of."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import retainkit
from retainkit.demo import write_demo
from retainkit.results import Result

Ask = Callable[..., Result]
FLAGS: tuple[tuple[Ask, dict[str, Any]], ...] = (
    (retainkit.cohort, {"period": "week", "by": "channel"}),
    (retainkit.cohort, {"period": "day", "measure": "amount", "where": "amount > 1"}),
    (retainkit.retention, {"cohort": "month", "where": "time >= '2024-01-10'"}),
    (retainkit.churn, {"start": None}),
    (retainkit.orders, {"order_event": "pay[amount > 2]"}),
    (retainkit.orders, {"since": "2024-01-05", "until": "2024-02-10"}),
)


def same(asked: Result, of_set: Result) -> None:
    """Assert that two answers are the same: rows used, the window, and every table."""
    assert of_set.data.rows == asked.data.rows
    assert of_set.data.members == asked.data.members
    assert of_set.data.first == asked.data.first
    assert of_set.data.last == asked.data.last
    assert of_set.tables.keys() == asked.tables.keys()
    for name, table in asked.tables.items():
        assert_frame_equal(of_set.tables[name], table)


def compare(sources: Any, folder: Path, flags: dict[str, Any], asks: Any = FLAGS) -> None:
    retainkit.ingest(sources, folder, **{"max_rejects": 1.0, **flags})
    told = {name: value for name, value in flags.items() if name != "members"}
    for ask, words in asks:
        words = {name: value for name, value in words.items() if value is not None}
        here = {"max_rejects": 1.0, **words}
        same(ask(sources, **flags, **here), ask(str(folder), **told, **here))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_demo(folder, members=400)
    return folder


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (retainkit.cohort, {"period": "week", "by": "channel"}),
        (retainkit.cohort, {"measure": "amount", "where": "amount > 100"}),
        (retainkit.retention, {"cohort": "month", "since": "2024-03-01"}),
        (retainkit.churn, {"definition": "leave", "by": "tier"}),
        (retainkit.orders, {}),
        (retainkit.orders, {"by": "city", "until": "2025-01-01"}),
    ],
)
def test_the_demo_shop(demo: Path, tmp_path: Path, ask: Ask, words: dict[str, Any]) -> None:
    flags = {"members": str(demo / "members.csv"), "tz": "Asia/Shanghai"}
    compare(str(demo / "events.parquet"), tmp_path / "set", flags, [(ask, words)])


def test_a_member_table_named_wins(demo: Path, tmp_path: Path) -> None:
    flags: dict[str, Any] = {"tz": "Asia/Shanghai"}
    events, members = demo / "events.parquet", demo / "members.csv"
    retainkit.ingest(events, tmp_path / "set", members=str(members), **flags)
    some = pl.read_csv(members, infer_schema=False).head(10)
    mine = retainkit.cohort(str(tmp_path / "set"), members=some, **flags)
    same(retainkit.cohort(str(events), members=some, **flags), mine)
    assert not any("Members are those of the set" in note for note in mine.notes)


HEADERS = {
    "en": ("user_id", "event_time", "action", "revenue", "order_id", "channel"),
    "zh": ("会员编号", "下单时间", "事件名称", "实付金额", "订单号", "channel"),
}
IDS = st.sampled_from(["1", "00123", " 7 ", '="00123"', "A-9", "a-9", "", "null", "张三", "17.0"])
AMOUNTS = st.sampled_from(["", "1", "2.5", "-3", "¥1,200.50", "much", " 4 ", "1e2"])
EVENTS = st.sampled_from(["pay", "visit", " pay ", "", "退款"])
ORDERS = st.sampled_from(["", "o1", "o2", "0", "o-3"])
CHANNELS = st.sampled_from(["ads", "web", "", "微信"])


@st.composite
def times(draw: st.DrawFn) -> str:
    moment = datetime(2024, 1, 1) + timedelta(hours=draw(st.integers(0, 2_000)))
    written = draw(
        st.sampled_from(
            ["%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y年%m月%d日 %H:%M", "soon", "", "1970-01-01 00:00:00"]
        )
    )
    return moment.strftime(written)


ROWS = st.lists(st.tuples(IDS, times(), EVENTS, AMOUNTS, ORDERS, CHANNELS), min_size=1, max_size=40)


def csv_of(rows: list[tuple[str, ...]], language: str) -> bytes:
    header = pl.DataFrame(rows, schema=list(HEADERS[language]), orient="row")
    return header.write_csv(quote_style="always").encode("gb18030" if language == "zh" else "utf-8")


@given(st.lists(ROWS, min_size=1, max_size=3), st.sampled_from(["en", "zh"]), st.booleans())
@settings(max_examples=4, deadline=None)
def test_messy_files(files: list[list[tuple[str, ...]]], language: str, shanghai: bool) -> None:
    # What a column decides, it decides in every file: each of them shows ids that are no numbers.
    anchor = ("x-1", "2024-01-02 10:00", "visit", "2.5", "o9", "ads")
    with tempfile.TemporaryDirectory() as place:
        sources = []
        for number, rows in enumerate(files):
            path = Path(place, f"{number}.csv")
            path.write_bytes(csv_of([anchor, *rows], language))
            sources.append(str(path))
        flags = {"tz": "Asia/Shanghai" if shanghai else "UTC"}
        counted: list[tuple[Ask, dict[str, Any]]] = [
            (ask, {name: value for name, value in words.items() if name != "start"})
            for ask, words in FLAGS
        ]
        distinct = len({Path(source).read_bytes() for source in sources})
        if distinct == len(sources):  # the same content counts once in a set
            compare(sources, Path(place, "set"), flags, counted)


def test_many_rows_are_sorted_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from retainkit.ingesting import reading, sorting

    monkeypatch.setattr(reading, "_BATCH", 100)
    monkeypatch.setattr(sorting, "_STEP", 7)
    monkeypatch.setattr(reading, "Sorting", lambda scratch: sorting.Sorting(scratch, held=90))
    start = datetime(2024, 1, 1)
    rows = pl.DataFrame(
        {
            "user_id": [f"m{i % 17}" for i in range(3_000)],
            # Out of order, and half of them at the same moment.
            "time": [start + timedelta(hours=i * 7919 % 500 * (i % 2)) for i in range(3_000)],
            "place": [str(i) for i in range(3_000)],
        }
    )
    rows.write_csv(tmp_path / "events.csv")
    retainkit.ingest(tmp_path / "events.csv", tmp_path / "set")
    (part,) = (tmp_path / "set" / "events").iterdir()
    found = pl.read_parquet(part)
    expected = rows.with_columns(pl.col("time").dt.replace_time_zone("UTC")).sort(
        "time", maintain_order=True
    )
    assert_frame_equal(found.rename({"member": "user_id"}), expected)


def test_types_that_parquet_and_tables_have(tmp_path: Path) -> None:
    day = datetime(2024, 1, 5, 12, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "user_id": [1, 2, 0],
            "time": [day, day + timedelta(days=1), day],
            "amount": [1.5, float("inf"), 2.0],
            "day": [date(2024, 1, 5)] * 3,
            "clock": [time(1, 2)] * 3,
            "span": [timedelta(hours=1)] * 3,
            "price": [Decimal("1.25")] * 3,
            "tags": [["a"], [], None],
            "more": [{"x": 1}] * 3,
            "kind": pl.Series(["a", "b", "a"], dtype=pl.Categorical),
            "blob": [b"x"] * 3,
            "large": pl.Series([2**64 - 1] * 3, dtype=pl.UInt64),
            "nothing": pl.Series([None] * 3, dtype=pl.Null),
            "yes": [True] * 3,
        }
    )
    frame.write_parquet(tmp_path / "events.parquet")
    made = retainkit.ingest(tmp_path / "events.parquet", tmp_path / "set")
    assert (made.rows.written, made.rows.refused) == (2, {"no member": 1})
    (part,) = (tmp_path / "set" / "events").iterdir()
    found = pl.read_parquet(part)
    assert found["member"].to_list() == [1, 2]
    assert found["amount_unreadable"].to_list() == [None, "inf"]
    for name in ("day", "clock", "price", "tags", "more", "blob", "large", "yes"):
        assert found[name].to_list() == frame[name].to_list()[:2], name
    compare(
        str(tmp_path / "events.parquet"),
        tmp_path / "set",
        {},
        [(retainkit.cohort, {"measure": "amount"}), (retainkit.cohort, {"where": "yes"})],
    )


def test_an_epoch_that_is_a_placeholder_elsewhere(tmp_path: Path) -> None:
    """Eight in the morning of 1 January 1970 in Shanghai is a time there, and 0 in UTC."""
    (tmp_path / "a.csv").write_text("user_id,time\nann,1970-01-01 08:00\nann,1970-01-02 08:00\n")
    flags = {"tz": "Asia/Shanghai"}
    compare(str(tmp_path / "a.csv"), tmp_path / "set", flags, [(retainkit.cohort, {})])
