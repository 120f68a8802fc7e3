from __future__ import annotations

import re
from dataclasses import replace
from io import StringIO

import polars as pl
import pytest
import render_samples as samples
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from retainkit.render import RenderOptions, render_text, to_rich
from retainkit.render.heat import RAMP, shade
from retainkit.results import Result

ANSI = re.compile(r"\x1b\[[0-9;]*m")
MADE = samples.made()


def shown(result: Result, width: int = 80, *, color: bool = False) -> str:
    return render_text(result, "table", RenderOptions(width=width, color=color))


def lines_of(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


@pytest.mark.parametrize("width", [40, 80, 100, 120, 200])
@pytest.mark.parametrize("case", MADE)
def test_no_line_is_wider_than_the_page(case: str, width: int) -> None:
    assert max(map(cell_len, shown(MADE[case], width).splitlines())) <= width


@pytest.mark.parametrize("case", MADE)
def test_colour_changes_no_character(case: str) -> None:
    coloured = ANSI.sub("", shown(MADE[case], 100, color=True))
    plain = [line.rstrip() for line in shown(MADE[case], 100).splitlines()]
    # The colour scale stands only where there are colours.
    kept = [ln.rstrip() for ln in coloured.splitlines() if not ln.endswith("and more")]
    assert kept == plain


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=3, unique=True))
def test_names_of_any_kind_keep_the_page_and_hold_no_controls(names: list[str]) -> None:
    text = shown(samples.segment_cohort(names), 80)
    assert max(map(cell_len, text.splitlines())) <= 80
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", text)


def test_double_width_names_keep_the_columns_aligned() -> None:
    text = shown(samples.segment_cohort(["私域社群", "abcdefghij", None]))
    rows = [
        *lines_of(text, "私域社群  "),
        *lines_of(text, "abcdefghij  "),
        *lines_of(text, "(none)  "),
    ]
    ends = [cell_len(row[: row.index("100%")]) for row in rows]
    assert len(ends) == 3
    assert len(set(ends)) == 1


def test_ages_that_do_not_fit_are_named() -> None:
    assert (
        "ages 9–12 do not fit in 80 columns: widen, pick with --horizon, or write -f csv"
        in shown(samples.plain_cohort(), 80).splitlines()
    )
    assert "do not fit" not in shown(samples.plain_cohort(), 120)


def test_drawn_and_named_ages_are_all_the_ages() -> None:
    for width in range(40, 121, 7):
        text = shown(samples.plain_cohort(), width)
        drawn = lines_of(text, "cohort  ")[0].split()[2:]
        named = re.search(r"ages? ([\d–, ]+) do(?:es)? not\s", text)
        first = int(re.split("[–,]", named[1])[0]) if named else 13
        assert drawn == [str(age) for age in range(first)]


def test_alike_grids_draw_the_same_ages_and_name_the_others_once() -> None:
    rows = [
        {"channel": name, **row}
        for seed, name in enumerate(["a", "a name of forty characters, more or less"])
        for row in samples.triangle(samples.months(13), seed=seed)
    ]
    text = shown(samples.result(pl.DataFrame(rows), ["channel"]))
    headers = [line.split("size")[1].split() for line in text.splitlines() if " size " in line]
    assert len(headers) == 3
    assert headers[0] == headers[1] == headers[2]
    assert text.count("do not fit") == 1


def test_every_cohort_is_drawn_however_many() -> None:
    assert len(lines_of(shown(samples.weekly_cohort()), "202")) == 70


def test_incomplete_cells_are_marked_and_cells_not_begun_are_empty() -> None:
    text = shown(samples.plain_cohort(), 120)
    assert lines_of(text, "2010-12 ")[0].split()[-1].endswith("%*")
    assert lines_of(text, "2011-12 ")[0].split() == ["2011-12", "190", "100%*"]
    assert "* not over yet, kept out of the pooled mean" in text
    assert "*" not in lines_of(text, "pooled mean")[0]


def test_complete_triangles_have_no_mark_and_no_legend_of_it() -> None:
    made = samples.plain_cohort()
    main = made.main.with_columns(complete=True)
    assert "*" not in shown(replace(made, tables={**made.tables, "main": main}))


def test_within_has_no_age_0() -> None:
    made = samples.plain_cohort()
    text = shown(replace(made, params={**made.params, "mode": "within"}))
    assert lines_of(text, "cohort  ")[0].split()[:3] == ["cohort", "size", "1"]
    assert lines_of(text, "2011-12")[0].split() == ["2011-12", "190"]


def test_rates_near_the_ends_are_not_rounded_onto_them() -> None:
    made = samples.plain_cohort()
    rate = pl.when(pl.col("age") == 1).then(1e-5).when(pl.col("age") == 2).then(0.0)
    main = made.main.with_columns(
        rate=rate.when(pl.col("age") == 3).then(0.99999).otherwise("rate")
    )
    row = lines_of(shown(replace(made, tables={"main": main})), "2010-12 ")[0].split()
    assert row[2:6] == ["100%", "<0.1%", "0%", ">99.9%"]


def test_segments_are_compared_then_drawn_largest_first() -> None:
    text = shown(samples.segment_cohort())
    assert text.index("pooled mean by channel") < text.index("channel: =1+1")
    assert text.count("channel: ") == len(samples.HOSTILE)
    assert "channel: (none)" in text
    assert text.index("channel: =1+1") < text.index("channel: 私域社群")


def test_segments_not_drawn_are_named() -> None:
    text = " ".join(shown(samples.segment_cohort([f"s{n:02}" for n in range(40)]), 100).split())
    assert "Drawn are the 8 largest segments. Not drawn, in -f csv: channel: s" in text
    assert "and 20 more, all compared above" in text
    assert all(f"s{n:02} " in text for n in range(40))


def test_amounts_are_per_member_and_say_so() -> None:
    text = shown(samples.amount_cohort())
    assert text.startswith("cohort · amount per member at each age")
    assert "values are amount per member of the cohort" in text
    assert "1,558" in text


def test_retention_by_cohort_writes_each_cohort_once() -> None:
    made = samples.retention()
    cohorts = [made.main.with_columns(cohort=pl.lit(day)) for day in samples.months(2)]
    main = pl.concat(cohorts).select("cohort", pl.exclude("cohort"))
    params = {**made.params, "cohort": "month"}
    text = shown(replace(made, tables={"main": main}, params=params))
    assert len(lines_of(text, "2010-12")) == len(lines_of(text, "2011-01")) == 1


def test_retention_that_nobody_has_lived_through_is_unknown_not_zero() -> None:
    row = next(line for line in shown(samples.retention()).splitlines() if line.startswith("D90"))
    assert row.split() == ["D90", "on", "0", "–", "–"]


@pytest.mark.parametrize("made", [samples.empty_cohort(), samples.timed()])
def test_results_without_rows_still_tell_their_definition(made: Result) -> None:
    empty = replace(made, tables={name: frame.clear() for name, frame in made.tables.items()})
    assert "definition" in shown(empty)


def test_one_table_can_be_drawn_as_it_stands() -> None:
    text = render_text(samples.plain_cohort(), "table", table="pooled")
    assert text.startswith("cohort · pooled\n")
    assert "ci_low" in text


@pytest.mark.parametrize("system", ["standard", "256", "truecolor"])
@pytest.mark.parametrize("no_color", [True, False])
def test_heat_is_drawn_where_there_are_colours_for_it(system: str, no_color: bool) -> None:
    console = Console(
        file=StringIO(),
        width=80,
        height=25,
        force_terminal=True,
        color_system=system,
        no_color=no_color,
    )
    console.print(to_rich(samples.plain_cohort()))
    text = console.file.getvalue()
    assert bool(re.search(r"\x1b\[[0-9;]*48;", text)) == (system != "standard" and not no_color)


def test_a_width_narrower_than_the_console_is_kept() -> None:
    console = Console(file=StringIO(), width=120, height=25, force_terminal=False)
    console.print(to_rich(samples.plain_cohort(), 60))
    assert max(map(cell_len, console.file.getvalue().splitlines())) <= 60


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_the_ramp_rises_and_is_legible() -> None:
    levels = [luminance(step.background) for step in RAMP]
    assert levels == sorted(levels)
    for step, level in zip(RAMP, levels, strict=True):
        low, high = sorted([level, luminance(step.ink)])
        assert (high + 0.05) / (low + 0.05) > 4.3
    assert (shade(-1), shade(2)) == (RAMP[0], RAMP[-1])
