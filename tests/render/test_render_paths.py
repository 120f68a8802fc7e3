"""The view of paths: what is on the screen, and the pictures inside its page."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import paths_samples
import polars as pl
import pytest
import render_samples as samples
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from screens import flat, row_of, shown, with_main, with_params, with_tables

import retainkit
from retainkit.render import RenderOptions, render_text, to_html
from retainkit.render.charts import inline
from retainkit.render.charts.sankey import MOST_POSITIONS, OTHER, laid_out
from retainkit.render.figures.stacks import Stack, divided, stacked
from retainkit.render.layout import broken
from retainkit.render.view import Chart
from retainkit.render.views import document_of
from retainkit.render.views.paths.matrix import named_events
from retainkit.results import Result

ONE = paths_samples.paths()
SEVERAL = paths_samples.paths(["app", "web", None])
HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "]]></svg>", "&lt;b&gt;")
SHAPES = {"svg", "g", "path", "rect", "line", "text", "title"}


def hostile() -> Result:
    names = (*HOSTILE, *samples.HOSTILE[:6])
    made = paths_samples.paths(people=200)
    known = sorted({name for name in made.table("steps")["event"] if name[0] != "("} - {"…"})
    new = dict(zip(known, names, strict=False))
    frames = {
        name: table.with_columns(pl.col(pl.String).replace(new))
        for name, table in made.tables.items()
    }
    params = {**made.params, "from": HOSTILE[0], "to": HOSTILE[1]}
    return replace(made, tables=frames, definition=HOSTILE[0], params=params)


class Reader(HTMLParser):
    """What a browser would make of a page: elements, their attributes, texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, set[str]] = {}
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


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
    for made in (ONE, SEVERAL, hostile()):
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


# --- the flow ---


@pytest.mark.parametrize("made", [ONE, paths_samples.on_and_on()])
def test_bands_leave_and_come_in_as_wide_as_their_nodes(made: Result) -> None:
    rows = list(made.table("links").iter_rows(named=True))
    nodes, bands = laid_out(rows)
    total = sum(row["members"] for row in rows if row["position"] == 0)
    assert sum(node.members for node in nodes if node.position == 0) == total
    scale = {round((n.bottom - n.top) / n.members, 12) for n in nodes}
    assert len(scale) == 1
    for node in nodes:
        assert -1e-9 <= node.top < node.bottom <= 1 + 1e-9
        into = [band for band in bands if band.target == node]
        out = [band for band in bands if band.source == node]
        if node.position:
            assert sum(band.members for band in into) == node.members
            assert sum(b.width for b in into) == pytest.approx(node.bottom - node.top)
            assert min(b.enters for b in into) == pytest.approx(node.top)
        assert sum(band.members for band in out) <= node.members
        assert all(b.leaves + b.width <= node.bottom + 1e-9 for b in out)
    for position in {node.position for node in nodes}:
        column = sorted((n for n in nodes if n.position == position), key=lambda n: n.top)
        assert all(a.bottom < b.top for a, b in pairwise(column))


def test_small_flows_are_drawn_together() -> None:
    nodes, _ = laid_out(ONE.table("links").iter_rows(named=True))
    assert any(node.name == OTHER for node in nodes)
    assert max(len([n for n in nodes if n.position == p]) for p in range(10)) <= 7 + 3
    deep = paths_samples.paths(people=200, depth=20)
    nodes, _ = laid_out(deep.table("links").iter_rows(named=True))
    assert max(node.position for node in nodes) == MOST_POSITIONS - 1


def test_no_links_are_no_nodes() -> None:
    assert laid_out([]) == ([], [])


# --- inside a page ---


def test_a_page_holds_its_pictures() -> None:
    page = render_text(ONE, "html")
    read = Reader(page)
    assert read.tags.count("svg") == 2
    assert "from event to event" in read.texts
    assert "Who arrived is drawn up to the event of the arrival." in read.texts
    assert "http:" not in page
    assert "https:" not in page
    assert "<pre" not in page
    assert to_html(ONE).count("<svg") == 2


def test_without_the_extra_a_page_holds_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retainkit.render.charts.convert.find_spec", lambda _: None)
    page = render_text(ONE, "html")
    assert "<svg" not in page
    assert "shares by position" in page
    assert "<pre role=" in page
    assert ".picture" not in page


def test_names_are_inert_in_the_pictures_of_a_page() -> None:
    page = render_text(hostile(), "html")
    read = Reader(page)
    pictures = page[page.index("<svg") : page.rindex("</svg>")]
    assert set(Reader(pictures).tags) <= SHAPES | {"div", "h3"}
    assert not {"script", "img", "a", "image", "foreignobject"} & set(read.tags)
    assert not any(name.startswith("on") for name in read.attributes)
    assert not {"href", "xlink:href", "src"} & set(read.attributes)
    for name in HOSTILE[:2]:
        assert any(name in text for text in read.texts)


def test_whatever_draws_a_picture_only_shapes_get_through(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = (
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        b'<script>alert(1)</script><a xlink:href="javascript:alert(1)"><text>x</text></a>'
        b'<defs><clipPath id="c0"><rect/></clipPath></defs><style>*{}</style>'
        b'<g onclick="alert(1)" style="x" clip-path="url(#c0)"><image href="http://x"/>'
        b'<text id="t">a &lt;b&gt; &amp;</text></g></svg>'
    )
    monkeypatch.setattr(inline, "converted", lambda *_: drawn)
    svg, _ = inline.inline_svg(replace(ONE, tables={"links": ONE.table("links")}))
    assert svg == (
        '<svg><defs><clipPath id="paths-links-c0"><rect></rect></clipPath></defs>'
        '<g clip-path="url(#paths-links-c0)">'
        '<text id="paths-links-t">a &lt;b&gt; &amp;</text></g></svg>'
    )


def test_charts_are_for_formats_that_hold_pictures() -> None:
    document = document_of(ONE)
    charts = [block for block in document.blocks if isinstance(block, Chart)]
    assert [next(iter(chart.result.tables)) for chart in charts] == ["links", "steps"]
    for format_name in ("table", "markdown"):
        assert "shares by position" in render_text(ONE, format_name)


def test_other_pages_are_without_pictures() -> None:
    page = render_text(samples.plain_cohort(), "html")
    assert "<svg" not in page
    assert ".picture" not in page
