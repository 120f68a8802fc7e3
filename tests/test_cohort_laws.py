"""`cohort` on generated histories: equal to the brute-force oracle, and its invariants."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

import retainkit
from agreement import ABSOLUTE, WINDOW, ask, assert_same, keyed, stated_as_of, world
from oracle import brute
from oracle.people import Row
from strategies import History, cohort_options, histories, segments

MODES = ("on", "within", "on-or-after", "every")
CELL = ("cohort", "age")


def cells(history: History, options: Row, **more: Any) -> dict[tuple[Any, ...], Row]:
    table = ask(retainkit.cohort, history, options, **more).main
    return keyed(table.to_dicts(), (*options["by"], *CELL))


@settings(max_examples=80, deadline=None, report_multiple_bugs=False)
@given(st.data(), histories(), st.fixed_dictionaries(WINDOW))
def test_equal_to_brute_force(data: st.DataObject, history: History, window: Row) -> None:
    options = data.draw(cohort_options(history))
    window = window | {"as_of": data.draw(stated_as_of(history))}
    expected = brute.cohort(world(history, options, **window), **options)
    result = ask(retainkit.cohort, history, options, **window)
    by = options["by"]
    assert_same(result.main, expected["main"], (*by, *CELL))
    assert_same(result.table("pooled"), expected["pooled"], (*by, "age"))


@settings(max_examples=15, deadline=None, report_multiple_bugs=False)
@given(st.data(), histories())
def test_modes_bound_each_other(data: st.DataObject, history: History) -> None:
    options = data.draw(cohort_options(history)) | {"brackets": (), "measure": "members"}
    counts = {mode: cells(history, options | {"mode": mode}) for mode in MODES}
    for key in counts["on"]:
        on, within, later, every = (counts[mode][key]["returned"] for mode in MODES)
        assert every <= on <= later
        *cohort, age = key
        if age == 0:
            assert within == 0
            continue
        assert on <= within
        before = (*cohort, age - 1)
        assert counts["within"][before]["returned"] <= within
        assert counts["on-or-after"][before]["returned"] >= later


@settings(max_examples=15, deadline=None, report_multiple_bugs=False)
@given(st.data(), histories())
def test_segments_add_up(data: st.DataObject, history: History) -> None:
    options = data.draw(cohort_options(history))
    by = data.draw(segments(history))
    totals = cells(history, options | {"by": ()})
    sums: dict[str, Counter[tuple[Any, ...]]] = {}
    for key, row in cells(history, options | {"by": by}).items():
        for column in {"size", "returned", "value"} & set(row):
            sums.setdefault(column, Counter())[key[len(by) :]] += row[column]
    for column, by_cell in sums.items():
        assert set(by_cell) == set(totals)
        for key, row in totals.items():
            assert abs(by_cell[key] - row[column]) <= ABSOLUTE


@settings(max_examples=15, deadline=None, report_multiple_bugs=False)
@given(st.data(), histories())
def test_row_order_does_not_matter(data: st.DataObject, history: History) -> None:
    options = data.draw(cohort_options(history))
    shuffled = History(history.tz, data.draw(st.permutations(history.events)), history.members)
    first, second = (ask(retainkit.cohort, one, options) for one in (history, shuffled))
    for name, table in first.tables.items():
        assert second.table(name).equals(table)


@settings(max_examples=15, deadline=None, report_multiple_bugs=False)
@given(st.data(), histories())
def test_duplicated_rows_do_not_change_members(data: st.DataObject, history: History) -> None:
    once = {"min_occurrences": 1, "measure": "members"}
    options = data.draw(cohort_options(history)) | once
    frame = history.event_frame()
    first = ask(retainkit.cohort, history, options)
    second = ask(retainkit.cohort, history, options, events=pl.concat([frame, frame]))
    for name, table in first.tables.items():
        assert second.table(name).equals(table)
    assert second.data.rows == 2 * first.data.rows


@settings(max_examples=15, deadline=None, report_multiple_bugs=False)
@given(st.data(), histories())
def test_horizon_only_cuts(data: st.DataObject, history: History) -> None:
    options = data.draw(cohort_options(history)) | {"brackets": ()}
    near = cells(history, options | {"horizon": 2})
    far = cells(history, options | {"horizon": 5})
    assert near == {key: row for key, row in far.items() if key[-1] <= 2}
