"""How large each planted truth came out in one shop, counted straight from its rows.

Rates are fractions from 0 to 1 and null where nobody could be counted. A visit is a `visit` event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import polars as pl

from retainkit.demo import plan
from retainkit.demo.shop import Shop

Sizes = Mapping[str, object]

_THREE_MONTHS_EARLIER = date(2024, 12, 1)  # before the group fell silent


def measure(shop: Shop) -> Mapping[str, Sizes]:
    """Return the sizes found in `shop`, by truth and by name; "shop" has the headline rates."""
    found: Mapping[str, Callable[[Shop], Sizes]] = {
        "campaign-leaves": _campaign,
        "broken-checkout": _checkout,
        "silent-group": _group,
        "falling-channel": _falling,
        "fast-tier": _tier,
        "message-fatigue": _fatigue,
        "city-control": _city,
        "shop": _headline,
    }
    return {name: sizes(shop) for name, sizes in found.items()}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _rate(flag: pl.Series) -> float | None:
    return _share(int(flag.sum()), len(flag))


def _months(column: str) -> pl.Expr:
    return pl.col(column).dt.year().cast(pl.Int64) * 12 + pl.col(column).dt.month()


def _visits(shop: Shop) -> pl.DataFrame:
    """Return the visits with their member's row, whole days and months since joining."""
    visits = shop.events.filter(pl.col("event") == "visit").select("user_id", "event_time")
    return visits.join(shop.members, on="user_id").with_columns(
        age_days=(pl.col("event_time").dt.date() - pl.col("joined").dt.date()).dt.total_days(),
        age_months=_months("event_time") - _months("joined"),
    )


def _back_in_month(shop: Shop, month: int) -> pl.DataFrame:
    """Return the members whose `month` after joining is over, and whether they were `back`."""
    visits = _visits(shop).filter(pl.col("age_months") == month).select("user_id").unique()
    last = 12 * plan.CLOSED.year + plan.CLOSED.month - 1
    return shop.members.filter(_months("joined") + month <= last).with_columns(
        back=pl.col("user_id").is_in(visits["user_id"].implode())
    )


def _campaign(shop: Shop) -> Sizes:
    members = _back_in_month(shop, 1)
    campaign = pl.col("channel") == plan.CAMPAIGN
    return {
        "members": shop.members.filter(campaign).height,
        "month_1_campaign": _rate(members.filter(campaign)["back"]),
        "month_1_others": _rate(members.filter(~campaign)["back"]),
    }


def _checkouts(shop: Shop) -> pl.DataFrame:
    """Return the checkouts since the new page, each with whether a payment followed at once."""
    steps = shop.events.filter(pl.col("event").is_in(["checkout", "pay"])).with_columns(
        following=pl.col("event").shift(-1).over("user_id", order_by="event_time")
    )
    since = pl.col("event_time").dt.date() >= plan.BROKEN_FROM
    return steps.filter((pl.col("event") == "checkout") & since).with_columns(
        paid=(pl.col("following") == "pay").fill_null(value=False)
    )


def _checkout(shop: Shop) -> Sizes:
    checkouts = _checkouts(shop)
    broken = checkouts["page"] == plan.BROKEN_PAGE
    met = checkouts.filter(broken)["user_id"].unique()
    others = checkouts.filter(~broken)["user_id"].unique()
    left = pl.col("left").is_not_null()
    members = shop.members.select("user_id", left=left)
    return {
        "checkouts_broken": int(broken.sum()),
        "coefficient_broken": _rate(checkouts.filter(broken)["paid"]),
        "coefficient_intact": _rate(checkouts.filter(~broken)["paid"]),
        "left_broken": _rate(members.filter(pl.col("user_id").is_in(met.implode()))["left"]),
        "left_intact": _rate(members.filter(pl.col("user_id").is_in(others.implode()))["left"]),
    }


def _group(shop: Shop) -> Sizes:
    silent = pl.col("group") == plan.SILENT_GROUP
    visits = _visits(shop).filter(pl.col("group").is_not_null())
    day = pl.col("event_time").dt.date()
    before = visits.filter(day >= _THREE_MONTHS_EARLIER, day < plan.SILENT_FROM)
    after = visits.filter(day >= plan.SILENT_FROM)
    days_before = (plan.SILENT_FROM - _THREE_MONTHS_EARLIER).days
    days_after = (plan.CLOSED - plan.SILENT_FROM).days
    return {
        "members": shop.members.filter(silent).height,
        "visits_a_day_before": round(before.filter(silent).height / days_before, 2),
        "visits_a_day_after": round(after.filter(silent).height / days_after, 2),
        "other_groups_before": round(before.filter(~silent).height / days_before, 2),
        "other_groups_after": round(after.filter(~silent).height / days_after, 2),
    }


def _falling(shop: Shop) -> Sizes:
    quarter = pl.col("joined").dt.strftime("%Y-") + pl.format("Q{}", pl.col("joined").dt.quarter())
    joins = shop.members.filter(pl.col("channel") == plan.FALLING_CHANNEL)
    counted = joins.group_by(quarter.alias("quarter")).len().sort("quarter")
    return {f"joins_{quarter}": count for quarter, count in counted.iter_rows()}


def _tier(shop: Shop) -> Sizes:
    pays = shop.events.filter(pl.col("event") == "pay").sort("event_time")
    tiers = shop.members.select("user_id", "tier")
    orders = pays.join(tiers, on="user_id", maintain_order="left").with_columns(
        gap=pl.col("event_time").diff().over("user_id").dt.total_seconds() / 86_400,
        number=pl.int_range(pl.len()).over("user_id"),
    )
    mature = (pl.col("number") == 0) & (
        pl.col("event_time") + pl.duration(days=14) <= pl.lit(plan.CLOSED).cast(pl.Datetime("us"))
    )
    sizes: dict[str, object] = {}
    for name, is_fast in (("fast", True), ("others", False)):
        part = orders.filter((pl.col("tier") == plan.FAST_TIER) == is_fast)
        buyers = part.filter(mature)["user_id"]
        again = part.filter((pl.col("number") == 1) & (pl.col("gap") <= 14))["user_id"]
        median = part["gap"].median()
        sizes[f"buyers_{name}"] = len(buyers)
        sizes[f"median_gap_days_{name}"] = round(median, 1) if isinstance(median, float) else None
        sizes[f"repurchase_14_days_{name}"] = _rate(buyers.is_in(again.implode()))
    return sizes


def _fatigue(shop: Shop) -> Sizes:
    sizes: dict[str, object] = {}
    for order, (day, _) in zip(("first", "second"), plan.BLASTS, strict=True):
        there = pl.col("left").is_null() | (pl.col("left").dt.date() > day)
        present = shop.members.filter((pl.col("joined").dt.date() < day) & there)["user_id"]
        read = (pl.col("page") == plan.BLAST_PAGE) & (pl.col("event_time").dt.date() == day)
        readers = shop.events.filter(read)["user_id"].unique()
        sizes[f"sent_{order}"] = len(present)
        sizes[f"response_{order}"] = _share(len(readers), len(present))
    return sizes


def _city(shop: Shop) -> Sizes:
    back = _back_in_month(shop, 1).group_by(pl.col("city").fill_null("unknown"))
    counted = back.agg(pl.len(), pl.col("back").sum()).sort("city")
    return {f"month_1_{city}": _share(count, size) for city, size, count in counted.iter_rows()}


def _headline(shop: Shop) -> Sizes:
    people = shop.members.height
    next_day = _visits(shop).filter(pl.col("age_days") == 1)["user_id"].n_unique()
    bought = shop.events.filter(pl.col("event") == "pay").join(shop.members, on="user_id")
    golden = bought.filter(pl.col("event_time") <= pl.col("joined") + pl.duration(days=3))
    return {
        "day_1": _share(next_day, people),
        "month_1": _rate(_back_in_month(shop, 1)["back"]),
        "month_6": _rate(_back_in_month(shop, 6)["back"]),
        "first_order_3_days": _share(golden["user_id"].n_unique(), people),
        "left": _rate(shop.members["left"].is_not_null()),
    }
