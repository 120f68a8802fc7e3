"""`orders` on generated histories: equal to the brute-force oracle, and its invariants."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agreement import ABSOLUTE
from churn_strategies import renamed
from oracle.people import Row
from orders_agreement import COUNTS, KEYS, answer, compare, expected, told
from orders_strategies import Shop, crowds, observed, order_histories, order_options, priced
from retainkit.engine import Request, run
from retainkit.metrics.orders import ORDERS, OrdersParams
from retainkit.results import Result
from retainkit.sources import SourceOptions

EACH = pytest.mark.parametrize("clock", ["elapsed", "calendar"])

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
many = settings(max_examples=90, report_multiple_bugs=False, suppress_health_check=SLOW)
some = settings(max_examples=30, report_multiple_bugs=False, suppress_health_check=SLOW)
few = settings(max_examples=15, report_multiple_bugs=False, suppress_health_check=SLOW)


def drawn(data: st.DataObject, history: Shop, **fixed: Any) -> Row:
    options = data.draw(order_options(history)) | fixed
    return options if history.members else options | {"by": tuple({*options["by"]} - {"tier"})}


# --- equal to brute force ---


@EACH
@many
@given(data=st.data(), history=order_histories())
def test_equal_to_brute_force(clock: str, data: st.DataObject, history: Shop) -> None:
    options, window = drawn(data, history, clock=clock), data.draw(observed(history))
    wanted = expected(history, options, window)
    compare(answer(history, options, window), wanted, options["by"])


@EACH
@settings(some, max_examples=50)
@given(data=st.data(), history=crowds())
def test_a_crowd_is_equal_to_brute_force(clock: str, data: st.DataObject, history: Shop) -> None:
    options, window = drawn(data, history, clock=clock), data.draw(observed(history))
    wanted = expected(history, options, window)
    compare(answer(history, options, window), wanted, options["by"])


@EACH
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@some
@given(data=st.data(), history=order_histories() | crowds())
def test_costs_are_equal_to_brute_force(
    clock: str, suffix: str, tmp_path_factory: Any, data: st.DataObject, history: Shop
) -> None:
    history = replace(history, absent=history.absent - {"amount"})  # costs go with amounts
    options, window = drawn(data, history, clock=clock), data.draw(observed(history))
    costs = priced(history, options, random.Random(data.draw(st.integers(0, 999))))
    if not costs:
        return
    path = tmp_path_factory.mktemp("costs") / f"costs.{suffix}"
    frame = pl.DataFrame(costs, schema_overrides=dict.fromkeys(options["by"], pl.String))
    frame.write_csv(path) if suffix == "csv" else frame.write_parquet(path)
    wanted = expected(history, options, window, costs)
    compare(answer(history, options, window, costs=str(path)), wanted, options["by"])


# --- whatever is computed where ---


@few
@given(data=st.data(), history=order_histories())
def test_partitions_do_not_matter(data: st.DataObject, history: Shop) -> None:
    options, window = drawn(data, history), data.draw(observed(history))
    asked = told(options | {"margin": 1.0})
    week_start = asked.pop("week_start")
    lookback = options["lookback_days"]
    params = OrdersParams(**asked, lookback=f"{lookback}d" if lookback else None)
    members = history.member_frame() if history.members else None
    source = SourceOptions(tz=history.tz, members=members, week_start=week_start, **window)
    answers = [
        run([Request(ORDERS, params)], [history.event_frame()], source, partitions=count)[0]
        for count in (1, 2, 3, 4)
    ]
    for other in answers[1:]:
        assert other.notes == answers[0].notes
        for name, table in answers[0].tables.items():
            assert other.table(name).equals(table), name


@some
@given(data=st.data(), history=order_histories())
def test_row_order_does_not_matter(data: st.DataObject, history: Shop) -> None:
    options, window = drawn(data, history), data.draw(observed(history))
    shuffled = replace(history, events=data.draw(st.permutations(history.events)))
    first, second = (answer(one, options, window) for one in (history, shuffled))
    for name, table in first.tables.items():
        assert second.table(name).equals(table), name
    assert first.notes == second.notes


# --- what changes nothing, and what adds up ---


@some
@given(data=st.data(), history=order_histories())
def test_events_that_are_no_order_change_nothing(data: st.DataObject, history: Shop) -> None:
    options = drawn(data, history, order_event="order|join", lookback_days=0)
    options |= {"by": ("tier",) if history.members else ()}
    time = st.sampled_from([row["time"] for row in history.events])
    member = st.sampled_from([row["member"] for row in history.events])
    nothing = {"event": "scroll", "amount": 9.0, "order": "o1", "channel": None}
    more = [
        {"member": who, "time": when, **nothing}
        for who, when in data.draw(st.lists(st.tuples(member, time), min_size=1, max_size=6))
    ]
    first = answer(history, options)
    second = answer(replace(history, events=history.events + more), options)
    for name in ("main", "ladder", "cycle", "periods"):
        table = first.table(name)
        if name == "periods":  # of members who only scroll there may be more rows
            kept = first.table(name).select(*options["by"], "period")
            again = second.table(name).join(kept, on=kept.columns, nulls_equal=True)
            assert again.sort(kept.columns).equals(table.sort(kept.columns)), name
        else:
            assert second.table(name).equals(table), name
    repurchase = pl.col("kind") == "repurchase"
    assert (
        first.table("hazard").filter(repurchase).equals(second.table("hazard").filter(repurchase))
    )


@some
@given(data=st.data(), history=order_histories())
def test_segments_add_up(data: st.DataObject, history: Shop) -> None:
    options, window = drawn(data, history, by=()), data.draw(observed(history))
    split = options | {"by": ("channel",)}
    whole, parts = (answer(history, one, window) for one in (options, split))
    for name in COUNTS:
        if name != "audit":  # the horizon ends earlier in some
            assert sums([whole], name) == sums([parts], name), name
    for name, column in (("summary", "amount"), ("value", "sales")):
        totals = [answer.table(name)[column].fill_null(0).sum() for answer in (whole, parts)]
        assert totals[0] == pytest.approx(totals[1], abs=ABSOLUTE)


@few
@given(data=st.data(), one=order_histories(), other=order_histories())
def test_disjoint_members_add_up(data: st.DataObject, one: Shop, other: Shop) -> None:
    other = replace(renamed(other, "2"), tz=one.tz, absent=one.absent)
    options = drawn(data, one, by=(), lookback_days=0)
    end = max(row["time"] for row in (*one.events, *other.events)) + timedelta(days=5)
    both = replace(one, events=one.events + other.events, members=one.members + other.members)
    apart = [answer(history, options, {"as_of": end}) for history in (one, other)]
    together = answer(both, options, {"as_of": end})
    for name in COUNTS:
        if name not in ("audit",):
            assert sums([together], name) == sums(apart, name), name


def sums(results: Iterable[Result], name: str) -> dict[Any, Counter[str]]:
    """Counts by the keys of their rows, over segments and results, where there are any."""
    added: dict[Any, Counter[str]] = {}
    for result in results:
        for row in result.table(name).iter_rows(named=True):
            counts = Counter({count: row[count] for count in COUNTS[name] if row[count]})
            if counts:
                added.setdefault(tuple(row[key] for key in KEYS[name]), Counter()).update(counts)
    return added


# --- how tables hang together ---


@EACH
@some
@given(data=st.data(), history=order_histories())
def test_tables_tell_one_story(clock: str, data: st.DataObject, history: Shop) -> None:
    options = drawn(data, history, clock=clock, by=(), lookback_days=0, merge_days=False)
    result = answer(history, options, data.draw(observed(history)))
    (total,) = result.table("summary").to_dicts()
    assert total["members"] == result.data.members
    ladder = result.table("ladder")
    assert ladder["stopped"].sum() == total["buyers"]
    assert ladder["buyers"].sum() == total["orders"]
    assert total["orders"] == total["buyers"] + total["repeat_orders"]
    assert all(row["next"] <= row["buyers"] for row in ladder.to_dicts())
    assert all(a["next"] == b["buyers"] for a, b in pairwise(ladder.to_dicts()))
    assert total["buyers_2plus"] == sum(ladder.filter(pl.col("order") == 2)["buyers"])
    periods, value = result.table("periods"), result.table("value")
    assert periods["orders"].sum() == value["orders"].sum() == total["orders"]
    assert periods["new_buyers"].sum() == total["buyers"]
    for before, row in pairwise(periods.to_dicts()):
        assert row["previous_buyers"] == before["buyers"]
        assert row["repurchased"] <= min(row["previous_buyers"], row["buyers"])
    if "amount" not in history.absent:
        assert value["sales"].sum() == pytest.approx(total["amount"], abs=ABSOLUTE)
    every = pl.col("order").is_null()
    for count in ("gaps", "open") if len(ladder) <= 5 else ():
        summed = result.table("cycle").group_by(every).agg(pl.col(count).sum())
        assert len(set(summed[count])) <= 1, count
    for name, of in (("main", "buyers"), ("first_order", "members")):
        for row in result.table(name).to_dicts():
            assert 0 <= row.get("repurchased", row.get("converted")) <= row["mature"] <= row[of]


@some
@given(data=st.data(), history=order_histories())
def test_factors_multiply_and_their_changes_add_up(data: st.DataObject, history: Shop) -> None:
    options = drawn(data, replace(history, absent=frozenset()))
    history = replace(history, absent=frozenset())
    rows = answer(history, options, data.draw(observed(history))).table("value").to_dicts()
    for row in rows:
        product = row["visitors"] * (row["conversion"] or 0)
        product *= (row["orders_per_buyer"] or 0) * (row["amount_per_order"] or 0)
        assert product == pytest.approx(row["sales"], abs=ABSOLUTE)
        parts = [row[name] for name in row if name.startswith("from_")]
        assert len(parts) == 4
        if parts[0] is not None:
            assert sum(parts) == pytest.approx(row["change"], abs=ABSOLUTE)


@EACH
@some
@given(data=st.data(), history=order_histories() | crowds())
def test_a_longer_window_loses_nobody(clock: str, data: st.DataObject, history: Shop) -> None:
    days = tuple(range(1, 20, 2))
    options = drawn(data, history, clock=clock, by=(), first_days=days, repeat_days=days)
    options |= {"horizon": 60}
    end = max(row["time"] for row in history.events) + timedelta(days=500)
    result = answer(history, options, {"as_of": end})
    for name, kind, ended in (
        ("first_order", "first_order", "converted"),
        ("main", "repurchase", "repurchased"),
    ):
        table = result.table(name)
        assert len(set(table["mature"])) == 1
        found = table[ended].to_list()
        assert found == sorted(found)
        daily = result.table("hazard").filter(pl.col("kind") == kind)
        for day, count in zip(days, found, strict=True):
            before, upto = (
                daily.filter(pl.col("day") < last)["events"].sum() for last in (day, day + 1)
            )
            assert before <= count <= upto
            assert clock == "elapsed" or count == upto


@some
@given(data=st.data(), history=order_histories())
def test_hazards_are_of_those_who_wait(data: st.DataObject, history: Shop) -> None:
    options = drawn(data, history, by=())
    result = answer(history, options, data.draw(observed(history)))
    audited = {row["kind"]: row for row in result.table("audit").to_dicts()}
    for kind in ("first_order", "repurchase"):
        rows = result.table("hazard").filter(pl.col("kind") == kind).to_dicts()
        assert [row["day"] for row in rows] == list(range(len(rows)))
        assert len(rows) <= options["horizon"] + 1
        assert audited[kind]["conversions"] == sum(row["events"] for row in rows)
        for row in rows:
            assert 0 <= row["events"] <= row["at_risk"] > 0
            assert row["ci_low"] - ABSOLUTE <= row["cumulative"] <= row["ci_high"] + ABSOLUTE
        for before, row in pairwise(rows):
            assert row["at_risk"] <= before["at_risk"] - before["events"]
            assert row["cumulative"] >= before["cumulative"] - ABSOLUTE


@few
@given(data=st.data(), history=order_histories())
def test_merging_days_makes_fewer_orders_of_the_same_buyers(
    data: st.DataObject, history: Shop
) -> None:
    options, window = drawn(data, history, by=()), data.draw(observed(history))
    apart, merged = (
        answer(history, options | {"merge_days": word}, window).table("summary").row(0, named=True)
        for word in (False, True)
    )
    assert merged["orders"] <= apart["orders"]
    assert merged["buyers"] == apart["buyers"]
    assert merged["amount"] == (
        None if apart["amount"] is None else pytest.approx(apart["amount"], abs=ABSOLUTE)
    )
