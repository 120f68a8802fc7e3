"""What gives way on a narrow page, and how a name is drawn that could be mistaken."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html import unescape

import polars as pl
import pytest
import render_samples as samples
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from retainkit.render import RenderOptions, render_text
from retainkit.render.layout import lay_out, levelled
from retainkit.render.view import Grid
from retainkit.render.views import document_of
from retainkit.results import Result

MADE = samples.made()
WIDTHS = st.lists(st.integers(0, 40), max_size=6)


def grids_of(result: Result) -> list[Grid]:
    return [block for block in document_of(result).blocks if isinstance(block, Grid)]


def shown(result: Result, width: int = 80, *, color: bool = False) -> str:
    return render_text(result, "table", RenderOptions(width=width, color=color))


def lines_of(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


@pytest.mark.parametrize("case", MADE)
def test_numbers_are_drawn_whole_or_their_column_is_named(case: str) -> None:
    grids = grids_of(MADE[case])
    for width in range(40, 121):
        for grid, layout in zip(grids, lay_out(grids, width), strict=True):
            assert layout.width <= width
            assert len(layout.placed) + len(layout.left_out) == len(grid.columns)
            for placed in layout.placed:
                cells = [row[placed.position].text for row in (*grid.rows, *grid.summary)]
                whole = placed.column.align == "right" or placed.column.whole
                assert not whole or placed.width >= max(map(cell_len, cells))


def test_retention_leaves_out_the_bar_then_the_interval_then_how_many_are_mature() -> None:
    made = samples.retention(["one", "a segment with a longer name"])
    (grid,) = grids_of(made)
    left_out = {lay_out([grid], width)[0].left_out for width in range(40, 121)}
    all_three = ("mature", "95% interval", "bar")
    assert left_out == {(), all_three[2:], all_three[1:], all_three}
    text = shown(made, 40)
    assert "columns mature, 95% interval, bar do not" in text
    assert lines_of(text, "one ")[0].split() == ["one", "D1", "on", "19.7%"]


def test_names_give_way_before_dates_and_numbers_on_the_narrowest_page() -> None:
    main = samples.retention(["one", "a segment with a longer name"]).main
    by = [pl.col("channel").alias(name) for name in ("country", "plan")]
    main = main.select(*by, pl.lit(date(2024, 2, 29)).alias("cohort"), pl.exclude("channel"))
    made = replace(samples.retention(), tables={"main": main})
    text = shown(made, 46)
    assert max(map(cell_len, text.splitlines())) <= 46
    assert lines_of(text, "one ")[0].split() == ["one", "one", "2024-02-29", "D1", "on", "19.7%"]


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
@pytest.mark.parametrize("make", [samples.segment_cohort, samples.retention])
def test_null_is_not_drawn_like_a_text_that_says_so(
    make: Callable[[list[str | None]], Result], format_name: str
) -> None:
    text = unescape(render_text(make([None, "(none)", "(empty)"]), format_name))
    plain = text.replace("\\", "")
    assert re.search(r'(?<!")\(none\)(?!")', plain)
    assert '"(none)"' in plain
    assert '"(empty)"' in plain


def test_retention_writes_a_segment_again_that_only_looks_like_the_one_above() -> None:
    text = shown(samples.retention(["a\u200b", "a\u200c"]))
    assert len(lines_of(text, "a\ufffd")) == 2


@given(WIDTHS, st.integers(-5, 200), st.sampled_from([3, 12]))
def test_columns_give_way_one_by_one_the_widest_first(
    widths: list[int], over: int, least: int
) -> None:
    slow = list(widths)
    for _ in range(over):
        if max(slow, default=0) > least:
            slow[slow.index(max(slow))] -= 1
    assert levelled(widths, over, least) == slow
