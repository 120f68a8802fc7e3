"""What the tables of a report count: which columns are cells, and what is computed from which.

Who is in a cell's whole but not in the cell is a cell, too: with 95 of 100 who came back, 5 did
not. Who is too new to be looked at is none: `mature` is no part of `members`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

CAME = "__came"  # the period in which a cohort was of an age


@dataclass(frozen=True, kw_only=True)
class Split:
    """A cell and its parts in the same row; rest: whether others may belong to none of them."""

    whole: str
    parts: tuple[str, ...]
    rest: bool = True


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A table whose cells can be protected; tables that have none are not shared.

    keys: the columns that name a row, beside those of --by; not all need be there. cells: the
    columns that are counted, each with the one that says of how many members. once: cells that
    are the same in several rows, with the keys that tell them apart. splits: sums within a row.
    made: numbers, with the cells that they are computed from; `before:x` is x of the row before,
    `first:x` of the first row (of the same value and period). A number that is not named here
    is taken to be made of all cells of its row. kept: cells that much else is made of: another is
    left out beside a small one, if that will do. across: numbers that are made of all rows. told:
    columns that tell nothing of members.
    """

    keys: tuple[str, ...] = ()
    cells: Mapping[str, str] = field(default_factory=dict)
    once: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    splits: tuple[Split, ...] = ()
    made: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    across: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def _rate(part: str, whole: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(("rate", "ci_low", "ci_high"), (part, whole))


def _same(*names: str) -> dict[str, str]:
    """Return cells that count members themselves."""
    return {name: name for name in names}


def _windows(part: str, whole: str) -> Layout:
    """Return a table of a share within days, of those who are old enough."""
    return Layout(
        keys=("days",),
        cells=_same(whole, "mature", part),
        once={whole: ()},
        splits=(Split(whole="mature", parts=(part,)),),
        made=_rate(part, "mature"),
        kept=(whole, "mature"),
    )


_POOLED = Layout(
    keys=("cohort", "age"),
    cells=_same("size", "returned"),
    once={"size": ("cohort",)},
    splits=(Split(whole="size", parts=("returned",)),),
    made=_rate("returned", "size"),
    told=("complete", "cohorts"),
)
_AGES = replace(_POOLED, kept=("size",))
_CHANGES = ("change", "from_visitors", "from_conversion", "from_orders_per_buyer")
_TIMES = ("median_seconds", "p90_seconds")
_COEFFICIENT = ("coefficient", "ci_low", "ci_high")

LAYOUTS: Mapping[tuple[str, str], Layout] = {
    ("cohort", "main"): _AGES,
    ("cohort", "pooled"): _POOLED,
    ("retention", "main"): Layout(
        keys=("cohort", "day"),
        cells=_same("members", "mature", "returned"),
        once={"members": ("cohort",)},
        splits=(Split(whole="mature", parts=("returned",)),),
        made=_rate("returned", "mature"),
        kept=("members", "mature"),
        told=("mode",),
    ),
    ("churn", "main"): Layout(
        keys=("period",),
        cells=_same("active", "previous", "new", "retained", "resurrected", "churned"),
        splits=(
            Split(whole="active", parts=("new", "retained", "resurrected"), rest=False),
            Split(whole="previous", parts=("retained", "churned"), rest=False),
        ),
        made={
            **dict.fromkeys(("churn_rate", "ci_low", "ci_high"), ("churned", "previous")),
            "quick_ratio": ("new", "resurrected", "churned"),
        },
        kept=("new", "active", "previous"),
        told=("complete",),
    ),
    ("funnel", "main"): Layout(
        keys=("step",),
        cells=_same("members", "dropped", "open"),
        splits=(Split(whole="before:members", parts=("members", "dropped")),),
        made={
            **dict.fromkeys(_COEFFICIENT, ("members", "before:members", "dropped")),
            "overall": ("members", "first:members"),
            **dict.fromkeys(_TIMES, ("members", "before:members", "dropped", "open")),
        },
        kept=("members",),
        across=("leverage", "bottleneck"),
        told=("event",),
    ),
    ("funnel", "trend"): Layout(
        keys=("period", "step"),
        cells=_same("members"),
        splits=(Split(whole="before:members", parts=("members",)),),
        made={
            **dict.fromkeys(_COEFFICIENT, ("members", "before:members")),
            "overall": ("members", "first:members"),
        },
        told=("event", "complete"),
    ),
    ("orders", "main"): _windows("repurchased", "buyers"),
    ("orders", "first_order"): _windows("converted", "members"),
    ("orders", "summary"): Layout(
        cells={
            **_same("members", "buyers", "buyers_2plus"),
            "orders": "buyers",
            "amount": "buyers",
            "repeat_orders": "buyers_2plus",
        },
        splits=(
            Split(whole="members", parts=("buyers",)),
            Split(whole="buyers", parts=("buyers_2plus",)),
            Split(whole="orders", parts=("buyers", "repeat_orders"), rest=False),
        ),
        made={
            "buyers_2plus_share": ("buyers_2plus", "buyers"),
            "repeat_order_share": ("repeat_orders", "orders"),
            "orders_per_buyer": ("orders", "buyers"),
            "amount_per_order": ("amount", "orders"),
            "amount_per_buyer": ("amount", "buyers"),
        },
        kept=("members", "buyers"),
    ),
    ("orders", "periods"): Layout(
        keys=("period",),
        cells={
            **_same("buyers", "new_buyers", "previous_buyers", "repurchased"),
            "orders": "buyers",
        },
        splits=(
            Split(whole="buyers", parts=("new_buyers",)),
            Split(whole="buyers", parts=("repurchased",)),
            Split(whole="previous_buyers", parts=("repurchased",)),
        ),
        made=_rate("repurchased", "previous_buyers"),
        kept=("buyers", "previous_buyers"),
        told=("complete",),
    ),
    ("orders", "value"): Layout(
        keys=("period",),
        cells={**_same("visitors", "buyers"), "orders": "buyers", "sales": "buyers"},
        splits=(Split(whole="visitors", parts=("buyers",)),),
        made={
            "conversion": ("buyers", "visitors"),
            "orders_per_buyer": ("orders", "buyers"),
            "amount_per_order": ("sales", "orders"),
            "profit": ("sales",),
            **dict.fromkeys(
                (*_CHANGES, "from_amount_per_order"),
                tuple(
                    f"{row}{name}"
                    for row in ("", "before:")
                    for name in ("visitors", "buyers", "orders", "sales")
                ),
            ),
        },
        kept=("visitors", "buyers"),
        told=("complete", "cost"),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Link:
    """Cells of one table that come to cells of another.

    fine, coarse: command, table and column. keys: the columns that say which come to which, by
    their names in both; of a coarse table without rows of its own there are none. complete: only
    rows that are over.
    """

    fine: tuple[str, str, str]
    coarse: tuple[str, str, str]
    keys: tuple[tuple[str, str], ...] = ()
    complete: bool = False


_PERIOD = (("period", "period"),)
_DAY = (("day", "day"),)

# Beside them the values of a column come to the whole, in every table.
LINKS: tuple[Link, ...] = (
    *(
        Link(
            fine=("cohort", "main", column),
            coarse=("cohort", "pooled", column),
            keys=(("age", "age"),),
            complete=True,
        )
        for column in ("size", "returned")
    ),
    *(
        Link(fine=("retention", "main", column), coarse=("retention", "main", column), keys=_DAY)
        for column in ("members", "mature", "returned")
    ),
    Link(
        fine=("cohort", "main", "size"),
        coarse=("retention", "main", "members"),
        keys=(("cohort", "cohort"),),
    ),
    Link(fine=("cohort", "main", "size"), coarse=("retention", "main", "members")),
    Link(
        fine=("cohort", "main", "size"),
        coarse=("churn", "main", "new"),
        keys=(("cohort", "period"),),
    ),
    Link(fine=("churn", "main", "new"), coarse=("retention", "main", "members")),
    Link(
        fine=("cohort", "main", "returned"),
        coarse=("churn", "main", "active"),
        keys=((CAME, "period"),),
    ),
    Link(
        fine=("funnel", "trend", "members"),
        coarse=("funnel", "main", "members"),
        keys=(("step", "step"),),
    ),
    Link(fine=("churn", "main", "active"), coarse=("orders", "value", "visitors"), keys=_PERIOD),
    Link(fine=("orders", "periods", "buyers"), coarse=("orders", "value", "buyers"), keys=_PERIOD),
    Link(fine=("orders", "periods", "orders"), coarse=("orders", "value", "orders"), keys=_PERIOD),
    Link(fine=("orders", "periods", "orders"), coarse=("orders", "summary", "orders")),
    Link(fine=("orders", "periods", "new_buyers"), coarse=("orders", "summary", "buyers")),
    Link(fine=("orders", "value", "sales"), coarse=("orders", "summary", "amount")),
    Link(fine=("orders", "main", "buyers"), coarse=("orders", "summary", "buyers")),
    Link(fine=("orders", "first_order", "members"), coarse=("orders", "summary", "members")),
    Link(fine=("orders", "first_order", "members"), coarse=("retention", "main", "members")),
)
# Cells that are those of the row before, under another name.
CARRIED: tuple[tuple[tuple[str, str], str, str], ...] = (
    (("churn", "main"), "active", "previous"),
    (("orders", "periods"), "buyers", "previous_buyers"),
)
