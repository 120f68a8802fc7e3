"""A small export of the shop as a platform would give it: Chinese headers, and some dirt."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from retainkit.demo.shop import Shop

MEMBERS = 100  # in the export at most: every so manyth of the shop
NO_MEMBER = 6
UNREADABLE = ("待定", "2024-13-45 08:00:00", "未知")
TOTAL = "合计"

_NAMES = {
    "join": "加入",
    "message_read": "阅读消息",
    "login": "登录",
    "visit": "访问",
    "check_in": "签到",
    "view_item": "浏览商品",
    "add_to_cart": "加购",
    "checkout": "结算",
    "pay": "支付",
    "refund": "退款",
    "leave": "退群",
}


@dataclass(frozen=True)
class Sample:
    """rows: the export, all text, as written. dirt: how many rows of each kind are unusable."""

    rows: pl.DataFrame
    dirt: dict[str, int]


def draw_sample(shop: Shop) -> Sample:
    """Return every event of some members, a few rows spoilt, and a line of totals."""
    step = max(shop.members.height // MEMBERS, 1)
    members = shop.members["user_id"].gather_every(step).head(MEMBERS)
    events = shop.events.filter(pl.col("user_id").is_in(members.implode()))
    rows = events.select(
        pl.col("user_id").alias("用户ID"),
        pl.col("event").replace_strict(_NAMES).alias("事件"),
        pl.col("event_time").dt.strftime("%Y-%m-%d %H:%M:%S").alias("事件时间"),
        pl.col("order_id").alias("订单编号"),
        _money(pl.col("amount")).alias("实付金额"),
    )
    guests, dates = _spoilt(rows.height)
    rows = rows.with_row_index("row").select(
        pl.when(~pl.col("row").is_in(guests)).then("用户ID").alias("用户ID"),
        "事件",
        pl.col("row").replace_strict(dates, default=pl.col("事件时间")).alias("事件时间"),
        "订单编号",
        "实付金额",
    )
    total = _money(pl.col("amount").sum()).alias("实付金额")
    last = events.select(total).with_columns(pl.lit(TOTAL).alias("用户ID"))
    rows = pl.concat([rows, last], how="diagonal")
    return Sample(rows, {"no_member": len(guests), "unreadable_time": len(dates), "total_lines": 1})


def _money(amount: pl.Expr) -> pl.Expr:
    cents = (amount.abs() * 100).round().cast(pl.Int64)
    sign = pl.when(amount < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    whole, rest = (cents // 100).cast(pl.String), (cents % 100).cast(pl.String).str.zfill(2)
    return pl.when(amount.is_not_null()).then(pl.concat_str(sign, whole, pl.lit("."), rest))


def _spoilt(height: int) -> tuple[list[int], dict[int, str]]:
    """Return the rows that lose their member, and those whose time is replaced and by what."""
    guests = range(5, height, max(height // NO_MEMBER, 1))[:NO_MEMBER]
    dates = range(9, height, max(height // len(UNREADABLE), 1))
    spoilt = dict(zip(dates, UNREADABLE, strict=False))
    return [row for row in guests if row not in spoilt], spoilt
