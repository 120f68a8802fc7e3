"""The view of paths: what is on the screen."""

from __future__ import annotations

import re

import paths_samples
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from screens import flat, row_of, shown, with_main, with_params, with_tables

import retainkit
from retainkit.render import RenderOptions, render_text
from retainkit.render.figures.stacks import Stack, divided, stacked
from retainkit.render.layout import broken
from retainkit.render.views.paths.matrix import named_events

ONE = paths_samples.paths()
SEVERAL = paths_samples.paths(["app", "web", None])


# --- on the screen ---


def test_it_says_who_begins_and_who_arrives() -> None:
    text = flat(ONE)
    assert "paths · from visit to pay within 30d" in text
    assert "900 of 900 members begin. Of 900 journeys 94 arrive: 10.4% (95% interval" in text
    assert "half of them within 35 min." in text


def test_without_an_end_nothing_is_said_of_arrivals() -> None:
    text = shown(paths_samples.on_and_on())
    assert "paths · from the first event on" in text
    assert "arrive" not in text
    assert "46 different paths" in text


def test_only_journeys_that_are_over_count() -> None:
    seven = ONE.table("summary").with_columns(open=pl.lit(7), journeys=pl.lit(893))
    made = with_tables(ONE, summary=seven)
    assert "900 of 900 members begin. Of 893 journeys whose window is over 94" in flat(made)


def test_members_of_the_paths_and_of_the_others_are_all() -> None:
    lines = shown(ONE).splitlines()
    begin = next(n for n, line in enumerate(lines) if line.lstrip().startswith("#"))
    numbers = [
        int(found[1].replace(",", ""))
        for line in lines[begin + 1 :]
        if (found := re.search(r"\s([\d,]+)\s+[█▏▎▍▌▋▊▉]*\s*[<>]?\d+\.\d%", line))
        and "│" not in line
    ][:21]
    assert sum(numbers) == 900


def test_a_long_path_goes_on_in_the_next_line() -> None:
    text = shown(ONE)
    assert re.search(r"7 {2}visit > view_item > add_to_cart .*\n +> checkout > pay\n", text)
    assert "visit > view_item > add_to_cart > checkout > pay" in render_text(ONE, "markdown")
    assert all(cell_len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("width", [30, 46, 60, 80, 120, 200])
def test_it_fits_any_width_without_colour(width: int) -> None:
    for made in (ONE, SEVERAL, paths_samples.hostile()):
        text = shown(made, width)
        assert all(cell_len(line) <= width for line in text.splitlines())
        assert "\x1b" not in text


def test_the_columns_of_the_matrix_add_up() -> None:
    rows = list(ONE.table("steps").iter_rows(named=True))
    events = named_events(rows, most=3)
    assert len(events) == 3 + 1 + 3
    for position in range(10):
        assert sum(of[position]["share"] for of in events.values() if position in of) == (
            pytest.approx(1)
        )
    text = shown(ONE)
    assert row_of(text, "(ended)")[1:4] == ["16.8%", "29.8%", "48.3%"]
    assert "position 9 does not fit in 80 columns" in text


def test_colour_is_only_one_of_the_ways_to_tell_cells_apart() -> None:
    coloured = render_text(ONE, "table", RenderOptions(width=80, color=True))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert plain.count("16.3%") == shown(ONE).count("16.3%")


def test_segments_stand_side_by_side_and_the_largest_in_full() -> None:
    text = shown(SEVERAL)
    assert "by channel" in text
    sizes = SEVERAL.table("summary").sort("journeys", descending=True)["channel"]
    assert [line for line in text.splitlines() if line.startswith("channel: ")] == [
        f"channel: {name or '(none)'}" for name in sizes
    ]
    assert "where they are" not in text
    four = paths_samples.paths(["a", "b", "c", "d"], people=200)
    assert "3 largest of 4 segments; all: --table main" in flat(four)


@pytest.mark.parametrize("name", ["rank", "members", "path", "position", "source", "open"])
def test_a_segment_may_be_called_like_a_column(name: str) -> None:
    events = paths_samples.events(["app", "web"], 40).rename({"channel": name})
    made = retainkit.paths(events, from_="visit", to="pay", by=name)
    assert "app" in shown(made)
    assert "<svg" in render_text(made, "html")
    assert render_text(made, "svg").startswith("<svg")


def test_one_segment_is_named() -> None:
    assert "channel: app" in shown(paths_samples.paths(["app"], people=50))


def test_nobody_is_said() -> None:
    assert "Nobody begins." in shown(paths_samples.empty_paths())
    made = paths_samples.paths(people=30, from_="nix")
    assert "Nobody begins." in shown(made)
    waits = paths_samples.paths(people=30, include_open=False, window="9000d")
    assert "No journey is over yet: 30 members begin." in shown(waits)


@pytest.mark.parametrize("name", ["visit > pay", "*", "^.*$", "a" * 300, "\x1b[31m\u202e"])
def test_any_path_can_be_shown(name: str) -> None:
    text = shown(with_main(ONE, path=pl.lit(name)))
    assert not set(text) & set("\x1b\u202e")
    assert shown(with_params(ONE, **{"from": name, "to": name}))


def test_of_a_very_long_path_the_ends_are_shown() -> None:
    words = [f"event_{n}" for n in range(40)]
    lines = broken(" > ".join(words), 36)
    assert len(lines) == 4
    assert lines[0].startswith("event_0 > event_1")
    assert lines[-1] == "  > (30 more) > event_39"
    assert sum(line.count("event_") for line in lines) + 30 == 40
    assert broken("a", 36) == ["a"]
    assert broken("a" * 50 + " > b", 36) == ["a" * 50, "  > b"]


# --- the figure ---


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12), st.integers(12, 100))
def test_a_bar_is_as_long_as_all_and_nothing_is_lost(parts: list[int], room: int) -> None:
    sizes = divided(parts, room)
    assert sum(sizes) == (room if any(parts) else 0)
    assert all((size > 0) == (part > 0) for part, size in zip(parts, sizes, strict=True))
    if any(parts) and min(parts) * room >= sum(parts):
        assert all(
            abs(part * room / sum(parts) - size) <= 1
            for part, size in zip(parts, sizes, strict=True)
        )


def test_stacks_are_drawn_as_they_were_looked_at() -> None:
    stacks = [Stack("A", "visit", [10, 3, 0]), Stack("+", "arrived", [0, 4, 5])]
    lines = stacked(["0", "1", "12"], [*stacks, Stack("·", "ended", [0, 3, 5])], 14)
    assert lines == (
        " 0 │AAAAAAAAAA",
        " 1 │AAA++++···",
        "12 │+++++·····",
        "",
        "A visit",
        "+ arrived",
        "· ended",
    )
    assert stacked([], [], 40) == ()
