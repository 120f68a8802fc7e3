"""The view of churn: what is on the screen, and what of it is named and not shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import churn_samples
import polars as pl
import pytest
import render_samples as samples

from retainkit.render import RenderOptions, render_text
from retainkit.results import Result

ONE = churn_samples.churn()


def shown(result: Result, width: int = 80) -> str:
    return render_text(result, "table", RenderOptions(width=width))


def with_tables(result: Result, **tables: pl.DataFrame) -> Result:
    return replace(result, tables={**result.tables, **tables})


def row_of(text: str, start: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(start)).split()


def test_lifecycle_fits_80_columns_with_its_figures() -> None:
    text = shown(ONE)
    assert "do not fit" not in text
    assert "does not fit" not in text
    header = row_of(text, "month ")
    assert header[:5] == ["month", "active", "new", "resurrected", "churned"]
    assert header[-1] == "quick"
    assert "██ new (above)   ▒▒ resurrected (above)   ░░ churned (below)" in text
    assert "── not churned yet   ░░ its interval" in text


def test_what_is_not_over_is_marked_once_in_each_format() -> None:
    assert row_of(shown(ONE), "2025-06")[0] == "2025-06*"
    assert row_of(shown(ONE), "2025-05")[0] == "2025-05"
    assert "* not over yet" in shown(ONE)
    assert "| 2025-06\\* | 351 |" in render_text(ONE, "markdown")
    assert ">2025-06*</td>" in render_text(ONE, "html")
    complete = with_tables(ONE, main=ONE.main.with_columns(complete=True))
    assert "not over yet" not in shown(complete)


def test_presence_has_start_and_end_and_three_rates() -> None:
    text = shown(churn_samples.churn(definition="leave"))
    assert row_of(text, "month ")[:5] == ["month", "start", "joined", "churned", "end"]
    assert {"average", "exposure"} <= set(row_of(text, "month "))
    assert "██ joined (above)   ░░ churned (below)" in text


def test_more_periods_than_a_screen_are_counted() -> None:
    days = [date(2000 + n // 12, n % 12 + 1, 1) for n in range(100)]
    main = pl.concat([ONE.main] * 6).head(100).with_columns(period=pl.Series(days))
    text = shown(with_tables(ONE, main=main))
    assert "Shown are the last 24 of 100 months; all: --table main." in text
    assert "the last 72 of 100 periods" in text
    assert len([line for line in text.splitlines() if line.startswith("200")]) == 24


def test_segments_share_one_grid_and_have_no_columns_figure() -> None:
    text = shown(churn_samples.churn(["b", "a", None], people=200), 100)
    for name in ("b ", "a ", "(none) "):
        assert sum(line.startswith(name) for line in text.splitlines()[:30]) == 1
    assert "Shown are the last 8 of 18 months of each segment; all: --table main." in text
    assert "█ new" not in text
    assert "A b   B a   C (none)" in text
    assert "Do the 3 segments churn alike? log-rank 31.8 at 5 degrees of freedom, p < 0.001" in text


def test_many_segments_are_the_largest_ones_and_the_rest_is_counted() -> None:
    text = shown(churn_samples.churn([f"s{n}" for n in range(15)], people=90), 100)
    assert "Shown are the 8 largest of 15 segments; all: --table main." in text
    assert "Shown are the 12 largest of 15 segments; all: --table survival." in text
    assert "by age in months, the 6 largest segments" in text
    assert len(text.splitlines()) < 140


def test_one_segment_has_the_figure_and_its_name() -> None:
    text = shown(churn_samples.churn(["only"], people=200), 100)
    assert "██ new (above)" in text
    assert row_of(text, "only")[1] == "2024-01"


@pytest.mark.parametrize(
    ("median", "low", "high", "said"),
    [
        (4, 3, 5, "Half are gone by age 4 months (95% interval 3–5), of 817 members."),
        (1, 1, None, "Half are gone by age 1 month (95% interval 1 or later), of 817 members."),
        (None, 9, None, "At no age seen so far half are gone: of 817 members, 707 have churned."),
    ],
)
def test_the_median_is_a_sentence(median: int, low: int, high: int, said: str) -> None:
    row = {"members": 817, "churned": 707, "censored": 110, "median": median}
    row |= {"median_low": low, "median_high": high, "expected": None}
    assert said in shown(with_tables(ONE, survival=pl.DataFrame([row])))


def test_reasons_are_summed_by_category_with_the_commonest_first() -> None:
    text = shown(ONE)
    grid = text[text.index("reasons of their last churn") :].splitlines()[2:6]
    assert [line.split()[0] for line in grid] == ["product", "unknown", "moved", "price"]


@pytest.mark.parametrize("table", ["timing", "survival", "reasons", "winback", "paths"])
def test_tables_without_rows_are_not_drawn(table: str) -> None:
    words = {"timing": "by age in months", "survival": "how long members stay", "paths": "lift"}
    words |= {"reasons": "reasons of their", "winback": "coming back"}
    assert words[table] in shown(ONE)
    without = shown(with_tables(ONE, **{table: ONE.tables[table].clear()}))
    assert words[table] not in without
    assert f" {table} (" not in without


def test_unknown_numbers_are_dashes() -> None:
    paths = ONE.tables["paths"].with_columns(lift=None, ci_low=None, ci_high=None)
    text = shown(with_tables(ONE, paths=paths))
    assert row_of(text, "open_app")[-2:] == ["–", "–"]
    assert row_of(text, "2024-01")[-3:] == ["–", "–", "–"]


def test_a_churn_of_nobody_says_so() -> None:
    text = shown(churn_samples.empty_churn())
    assert "Nobody was active in this data." in text
    assert "definition" in text


def test_names_that_polars_takes_for_patterns_are_names() -> None:
    made = churn_samples.churn(samples.HOSTILE[:2], people=100)
    tables = {
        name: frame.rename({"channel": "*"}) if "channel" in frame.columns else frame
        for name, frame in made.tables.items()
    }
    assert "私域社群" in shown(replace(made, tables=tables))
