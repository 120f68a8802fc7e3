"""What the tables of each metric are made of: which columns name a cell, which are numbers of it.

A rule is held against this before any data is read; a test holds it against the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Kind = Literal["whole", "text", "flag", "date"]


@dataclass(frozen=True)
class Key:
    """A column that names a cell.

    asks: the param that lists which of its values there are; a rule that names one asks for it.
    upto: the param that says how far they go.
    """

    kind: Kind
    asks: str | None = None
    upto: str | None = None


@dataclass(frozen=True)
class Value:
    """A number of a cell.

    of: the columns whose sum is how many members (or orders, or gaps) it is of; none where it is
    a count of its own. part: in their place, the column of those who are counted of all: how many
    all are follows from the share. interval: the columns of its limits, where it has any. share:
    it is a plain share of these, and its interval Wilson's.
    """

    of: tuple[str, ...] = ()
    interval: tuple[str, str] | None = None
    share: bool = False
    part: str | None = None


@dataclass(frozen=True)
class Shape:
    """The columns of a table, those of --by left out.

    keys: what names a cell. time: the column of periods or cohorts in time. complete: the column
    that says whether the cell is over, or two that are equal where it is. values: the numbers;
    the first is what a rule means that names none. outside: rows of these values have no such
    number, whatever the data are.
    """

    keys: Mapping[str, Key]
    values: Mapping[str, Value]
    time: str | None = None
    complete: str | tuple[str, str] | None = None
    by: bool = True
    told: Sequence[str] = field(default=())  # columns that only describe a cell
    outside: tuple[str, object] | None = None

    @property
    def first(self) -> str:
        """The number that a rule means where it names none."""
        return next(iter(self.values))

    @property
    def columns(self) -> set[str]:
        """All columns it has."""
        flag = {self.complete} if isinstance(self.complete, str) else set()
        time = set() if self.time is None else {self.time}
        limits = {limit for value in self.values.values() for limit in value.interval or ()}
        return {*self.keys, *self.values, *limits, *self.told, *flag, *time}


_LIMITS = ("ci_low", "ci_high")
_WHOLE, _TEXT, _FLAG = Key("whole"), Key("text"), Key("flag")


def _rate(of: str) -> Value:
    """Return a share with Wilson's interval."""
    return Value((of,), _LIMITS, share=True)


def _part(part: str, interval: tuple[str, str] | None = None) -> Value:
    """Return a share of which a column has those who are counted."""
    return Value(part=part, interval=interval, share=interval is not None)


def _told(of: str) -> Value:
    """Return a number with an interval of another kind."""
    return Value((of,), _LIMITS)


def _plain(of: str, *names: str) -> dict[str, Value]:
    """Return numbers without an interval, of so many members."""
    return dict.fromkeys(names, Value((of,)))


def _counts(*names: str) -> dict[str, Value]:
    return {name: Value((name,)) for name in names}


def _bare(*names: str) -> dict[str, Value]:
    """Return numbers of nobody in particular."""
    return dict.fromkeys(names, Value())


_AGES = {"rate": _rate("size"), **_counts("returned", "size")}
_LIVES = Shape(
    {"age": _WHOLE},
    {"survival": _told("members"), **_plain("members", "hazard")}
    | _counts("churned", "censored", "members"),
)
_PRESENT = ("present_start", "present_end", "joined", "rejoined", "churned", "churned_of_start")

SHAPES: Mapping[str, Mapping[str, Shape]] = {
    "cohort": {
        "main": Shape({"age": Key("whole", upto="horizon")}, _AGES, "cohort", "complete"),
        "pooled": Shape({"age": Key("whole", upto="horizon")}, {**_AGES, **_bare("cohorts")}),
    },
    "retention": {
        "main": Shape(
            {"day": Key("whole", asks="days"), "mode": Key("text", asks="mode")},
            {"rate": _rate("mature"), **_counts("returned", "mature", "members")},
            complete=("mature", "members"),
        ),
    },
    "churn": {
        "main": Shape(
            {},
            {"churn_rate": _rate("previous"), **_plain("active", "quick_ratio")}
            | _counts("active", "previous", "new", "retained", "resurrected", "churned"),
            "period",
            "complete",
        ),
        "timing": _LIVES,
        "second_life": _LIVES,
        "survival": Shape(
            {},
            {"median": Value(("members",), ("median_low", "median_high"))}
            | _plain("members", "expected")
            | _counts("churned", "censored", "members"),
        ),
        "logrank": Shape({}, _bare("p_value", "statistic", "df", "groups"), by=False),
        "winback": Shape(
            {"silence": _WHOLE},
            {"rate": _rate("members"), **_plain("members", "returned_so_far")}
            | _counts("returned", "censored", "members"),
        ),
        "reasons": Shape(
            {"category": _TEXT, "reason": _TEXT},
            {"share": _part("members"), **_counts("members")},
        ),
        "reasons_over_time": Shape(
            {"category": _TEXT}, {"share": _part("members"), **_counts("members")}, "period"
        ),
        "paths": Shape(
            {"path": _TEXT},
            {"lift": _told("churned"), **_plain("churned", "churned_share")}
            | {**_plain("stayed", "stayed_share"), **_counts("churned", "stayed")},
        ),
        "returns": Shape({"event": _TEXT}, {"share": _part("members"), **_counts("members")}),
        "gaps": Shape(
            {"gap_days": _WHOLE},
            {**_plain("gaps", "cumulative", "share"), **_counts("gaps")},
            by=False,
            told=("chosen",),
        ),
    },
    "funnel": {
        "main": Shape(
            {"step": _WHOLE},
            {"coefficient": Value(("members", "dropped"), _LIMITS, share=True)}
            | _plain("members", "overall", "median_seconds", "p90_seconds", "leverage")
            | _counts("members", "dropped", "open"),
            told=("event", "bottleneck"),
            outside=("step", 1),
        ),
        "durations": Shape(
            {"step": _WHOLE, "seconds_from": _WHOLE, "seconds_to": _WHOLE}, _counts("members")
        ),
        "segments": Shape(
            {"step": _WHOLE},
            {"difference": _told("members"), **_plain("members", "coefficient", "rest")}
            | _plain("members", "p_value", "p_holm")
            | _counts("members"),
            told=("event", "real"),
        ),
        "change": Shape(
            {"step": _WHOLE},
            _bare("contribution", "share", "coefficient_before", "coefficient_after")
            | _counts("before", "after"),
            by=False,
            told=("event",),
        ),
        "trend": Shape(
            {"step": _WHOLE},
            {"coefficient": _told("members"), **_plain("members", "overall"), **_counts("members")},
            "period",
            "complete",
            told=("event",),
        ),
        "dropoffs": Shape(
            {"step": _WHOLE, "next": _TEXT},
            {"share": _part("members"), **_counts("members")},
            told=("event",),
        ),
    },
    "paths": {
        "main": Shape(
            {"path": _TEXT},
            {"share": _part("members", _LIMITS), **_plain("members", "median_seconds")}
            | _bare("rank")
            | _counts("members"),
            told=("arrived",),
        ),
        "steps": Shape(
            {"position": _WHOLE, "event": _TEXT},
            {"share": _part("members"), **_counts("members")},
        ),
        "links": Shape({"position": _WHOLE, "source": _TEXT, "target": _TEXT}, _counts("members")),
        "summary": Shape(
            {},
            {"rate": _rate("journeys"), **_plain("arrived", "median_seconds")}
            | {**_counts("members", "started", "open", "journeys", "arrived")}
            | _bare("paths", "cut"),
        ),
    },
    "orders": {
        "main": Shape(
            {"days": Key("whole", asks="repeat_days")},
            {"rate": _rate("mature"), **_counts("repurchased", "mature", "buyers")},
        ),
        "first_order": Shape(
            {"days": Key("whole", asks="first_days")},
            {"rate": _rate("mature"), **_counts("converted", "mature", "members")},
        ),
        "summary": Shape(
            {},
            {"buyers_2plus_share": Value(("buyers",)), "repeat_order_share": Value(("orders",))}
            | _plain("buyers", "orders_per_buyer", "amount", "amount_per_buyer")
            | _plain("orders", "amount_per_order")
            | _counts("members", "buyers", "orders", "buyers_2plus", "repeat_orders"),
        ),
        "ladder": Shape(
            {"order": _WHOLE},
            {"rate": _rate("buyers"), **_counts("buyers", "next", "stopped")},
        ),
        "cycle": Shape(
            {"order": _WHOLE},
            {"km_median_days": Value(("gaps", "open"), ("km_low", "km_high"))}
            | _plain("gaps", "observed_median_days")
            | _counts("gaps", "open"),
        ),
        "hazard": Shape(
            {"kind": _TEXT, "day": Key("whole", upto="horizon")},
            {"cumulative": _told("at_risk"), **_plain("at_risk", "hazard")}
            | _counts("at_risk", "events"),
        ),
        "audit": Shape(
            {"kind": _TEXT},
            _plain("conversions", "golden_share", "golden_days", "days_80", "peak_day", "flat_day")
            | _counts("conversions"),
        ),
        "periods": Shape(
            {},
            {"rate": _rate("previous_buyers")}
            | _counts("buyers", "orders", "new_buyers", "previous_buyers", "repurchased"),
            "period",
            "complete",
        ),
        "value": Shape(
            {},
            _plain("buyers", "sales", "orders_per_buyer", "profit", "cost", "change")
            | _plain("visitors", "conversion")
            | _plain("orders", "amount_per_order")
            | _plain("buyers", "from_visitors", "from_conversion", "from_orders_per_buyer")
            | _plain("buyers", "from_amount_per_order")
            | _counts("visitors", "buyers", "orders"),
            "period",
            "complete",
        ),
        "payback": Shape(
            {},
            _plain("members", "payback_age", "sales_per_member", "cost", "cost_per_member", "age")
            | _counts("members"),
            "cohort",
        ),
    },
    "rfm": {
        "main": Shape(
            {"segment": _TEXT},
            {"share": _part("members", _LIMITS), **_plain("members", "amount_share", "amount")}
            | _plain("members", "orders_per_member", "amount_per_member", "mean_recency_days")
            | _counts("members", "orders"),
        ),
        "cells": Shape(
            {"r": _WHOLE, "f": _WHOLE}, {**_counts("members"), **_plain("members", "amount")}
        ),
        "scores": Shape(
            {"measure": _TEXT, "score": _WHOLE},
            {**_counts("members"), **_plain("members", "above", "up_to")},
            by=False,
        ),
        "movement": Shape(
            {"before": _TEXT, "now": _TEXT}, {"share": _part("members"), **_counts("members")}
        ),
        "retention": Shape(
            {"segment": _TEXT},
            {"rate": _rate("members"), **_plain("members", "amount_since")}
            | _plain("members", "amount_since_per_member")
            | _counts("members", "retained", "orders_since"),
        ),
    },
    "ltv": {
        "main": Shape(
            {},
            _plain("buyers", "ltv", "alive", "alive_share", "expected_orders")
            | _plain("buyers", "expected_orders_per_buyer", "realised_value", "expected_value")
            | _plain("buyers", "realised_value_per_buyer", "expected_value_per_buyer", "cost")
            | _plain("buyers", "cost_per_buyer", "value_to_cost", "payback_age")
            | _counts("buyers", "orders"),
            told=("payback",),
        ),
        "parameters": Shape(
            {"model": _TEXT, "parameter": _TEXT},
            {"value": Value(interval=_LIMITS), **_bare("standard_error")},
            by=False,
        ),
        "tracking": Shape(
            {"part": _TEXT},
            _bare("actual", "expected", "cumulative_actual", "cumulative_expected"),
            "to",
            by=False,
        ),
        "holdout": Shape(
            {"frequency": _TEXT},
            {**_plain("members", "actual", "expected"), **_counts("members")},
            by=False,
        ),
        "cohorts": Shape(
            {"part": _TEXT, "age": _WHOLE},
            _plain("members", "value_per_member", "value", "orders_per_member")
            | _counts("members")
            | _plain("members", "orders"),
            "cohort",
        ),
        "payback": Shape(
            {},
            _plain("buyers", "value_to_cost", "payback_age", "cost", "cost_per_buyer")
            | _plain("buyers", "value_per_buyer")
            | _counts("buyers"),
            "cohort",
            told=("payback",),
        ),
    },
    "renewals": {
        "main": Shape(
            {"renewal": _WHOLE},
            {"rate": _rate("at_risk"), **_plain("at_risk", "survival")}
            | {"expected_survival": Value(interval=("expected_low", "expected_high"))}
            | {**_bare("expected_rate"), **_counts("at_risk", "renewed")},
            told=("part",),
            outside=("part", "forecast"),
        ),
        "parameters": Shape(
            {"parameter": _TEXT}, {"value": Value(interval=_LIMITS), **_bare("standard_error")}
        ),
        "contracts": Shape(
            {},
            _plain("there", "expected_renewals_per_contract", "expected_renewals")
            | _plain("contracts", "expected_periods_new")
            | _counts("contracts", "lost", "there"),
        ),
    },
}


def shape_of(command: str, table: str, params: Any) -> Shape:
    """Return what a table is made of, with these params."""
    shape = SHAPES[command][table]
    if command == "cohort":
        if params.brackets:
            shape = replace(shape, keys={"age": _TEXT})
        if params.measure != "members":
            shape = _with(shape, _plain("size", "value_per_member", "value"))
    if command == "retention" and params.cohort is not None:
        shape = replace(shape, time="cohort")
    if (command, table) == ("churn", "main") and params.definition != "lifecycle":
        values = {"churn_rate": _rate("present_start")}
        values |= _plain("present_start", "rate_average", "rate_exposure")
        shape = replace(shape, values=values | _counts(*_PRESENT))
    return shape


def _with(shape: Shape, values: Mapping[str, Value]) -> Shape:
    return replace(shape, values={**shape.values, **values})
