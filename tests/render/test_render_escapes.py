"""Data stays data in every format for people."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
import render_samples as samples
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from retainkit.render import render_text, to_html
from retainkit.render.cells import clean
from retainkit.render.markdown import escape
from retainkit.results import Result

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "section", "h2", "h3", "div", "i"),
    *(
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "dl",
        "dt",
        "dd",
        "ul",
        "li",
        "p",
        "pre",
    ),
}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "style", "title"}
ATTRIBUTES |= {"role", "aria-label"}


class Reader(HTMLParser):
    """Collects what a browser would make of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.styles: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.styles |= {value or "" for name, value in attrs if name == "style"}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def named(text: str) -> Result:
    """A result with `text` wherever data may reach: names, columns, words, reasons, notes."""
    stored = text.encode(errors="replace").decode()  # a table holds no lone surrogates
    made = samples.segment_cohort([stored])
    tables = {name: frame.rename({"channel": stored}) for name, frame in made.tables.items()}
    data = samples.RETAIL
    window = type(data)(data.rows, 1, data.first, data.last, data.as_of, text, {text: 1}, {text: 2})
    return type(made)(made.command, text, made.params, window, tables, (text, f"- {text}"))


HOSTILE = [
    "</script><script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "<style>*{display:none}</style>",
    "]]><!--",
    "&lt;b&gt;",
    "*",  # Polars takes these two names for patterns
    "^.*$",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_html_is_inert(text: str) -> None:
    for page in (render_text(named(text), "html"), to_html(named(text))):
        read = Reader(page)
        assert read.tags <= TAGS
        assert read.attributes <= ATTRIBUTES
        assert all(style.startswith("background:#") for style in read.styles)
        assert text in read.texts


@settings(max_examples=30, deadline=None)
@given(
    st.text(min_size=1, max_size=40).filter(lambda t: t not in samples.plain_cohort().main.columns)
)
def test_html_shows_any_text_as_it_is_but_clean(text: str) -> None:
    read = Reader(to_html(named(text)))
    assert clean(text) in read.texts
    assert read.tags <= TAGS


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_of_rich_is_inert(text: str) -> None:
    assert f": [red]{text}" in render_text(
        samples.segment_cohort([f"[red]{text}", f"[/foo]{text}"]), "table"
    )


def test_a_page_is_whole_and_loads_nothing() -> None:
    page = render_text(samples.plain_cohort(), "html")
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    assert "default-src 'none'" in page
    assert "http:" not in page
    assert "https:" not in page


def test_a_fragment_is_one_element() -> None:
    fragment = to_html(samples.plain_cohort()).strip()
    assert fragment.startswith('<section class="retainkit">')
    assert fragment.endswith("</section>")


def cell_of(markdown: str) -> str | None:
    """Return the text of a table's first body cell, None where it is more than text."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    cell = [token for token in tokens if token.type == "inline"][2]
    children = cell.children or []
    plain = {"text", "text_special"}
    return "".join(c.content for c in children) if {c.type for c in children} <= plain else None


@settings(deadline=None)
@given(st.text(st.sampled_from("a_*`|\\[](){}<>!&#~$-+. 1=\n中") | st.characters(), max_size=30))
def test_markdown_shows_any_text_as_it_is_but_clean(text: str) -> None:
    cleaned = clean(text).strip()
    assert cell_of(f"| a | b |\n| :-- | --: |\n| {escape(cleaned)} | 1 |\n") == cleaned


@pytest.mark.parametrize("opener", ["- x", "1. x", "# x", "> x", "---", "===", "+ x", "12) x"])
def test_markdown_notes_open_no_block_of_their_own(opener: str) -> None:
    made = samples.retention()
    noted = type(made)(made.command, "d", made.params, made.data, made.tables, (opener,))
    tokens = MarkdownIt("commonmark").parse(render_text(noted, "markdown").split("**notes**")[1])
    kinds = [token.type for token in tokens if token.type.endswith("_open") or token.type == "hr"]
    assert kinds == ["bullet_list_open", "list_item_open", "paragraph_open"]


@pytest.mark.parametrize("format_name", ["table", "markdown", "html"])
def test_controls_reach_no_format_for_people(format_name: str) -> None:
    text = render_text(named("a\x1b]52;c;eA==\x07\u202e\u200b\r\udc80b"), format_name)
    assert not set(text) & set("\x1b\x07\r\u202e\u200b\udc80")
    text.encode()
