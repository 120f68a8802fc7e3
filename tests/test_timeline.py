"""Packing and sorting: the same rows come out, in order, whatever path they take."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retainkit.errors import InputError
from retainkit.periods import Calendar
from retainkit.selectors import ANY, parse_selector
from retainkit.timeline import Bounds, Builder, Needs, Packing, RepackError, Spill, Timeline
from retainkit.timeline.packing import SHARED_BITS, Layout
from retainkit.timeline.runs import END, Runs, slices
from retainkit.timeline.sorting import distinct, sort_order

BUY = parse_selector("buy")
ALL = Bounds(0, END)
keys = st.one_of(st.integers(0, 20), st.integers(0, 2**64 - 1))
times = st.one_of(st.integers(0, 50), st.integers(-(2**61), 2**61))
tuples = st.lists(st.tuples(keys, times, st.integers(0, 3)), max_size=40)


@given(tuples)
def test_sorting_is_by_key_then_time_then_marks(items: list[tuple[int, int, int]]) -> None:
    columns = list(zip(*items, strict=True)) or [[], [], []]
    order = sort_order(
        np.array(columns[0], dtype=np.uint64),
        np.array(columns[1], dtype=np.int64),
        np.array(columns[2], dtype=np.uint32),
    )
    assert [items[row] for row in order] == sorted(items)


@given(st.lists(keys, max_size=40))
def test_distinct_keys_are_those_of_a_set_in_order(items: list[int]) -> None:
    assert distinct(np.array(items, dtype=np.uint64)).tolist() == sorted(set(items))


@given(
    st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 200), st.integers(0, 3)), min_size=1),
    st.booleans(),
)
def test_words_give_back_what_was_packed(items: list[tuple[int, int, int]], hashed: bool) -> None:
    ids, weeks, marks = (np.array(column) for column in zip(*items, strict=True))
    packing = Packing(hashed=hashed)
    layout = Layout.of("week", 2, packing, hashed, weeks)
    given_keys = packing.keys(pl.Series(ids))
    words = np.empty(len(ids), np.uint64)
    layout.pack(given_keys, weeks, marks.astype(np.uint32), packing, words)
    assert layout.times(words).tolist() == weeks.tolist()
    assert layout.marks(words).tolist() == marks.tolist()
    placed = words >> np.uint64(layout.low_bits) << np.uint64(layout.low_bits)
    assert placed.tolist() == layout.place(given_keys, packing).tolist()
    assert len(set(placed.tolist())) == len(set(ids.tolist()))


@pytest.mark.parametrize(
    ("ids", "weeks", "again"),
    [
        ([1, 2**60], [0, 0], Packing(hashed=True)),
        ([-1, 2], [0, 0], Packing(hashed=True)),
        ([1, 2], [0, 5000], Packing(widened=1)),
        ([1, 2], [0, -5000], Packing(widened=1)),
    ],
)
def test_what_fits_no_word_is_packed_otherwise(
    ids: list[int], weeks: list[int], again: Packing
) -> None:
    packing, first = Packing(), np.array(weeks[:1])
    layout = Layout.of("week", 0, packing, hashed=False, times=first)
    none, words = np.zeros(2, np.uint32), np.empty(2, np.uint64)
    with pytest.raises(RepackError) as raised:
        layout.pack(packing.keys(pl.Series(ids)), np.array(weeks), none, packing, words)
    assert raised.value.packing == again


def test_words_without_room_for_a_hash_are_not_tried() -> None:
    with pytest.raises(RepackError) as raised:
        Layout.of("day", 16, Packing(), hashed=True, times=np.zeros(1, np.int64))
    assert raised.value.packing == Packing(words=False)


def runs_of(parts: list[list[int]]) -> Runs:
    runs = Runs(lambda found: distinct(np.concatenate([np.empty(0, np.uint64), *found])))
    for part in parts:
        runs.add(distinct(np.array(part, dtype=np.uint64)))
    return runs


parted = st.lists(st.lists(keys, max_size=30), max_size=6)


@given(parted, st.integers(1, 9), st.sampled_from([0, 3]))
def test_slices_cover_all_keys_and_part_no_group(
    parts: list[list[int]], count: int, aligned: int
) -> None:
    runs = runs_of(parts)
    found = [runs.between(bounds).tolist() for bounds in slices([runs], count, aligned)]
    assert [key for part in found for key in part] == sorted(
        {key for part in parts for key in part}
    )
    groups = [{key >> aligned for key in part} for part in found]
    assert sum(map(len, groups)) == len(set().union(*groups))


@given(parted, st.integers(1, 5))
@settings(deadline=None)
def test_runs_in_files_are_the_same_runs(parts: list[list[int]], count: int) -> None:
    held, filed = runs_of(parts), runs_of(parts[:3])
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr("retainkit.timeline.runs.FILE_BYTES", 64)
        patch.setattr("retainkit.timeline.runs.SAMPLED", 2)
        spill = Spill(stack)
        filed.file(spill, 0)
        for part in parts[3:]:
            filed.add(distinct(np.array(part, dtype=np.uint64)))
        filed.file(spill, 0)
        assert filed.held_bytes == 0
        for bounds in slices([held], count, 0):
            assert filed.between(bounds).tolist() == held.between(bounds).tolist()


def events(ids: list[object], times: list[int], **more: list[object]) -> pl.DataFrame:
    marks = pl.Series(more.pop("marks", [1] * len(ids)), dtype=pl.UInt32)
    return pl.DataFrame({"member": ids, "time": times, "marks": marks, **more})


def build(needs: Needs, *batches: pl.DataFrame, **options: object) -> Timeline:
    """Return one Timeline of everything, packed in the way that fits, as the engine finds it."""
    packing = Packing()
    while True:
        builder = Builder(needs, Calendar(), packing, **options)
        try:
            for batch in batches:
                builder.add(batch)
            builder.slices(1)
            return builder.timeline(ALL)
        except RepackError as error:
            packing = error.packing


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
        {
            "member": ["a", "b", "c"],
            "joined": [1, 2, None],
            "left": [None, 5, 6],
            "seg_0": ["x", "y", "z"],
        },
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


@pytest.mark.parametrize("grain", ["week", "exact"])
@pytest.mark.parametrize("listed", [False, True])
def test_text_ids_that_share_a_key_are_noticed(grain: str, listed: bool) -> None:
    class Weak(Packing):
        def keys(self, ids: pl.Series) -> np.ndarray:
            return np.zeros(len(ids), dtype=np.uint64)

    weak = Weak(words=grain == "week")
    table = pl.DataFrame({"member": ["b"], "joined": [1], "left": [2]})
    builder = Builder(Needs(grain, (ANY,)), Calendar(), weak, table=table if listed else None)
    builder.add(events(["a", "a"], [1, 2]))
    if not listed:
        builder.add(events(["b"], [1]))
    builder.slices(1)
    with pytest.raises(RepackError) as raised:
        builder.timeline(ALL)
    assert raised.value.packing.seed == 1


def test_a_check_begins_with_the_key_and_goes_on_by_itself() -> None:
    ids = pl.Series([f"member-{i}" for i in range(1000)])
    packing = Packing()
    hashes = packing.keys(ids)
    checks = packing.checks(ids, hashes)
    shift = np.uint64(64 - SHARED_BITS)
    assert checks is not None
    assert (checks >> shift).tolist() == (hashes >> shift).tolist()
    assert len(set(checks.tolist())) == 1000
    low = np.uint64((1 << 52) - 1)
    assert np.count_nonzero((checks & low) == (hashes & low)) == 0


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
