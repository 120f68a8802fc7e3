"""`rfm` on generated histories: equal to the brute-force oracle, and its invariants."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import retainkit
from agreement import ABSOLUTE, ask, assert_same
from churn_strategies import renamed
from oracle.clock import first_instant
from oracle.people import Row
from oracle.rfm import NOBODY_YET
from orders_strategies import Shop, crowds, observed, order_histories
from retainkit.engine import Request, run
from retainkit.metrics.rfm import RFM, RfmParams
from retainkit.sources import SourceOptions
from rfm_agreement import answer, compare, expected, read_roster, rfm_options

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
many = settings(max_examples=45, report_multiple_bugs=False, suppress_health_check=SLOW)
some = settings(max_examples=15, report_multiple_bugs=False, suppress_health_check=SLOW)
few = settings(max_examples=8, report_multiple_bugs=False, suppress_health_check=SLOW)


def paid(history: Shop) -> Shop:
    """The history with its amounts, which `rfm` does not do without."""
    return replace(history, absent=history.absent - {"amount"})


HISTORIES = order_histories().map(paid)
CROWDS = crowds().map(paid)


def asked(data: st.DataObject, history: Shop, **fixed: Any) -> tuple[Row, Row]:
    """Options and what of the history is looked at."""
    window = data.draw(observed(history))
    return data.draw(rfm_options(history, window)) | fixed, window


# --- equal to brute force ---


@many
@given(data=st.data(), history=HISTORIES)
def test_equal_to_brute_force(data: st.DataObject, history: Shop) -> None:
    options, window = asked(data, history)
    compare(answer(history, options, window), expected(history, options, window), options["by"])


@many
@given(data=st.data(), history=CROWDS)
def test_a_crowd_is_equal_to_brute_force(data: st.DataObject, history: Shop) -> None:
    options, window = asked(data, history)
    compare(answer(history, options, window), expected(history, options, window), options["by"])


@few
@given(data=st.data(), history=HISTORIES | CROWDS)
def test_the_roster_is_equal_to_brute_force(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, history: Shop
) -> None:
    options, window = asked(data, history)
    path = tmp_path_factory.mktemp("roster") / "buyers.parquet"
    bare = answer(history, options, window)
    result = answer(history, options, window, roster=str(path))
    for name, table in bare.tables.items():
        assert result.table(name).equals(table), name
    wanted = expected(history, options, window).get("roster", [])
    assert_same(read_roster(path), wanted, ("member",))


@few
@given(data=st.data(), history=CROWDS, suffix=st.sampled_from((".csv", ".ndjson", ".parquet")))
def test_rows_of_the_roster_add_up_to_the_tables(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, history: Shop, suffix: str
) -> None:
    options, window = asked(data, history, by=())
    path = tmp_path_factory.mktemp("roster") / f"buyers{suffix}"
    result = answer(history, options, window, roster=str(path))
    if not result.main.height:
        return
    rows = read_roster(path)
    sums = (pl.len().alias("members"), pl.col("orders").sum(), pl.col("amount").sum())
    main = rows.group_by(pl.col("state").alias("segment")).agg(*sums).to_dicts()
    assert_same(result.main.select("segment", "members", "orders", "amount"), main, ("segment",))
    cells = rows.group_by("r", "f").agg(sums[0], sums[2]).to_dicts()
    assert_same(result.table("cells"), cells, ("r", "f"))
    for measure, letter in (("recency_days", "r"), ("orders", "f"), ("amount", "m")):
        told = Counter(rows[letter])
        for row in result.table("scores").filter(pl.col("measure") == measure).to_dicts():
            assert row["members"] == told[row["score"]]
            within = rows.filter(pl.col(letter) == row["score"])[measure]
            assert row["above"] is None or (within > row["above"]).all()
            assert row["up_to"] is None or (within <= row["up_to"]).all()
        for _, same in rows.group_by(measure):  # equal values score alike
            assert same[letter].n_unique() == 1


# --- whatever is computed where ---


@few
@given(data=st.data(), history=HISTORIES)
def test_partitions_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, history: Shop
) -> None:
    options, window = asked(data, history)
    day, folder = options["compare_to"], tmp_path_factory.mktemp("partitions")
    told = {key: value for key, value in options.items() if value not in (None, ())}
    told |= {} if day is None else {"compare_to": day.isoformat()}
    members = history.member_frame() if history.members else None
    source = SourceOptions(tz=history.tz, members=members, **window)
    answers, rosters = [], []
    for count in (1, 2, 4):
        path = folder / f"{count}.parquet"
        request = Request(RFM, RfmParams(**told, roster=str(path)))
        answers += run([request], [history.event_frame()], source, partitions=count)
        rosters.append(read_roster(path).sort("member"))
    for other, roster in zip(answers, rosters, strict=True):
        assert roster.equals(rosters[0])
        for name, table in answers[0].tables.items():
            assert other.table(name).equals(table), name


@some
@given(data=st.data(), history=HISTORIES)
def test_row_order_does_not_matter(data: st.DataObject, history: Shop) -> None:
    options, window = asked(data, history)
    shuffled = replace(history, events=data.draw(st.permutations(history.events)))
    first, second = (answer(one, options, window) for one in (history, shuffled))
    for name, table in first.tables.items():
        assert second.table(name).equals(table), name
    assert first.notes == second.notes


# --- how tables hang together ---


@some
@given(data=st.data(), history=HISTORIES | CROWDS)
def test_members_orders_and_money_are_those_of_orders(data: st.DataObject, history: Shop) -> None:
    options, window = asked(data, history)
    result = answer(history, options, window)
    same = {name: options[name] for name in ("order_event", "merge_days", "by")} | window
    as_of = same.pop("as_of", None)
    summary = ask(retainkit.orders, history, same, as_of=as_of).table("summary")
    total = {name: summary[name].fill_null(0).sum() for name in ("buyers", "orders", "amount")}
    main, cells, scores = (result.table(name) for name in ("main", "cells", "scores"))
    assert main["members"].sum() == cells["members"].sum() == total["buyers"]
    assert main["orders"].sum() == total["orders"]
    for table in (main, cells):
        assert table["amount"].sum() == pytest.approx(total["amount"], abs=ABSOLUTE)
    for measure in ("recency_days", "orders", "amount"):
        rows = scores.filter(pl.col("measure") == measure)
        assert rows["members"].sum() == total["buyers"]
    for _, own in main.group_by(*options["by"]) if options["by"] else [((), main)]:
        assert own.height == 0 or own["share"].sum() == pytest.approx(1, abs=ABSOLUTE)
        known = own["amount_share"].drop_nulls()
        assert len(known) == 0 or known.sum() == pytest.approx(1, abs=1e-6)


@some
@given(data=st.data(), history=HISTORIES | CROWDS)
def test_who_moved_is_who_is_there(data: st.DataObject, history: Shop) -> None:
    options, window = asked(data, history)
    if options["compare_to"] is None:
        return
    result = answer(history, options, window)
    main, movement, retention = (result.table(name) for name in ("main", "movement", "retention"))
    assert moved(movement, "now", options["by"]) == moved(main, "segment", options["by"])
    known = movement.filter(pl.col("before") != NOBODY_YET)
    assert moved(known, "before", options["by"]) == moved(retention, "segment", options["by"])
    for _, own in movement.group_by(*options["by"], "before"):
        assert own["share"].sum() == pytest.approx(1, abs=ABSOLUTE)
    for row in retention.to_dicts():
        assert 0 <= row["retained"] <= min(row["members"], row["orders_since"])
        assert row["ci_low"] <= row["rate"] <= row["ci_high"]
        assert row["retained"] or row["amount_since"] == 0


def moved(table: pl.DataFrame, column: str, by: tuple[str, ...]) -> Counter[Any]:
    counts: Counter[Any] = Counter()
    for row in table.to_dicts():
        counts[*(row[name] for name in by), row[column]] += row["members"]
    return counts


@some
@given(data=st.data(), history=HISTORIES | CROWDS)
def test_the_state_then_is_what_rfm_said_then(data: st.DataObject, history: Shop) -> None:
    """Where no order has rows on both sides of the day; asked with the cuts of now."""
    once = [row | {"order": None} for row in history.events]
    history = replace(history, events=once, absent=frozenset({"order"}))
    options, window = asked(data, history, by=())
    day = options["compare_to"]
    if day is None:
        return
    now = answer(history, options, window)
    if not now.main.height or not now.table("retention").height:
        return
    scores = now.table("scores")
    cuts = {
        name: sorted(scores.filter(pl.col("measure") == measure)["up_to"].drop_nulls())
        for name, measure in (("r", "recency_days"), ("f", "orders"), ("m", "amount"))
    }
    told = options | {f"{name}_cuts": tuple(values) for name, values in cuts.items()}
    then = answer(
        history, told | {"compare_to": None}, window | {"as_of": first_instant(day, history.tz)}
    )
    wanted = then.main.select("segment", "members")
    found = now.table("retention").select("segment", "members")
    assert_same(found, wanted.to_dicts(), ("segment",))
    since = now.table("retention")["orders_since"].sum()
    assert now.main["orders"].sum() - then.main["orders"].sum() >= since


# --- what changes nothing ---


@few
@given(data=st.data(), history=CROWDS)
def test_segments_are_scored_by_all_buyers(data: st.DataObject, history: Shop) -> None:
    """A split moves nobody: over its parts the tables are those of the whole."""
    options, window = asked(data, history, by=())
    whole = answer(history, options, window)
    parts = answer(history, options | {"by": ("channel",)}, window)
    assert parts.table("scores").equals(whole.table("scores"))
    for name, keys in (
        ("main", ["segment"]),
        ("cells", ["r", "f"]),
        ("movement", ["before", "now"]),
    ):
        if name in whole.tables:
            summed = parts.table(name).group_by(keys).agg(pl.col("members").sum())
            assert_same(whole.table(name).select(*keys, "members"), summed.to_dicts(), keys)


@few
@given(data=st.data(), history=CROWDS)
def test_twice_the_shop_has_the_same_cuts(data: st.DataObject, history: Shop) -> None:
    """Everyone once more under another name: twice the members, the same shares and scores."""
    options, window = asked(data, history, by=())
    other = renamed(history, " again")
    both = replace(history, events=history.events + other.events, members=[])
    once, twice = (
        answer(replace(history, members=[]), options, window),
        answer(both, options, window),
    )
    columns = ("measure", "score", "above", "up_to")
    assert twice.table("scores").select(columns).equals(once.table("scores").select(columns))
    for column in ("segment", "share", "mean_recency_days"):
        assert twice.main[column].equals(once.main[column]), column
    assert twice.main["members"].to_list() == [2 * count for count in once.main["members"]]


@few
@given(history=CROWDS, days=st.integers(1, 400))
def test_who_waits_longer_keeps_its_place(history: Shop, days: int) -> None:
    """A later as-of moves every recency alike, so where cuts are fifths nobody moves."""
    end = max(row["time"] for row in history.events) + timedelta(days=1)
    history = replace(history, tz="UTC")
    options: Row = {"by": ("channel",)}
    first, later = (
        answer(history, options, {"as_of": end + timedelta(days=more)}) for more in (0, days)
    )
    kept = first.main.columns[:-1]
    assert later.main.select(kept).equals(first.main.select(kept))
    assert later.table("cells").equals(first.table("cells"))


@some
@given(data=st.data(), history=HISTORIES)
def test_money_scores_alike_in_every_zone(data: st.DataObject, history: Shop) -> None:
    options, window = asked(data, history, by=(), merge_days=False, compare_to=None, r_cuts=())
    window = {"as_of": max(row["time"] for row in history.events) + timedelta(days=2)}
    one = answer(history, options, window)
    other = answer(replace(history, tz="Asia/Tokyo"), options, window)
    money = pl.col("measure") != "recency_days"
    assert one.table("scores").filter(money).equals(other.table("scores").filter(money))


def test_a_roster_may_be_a_path(tmp_path: Path) -> None:
    events = pl.DataFrame({"user_id": ["a"], "time": ["2024-01-01"], "amount": [1.0]})
    path = tmp_path / "buyers.csv"
    retainkit.rfm(events, roster=path)  # a Path as well as text
    assert read_roster(path)["member"].to_list() == ["a"]
