"""Under the funnel: what changed it, its trend, and where those went who dropped out."""

from __future__ import annotations

import funnel_samples
import polars as pl
import pytest
from screens import row_of, shown, with_tables

ONE = funnel_samples.funnel()
BARE = funnel_samples.funnel(more=False)
CHANGES = {
    "change": "before and after",
    "trend": "by the month",
    "dropoffs": "what those did next",
}


@pytest.mark.parametrize("table", CHANGES)
def test_tables_without_rows_are_not_drawn(table: str) -> None:
    assert CHANGES[table] in shown(ONE)
    without = shown(with_tables(ONE, **{table: ONE.tables[table].clear()}))
    assert CHANGES[table] not in without
    assert f" {table} (" not in without


def test_changes_add_up_in_points() -> None:
    lines = shown(ONE).splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("before and after"))
    rows = [line.split() for line in lines[start + 2 : start + 6]]
    points = [float(row[row.index("→") - 3]) for row in rows]
    total = float(row_of("\n".join(lines), "to the end")[5])
    assert sum(points) == pytest.approx(total, abs=0.2)


def test_changes_of_what_nobody_reached_are_dashes() -> None:
    last = pl.col("step") == 5
    change = ONE.tables["change"].with_columns(
        coefficient_after=pl.when(pl.col("step") == 4).then(0.0).when(~last).then(0.5),
        contribution=pl.when(last).then(0.0).otherwise("contribution"),
    )
    text = shown(with_tables(BARE, change=change))
    grid = text[text.index("before and after") :]
    assert row_of(grid, "5 review")[2:7] == ["×", "18.5%", "×", "–", "0"]
    assert row_of(grid, "to the end")[4] == "0%"
    unknown = change.with_columns(contribution=pl.lit(None, pl.Float64))
    assert "\nto the end" not in shown(with_tables(BARE, change=unknown))


def test_the_trend_is_of_the_last_periods_and_marks_what_is_not_over() -> None:
    text = shown(ONE)
    assert len([line for line in text.splitlines() if line.startswith("202")]) == 12
    assert row_of(text, "2025-03")[0] == "2025-03*"
    assert "* not over yet" in text
    complete = ONE.tables["trend"].with_columns(complete=True)
    assert "not over yet\n" not in shown(with_tables(ONE, trend=complete))


def test_dropoffs_are_the_three_commonest_of_each_step() -> None:
    turned = ONE.tables["dropoffs"].reverse().sort("step", maintain_order=True)
    text = shown(with_tables(ONE, dropoffs=turned))
    block = text[text.index("what those did next") : text.index("(none): nothing")].splitlines()
    assert len(block) == 2 + 3 * 4 + 1
    assert [line.split()[-4:-1] for line in block[3:5]] == [
        ["visit", "2,889", "30.0%"],
        ["(none)", "964", "10.0%"],
    ]
    assert block[2].split()[:5] == ["1", "visit", "search", "4,816", "50.0%"]
