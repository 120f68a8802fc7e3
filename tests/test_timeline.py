"""Packing and sorting: the same rows come out, in order, whatever path they take."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainkit.errors import InputError
from retainkit.periods import Calendar
from retainkit.selectors import ANY, parse_selector
from retainkit.timeline import Builder, HashCollisionError, Needs, member_keys, partition_of
from retainkit.timeline.packing import Ranks, Rows, distinct, sort_order

BUY = parse_selector("buy")
keys = st.one_of(st.integers(0, 20), st.integers(0, 2**64 - 1))
times = st.one_of(st.integers(0, 50), st.integers(-(2**61), 2**61))
tuples = st.lists(st.tuples(keys, times, st.integers(0, 3)), max_size=40)


def rows_of(items: list[tuple[int, int, int]]) -> Rows:
    return Rows(
        np.array([key for key, _, _ in items], dtype=np.uint64),
        np.array([time for _, time, _ in items], dtype=np.int64),
        np.array([mark for _, _, mark in items], dtype=np.uint16),
    )


def items_of(rows: Rows) -> list[tuple[int, int, int]]:
    columns = (rows.keys, rows.times, rows.marks)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@given(tuples)
def test_distinct_rows_are_those_of_a_set_in_order(items: list[tuple[int, int, int]]) -> None:
    assert items_of(distinct(rows_of(items))) == sorted(set(items))


@given(tuples)
def test_sorting_keeps_every_row(items: list[tuple[int, int, int]]) -> None:
    rows = rows_of(items)
    assert items_of(rows.take(sort_order(rows))) == sorted(items)


@given(st.lists(keys, max_size=40))
def test_ranks_count_the_smaller_keys(items: list[int]) -> None:
    ranks = Ranks.of(np.array(items, dtype=np.uint64))
    assert ranks.keys.tolist() == sorted(set(items))
    assert [ranks.keys[rank] for rank in ranks.rank] == items
    assert [items[row] for row in ranks.row] == ranks.keys.tolist()


@given(st.lists(st.integers(0, 2**64 - 1), max_size=50), st.integers(1, 7))
def test_every_key_has_one_partition(items: list[int], count: int) -> None:
    parts = partition_of(np.array(items, dtype=np.uint64), count)
    assert all(0 <= part < count for part in parts)
    assert len({(key, part) for key, part in zip(items, parts, strict=True)}) == len(set(items))


def test_dense_ids_spread_over_partitions() -> None:
    parts = partition_of(np.arange(10_000, dtype=np.uint64), 4)
    assert all(2_000 < count < 3_000 for count in Counter(parts.tolist()).values())


def events(ids: list[object], times: list[int], **more: list[object]) -> pl.DataFrame:
    marks = pl.Series(more.pop("marks", [1] * len(ids)), dtype=pl.UInt16)
    return pl.DataFrame({"member": ids, "time": times, "marks": marks, **more})


def build(needs: Needs, *batches: pl.DataFrame, **options: object) -> object:
    builder = Builder(needs, Calendar(), **options)
    for batch in batches:
        builder.add(batch, member_keys(batch["member"]))
    return builder.build()


def test_members_have_their_events_in_time_order() -> None:
    timeline = build(Needs("exact", (ANY,)), events(["b", "a"], [5, 9]), events(["b"], [2]))
    spans = zip(timeline.bounds[:-1], timeline.bounds[1:], strict=True)
    histories = sorted(timeline.time[begin:end].tolist() for begin, end in spans)
    assert histories == [[2, 5], [9]]


def test_equal_events_are_handed_over_once_unless_each_counts() -> None:
    batch = events([1, 1, 1], [7, 7, 7], marks=[1, 1, 3])
    once = build(Needs("exact", (ANY, BUY)), batch)
    each = build(Needs("exact", (ANY, BUY), repeats=True), batch)
    assert once.marks.tolist() == [1, 3]
    assert each.marks.tolist() == [1, 1, 3]
    assert each.passes(BUY).tolist() == [False, False, True]


def test_a_coarse_grain_holds_periods() -> None:
    day = 86_400_000_000
    timeline = build(Needs("week", (ANY,)), events([1, 1, 1], [0, day, 5 * day]))
    assert timeline.time.tolist() == [0, 1]  # Thursday and Friday of one week, Tuesday of the next
    assert timeline.period_of(timeline.time, "week") is timeline.time


def test_first_touch_takes_the_smallest_of_equal_times() -> None:
    batch = events(["a", "a", "b", "b"], [1, 1, 4, 3], seg_0=["y", "x", "p", None])
    timeline = build(Needs("exact", (ANY,), ("ch",)), batch, segments=[("ch", "event")])
    touched = timeline.segments["ch"].to_list()
    assert sorted(touched, key=str) == [None, "x"]


def test_the_member_table_brings_members_without_events() -> None:
    table = pl.DataFrame(
        {"member": ["a", "b", "c"], "joined": [1, 2, None], "seg_0": ["x", "y", "z"]},
        schema_overrides={"joined": pl.Int64},
    )
    timeline = build(
        Needs("exact", (ANY,), ("ch",)),
        events(["a", "d"], [5, 6]),
        segments=[("ch", "member")],
        table=table,
    )
    rows = zip(timeline.joined, timeline.segments["ch"], np.diff(timeline.bounds), strict=True)
    # c neither joined nor did anything; d is in no table.
    assert sorted(rows, key=str) == [(1, "x", 1), (2, "y", 0), (None, None, 1)]


def test_text_ids_that_share_a_hash_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    builder = Builder(Needs("exact", (ANY,)), Calendar())
    same = np.zeros(2, dtype=np.uint64)
    with pytest.raises(HashCollisionError):
        builder.add(events(["a", "b"], [1, 2]), same)
    apart = Builder(Needs("exact", (ANY,)), Calendar())
    apart.add(events(["a"], [1]), same[:1])
    apart.add(events(["b"], [1]), same[:1])
    with pytest.raises(HashCollisionError):
        apart.build()


def test_amounts_are_whole_millionths() -> None:
    batch = events([1, 1, 1], [1, 2, 3], amount=[0.1, None, -2.55])
    timeline = build(Needs("exact", (ANY,), amount=True), batch)
    assert timeline.amount.tolist() == [100_000, 0, -2_550_000]
    with pytest.raises(InputError, match="too large to be summed exactly"):
        build(Needs("exact", (ANY,), amount=True), events([1], [1], amount=[1e13]))


def test_what_several_metrics_need_is_brought_once() -> None:
    month, week, exact = (Needs(grain, (ANY,)) for grain in ("month", "week", "exact"))
    assert Needs.union([month, month]).grain == "month"
    assert Needs.union([month, week]).grain == "day"
    assert Needs.union([month, exact]).grain == "exact"
    both = Needs.union([Needs("day", (ANY,), ("a",)), Needs("day", (BUY, ANY), ("b", "a"))])
    assert both.selectors == (ANY, BUY)
    assert both.segments == ("a", "b")
