"""`funnel` on generated histories: equal to the brute-force oracle, and its invariants."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import retainkit
from agreement import ABSOLUTE, ask, assert_same, keyed
from cases import scaled
from funnel_strategies import (
    NAMED,
    ORDERS,
    STEP_WINDOWS,
    WINDOWS,
    crowd,
    crowd_options,
    ends,
    funnel_histories,
    funnel_options,
)
from oracle.funnel import change, funnel, length
from oracle.people import Row, observe
from retainkit.engine import Request, run
from retainkit.metrics.funnel import FUNNEL, FunnelParams
from retainkit.results import Result
from retainkit.sources import SourceOptions
from strategies import History

KEYS = {
    "main": ("step",),
    "durations": ("step", "seconds_from"),
    "segments": ("step",),
    "trend": ("period", "step"),
    "dropoffs": ("step", "next"),
}
TABLES = scaled(35)  # of MEMBERS each, for each of three orders: all are 21,000 histories
MEMBERS = 200

EACH = pytest.mark.parametrize("order", ORDERS)
few = settings(max_examples=20, deadline=None, report_multiple_bugs=False)


def answer(history: History, options: Row, **more: Any) -> Result:
    return ask(retainkit.funnel, history, options, **more)


def expected(history: History, options: Row, as_of: datetime | None, **more: Any) -> Any:
    by = options["by"]
    world = observe(history.events, history.members, tz=history.tz, as_of=as_of, by=by)
    return funnel(world, **options, **more)


def reached(history: History, options: Row, as_of: datetime | None = None) -> dict[Any, list[int]]:
    """The members of each step, by segment."""
    counts: dict[Any, list[int]] = {}
    for row in answer(history, options, as_of=as_of).main.iter_rows(named=True):
        counts.setdefault(tuple(row[column] for column in options["by"]), []).append(row["members"])
    return counts


def at_most(fewer: dict[Any, list[int]], more: dict[Any, list[int]]) -> None:
    """No step of no segment has more members in `fewer`."""
    assert set(fewer) <= set(more)
    for segment, n in fewer.items():
        assert all(a <= b for a, b in zip(n, more[segment], strict=True)), (segment, fewer, more)


def last(history: History) -> datetime:
    return max(row["time"] for row in history.events)


# --- equal to brute force ---


@EACH
@settings(max_examples=120, deadline=None, report_multiple_bugs=False)
@given(data=st.data(), history=funnel_histories())
def test_equal_to_brute_force(order: str, data: st.DataObject, history: History) -> None:
    as_of = data.draw(ends(history))
    options = data.draw(funnel_options(history, (order,)))
    trend = data.draw(st.sampled_from((None, "day", "week", "month")))
    told = options | {"trend": trend, "dropoffs": True}
    if data.draw(st.booleans()):
        told["steps"] = " > ".join(options["steps"])
    result = answer(history, told, as_of=as_of)
    wanted = expected(history, options, as_of, trend=trend)
    for name, rows in wanted.items():
        if rows or name in result.tables:
            assert_same(result.table(name), rows, (*options["by"], *KEYS[name]))
        if rows:
            assert list(result.table(name).columns) == list(rows[0]), name


@EACH
def test_many_members_are_equal_to_brute_force(order: str) -> None:
    rng = random.Random(f"{order} 2024")
    compared: Counter[int] = Counter()
    for _ in range(TABLES):
        events = crowd(rng, MEMBERS)
        options = crowd_options(rng, order)
        history = History("UTC", events, [])
        more = rng.choice((timedelta(microseconds=1), timedelta(seconds=2), timedelta(days=2)))
        as_of = last(history) + more
        wanted = expected(history, options, as_of)
        result = answer(history, options, as_of=as_of)
        for name in ("main", "durations"):
            columns = ["channel", *KEYS[name]]
            exact = (
                [name for name in wanted[name][0] if name not in STATISTICS] if wanted[name] else []
            )
            assert told(result.table(name), exact, columns) == told(wanted[name], exact, columns), (
                options,
                as_of,
            )
        for own in groups(wanted["main"], ("channel",)).values():
            compared[sum(row["members"] for row in own)] += 1
    assert compared.total() == TABLES * MEMBERS
    assert min(compared[level] for level in range(4)) > compared.total() / 40  # of every kind


STATISTICS = {"ci_low", "ci_high", "leverage", "bottleneck"}  # of one member there are none


def told(
    rows: pl.DataFrame | Iterable[Row], columns: Sequence[str], keys: Sequence[str]
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Cells of some columns by the keys of their rows."""
    rows = rows.to_dicts() if isinstance(rows, pl.DataFrame) else list(rows)
    found = {tuple(row[key] for key in keys): tuple(row[name] for name in columns) for row in rows}
    assert len(found) == len(rows)
    return found


def groups(rows: Iterable[Row], keys: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return found


@EACH
@pytest.mark.parametrize("seed", range(4))
def test_change_is_equal_to_brute_force_and_adds_up(order: str, seed: int) -> None:
    rng = random.Random(f"{order} {seed}")
    channels = {f"m{number}": rng.choice(("ads", "web", "web", None)) for number in range(MEMBERS)}
    events = [row | {"channel": channels[row["member"]]} for row in crowd(rng, MEMBERS)]
    history = History("UTC", events, [])
    options = crowd_options(rng, order) | {"steps": ("a|b", "*", "b|c"), "exclude": ()}
    options |= {
        "step_window": None,
        "include_open": True,
        "window": rng.choice((None, "10s", "2d")),
    }
    parts = groups(expected(history, options, None)["main"], ("channel",))
    before, after = ([row["members"] for row in parts[name,]] for name in ("ads", "web"))
    assert min(before + after) > 0
    compare = {"by": (), "compare": "channel=ads,web"}
    table = answer(history, options | compare).table("change")
    labels = [row["event"] for row in parts["ads",]]
    rows = change(before, after, labels)
    assert_same(table.filter(pl.col("step") > 1), rows, ("step",))
    total = after[-1] / after[0] - before[-1] / before[0]
    assert abs(sum(row["contribution"] for row in rows) - total) <= ABSOLUTE


# --- laws ---


@EACH
@few
@given(data=st.data(), history=funnel_histories())
def test_a_funnel_narrows_and_multiplies(order: str, data: st.DataObject, history: History) -> None:
    options = data.draw(funnel_options(history, (order,)))
    result = answer(history, options, as_of=data.draw(ends(history)))
    for rows in groups(result.main.to_dicts(), options["by"]).values():
        assert [row["step"] for row in rows] == list(range(1, len(rows) + 1))
        product = 1.0
        for before, row in pairwise(rows):
            assert 0 <= row["members"] <= before["members"]
            assert row["dropped"] == before["members"] - row["members"]
            assert (row["coefficient"] is None) == (before["members"] == 0)
            if row["coefficient"] is not None:
                product *= row["coefficient"]
                assert abs(row["overall"] - product) <= ABSOLUTE
                assert row["ci_low"] - ABSOLUTE <= row["coefficient"] <= row["ci_high"] + ABSOLUTE
                assert row["median_seconds"] is None or row["median_seconds"] >= 0
                assert row["median_seconds"] is None or row["median_seconds"] <= row["p90_seconds"]
        levers = [row["leverage"] for row in rows if row["leverage"] is not None]
        needed = [row["leverage"] for row in rows if row["bottleneck"]]
        assert needed == ([max(levers)] if levers else [])


@EACH
@few
@given(data=st.data(), history=funnel_histories())
def test_durations_are_of_everybody_at_the_step(
    order: str, data: st.DataObject, history: History
) -> None:
    options = data.draw(funnel_options(history, (order,)))
    result = answer(history, options, as_of=data.draw(ends(history)))
    keys = (*options["by"], "step")
    timed = {
        key: sum(row["members"] for row in rows)
        for key, rows in groups(result.table("durations").to_dicts(), keys).items()
    }
    main = keyed(result.main.to_dicts(), keys)
    size = max(row["step"] for row in main.values())
    for (*segment, step), row in main.items():
        if step > 1:
            assert timed.get((*segment, step), 0) == row["members"]
        if step == size:
            assert timed.get((*segment, 0), 0) == row["members"]


@EACH
@few
@given(data=st.data(), history=funnel_histories())
def test_row_order_does_not_matter(order: str, data: st.DataObject, history: History) -> None:
    options = data.draw(funnel_options(history, (order,))) | {"trend": "month", "dropoffs": True}
    shuffled = replace(history, events=data.draw(st.permutations(history.events)))
    first, second = (answer(one, options) for one in (history, shuffled))
    assert set(first.tables) == set(second.tables)
    for name, table in first.tables.items():
        assert second.table(name).equals(table), name
    assert first.notes == second.notes


@EACH
@few
@given(data=st.data(), history=funnel_histories())
def test_partitions_do_not_matter(order: str, data: st.DataObject, history: History) -> None:
    options = data.draw(funnel_options(history, (order,))) | {"trend": "month", "dropoffs": True}
    request = Request(FUNNEL, FunnelParams(**options))
    members = history.member_frame() if history.members else None
    source = SourceOptions(tz=history.tz, members=members)
    answers = [
        run([request], [history.event_frame()], source, partitions=count)[0]
        for count in (1, 2, 3, 4)
    ]
    for other in answers[1:]:
        assert other.notes == answers[0].notes
        for name, table in answers[0].tables.items():
            assert other.table(name).equals(table), name


@few
@given(data=st.data(), history=funnel_histories())
def test_events_that_are_no_step_change_nothing(data: st.DataObject, history: History) -> None:
    options = data.draw(funnel_options(history, ("ordered", "any"), NAMED))
    options |= {"by": ("tier",) if history.members else (), "trend": "day"}
    times = st.sampled_from([row["time"] for row in history.events])
    member = st.sampled_from([row["member"] for row in history.events])
    nothing = {"event": "scroll", "amount": 9.0, "order": None, "channel": None}
    more = [
        {"member": who, "time": time, **nothing}
        for who, time in data.draw(st.lists(st.tuples(member, times), min_size=1, max_size=6))
    ]
    first = answer(history, options)
    second = answer(replace(history, events=history.events + more), options)
    for name, table in first.tables.items():
        assert second.table(name).equals(table), name


@few
@given(data=st.data(), history=funnel_histories())
def test_strict_is_ordered_and_ordered_is_any(data: st.DataObject, history: History) -> None:
    options = data.draw(funnel_options(history)) | {"step_window": None, "attempt": "best"}
    as_of = data.draw(ends(history))
    any_order, ordered, strict = (
        reached(history, options | {"order": order}, as_of)
        for order in ("any", "ordered", "strict")
    )
    at_most(strict, ordered)
    at_most(ordered, any_order)


@EACH
@few
@given(data=st.data(), history=funnel_histories())
def test_more_time_never_loses_a_step(order: str, data: st.DataObject, history: History) -> None:
    options = data.draw(funnel_options(history, (order,))) | {"include_open": True}
    as_of = data.draw(ends(history))
    option, lengths = "window", WINDOWS
    if order != "any" and data.draw(st.booleans()):
        option, lengths = "step_window", STEP_WINDOWS
    texts = st.sampled_from(sorted(set(lengths), key=_how_long))
    shorter, longer = sorted((data.draw(texts) for _ in range(2)), key=_how_long)
    at_most(
        reached(history, options | {option: shorter}, as_of),
        reached(history, options | {option: longer}, as_of),
    )


def _how_long(text: str | None) -> timedelta:
    found = length(text)
    return timedelta.max if found is None else found


@EACH
@few
@given(data=st.data(), history=funnel_histories())
def test_the_first_attempt_is_no_better_than_the_best(
    order: str, data: st.DataObject, history: History
) -> None:
    options = data.draw(funnel_options(history, (order,)))
    as_of = data.draw(ends(history))
    first, best = (
        reached(history, options | {"attempt": attempt}, as_of) for attempt in ("first", "best")
    )
    at_most(first, best)


@EACH
@few
@given(data=st.data(), history=funnel_histories())
def test_an_exclusion_gains_nothing(order: str, data: st.DataObject, history: History) -> None:
    options = data.draw(funnel_options(history, (order,)))
    as_of = data.draw(ends(history))
    at_most(reached(history, options, as_of), reached(history, options | {"exclude": ()}, as_of))


@EACH
@few
@given(data=st.data(), history=funnel_histories())
def test_including_the_open_gains_members_and_leaves_none_open(
    order: str, data: st.DataObject, history: History
) -> None:
    options = data.draw(funnel_options(history, (order,))) | {"by": ()}
    as_of = data.draw(ends(history))
    closed, included = (
        answer(history, options | {"include_open": word}, as_of=as_of).main.row(0, named=True)
        for word in (False, True)
    )
    assert included["open"] == 0
    assert included["members"] == closed["members"] + closed["open"]


@EACH
@few
@given(data=st.data(), history=funnel_histories())
def test_segments_add_up(order: str, data: st.DataObject, history: History) -> None:
    options = data.draw(funnel_options(history, (order,))) | {"trend": "month", "by": ()}
    split = options | {"by": ("channel",)}
    whole, parts = (answer(history, one) for one in (options, split))
    columns = {
        "main": ("members", "dropped", "open"),
        "durations": ("members",),
        "trend": ("members",),
    }
    for name, counts in columns.items():
        sums: dict[tuple[Any, ...], Counter[str]] = {}
        for row in parts.table(name).iter_rows(named=True):
            key = tuple(row[column] for column in KEYS[name])
            sums.setdefault(key, Counter()).update({c: row[c] or 0 for c in counts})
        for key, row in keyed(whole.table(name).to_dicts(), KEYS[name]).items():
            assert sums.pop(key, Counter()) == Counter({c: row[c] or 0 for c in counts}), (
                name,
                key,
            )
        assert not any(map(Counter.total, sums.values())), name


@EACH
@few
@given(st.data(), funnel_histories(), funnel_histories())
def test_other_members_add_up(order: str, data: st.DataObject, one: History, two: History) -> None:
    others = [row | {"member": row["member"] + "'"} for row in two.events]
    both = History("UTC", one.events + others, [])
    options = data.draw(funnel_options(both, (order,))) | {"by": ()}
    as_of = last(both) + timedelta(seconds=1)
    parts = [History("UTC", events, []) for events in (one.events, others)]
    (first,), (second,), (sums,) = (
        reached(history, options, as_of).values() for history in (*parts, both)
    )
    assert sums == [a + b for a, b in zip(first, second, strict=True)]
