"""Drawings of characters: exactly as they were looked at, and within their page whatever comes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import render_samples as samples
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len

from retainkit.render import RenderOptions
from retainkit.render.figures import Curve, Series, Spark, diverging_columns, sparklines, step_curve
from retainkit.render.figures.columns import _parts
from retainkit.render.html import draw as draw_html
from retainkit.render.markdown import draw as draw_markdown
from retainkit.render.terminal import draw as draw_terminal
from retainkit.render.view import Document, Figure

VALUES = st.none() | st.floats() | st.integers(-5, 10**18)
WIDTHS = st.integers(20, 120)


def drawn(text: str) -> tuple[str, ...]:
    return tuple(line[1:] for line in text.strip("\n").split("\n"))


def test_columns_stand_above_and_hang_below_one_line_on_one_scale() -> None:
    lines = diverging_columns(
        ["2024-01", "2024-02", "2024-03", "2024-04"],
        [Series("new", [40, 20, 30, 10]), Series("resurrected", [0, 10, 20, 1])],
        [Series("churned", [0, 30, 10, 20])],
        width=40,
        height=8,
        marked=[False, False, False, True],
    )
    expected = """
|50 │                  ▒▒▒▒▒▒▒
|   │███████           ▒▒▒▒▒▒▒
|   │███████  ▒▒▒▒▒▒▒  ███████
|   │███████  ███████  ███████  ▒▒▒▒▒▒▒
|   │███████  ███████  ███████  ███████
| 0 ┼────────────────────────────────────
|   │         ░░░░░░░  ░░░░░░░  ░░░░░░░
|   │         ░░░░░░░           ░░░░░░░
|30 │         ░░░░░░░
|   └┬────────┬────────┬────────*────────
|    2024-01  2024-02  2024-03  2024-04
|
|██ new (above)   ▒▒ resurrected (above)
|░░ churned (below)   * not over yet
"""
    assert lines == drawn(expected)


def test_the_last_periods_are_drawn_and_the_others_counted() -> None:
    labels = [f"{number:03}" for number in range(500)]
    ones = Series("new", [500 - number for number in range(500)])
    lines = diverging_columns(labels, [ones], [], width=60)
    assert lines[-1] == "██ new (above)   the last 52 of 500 periods"
    assert lines[-3].split()[0] == "448"
    assert max(map(len, lines)) <= 60


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [None, math.nan], [-3, -math.inf]])
def test_nothing_is_drawn_as_nothing(values: list[float | None]) -> None:
    labels = ["a", "b"][: len(values)]
    lines = diverging_columns(labels, [Series("new", values)], [Series("churned", values)])
    assert not set("".join(lines[:-1])) & set("█▒░")
    assert bool(lines) == bool(values)


@given(
    st.lists(st.tuples(st.text(max_size=9), VALUES, VALUES, VALUES), max_size=150),
    WIDTHS,
    st.integers(1, 30),
)
def test_columns_keep_their_page(
    rows: list[tuple[str, float | None, float | None, float | None]], width: int, height: int
) -> None:
    labels, new, back, gone = ([row[n] for row in rows] for n in range(4))
    above = [Series("new", new), Series("resurrected", back)]
    lines = diverging_columns(labels, above, [Series("churned", gone)], width, height)
    assert all(cell_len(line) <= width for line in lines)
    assert len(lines) <= max(height, 5) + 8


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=3), st.integers(1, 10**5))
def test_no_part_of_a_column_is_lost_and_its_height_is_that_of_the_sum(
    values: list[int], unit: int
) -> None:
    rows = _parts(values, unit)
    assert all((part > 0) == (value > 0) for part, value in zip(rows, values, strict=True))
    some = sum(value > 0 for value in values)
    assert sum(rows) == max(math.floor(sum(values) / unit + 0.5), some)


def test_one_curve_is_a_line_in_its_band() -> None:
    lines = step_curve(
        [
            Curve(
                "still there",
                [0, 1, 2, 4],
                [1, 0.5, 0.5, 0.2],
                [1, 0.4, 0.4, 0],
                [1, 0.6, 0.7, 0.4],
            )
        ],
        width=40,
        height=8,
    )
    expected = """
|100% ┤──────┐
|     │      │
| 75% ┤      │     ░░░░░░░░░░░░
|     │      │░░░░░░░░░░░░░░░░░
| 50% ┤      └─────────────────┐
|     │      ░░░░░░░░░░░░░░░░░░│░░░░░
| 25% ┤                        └─────
|     │                        ░░░░░░
|  0% ┤                        ░░░░░░
|     └┬─────┬─────┬─────┬─────┬─────
|      0     1     2     3     4
|
|── still there   ░░ its interval
"""
    assert lines == drawn(expected)


def test_several_curves_are_letters_that_take_turns_where_they_meet() -> None:
    curves = [
        Curve("one", [0, 1, 2], [1, 0.75, 0.5], [0.9, 0.7, 0.4], [1, 0.8, 0.6]),
        Curve("two", [0, 1], [1, 0.25]),
        Curve("三", [0, 1, 2], [1, 0.75, None]),
    ]
    expected = """
|100% ┤ABCABC
| 75% ┤      ACACAC
| 50% ┤            AAAAAA
| 25% ┤      BBBBBB
|  0% ┤
|     └┬─────┬─────┬─────
|      0     1     2
|
|A one   B two   C 三
"""
    assert step_curve(curves, width=40, height=4) == drawn(expected)


def test_a_curve_may_rise_and_have_a_gap() -> None:
    lines = step_curve([Curve("back", [0, 1, 2, 3], [0, 0.5, None, 0.75])], width=30, height=4)
    expected = """
|100% ┤
| 75% ┤                  ──────
| 50% ┤      ┌─────
| 25% ┤      │
|  0% ┤──────┘
|     └┬─────┬─────┬─────┬─────
|      0     1     2     3
|
|── back
"""
    assert lines == drawn(expected)


@given(
    st.lists(
        st.tuples(st.text(max_size=30), st.lists(VALUES, max_size=200), st.integers(0, 9)),
        max_size=8,
    ),
    WIDTHS,
    st.integers(1, 30),
)
def test_curves_keep_their_page(
    made: list[tuple[str, list[float | None], int]], width: int, height: int
) -> None:
    curves = [
        Curve(name, range(first, first + len(values)), values, values, values)
        for name, values, first in made
    ]
    lines = step_curve(curves, width, height)
    assert all(cell_len(line) <= width for line in lines)
    assert bool(lines) == any(values for _, values, _ in made)


def test_numbers_over_runs_are_lines_on_scales_of_their_own() -> None:
    lines = sparklines(
        [
            Spark("新会员", [10, 20, None, 40], "10", "40", [False, False, False, True]),
            Spark("Churn rate", [0.3, 0.3, 0.3, 0.3], "30.0%", "30.0%"),
        ],
        width=50,
    )
    expected = """
|新会员      ▁▁▁▁▃▃▃▃····████  10 → 40
|                        ↻
|Churn rate  ▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅  30.0% → 30.0%
|
|▁█ lowest, highest   · not known   ↻ restated
"""
    assert lines == drawn(expected)


def test_the_last_runs_are_drawn_and_the_others_counted() -> None:
    lines = sparklines([Spark("a", range(100), "0", "99", [True] + [False] * 99)], width=30)
    assert lines[0].startswith("a  ▁")
    assert lines[0].endswith("█  0 → 99")
    assert lines[2:] == ("▁█ lowest, highest", "the last 19 of 100 runs")


@given(st.lists(st.tuples(st.text(max_size=40), st.lists(VALUES, max_size=99)), max_size=5), WIDTHS)
def test_numbers_over_runs_keep_their_page(
    made: list[tuple[str, list[float | None]]], width: int
) -> None:
    sparks = [Spark(name, values, "0", "1", [True] * len(values)) for name, values in made]
    lines = sparklines(sparks, width)
    assert all(cell_len(line) <= width for line in lines)
    assert bool(lines) == any(values for _, values in made)


def test_a_figure_is_drawn_as_it_stands_and_cut_but_never_wrapped() -> None:
    lines = ("  ██ 中文  " + "x" * 90, "", "y")
    text = draw_terminal(Document("t", (Figure(lines, "caption"),)), RenderOptions(width=40))
    shown = text.split("\n")
    assert shown[2:6] == ["caption", "  ██ 中文  " + "x" * 29, "", "y"]


def test_backticks_do_not_end_a_figure_in_markdown() -> None:
    lines = ("```", "````` # no heading", "| a |")
    text = draw_markdown(Document("t", (Figure(lines, "c"),)), RenderOptions())
    (fence,) = [t for t in MarkdownIt("commonmark").parse(text) if t.type == "fence"]
    assert fence.content == "\n".join(lines) + "\n"


def test_a_figure_in_html_is_escaped_and_says_what_it_shows() -> None:
    figure = Figure(("  <b> & </pre>",), "a<b", 'what "it" shows')
    text = draw_html(Document("t", (figure,)), RenderOptions())
    assert "  &lt;b&gt; &amp; &lt;/pre&gt;\n</pre>" in text
    assert 'role="img" aria-label="what &#34;it&#34; shows"' in text


def test_a_figure_shows_no_control_characters() -> None:
    figure = replace(Figure(("a\x1b[31m\u202eb",)), caption="c\x07")
    assert figure.lines == ("a\ufffd[31m\ufffdb",)
    assert figure.caption == "c\ufffd"


def test_samples_have_figures() -> None:
    assert {"churn", "churn by segment"} <= set(samples.made())
