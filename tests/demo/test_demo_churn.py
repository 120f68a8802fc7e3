"""`churn` finds the leavers that are planted in the demo shop, and none where there are none."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import retainkit
from retainkit.demo import plan
from retainkit.demo.shop import Shop, open_shop
from retainkit.results import Result


@pytest.fixture(scope="module", params=[2024, 7])
def shop(request: pytest.FixtureRequest) -> Shop:
    return open_shop(5000, request.param)


def churn(shop: Shop, **options: Any) -> Result:
    members = shop.members
    stated: dict[str, Any] = {"definition": "leave", "tz": plan.ZONE, "as_of": plan.CLOSED}
    return retainkit.churn(shop.events, members=members, **{**stated, **options})


def test_everyone_who_left_is_counted_once(shop: Shop) -> None:
    left = shop.members["left"].is_not_null().sum()
    assert churn(shop).main["churned"].sum() == left
    assert churn(shop, leave_event="leave").main["churned"].sum() == left


def test_the_campaign_brings_people_who_leave(shop: Shop) -> None:
    result = churn(shop, by="channel")
    told = {row["channel"]: row for row in result.tables["survival"].to_dicts()}
    campaign = told.pop(plan.CAMPAIGN)
    assert campaign["churned"] > 1.5 * campaign["expected"]
    assert all(row["churned"] < 1.2 * row["expected"] for row in told.values())
    assert result.tables["logrank"]["p_value"].item() < 1e-6
    reasons = result.tables["reasons"].filter(pl.col("channel") == plan.CAMPAIGN)
    assert reasons["category"][0] == "mismatch"


def test_the_cities_differ_by_no_more_than_chance(shop: Shop) -> None:
    assert churn(shop, by="city").tables["logrank"]["p_value"].item() > 0.01


def test_the_broken_page_stands_out_from_the_common_ones(shop: Shop) -> None:
    result = churn(
        shop,
        paths=True,
        last=1,
        event_col="event || ' ' || page",
        leave_event='"leave settings"',
        since=plan.BROKEN_FROM,
    )
    lifts = {row["path"]: row for row in result.tables["paths"].to_dicts() if row["churned"] > 10}
    broken = lifts.pop(f"checkout {plan.BROKEN_PAGE}")
    assert broken["ci_low"] > 2
    assert all(row["lift"] < broken["ci_low"] for row in lifts.values())


def test_payment_is_a_reason_with_the_broken_client_only(shop: Shop) -> None:
    reasons = churn(shop, by="client", since=plan.BROKEN_FROM).tables["reasons"]
    failed = dict(reasons.filter(reason="payment fails").select("client", "members").iter_rows())
    assert failed[plan.BROKEN_CLIENT] > 3 * max(
        count for client, count in failed.items() if client != plan.BROKEN_CLIENT
    )


def test_the_silent_group_loses_members_when_its_keeper_goes(shop: Shop) -> None:
    main = churn(shop, by="group").main.filter(pl.col("period") == plan.SILENT_FROM)
    rates = dict(main.select("group", "churn_rate").iter_rows())
    silent = rates.pop(plan.SILENT_GROUP)
    assert silent > 2 * max(rates.values())


def test_nearly_all_reasons_are_counted_as_they_were_planted(shop: Shop) -> None:
    counted = churn(shop).tables["reasons"]
    for reason, category in counted.select("reason", "category").iter_rows():
        assert category == ("unknown" if reason is None else plan.REASONS[reason][0])


def test_who_is_silent_is_in_the_roster(shop: Shop, tmp_path: Any) -> None:
    path = tmp_path / "lost.parquet"
    churn(shop, roster=str(path), leave_event="leave")
    found = pl.read_parquet(path)
    left = set(shop.members.filter(pl.col("left").is_not_null())["user_id"])
    assert set(found.filter(pl.col("state") == "left")["member"]) == left
    paid = shop.events.group_by("user_id").agg(pl.col("amount").sum())
    joined = found.join(paid, left_on="member", right_on="user_id")
    assert (joined["value"] - joined["amount"]).abs().max() < 1e-6


def test_the_broken_node_is_found_and_named(shop: Shop) -> None:
    result = retainkit.funnel(
        shop.events,
        members=shop.members,
        steps="add_to_cart > checkout > pay",
        window="1d",
        by="client",
        since=plan.BROKEN_FROM,
        tz=plan.ZONE,
        as_of=plan.CLOSED,
    )
    marked = result.main.filter("bottleneck").select("client", "event", "leverage")
    worst = marked.sort("leverage").rows()[-1]
    assert worst[:2] == (plan.BROKEN_CLIENT, "pay")
    real = result.tables["segments"].filter("real").select("client", "event", "difference").rows()
    assert {(client, event) for client, event, low in real if low < 0} == {
        (plan.BROKEN_CLIENT, "pay")
    }
