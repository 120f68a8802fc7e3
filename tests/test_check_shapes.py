"""What a check knows of the tables is what the metrics make."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from retainkit.checking.asked import request_of
from retainkit.checking.shapes import SHAPES, shape_of
from retainkit.demo.shop import open_shop
from retainkit.engine import Request, run
from retainkit.metrics.catalog import NAMES, listed
from retainkit.results import Result
from retainkit.sources import SourceOptions

STEPS = {"steps": "add_to_cart > checkout > pay"}
MODELS = {"parameters": [0.8, 6, 0.9, 2.5], "spend": [2, 4, 99]}
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("cohort", {}),
    ("cohort", {"measure": "amount"}),
    ("cohort", {"measure": "orders", "brackets": ["1-2", "3-6"]}),
    ("retention", {}),
    ("retention", {"cohort": "month"}),
    ("churn", {}),
    ("churn", {"definition": "leave", "paths": True}),
    ("churn", {"definition": "inactivity"}),
    ("funnel", STEPS),
    ("funnel", {**STEPS, "trend": "month", "dropoffs": True}),
    ("paths", {"from": "add_to_cart", "to": "pay"}),
    ("orders", {}),
    ("rfm", {"compare_to": "2024-06-01"}),
    ("renewals", {"holdout": 2}),
    ("ltv", {"horizon": "13w", "holdout": "8w", **MODELS}),
]
EACH = pytest.mark.parametrize(
    ("command", "params"), ASKED, ids=[f"{name} {' '.join(params)}" for name, params in ASKED]
)


@pytest.fixture(scope="module")
def shop() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return events and members of a small demo shop."""
    made = open_shop(800, 2024)
    return made.events, made.members


def made(shop: tuple[pl.DataFrame, pl.DataFrame], request: Request) -> Result:
    return run([request], [shop[0]], SourceOptions(members=shop[1]))[0]


def test_every_metric_and_table_has_a_shape() -> None:
    assert set(SHAPES) == set(NAMES)
    for name in NAMES:
        assert set(SHAPES[name]) == set(listed(name).metric.tables)


@EACH
@pytest.mark.parametrize("by", [(), ("client",)], ids=["", "by"])
def test_shapes_are_what_the_metrics_make(
    shop: tuple[pl.DataFrame, pl.DataFrame],
    command: str,
    params: dict[str, Any],
    by: tuple[str, ...],
) -> None:
    asked = {**params, "by": list(by)}
    if command == "churn" and by and "paths" in params:
        asked["paths"] = False
    request = request_of(command, asked)
    for name, table in made(shop, request).tables.items():
        shape = shape_of(command, name, request.params)
        own = [column for column in table.columns if column not in by]
        assert set(own) == shape.columns, name
        assert (own != table.columns) == (bool(by) and shape.by), name
        for value in shape.values:
            assert table.schema[value].is_numeric(), (name, value)
        for key, kind in shape.keys.items():
            assert (table.schema[key] == pl.String) == (kind.kind == "text"), (name, key)


@EACH
def test_a_row_is_one_cell_at_one_time(
    shop: tuple[pl.DataFrame, pl.DataFrame], command: str, params: dict[str, Any]
) -> None:
    request = request_of(command, {**params, "by": ["client"]} if command != "churn" else params)
    for name, table in made(shop, request).tables.items():
        shape = shape_of(command, name, request.params)
        keys = [*shape.keys, *([] if shape.time is None else [shape.time])]
        keys += [column for column in table.columns if column not in shape.columns]
        if table.height > 1:
            assert not table.select(keys).is_duplicated().any(), (name, keys)


@EACH
def test_a_share_with_wilsons_interval_is_one_of_what_it_says(
    shop: tuple[pl.DataFrame, pl.DataFrame], command: str, params: dict[str, Any]
) -> None:
    """The share times how many it is of is a whole number, for every share of every table."""
    request = request_of(command, params)
    for name, table in made(shop, request).tables.items():
        shape = shape_of(command, name, request.params)
        for value, number in shape.values.items():
            if number.part is not None:
                some = table.filter(pl.col(value) > 0)
                wholes = some.select(pl.col(number.part) / pl.col(value)).to_series()
                assert (wholes - wholes.round()).abs().sum() < 1e-6, (name, value)
            if not number.share or number.part is not None:
                continue
            of = pl.sum_horizontal(pl.col(each) for each in number.of)
            hits = table.filter(pl.col(value).is_not_null()).select(pl.col(value) * of).to_series()
            assert (hits - hits.round()).abs().sum() < 1e-6, (name, value)
