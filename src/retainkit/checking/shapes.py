"""The tables of each metric, and their shapes.

A rule is held against this before any data is read; a test holds it against the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from retainkit.checking.shape import (
    LIMITS,
    TEXT,
    WHOLE,
    Key,
    Shape,
    Value,
    bare,
    counts,
    numbers,
    part_of,
    rate_of,
    told_of,
)

_AGES = {"rate": rate_of("size"), **counts("returned", "size")}
_LIVES = Shape(
    {"age": WHOLE},
    {"survival": told_of("members"), **numbers("members", "hazard")}
    | counts("churned", "censored", "members"),
)
_PRESENT = ("present_start", "present_end", "joined", "rejoined", "churned", "churned_of_start")

SHAPES: Mapping[str, Mapping[str, Shape]] = {
    "cohort": {
        "main": Shape({"age": Key("whole", upto="horizon")}, _AGES, "cohort", "complete"),
        "pooled": Shape({"age": Key("whole", upto="horizon")}, {**_AGES, **bare("cohorts")}),
    },
    "retention": {
        "main": Shape(
            {"day": Key("whole", asks="days"), "mode": Key("text", asks="mode")},
            {"rate": rate_of("mature"), **counts("returned", "mature", "members")},
            complete=("mature", "members"),
        ),
    },
    "churn": {
        "main": Shape(
            {},
            {"churn_rate": rate_of("previous"), **numbers("active", "quick_ratio")}
            | counts("active", "previous", "new", "retained", "resurrected", "churned"),
            "period",
            "complete",
        ),
        "timing": _LIVES,
        "second_life": _LIVES,
        "survival": Shape(
            {},
            {"median": Value(("members",), ("median_low", "median_high"))}
            | numbers("members", "expected")
            | counts("churned", "censored", "members"),
        ),
        "logrank": Shape({}, bare("p_value", "statistic", "df", "groups"), by=False),
        "winback": Shape(
            {"silence": WHOLE},
            {"rate": rate_of("members"), **numbers("members", "returned_so_far")}
            | counts("returned", "censored", "members"),
        ),
        "reasons": Shape(
            {"category": TEXT, "reason": TEXT},
            {"share": part_of("members"), **counts("members")},
        ),
        "reasons_over_time": Shape(
            {"category": TEXT}, {"share": part_of("members"), **counts("members")}, "period"
        ),
        "paths": Shape(
            {"path": TEXT},
            {"lift": told_of("churned"), **numbers("churned", "churned_share")}
            | {**numbers("stayed", "stayed_share"), **counts("churned", "stayed")},
        ),
        "returns": Shape({"event": TEXT}, {"share": part_of("members"), **counts("members")}),
        "gaps": Shape(
            {"gap_days": WHOLE},
            {**numbers("gaps", "cumulative", "share"), **counts("gaps")},
            by=False,
            told=("chosen",),
        ),
    },
    "funnel": {
        "main": Shape(
            {"step": WHOLE},
            {"coefficient": Value(("members", "dropped"), LIMITS, share=True)}
            | numbers("members", "overall", "median_seconds", "p90_seconds", "leverage")
            | counts("members", "dropped", "open"),
            told=("event", "bottleneck"),
            outside=("step", 1),
        ),
        "durations": Shape(
            {"step": WHOLE, "seconds_from": WHOLE, "seconds_to": WHOLE}, counts("members")
        ),
        "segments": Shape(
            {"step": WHOLE},
            {"difference": told_of("members"), **numbers("members", "coefficient", "rest")}
            | numbers("members", "p_value", "p_holm")
            | counts("members"),
            told=("event", "real"),
        ),
        "change": Shape(
            {"step": WHOLE},
            bare("contribution", "share", "coefficient_before", "coefficient_after")
            | counts("before", "after"),
            by=False,
            told=("event",),
        ),
        "trend": Shape(
            {"step": WHOLE},
            {
                "coefficient": told_of("members"),
                **numbers("members", "overall"),
                **counts("members"),
            },
            "period",
            "complete",
            told=("event",),
        ),
        "dropoffs": Shape(
            {"step": WHOLE, "next": TEXT},
            {"share": part_of("members"), **counts("members")},
            told=("event",),
        ),
    },
    "paths": {
        "main": Shape(
            {"path": TEXT},
            {"share": part_of("members", LIMITS), **numbers("members", "median_seconds")}
            | bare("rank")
            | counts("members"),
            told=("arrived",),
        ),
        "steps": Shape(
            {"position": WHOLE, "event": TEXT},
            {"share": part_of("members"), **counts("members")},
        ),
        "links": Shape({"position": WHOLE, "source": TEXT, "target": TEXT}, counts("members")),
        "summary": Shape(
            {},
            {"rate": rate_of("journeys"), **numbers("arrived", "median_seconds")}
            | {**counts("members", "started", "open", "journeys", "arrived")}
            | bare("paths", "cut"),
        ),
    },
    "orders": {
        "main": Shape(
            {"days": Key("whole", asks="repeat_days")},
            {"rate": rate_of("mature"), **counts("repurchased", "mature", "buyers")},
        ),
        "first_order": Shape(
            {"days": Key("whole", asks="first_days")},
            {"rate": rate_of("mature"), **counts("converted", "mature", "members")},
        ),
        "summary": Shape(
            {},
            {"buyers_2plus_share": Value(("buyers",)), "repeat_order_share": Value(("orders",))}
            | numbers("buyers", "orders_per_buyer", "amount", "amount_per_buyer")
            | numbers("orders", "amount_per_order")
            | counts("members", "buyers", "orders", "buyers_2plus", "repeat_orders"),
        ),
        "ladder": Shape(
            {"order": WHOLE},
            {"rate": rate_of("buyers"), **counts("buyers", "next", "stopped")},
        ),
        "cycle": Shape(
            {"order": WHOLE},
            {"km_median_days": Value(("gaps", "open"), ("km_low", "km_high"))}
            | numbers("gaps", "observed_median_days")
            | counts("gaps", "open"),
        ),
        "hazard": Shape(
            {"kind": TEXT, "day": Key("whole", upto="horizon")},
            {"cumulative": told_of("at_risk"), **numbers("at_risk", "hazard")}
            | counts("at_risk", "events"),
        ),
        "audit": Shape(
            {"kind": TEXT},
            numbers("conversions", "golden_share", "golden_days", "days_80", "peak_day", "flat_day")
            | counts("conversions"),
        ),
        "periods": Shape(
            {},
            {"rate": rate_of("previous_buyers")}
            | counts("buyers", "orders", "new_buyers", "previous_buyers", "repurchased"),
            "period",
            "complete",
        ),
        "value": Shape(
            {},
            numbers("buyers", "sales", "orders_per_buyer", "profit", "cost", "change")
            | numbers("visitors", "conversion")
            | numbers("orders", "amount_per_order")
            | numbers("buyers", "from_visitors", "from_conversion", "from_orders_per_buyer")
            | numbers("buyers", "from_amount_per_order")
            | counts("visitors", "buyers", "orders"),
            "period",
            "complete",
        ),
        "payback": Shape(
            {},
            numbers("members", "payback_age", "sales_per_member", "cost", "cost_per_member", "age")
            | counts("members"),
            "cohort",
        ),
    },
    "rfm": {
        "main": Shape(
            {"segment": TEXT},
            {"share": part_of("members", LIMITS), **numbers("members", "amount_share", "amount")}
            | numbers("members", "orders_per_member", "amount_per_member", "mean_recency_days")
            | counts("members", "orders"),
        ),
        "cells": Shape(
            {"r": WHOLE, "f": WHOLE}, {**counts("members"), **numbers("members", "amount")}
        ),
        "scores": Shape(
            {"measure": TEXT, "score": WHOLE},
            {**counts("members"), **numbers("members", "above", "up_to")},
            by=False,
        ),
        "movement": Shape(
            {"before": TEXT, "now": TEXT}, {"share": part_of("members"), **counts("members")}
        ),
        "retention": Shape(
            {"segment": TEXT},
            {"rate": rate_of("members"), **numbers("members", "amount_since")}
            | numbers("members", "amount_since_per_member")
            | counts("members", "retained", "orders_since"),
        ),
    },
    "ltv": {
        "main": Shape(
            {},
            numbers("buyers", "ltv", "alive", "alive_share", "expected_orders")
            | numbers("buyers", "expected_orders_per_buyer", "realised_value", "expected_value")
            | numbers("buyers", "realised_value_per_buyer", "expected_value_per_buyer", "cost")
            | numbers("buyers", "cost_per_buyer", "value_to_cost", "payback_age")
            | counts("buyers", "orders"),
            told=("payback",),
        ),
        "parameters": Shape(
            {"model": TEXT, "parameter": TEXT},
            {"value": Value(interval=LIMITS), **bare("standard_error")},
            by=False,
        ),
        "tracking": Shape(
            {"part": TEXT},
            bare("actual", "expected", "cumulative_actual", "cumulative_expected"),
            "to",
            by=False,
        ),
        "holdout": Shape(
            {"frequency": TEXT},
            {**numbers("members", "actual", "expected"), **counts("members")},
            by=False,
        ),
        "cohorts": Shape(
            {"part": TEXT, "age": WHOLE},
            numbers("members", "value_per_member", "value", "orders_per_member")
            | counts("members")
            | numbers("members", "orders"),
            "cohort",
        ),
        "payback": Shape(
            {},
            numbers("buyers", "value_to_cost", "payback_age", "cost", "cost_per_buyer")
            | numbers("buyers", "value_per_buyer")
            | counts("buyers"),
            "cohort",
            told=("payback",),
        ),
    },
    "renewals": {
        "main": Shape(
            {"renewal": WHOLE},
            {"rate": rate_of("at_risk"), **numbers("at_risk", "survival")}
            | {"expected_survival": Value(interval=("expected_low", "expected_high"))}
            | {**bare("expected_rate"), **counts("at_risk", "renewed")},
            told=("part",),
            outside=("part", "forecast"),
        ),
        "parameters": Shape(
            {"parameter": TEXT}, {"value": Value(interval=LIMITS), **bare("standard_error")}
        ),
        "contracts": Shape(
            {},
            numbers("there", "expected_renewals_per_contract", "expected_renewals")
            | numbers("contracts", "expected_periods_new")
            | counts("contracts", "lost", "there"),
        ),
    },
}


def shape_of(command: str, table: str, params: Any) -> Shape:
    """Return what a table is made of, with these params."""
    shape = SHAPES[command][table]
    if command == "cohort":
        if params.brackets:
            shape = replace(shape, keys={"age": TEXT})
        if params.measure != "members":
            shape = _with(shape, numbers("size", "value_per_member", "value"))
    if command == "retention" and params.cohort is not None:
        shape = replace(shape, time="cohort")
    if (command, table) == ("churn", "main") and params.definition != "lifecycle":
        values = {"churn_rate": rate_of("present_start")}
        values |= numbers("present_start", "rate_average", "rate_exposure")
        shape = replace(shape, values=values | counts(*_PRESENT))
    return shape


def _with(shape: Shape, values: Mapping[str, Value]) -> Shape:
    return replace(shape, values={**shape.values, **values})
