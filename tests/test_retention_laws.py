"""`retention` on generated histories: equal to the brute-force oracle, and its invariants."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

import retainkit
from agreement import WINDOW, ask, assert_same, keyed, stated_as_of, world
from oracle import brute
from oracle.people import Row
from strategies import History, histories, retention_options, segments


def key_columns(options: Row) -> tuple[str, ...]:
    cohort = ("cohort",) if options["cohort"] else ()
    return (*options["by"], *cohort, "day", "mode")


def rows(history: History, options: Row) -> dict[tuple[Any, ...], Row]:
    table = ask(retainkit.retention, history, options).main
    return keyed(table.to_dicts(), key_columns(options))


@settings(max_examples=80, deadline=None, report_multiple_bugs=False)
@given(st.data(), histories(), st.fixed_dictionaries(WINDOW))
def test_equal_to_brute_force(data: st.DataObject, history: History, window: Row) -> None:
    options = data.draw(retention_options(history))
    window = window | {"as_of": data.draw(stated_as_of(history))}
    expected = brute.retention(world(history, options, **window), **options)
    result = ask(retainkit.retention, history, options, **window)
    assert_same(result.main, expected, key_columns(options))


@settings(max_examples=15, deadline=None, report_multiple_bugs=False)
@given(st.data(), histories())
def test_modes_bound_each_other(data: st.DataObject, history: History) -> None:
    answer = rows(history, data.draw(retention_options(history)))
    for (*rest, mode), row in answer.items():
        assert row["returned"] <= row["mature"] <= row["members"]
        assert (row["rate"] is None) == (row["mature"] == 0)
        if mode == "on":
            assert row["returned"] <= answer[*rest, "within"]["returned"]
            assert row["returned"] <= answer[*rest, "on-or-after"]["returned"]


@settings(max_examples=15, deadline=None, report_multiple_bugs=False)
@given(st.data(), histories())
def test_segments_add_up(data: st.DataObject, history: History) -> None:
    options = data.draw(retention_options(history))
    by = data.draw(segments(history))
    totals = rows(history, options | {"by": ()})
    for column in ("members", "mature", "returned"):
        sums: Counter[tuple[Any, ...]] = Counter()
        for key, row in rows(history, options | {"by": by}).items():
            sums[key[len(by) :]] += row[column]
        assert {key: sums[key] for key in totals} == {k: row[column] for k, row in totals.items()}
        assert set(sums) <= set(totals)


@settings(max_examples=15, deadline=None, report_multiple_bugs=False)
@given(st.data(), histories())
def test_neither_order_nor_duplicates_matter(data: st.DataObject, history: History) -> None:
    options = data.draw(retention_options(history))
    frame = history.event_frame()
    order = data.draw(st.permutations(range(2 * frame.height)))
    first = ask(retainkit.retention, history, options)
    again = ask(retainkit.retention, history, options, events=pl.concat([frame, frame])[order])
    assert again.main.equals(first.main)
