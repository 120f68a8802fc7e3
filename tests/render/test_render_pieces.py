"""What renderers give a page that is put together from several documents."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import funnel_samples
import pytest
import render_samples as samples

from retainkit.render.charts.inline import inline_svg
from retainkit.render.heat import PALE, RAMP, step_of
from retainkit.render.markdown import block
from retainkit.render.pictures import illustrated
from retainkit.render.view import Cell, Chart, Column, Document, Grid, Lines, Picture
from retainkit.render.views import document_of
from retainkit.results import Result


def grids(result: Result) -> list[Grid]:
    return [block for block in document_of(result).blocks if isinstance(block, Grid)]


def test_a_cell_knows_what_it_leaves_out() -> None:
    (grid,) = grids(samples.retention(["a", "b"]))
    names = [(row[0].text, row[0].repeats) for row in grid.rows]
    assert names[:3] == [("a", ""), ("", "a"), ("", "a")]
    assert {text or repeats for text, repeats in names} == {"a", "b"}
    days = [row[1].text or row[1].repeats for row in grid.rows]
    assert days[:6] == ["D1"] * 3 + ["D7"] * 3


def test_what_is_left_out_is_cleaned_too() -> None:
    assert Cell(repeats="a\x1b\u202eb").repeats == "a\ufffd\ufffdb"


def test_a_funnel_says_that_its_rows_stay_in_their_order() -> None:
    assert grids(funnel_samples.funnel())[0].ordered
    assert not any(grid.ordered for grid in grids(samples.segment_cohort(["a", "b"])))


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("ramp", [PALE, [(shade.background, shade.ink) for shade in RAMP]])
def test_ink_is_legible_on_every_step_of_a_ramp(ramp: list[tuple[str, str]]) -> None:
    for background, ink in ramp:
        low, high = sorted(map(luminance, (background, ink)))
        assert (high + 0.05) / (low + 0.05) > 4.3


def test_the_pale_ramp_darkens_step_by_step() -> None:
    lights = [luminance(background) for background, _ in PALE]
    assert lights == sorted(lights, reverse=True)
    assert len(PALE) == len(RAMP)
    assert [step_of(heat) for heat in (-1, 0, 0.5, 1, 2)] == [0, 0, 8, 15, 15]


def test_a_caption_is_a_heading_of_the_level_that_is_asked_for() -> None:
    grid = Grid((Column("a"),), ((Cell("1"),),), caption="b*")
    assert block(grid, 2) == "## b\\*\n\n| a |\n| :-- |\n| 1 |"
    assert block(Lines(("x",), caption="c")) == "#### c\n\nx"


def triangle() -> Result:
    made = samples.plain_cohort()
    return replace(made, tables={"main": made.main})


def test_ids_of_pictures_are_set_apart_by_a_name() -> None:
    chart = Chart(triangle(), "c")
    told = illustrated(Document("t", (chart,)), "part")
    (picture,) = told.blocks
    assert isinstance(picture, Picture)
    assert 'id="part-main-' in picture.svg
    assert 'id="cohort-main-' in inline_svg(triangle()).svg


def test_a_mark_shows_its_numbers_and_an_axis_does_not() -> None:
    root = ElementTree.fromstring(inline_svg(samples.retention()).svg)
    labelled = [each for each in root.iter() if each.get("aria-label")]
    shown = {
        each.get("aria-roledescription") for each in labelled if each.find("title") is not None
    }
    assert shown == {"point"}
    for each in labelled:
        title = each.find("title")
        assert title is None or title.text == each.get("aria-label")
