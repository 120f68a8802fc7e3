"""The page in a browser: quiet, whole without its script, sortable with it, readable anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, Page

WIDTHS = (1280, 390)
# Of every column whose header is a button: what it is called.
BUTTONS = "[...document.querySelectorAll('#{} th button')].map(b => b.textContent)"
FIRST = "[...document.querySelector('#{} table').tBodies[0].rows].map(r => r.cells[{}].textContent)"


@pytest.fixture(scope="module")
def opened(chromium: Browser, html_file: Path) -> Iterator[Page]:
    with chromium.page(html_file) as page:
        yield page


def test_nothing_is_said_on_the_console_and_nothing_asked_for(
    opened: Page, html_file: Path
) -> None:
    seen = opened.happened()
    assert seen.console == []
    assert seen.requests == [html_file.as_uri()]
    assert seen.elsewhere == []


def test_a_script_of_somebody_else_does_not_run(
    chromium: Browser, html: str, tmp_path: Path
) -> None:
    path = tmp_path / "changed.html"
    added = "<script>pwned=1</script><img src='http://x.invalid/a.png'><p style='color:red'>x</p>"
    path.write_text(html.replace("<main", f"{added}<main"), encoding="utf-8")
    with chromium.page(path) as page:
        assert page.value("typeof pwned") == "undefined"
        assert page.value("document.querySelectorAll('th button').length") > 0
        assert any("Content Security Policy" in said for said in page.happened().console)


def test_pictures_are_drawn(opened: Page) -> None:
    sizes = opened.value(
        "[...document.querySelectorAll('svg')].map(s => { const b = s.getBBox();"
        " return [b.width, b.height, s.getBoundingClientRect().width] })"
    )
    assert len(sizes) == 11
    assert all(width > 200 and height > 60 and seen > 200 for width, height, seen in sizes)


def test_heat_has_colours_that_can_be_read(chromium: Browser, html_file: Path) -> None:
    for dark in (False, True):
        with chromium.page(html_file, dark=dark) as page:
            pairs = page.value(COLOURS)
        assert len({back for _, back in pairs if back}) > 10
        for ink, back in pairs:
            assert contrast(ink, back) > 4.3, (ink, back, dark)


COLOURS = """(() => {
  const seen = new Map();
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  for (const e of document.querySelectorAll("h1, p, a, td, th, li, code, caption, figcaption")) {
    const pair = [getComputedStyle(e).color, behind(e)];
    seen.set(pair.join(), pair);
  }
  return [...seen.values()];
})()"""


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast of two colours like rgb(1, 2, 3)."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").rstrip(")").split(",")]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_its_window_and_wide_tables_scroll_by_themselves(
    chromium: Browser, html_file: Path, width: int
) -> None:
    with chromium.page(html_file, width=width) as page:
        assert page.value("document.documentElement.scrollWidth") == width
        boxes = "[...document.querySelectorAll('.wide, .picture')]"
        assert page.value(f"{boxes}.every(b => b.getBoundingClientRect().right <= {width})")
        scrolled = page.value(f"{boxes}.filter(b => b.scrollWidth > b.clientWidth).length")
        assert (scrolled > 5) == (width < 600)
        # The name of a row stays in sight.
        page.value("document.querySelector('#cohorts .wide').scrollLeft = 900")
        assert (
            page.value("document.querySelector('#cohorts tbody th').getBoundingClientRect().x") >= 0
        )


def click(page: Page, section: str, column: int) -> None:
    page.value(f"document.querySelectorAll('#{section} table th button')[{column}].click()")


def ways(page: Page, section: str) -> list[str]:
    told: list[str] = page.value(
        f"[...document.querySelector('#{section} table').tHead.rows[0].cells]"
        ".map(c => c.getAttribute('aria-sort'))"
    )
    return told


def test_a_column_sorts_up_then_down_then_as_it_was(opened: Page) -> None:
    sizes = FIRST.format("cohorts", 1)
    before = opened.value(sizes)
    numbers = sorted(map(int, before))
    assert ways(opened, "cohorts")[:2] == ["none", "none"]
    click(opened, "cohorts", 1)
    assert [int(size) for size in opened.value(sizes)] == numbers
    assert ways(opened, "cohorts")[:2] == ["none", "ascending"]
    click(opened, "cohorts", 1)
    assert [int(size) for size in opened.value(sizes)] == numbers[::-1]
    assert ways(opened, "cohorts")[1] == "descending"
    click(opened, "cohorts", 1)
    assert opened.value(sizes) == before
    assert set(ways(opened, "cohorts")) == {"none"}


def test_what_is_unknown_comes_last_whichever_way(opened: Page) -> None:
    shares = FIRST.format("cohorts", 5)
    for _ in range(2):
        click(opened, "cohorts", 5)
        told = opened.value(shares)
        known = [float(text.rstrip("%")) for text in told if text]
        assert told[: len(known)] == [text for text in told if text]
        assert known in (sorted(known), sorted(known, reverse=True))
    click(opened, "cohorts", 5)


def test_what_a_row_left_out_is_seen_once_it_stands_elsewhere(opened: Page) -> None:
    again = "document.querySelector('#segments_channel .again').getBoundingClientRect().width"
    assert opened.value(again) <= 1
    click(opened, "segments_channel", 4)  # by the rate
    names = opened.value(FIRST.format("segments_channel", 0))
    assert len(set(names)) == 6
    assert sorted(names) == sorted([*set(names)] * 3)
    assert opened.value(again) > 20
    click(opened, "segments_channel", 0)  # names
    assert opened.value(FIRST.format("segments_channel", 0)) == sorted(names)
    click(opened, "segments_channel", 0)
    click(opened, "segments_channel", 0)
    assert opened.value(again) <= 1


SORTED = (
    (["10", "9", "1,200", "–", "1.5k"], ["9", "10", "1,200", "1.5k", "–"]),
    (["0.2%", "<0.1%", "0.1%", "100%", ">99.9%"], ["<0.1%", "0.1%", "0.2%", ">99.9%", "100%"]),
    (["+1.2", "-0.4", "<+0.1", "0", "−3"], ["−3", "-0.4", "0", "<+0.1", "+1.2"]),
    (["3 h", "2 d", "45 s", "1.5 min"], ["45 s", "1.5 min", "3 h", "2 d"]),
    (["D30", "D1", "D7"], ["D1", "D7", "D30"]),
    (["◆ 7", "30", "3"], ["3", "◆ 7", "30"]),
    (["9.0–12.0%", "<0.1–3.0%", "10.1–11.0%"], ["<0.1–3.0%", "9.0–12.0%", "10.1–11.0%"]),
    (["49 or later", "25–58"], ["25–58", "49 or later"]),
    (["» ↓ 59.6%", "73.6%", "» 70.4%"], ["» ↓ 59.6%", "» 70.4%", "73.6%"]),
    (["2024-10", "2024-09*", "2023-12"], ["2023-12", "2024-09*", "2024-10"]),
    (["b", "a10", "a9", ""], ["a9", "a10", "b", ""]),
)


@pytest.mark.parametrize(("texts", "ordered"), SORTED)
def test_numbers_sort_as_they_are_written(
    opened: Page, texts: list[str], ordered: list[str]
) -> None:
    """By the page's own script, run once more over a table made of these texts."""
    told = opened.value(f"""(() => {{
      document.querySelectorAll('.sortable').forEach(t => t.classList.remove('sortable'));
      const made = document.createElement('table');
      made.className = 'sortable';
      made.createCaption();
      made.createTHead().insertRow().append(document.createElement('th'));
      const body = made.createTBody();
      for (const text of {texts!r}) body.insertRow().insertCell().textContent = text;
      document.body.append(made);
      (0, eval)(document.scripts[0].textContent);
      made.querySelector('button').click();
      const told = [...body.rows].map(r => r.textContent);
      made.remove();
      return told;
    }})()""")
    assert told == ordered


def test_the_keyboard_reaches_and_sorts(chromium: Browser, html_file: Path) -> None:
    with chromium.page(html_file) as page:
        page.press("Tab", 9)
        assert page.value("document.activeElement.className") == "skip"
        assert page.value("document.activeElement.getBoundingClientRect().x") >= 0
        page.press("Enter", 13)
        assert page.value("document.activeElement.id") == "content"
        for _ in range(40):
            page.press("Tab", 9)
            if page.value("document.activeElement.tagName") == "BUTTON":
                break
        assert page.value("document.activeElement.closest('section').id") == "headline"
        assert page.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.press("Enter", 13)
        assert ways(page, "headline")[0] == "ascending"
        page.press(" ", 32)
        assert ways(page, "headline")[0] == "descending"
        assert page.value("document.activeElement.tagName") == "BUTTON"


def test_without_scripts_all_is_there_and_no_button(chromium: Browser, html_file: Path) -> None:
    text = "document.querySelector('main').innerText.replace(/\\s+/g, ' ').trim()"
    with chromium.page(html_file) as page:
        told = "".join(page.value(text).split(" (the buttons in its header sort it)"))
    with chromium.page(html_file, scripts=False) as page:
        assert page.value("document.querySelectorAll('button').length") == 0
        assert page.value(text) == told
        assert page.value("document.querySelectorAll('svg').length") == 11
        assert page.happened().console == []


def test_assistive_technology_is_told_the_same(opened: Page) -> None:
    nodes = [node for node in opened.tree() if not node.get("ignored")]
    roles = [node["role"]["value"] for node in nodes]
    for landmark in ("banner", "navigation", "main", "contentinfo"):
        assert roles.count(landmark) == 1, landmark
    names = [node["name"]["value"] for node in nodes if node["role"]["value"] == "table"]
    assert len(names) > 20
    assert all(names)
    buttons = [node["name"]["value"] for node in nodes if node["role"]["value"] == "button"]
    assert all(buttons)
    assert not [name for name in buttons if set(name) & set("▲▼")]


def test_paper_gets_no_buttons_and_light_colours(chromium: Browser, html_file: Path) -> None:
    with chromium.page(html_file, width=720, dark=True, printed=True) as page:
        style = "getComputedStyle(document.querySelector('{}'))"
        assert page.value(f"{style.format('nav')}.display") == "none"
        assert page.value(f"{style.format('body')}.backgroundColor") == "rgb(255, 255, 255)"
        assert page.value(f"{style.format('th button')}.textDecorationLine") == "none"
        assert page.value(f"{style.format('.heat')}.printColorAdjust") == "exact"
        assert page.value("document.documentElement.scrollWidth") == 720
        assert page.call("Page.printToPDF")["data"]
