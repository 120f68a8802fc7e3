"""The view of orders: what is on the screen, what is left out, and what it says of nobody."""

from __future__ import annotations

import orders_samples
import polars as pl
import pytest
from screens import flat, shown, with_tables

ONE = orders_samples.orders()


def test_everything_fits_80_columns_and_the_golden_windows_are_marked() -> None:
    text = shown(ONE)
    assert max(map(len, text.splitlines())) <= 80
    marked = [line.split()[:2] for line in text.splitlines() if line.startswith(" ◆")]
    assert marked == [["◆", "3"], ["◆", "7"]]


def test_the_audit_is_said_in_the_words_of_its_table() -> None:
    first, second = ONE.tables["audit"].iter_rows(named=True)
    text = flat(ONE)
    for row, kind in ((first, "first orders"), (second, "second orders")):
        share = f"{row['golden_share']:.1%}"
        assert f"{row['golden_days']} days hold {share} of the {kind}" in text
        assert f"flat from day {row['flat_day']} on" in text


def test_the_last_change_is_told_by_its_factors() -> None:
    told = ONE.tables["value"].drop_nulls("change").tail(1)
    assert f"Sales of {told['period'][0]:%Y-%m} against the month before" in flat(ONE)


def test_where_all_start_with_an_order_first_orders_are_not_told() -> None:
    first = pl.col("kind") == "first_order"
    hazard = ONE.tables["hazard"].with_columns(
        cumulative=pl.when(first).then(1.0).otherwise("cumulative")
    )
    text = flat(with_tables(ONE, hazard=hazard))
    assert "every member starts with one" in text
    assert "first order since joining" not in text
    assert "3 days hold" not in text


def test_segments_have_the_windows_side_by_side() -> None:
    text = shown(orders_samples.orders(["app", "web"]))
    assert "do the rules of thumb fit?" in text
    assert text.count("first orders") == text.count("second orders") == 2
    assert "ladder, of all time" not in text


def test_costs_show_profit_and_payback(tmp_path: pytest.TempPathFactory) -> None:
    path = tmp_path / "costs.csv"  # type: ignore[operator]
    path.write_text("period,cost\n2024-01,100\n2024-02,1e9\n", encoding="utf-8")
    text = shown(orders_samples.orders(costs=str(path), margin=0.5))
    assert "profit" in text
    joined = text[text.index("when members have paid") :].splitlines()[2:4]
    assert [line.split()[0] for line in joined] == ["2024-01", "2024-02"]
    assert joined[0].split()[-1] == "0"
    assert joined[1].endswith("not yet")


def test_nobody_ordered_is_one_line() -> None:
    text = shown(orders_samples.nobody())
    assert "Nobody ordered in this data." in text
    assert "days" not in text.split("definition")[0]
