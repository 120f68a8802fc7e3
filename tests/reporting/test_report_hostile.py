"""Whatever the data hold, they stay data: in the page, in Markdown, JSON and names of files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from browser import Browser
from hostile import TEXTS, WORD, filled, marked
from markdown_it import MarkdownIt
from reading import Element, read

from retainkit.render.cells import clean
from retainkit.reporting import document, folder, markdown, page
from retainkit.reporting.model import Report

TAGS = {
    *("html", "head", "meta", "title", "link", "style", "body", "script", "header", "nav", "main"),
    *("footer", "section", "h1", "h2", "a", "p", "div", "span", "i", "code", "dl", "dt", "dd"),
    *("ul", "ol", "li", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
    *("figure", "figcaption", "pre", "bdi"),
}
SHAPES = {
    "svg",
    "g",
    "path",
    "rect",
    "line",
    "circle",
    "text",
    "tspan",
    "title",
    "defs",
    "clippath",
}
SHAPES |= {"lineargradient", "stop"}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "rel", "href", "class", "id", "title"),
    *("tabindex", "role", "aria-label", "aria-hidden", "scope"),
}


@pytest.fixture(scope="module")
def report() -> Report:
    return marked()


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retainkit.render.charts.convert.find_spec", lambda _: None)


def assert_inert(tree: Element) -> None:
    pictures = [inner for svg in tree.all("svg") for inner in (svg, *svg.all())]
    drawn = {id(each) for each in pictures}
    assert {each.tag for each in pictures} <= SHAPES
    for each in tree.all():
        if id(each) not in drawn:
            assert each.tag in TAGS
            assert set(each.attributes) <= ATTRIBUTES
        assert not [name for name in each.attributes if name.startswith("on")]
    assert len(tree.all("script")) == len(tree.all("style")) == 1
    for each in tree.all("a"):
        assert each.attributes["href"].removeprefix("#").replace("-", "_").isidentifier()


def assert_shown(tree: Element, text: str) -> None:
    """In every place where the word stood."""
    shown = clean(text)
    assert tree.one("h1").text == tree.one("head").one("title").text == shown
    assert f"By {shown}" in [each.text for each in tree.by_id("contents").all("a")]
    assert f"By {shown}" in [each.text for each in tree.all("h2")]
    assert f"{shown} is low." in tree.by_id("findings").text
    assert shown in [each.text for each in tree.by_id("headline").all("th")]
    assert f"breach: retention rate (day 7, mode on; {shown}" in tree.by_id("checks").text
    assert f"refused: {shown}" in [each.text for each in tree.by_id("data").all("th")]
    assert f"left out: {shown}" in [each.text for each in tree.by_id("data").all("th")]
    assert shown in [each.text for each in tree.by_id("data").all("li")]
    assert f"sources = {shown}.csv" in [each.text for each in tree.by_id("data").all("code")]
    heads = [each.text for each in tree.one("main").all("th")]
    assert heads.count(shown) > 8  # columns and segments
    assert f"1 {shown}" in heads  # an event


@pytest.mark.usefixtures("without_pictures")
@pytest.mark.parametrize("text", TEXTS)
def test_the_page_shows_any_text_as_it_is_and_obeys_none(report: Report, text: str) -> None:
    tree = read(page.page(filled(report, text)))
    assert_inert(tree)
    assert_shown(tree, text)
    assert not set(tree.text) & set("\x00\x1b\x7f\u202e\u200b\u2066")


def everything(report: Report) -> Report:
    """The texts together, with pictures; those that Polars takes for patterns are of no segment."""
    return filled(report, " ".join(TEXTS))


def test_pictures_show_any_text_as_it_is_and_obey_none(report: Report) -> None:
    tree = read(page.page(everything(report)))
    assert_inert(tree)
    assert tree.all("svg")
    for text in ("</script>", "{{ 7 * 7 }}"):
        assert any(text in svg.text for svg in tree.all("svg"))


def test_a_browser_obeys_none(report: Report, tmp_path: Path, chromium: Browser) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(page.page(everything(report)), encoding="utf-8")
    with chromium.page(path, width=390) as opened:
        for button in range(opened.value("document.querySelectorAll('th button').length")):
            opened.value(f"document.querySelectorAll('th button')[{button}].click()")
        assert opened.value("typeof pwned") == "undefined"
        assert opened.value("document.images.length") == 0
        assert opened.value("document.querySelector('h1').textContent") == clean(" ".join(TEXTS))
        assert opened.value("getComputedStyle(document.body).display") != "none"
        assert opened.value("document.documentElement.scrollWidth") <= 390
        seen = opened.happened()
    assert seen.console == []
    assert seen.requests == [path.as_uri()]


@pytest.mark.parametrize("text", TEXTS)
def test_markdown_shows_any_text_as_it_is(report: Report, text: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown.markdown(filled(report, text)))
    inline = [each for token in tokens for each in token.children or []]
    assert not [each for each in (*tokens, *inline) if each.type.startswith(("html", "image"))]
    links = [each.attrGet("href") for each in inline if each.type == "link_open"]
    assert links
    assert all(str(link).startswith("#") for link in links)
    texts = ["".join(each.content for each in token.children or []) for token in tokens]
    assert clean(text).strip() in [each.strip() for each in texts]


@pytest.mark.parametrize("text", TEXTS)
def test_json_holds_any_text_unchanged(report: Report, text: str) -> None:
    told = json.loads(document.document(filled(report, text)))
    assert told["title"] == text
    assert told["findings"][0]["evidence"] == {text: text}
    segments = next(each for each in told["sections"] if each["name"] == f"segments_{text}")
    assert text in {row[text] for row in segments["result"]["tables"]["main"]}


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_names_a_file_elsewhere(report: Report, text: str, tmp_path: Path) -> None:
    place = tmp_path / "in" / "it"
    place.parent.mkdir()
    folder.write_folder(filled(report, text), place)
    names = [each.name for each in place.iterdir()]
    assert all(name.replace(".", "_").replace("-", "_").isidentifier() for name in names)
    assert [each.name for each in tmp_path.iterdir()] == ["in"]
    assert [each.name for each in place.parent.iterdir()] == ["it"]
    listed = json.loads((place / folder.MANIFEST).read_text(encoding="utf-8"))
    assert f"segments_{text}" in {each["section"] for each in listed["files"]}
    assert WORD not in json.dumps(listed)


@pytest.mark.usefixtures("without_pictures")
def test_names_that_are_not_utf8_can_be_written(report: Report, tmp_path: Path) -> None:
    odd = replace(report, title="a\udc80", params={**report.params, "sources": ["b\udc80.csv"]})
    for written in (page.page(odd), markdown.markdown(odd), document.document(odd)):
        written.encode()
    folder.write_folder(odd, tmp_path / "csv")
    folder.write_folder(odd, tmp_path / "parquet", "parquet")


def test_names_from_right_to_left_leave_numbers_in_their_order(
    report: Report, tmp_path: Path, chromium: Browser
) -> None:
    """The places of two numbers after a Hebrew name, on a line that is wide enough."""
    path = tmp_path / "page.html"
    finding = replace(report.findings[0], sentence="שלום (5% 95%): 11% 22%")
    made = replace(report, findings=(finding,), sections=(), headline=(), verdicts=None)
    path.write_text(page.page(made), encoding="utf-8")
    with chromium.page(path) as opened:
        places = opened.value("""(() => {
          const text = document.querySelector('.findings p').lastChild;
          return ['5%', '95%', '11%', '22%'].map(word => {
            const range = document.createRange();
            const at = text.data.indexOf(word);
            range.setStart(text, at);
            range.setEnd(text, at + word.length);
            return range.getBoundingClientRect().x;
          });
        })()""")
    assert places == sorted(places)
