"""The parts that `inspect` is made of: bounded tallies, flags of days, shapes of values."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainkit.profile.columns import read_columns
from retainkit.profile.days import flagged, notes
from retainkit.profile.roles import cast_roles
from retainkit.profile.shapes import shape
from retainkit.profile.tallies import Counts, Reach
from retainkit.sources import SourceOptions, open_table
from retainkit.sources.alike import Alike

DAY = timedelta(days=1)
KEYS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 9)), min_size=1, max_size=60)


@given(KEYS, st.integers(1, 7))
def test_tallies_do_not_depend_on_batches(keys: list[tuple[str, int]], size: int) -> None:
    frame = pl.DataFrame(keys, schema=["key", "who"], orient="row").with_columns(time="who")
    counts, reach, repeats = Counts("key"), Reach("key"), Alike()
    for batch in frame.iter_slices(size):
        counts.add(batch)
        reach.add(batch["key"], batch["who"].hash())
        repeats.add(batch.hash_rows().to_numpy())
    assert dict(counts.table().select("key", "rows").rows()) == Counter(key for key, _ in keys)
    assert dict(reach.table().rows()) == Counter(key for key, _ in set(keys))
    assert repeats.rows() == len(keys) - len(set(keys))
    assert (reach.exact, repeats.exact) == (True, True)


def test_past_their_bound_tallies_estimate_from_a_share() -> None:
    number = pl.int_range(40_000, eager=True)
    reach, repeats = Reach("key", most=4096), Alike(most=4096)
    for batch in (number, number):
        reach.add((batch % 2).alias("key"), batch.hash())
        repeats.add(batch.hash().to_numpy())
    assert (reach.exact, repeats.exact) == (False, False)
    # A binomial share of 1 in 16 or 32: 20,000 give or take four standard deviations.
    assert dict(reach.table().rows()) == pytest.approx({0: 20_000, 1: 20_000}, rel=0.16)
    assert repeats.rows() == pytest.approx(40_000, rel=0.12)


def test_days_far_below_their_weekday_are_flagged() -> None:
    days = [date(2024, 1, 1) + n * DAY for n in range(28)]
    rows = [100 if day.weekday() < 5 else 30 for day in days]
    rows[9], rows[12] = 19, 25  # a Wednesday below a fifth of 100; a Saturday not below 6
    table = pl.DataFrame({"day": days, "rows": rows, "members": 1})
    assert flagged(table).drop_nulls("flag").rows() == [(days[9], 19, 1, "low")]
    assert list(notes(flagged(table))) == [
        "Far fewer rows than usual on 2024-01-10: broken tracking, or part of a day?"
    ]


def test_one_day_without_rows_has_none() -> None:
    table = pl.DataFrame({"day": [date(2024, 1, 1), date(2024, 1, 3)], "rows": 1, "members": 1})
    assert list(notes(flagged(table))) == ["1 of 3 days has no rows: 2024-01-02."]


def test_a_stray_date_does_not_fill_a_century_with_gaps() -> None:
    ends = pl.DataFrame({"day": [date(1924, 1, 1), date(2024, 1, 1)], "rows": 1, "members": 1})
    assert flagged(ends).height == 2
    assert "stray dates" in next(notes(flagged(ends)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2010-12-01 08:26", "9999-99-99 99:99"),
        ("17850.0", "99999.9"),
        ("C536379", "A999999"),
        ("United Kingdom", "Aa Aa"),
        ("2023年11月16日", "9999文99文99文"),
        ("a_b@example.com", "a_a@a.a"),
        ("x" * 30 + "-" * 30, "a" + "-" * 18 + "…"),
    ],
)
def test_shapes_show_no_value(text: str, expected: str) -> None:
    assert shape(text) == expected


@pytest.mark.parametrize("name", ["*", "^a$", "^.*$", "", "(none)"])
def test_any_name_of_a_column_is_taken_literally(name: str) -> None:
    odd = pl.DataFrame({"user_id": ["m1", "m2"], "time": ["a", " "], name: ["0", "1"]})
    with open_table([odd], SourceOptions()) as table:
        columns = read_columns(replace(table, frame=odd.lazy(), header=tuple(odd.columns)))
    assert columns.table["column"].to_list() == odd.columns
    assert columns.table["nulls"].to_list() == [0, 1, 0]
    assert columns.table["distinct"].to_list() == [2, 2, 2]
    castings = cast_roles(odd.columns, SourceOptions(amount_col=name), ["amount"])
    assert castings["amount"].columns == (name,)
