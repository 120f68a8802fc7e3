"""The shop hangs together: who, when, in which order, to the cent, and the same every time."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retainkit.demo import plan
from retainkit.demo.shop import Shop, open_shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    return open_shop(5000, 2024)


def times(shop: Shop, event: str) -> pl.DataFrame:
    return shop.events.filter(pl.col("event") == event).select("user_id", "event_time")


def test_one_seed_gives_one_shop_and_another_seed_another() -> None:
    first, again, other = open_shop(300, 5), open_shop(300, 5), open_shop(300, 6)
    assert_frame_equal(first.events, again.events)
    assert_frame_equal(first.members, again.members)
    assert not first.events.equals(other.events)


def test_columns_and_types(shop: Shop) -> None:
    assert shop.events.schema == {
        "user_id": pl.String,
        "event": pl.String,
        "event_time": pl.Datetime("us"),
        "order_id": pl.String,
        "amount": pl.Float64,
        "page": pl.String,
    }
    assert shop.members.columns == [
        *("user_id", "joined", "left", "leave_reason"),
        *("channel", "group", "tier", "city", "client"),
    ]
    assert {shop.members.schema[name] for name in ("joined", "left")} == {pl.Datetime("us")}


def test_default_size_is_a_real_export_of_eighteen_months(shop: Shop) -> None:
    assert 150_000 < shop.events.height < 250_000
    assert shop.members["user_id"].n_unique() == shop.members.height == 5000
    assert shop.events["event_time"].is_sorted()
    assert shop.events["event_time"].dt.date().min() == plan.OPENED
    assert shop.events["event_time"].dt.date().max() == plan.LAST_DAY
    days = shop.events["event_time"].dt.date().unique()
    assert len(days) == plan.DAYS == 547


def test_every_event_has_its_member_and_every_word_its_list(shop: Shop) -> None:
    assert shop.events["user_id"].is_in(shop.members["user_id"].implode()).all()
    assert shop.events.select("event", "page").null_count().row(0) == (0, 0)
    for column, words in plan.TRAITS.items():
        assert set(shop.members[column].unique()) == {word or None for word in words}
    assert set(shop.members["leave_reason"].drop_nulls()) == set(plan.REASONS)


def test_joining_and_leaving_agree_with_the_member_table(shop: Shop) -> None:
    joins = times(shop, "join").sort("user_id")
    assert_frame_equal(joins, shop.members.select("user_id", event_time="joined"))
    leaves = times(shop, "leave").sort("user_id")
    left = shop.members.filter(pl.col("left").is_not_null())
    assert_frame_equal(leaves, left.select("user_id", event_time="left"))
    assert (left["left"] > left["joined"]).all()
    assert shop.members.filter(pl.col("left").is_null())["leave_reason"].null_count() == (
        5000 - left.height
    )


def test_nothing_happens_after_leaving(shop: Shop) -> None:
    events = shop.events.join(shop.members.select("user_id", "left"), on="user_id")
    after = events.filter(pl.col("event_time") >= pl.col("left"))
    assert after["event"].unique().to_list() == ["leave"]


def test_a_few_look_around_before_they_join_and_some_never_do_a_thing(shop: Shop) -> None:
    events = shop.events.join(shop.members.select("user_id", "joined"), on="user_id")
    before = events.filter(pl.col("event_time") < pl.col("joined"))
    assert set(before["event"]) == {"visit"}
    assert 20 < before["user_id"].n_unique() < 120
    idle = 5000 - times(shop, "visit")["user_id"].n_unique()
    assert 250 < idle < 650


def test_some_come_back_after_a_month_of_silence_and_more(shop: Shop) -> None:
    gaps = times(shop, "visit").select(
        "user_id", gap=pl.col("event_time").diff().over("user_id").dt.total_days()
    )
    assert gaps.filter(pl.col("gap") >= 45)["user_id"].n_unique() > 200


def test_orders_are_paid_once_after_a_checkout(shop: Shop) -> None:
    steps = shop.events.filter(pl.col("event").is_in(["checkout", "pay"])).with_columns(
        last=pl.col("event").shift(1).over("user_id", order_by="event_time"),
        waited=pl.col("event_time").diff().over("user_id", order_by="event_time"),
    )
    pays = steps.filter(pl.col("event") == "pay")
    assert set(pays["last"]) == {"checkout"}
    assert (pays["waited"].dt.total_seconds() <= 90).all()
    assert pays["order_id"].null_count() == 0
    assert pays["order_id"].n_unique() == pays.height
    assert pays["order_id"].is_sorted()


def test_money_is_on_orders_only_and_exact_to_the_cent(shop: Shop) -> None:
    with_money = shop.events.filter(pl.col("amount").is_not_null())
    with_order = shop.events.filter(pl.col("order_id").is_not_null())
    assert set(with_money["event"]) == set(with_order["event"]) == {"pay", "refund"}
    assert with_money.height == with_order.height
    for amount in with_money["amount"]:
        assert amount == float(f"{amount:.2f}")
    assert (with_money.filter(pl.col("event") == "pay")["amount"] > 0).all()


def test_refunds_give_back_an_earlier_order_in_full(shop: Shop) -> None:
    pays = shop.events.filter(pl.col("event") == "pay")
    refunds = shop.events.filter(pl.col("event") == "refund")
    both = refunds.join(pays, on=["user_id", "order_id"], how="left", suffix="_paid")
    assert (both["amount"] == -both["amount_paid"]).all()
    assert (both["event_time"] > both["event_time_paid"]).all()
    assert both["order_id"].is_unique().all()
    assert 0.01 < refunds.height / pays.height < 0.04


def test_the_headline_rates_look_like_a_community(shop: Shop) -> None:
    visits = times(shop, "visit").join(shop.members, on="user_id")
    next_day = pl.col("joined").dt.date().dt.offset_by("1d") == pl.col("event_time").dt.date()
    assert 0.25 < visits.filter(next_day)["user_id"].n_unique() / 5000 < 0.36
    for months, joined_until, low, high in (
        (1, datetime(2025, 6, 1), 0.35, 0.47),
        (6, datetime(2025, 1, 1), 0.13, 0.22),
    ):
        month = pl.col("joined").dt.truncate("1mo").dt.offset_by(f"{months}mo")
        mature = pl.col("joined") < joined_until
        back = visits.filter(mature, pl.col("event_time").dt.truncate("1mo") == month)
        rate = back["user_id"].n_unique() / shop.members.filter(mature).height
        assert low < rate < high


def test_activity_is_heavy_tailed_and_follows_the_week(shop: Shop) -> None:
    visits = times(shop, "visit")
    counts = sorted(visits.group_by("user_id").len()["len"].to_list())
    assert sum(counts[-len(counts) // 10 :]) > 0.4 * sum(counts)
    by_weekday = visits.group_by(pl.col("event_time").dt.weekday()).len().sort("event_time")["len"]
    assert by_weekday[5] > 1.1 * by_weekday[1]
    hours = visits["event_time"].dt.hour().value_counts().sort("event_time")["count"]
    assert hours[21] > 5 * hours[3]
    assert times(shop, "leave").height > 900


@pytest.mark.parametrize("members", [1, 2, 60])
def test_small_shops_work(members: int) -> None:
    shop = open_shop(members, 1)
    assert shop.members.height == members
    assert shop.events.height >= members
