"""The shop's books: sessions written down as events, people as the member table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from retainkit.demo import plan
from retainkit.demo.days import CART, CHECKOUT, PAY, Sessions, live
from retainkit.demo.people import (
    NO_REASON,
    Ints,
    People,
    Rng,
    between,
    draw_people,
    pick,
    seconds_of_day,
)

EVENTS = (
    *("join", "message_read", "login", "visit", "check_in", "view_item", "add_to_cart"),
    *("checkout", "pay", "refund", "leave"),
)
PAGES = (
    *("join", "group_chat", "login", "home", "check_in", "item", "cart"),
    *("checkout", "cashier", "orders", "settings", plan.BLAST_PAGE, plan.BROKEN_PAGE),
)
MEMBER_COLUMNS = ("user_id", "joined", "left", "leave_reason", *plan.TRAITS)
_CODE = {event: code for code, event in enumerate(EVENTS)}
_PAGE = {page: code for code, page in enumerate(PAGES)}  # an event's usual page has its code
_DAY = 86_400
_NONE = -1
_MOST_VIEWS = 6

# Prices in cents and how often each is bought.
_PRICES = np.array([1990, 2990, 3990, 5900, 8900, 12900, 19900, 39900])
_BOUGHT = np.array([0.2, 0.2, 0.16, 0.15, 0.12, 0.09, 0.06, 0.02])
_PIECES = np.array([0.72, 0.2, 0.08])
_COUPONS = np.array([0, 500, 1000])
_COUPON_USED = np.array([0.7, 0.2, 0.1])


@dataclass(frozen=True)
class Shop:
    """events: user_id, event, event_time, order_id, amount, page, by time. members: one row each.

    Times are naive local times (`plan.ZONE`) to the second; amounts are exact cents.
    """

    events: pl.DataFrame
    members: pl.DataFrame


@dataclass(frozen=True)
class _Rows:
    """Events as codes: `order` numbers them as pays do, or is _NONE; cents are 0 without one."""

    member: Ints
    second: Ints
    event: Ints
    page: Ints
    order: Ints
    cents: Ints


def open_shop(members: int, seed: int) -> Shop:
    """Return the shop with `members` people; the same two numbers give the same shop."""
    drawn, lived, written = (np.random.default_rng([seed, stream]) for stream in range(3))
    people = draw_people(members, drawn)
    sessions = live(people, lived)
    left_second = people.left_day * _DAY + between(written, 9 * 3600, 22 * 3600, members)
    rows = _joined([*_session_rows(people, sessions, written), _guest_rows(people, written)])
    rows = _joined([_numbered(rows), _join_rows(people), _leave_rows(people, left_second)])
    rows = _joined([rows, _refund_rows(rows, people, written)])
    return Shop(_event_frame(rows, members), _member_frame(people, left_second))


def _session_rows(people: People, sessions: Sessions, rng: Rng) -> list[_Rows]:
    """Return the events of the sessions, one batch for each kind in the order they happen."""
    count = len(sessions.member)
    start = sessions.day * _DAY + seconds_of_day(rng, count)
    first_day = sessions.day == people.join_day[sessions.member]
    joined = sessions.day * _DAY + people.join_second[sessions.member]
    second = np.where(first_day, joined + between(rng, 60, 600, count), start)
    habit = rng.random(people.count)[sessions.member] < 0.3
    stage, chance = sessions.stage, rng.random((4, count))
    reads = sessions.blast | (chance[0] < np.where(sessions.back, 0.5, 0.12))
    views = 1 + np.minimum((chance[3] ** 2 * _MOST_VIEWS).astype(np.int64), _MOST_VIEWS - 1)
    views[(stage < CART) & (chance[3] < 0.3)] = 0
    chat = _PAGE["group_chat"]
    steps = [
        ("message_read", reads, np.where(sessions.blast, _PAGE[plan.BLAST_PAGE], chat)),
        ("login", chance[1] < 0.35, None),
        ("visit", np.ones(count, dtype=np.bool_), None),
        ("check_in", habit & (chance[2] < 0.4), None),
        *(("view_item", views > number, None) for number in range(_MOST_VIEWS)),
        ("add_to_cart", stage >= CART, None),
        (
            "checkout",
            stage >= CHECKOUT,
            np.where(sessions.broken, _PAGE[plan.BROKEN_PAGE], _PAGE["checkout"]),
        ),
        ("pay", stage == PAY, None),
    ]
    batches = []
    for event, happens, page in steps:
        second = second + np.where(happens, between(rng, 5, 90, count), 0)
        pages = None if page is None else page[happens]
        batches.append(_rows(sessions.member[happens], second[happens], event, pages))
    batches[-1].cents[:] = _prices(rng, len(batches[-1].cents))
    return batches


def _prices(rng: Rng, count: int) -> Ints:
    price = _PRICES[pick(rng, _BOUGHT, count)] * (1 + pick(rng, _PIECES, count))
    paid: Ints = price - _COUPONS[pick(rng, _COUPON_USED, count)]
    return paid


def _guest_rows(people: People, rng: Rng) -> _Rows:
    """Return the visits of the few who looked around before they joined."""
    day = people.join_day - between(rng, 1, 20, people.count)
    guest = np.flatnonzero((rng.random(people.count) < plan.GUEST_SHARE) & (day >= 0))
    return _rows(guest, day[guest] * _DAY + seconds_of_day(rng, len(guest)), "visit")


def _join_rows(people: People) -> _Rows:
    second = people.join_day * _DAY + people.join_second
    return _rows(np.arange(people.count), second, "join")


def _leave_rows(people: People, left_second: Ints) -> _Rows:
    left = np.flatnonzero(people.left_day < plan.DAYS)
    return _rows(left, left_second[left], "leave")


def _refund_rows(rows: _Rows, people: People, rng: Rng) -> _Rows:
    """Return refunds in full of a few orders, some days later, while the member is there."""
    paid = np.flatnonzero(rows.order >= 0)
    paid = paid[rng.random(len(paid)) < plan.REFUNDS]
    day = rows.second[paid] // _DAY + between(rng, 2, 10, len(paid))
    second = day * _DAY + seconds_of_day(rng, len(paid))
    there = (day < plan.DAYS) & (day < people.left_day[rows.member[paid]])
    refunds = _rows(rows.member[paid[there]], second[there], "refund")
    refunds.order[:] = rows.order[paid[there]]
    refunds.cents[:] = -rows.cents[paid[there]]
    return refunds


def _rows(member: Ints, second: Ints, event: str, page: Ints | None = None) -> _Rows:
    code = np.full(len(member), _CODE[event])
    order = np.full(len(member), _NONE)
    return _Rows(member, second, code, code if page is None else page, order, np.zeros_like(member))


def _joined(batches: list[_Rows]) -> _Rows:
    names = _Rows.__dataclass_fields__
    return _Rows(*(np.concatenate([getattr(rows, name) for rows in batches]) for name in names))


def _numbered(rows: _Rows) -> _Rows:
    """Return `rows` with the orders numbered in the order of payment."""
    paid = np.flatnonzero(rows.event == _CODE["pay"])
    by_time = paid[np.lexsort((rows.member[paid], rows.second[paid]))]
    rows.order[by_time] = np.arange(len(by_time))
    return rows


def _event_frame(rows: _Rows, members: int) -> pl.DataFrame:
    order = np.lexsort((rows.event, rows.member, rows.second))
    has_order = pl.col("order") >= 0
    columns = {name: getattr(rows, name)[order] for name in _Rows.__dataclass_fields__}
    # NumPy divides; Polars multiplies by 1 / 100 here and misses the nearest cent in the last bit.
    columns["amount"] = columns["cents"] / 100
    return pl.DataFrame(columns).select(
        user_id=_numbered_id("M", pl.col("member"), members),
        event=_words(EVENTS, pl.col("event")),
        event_time=_moment(pl.col("second")),
        order_id=pl.when(has_order).then(_numbered_id("O", pl.col("order"), 0)),
        amount=pl.when(has_order).then(pl.col("amount")),
        page=_words(PAGES, pl.col("page")),
    )


def _member_frame(people: People, left_second: Ints) -> pl.DataFrame:
    left = pl.col("left") < plan.DAYS * _DAY
    reason = pl.when(left & (pl.col("reason") != NO_REASON)).then(pl.col("reason"))
    return pl.DataFrame(
        {
            "member": np.arange(people.count),
            "joined": people.join_day * _DAY + people.join_second,
            "left": left_second,
            "reason": people.reason,
            **{name: getattr(people, name) for name in plan.TRAITS},
        }
    ).select(
        user_id=_numbered_id("M", pl.col("member"), people.count),
        joined=_moment(pl.col("joined")),
        left=pl.when(left).then(_moment(pl.col("left"))),
        leave_reason=_words(tuple(plan.REASONS), reason),
        **{name: _words(tuple(words), pl.col(name)) for name, words in plan.TRAITS.items()},
    )


def _numbered_id(letter: str, number: pl.Expr, most: int) -> pl.Expr:
    width = max(6, len(str(most)))
    return pl.format(letter + "{}", (number + 1).cast(pl.String).str.zfill(width))


def _words(words: tuple[str, ...], code: pl.Expr) -> pl.Expr:
    return code.replace_strict(
        range(len(words)), [word or None for word in words], return_dtype=pl.String, default=None
    )


def _moment(second: pl.Expr) -> pl.Expr:
    opened = pl.lit(datetime.combine(plan.OPENED, datetime.min.time()))
    return (opened + pl.duration(seconds=second)).cast(pl.Datetime("us"))
