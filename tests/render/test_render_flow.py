"""The flow of paths: its geometry, and pictures inside a page."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import paths_samples
import pytest
import render_samples as samples
from paths_samples import HOSTILE, hostile

from retainkit.render import render_text, to_html
from retainkit.render.charts import inline
from retainkit.render.charts.sankey import MOST_POSITIONS, OTHER, laid_out
from retainkit.render.view import Chart
from retainkit.render.views import document_of
from retainkit.results import Result

ONE = paths_samples.paths()
SHAPES = {"svg", "g", "path", "rect", "line", "text", "title"}


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
    svg = inline.inline_svg(replace(ONE, tables={"links": ONE.table("links")})).svg
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
