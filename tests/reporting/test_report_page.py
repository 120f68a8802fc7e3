"""The page of a report: its order, its anchors, what a screen reader finds, what may run."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from reading import Element, read

from retainkit.render import cells
from retainkit.reporting import page
from retainkit.reporting.contents import ReportParams
from retainkit.reporting.model import Headline, Report
from retainkit.reporting.running import reported
from retainkit.results import DataWindow
from retainkit.sources import SourceOptions


@pytest.fixture(scope="module")
def tree(html: str) -> Element:
    return read(html)


def headings(tree: Element) -> list[str]:
    return [each.text for each in tree.all("h2")]


def rows_of(table: Element) -> list[list[str]]:
    return [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")]


def test_the_page_begins_with_what_matters_and_ends_with_what_it_means(
    tree: Element, report: Report
) -> None:
    sections = [section.title for section in report.sections]
    told = ["Findings", "Headline", "Checks", *sections, "Definitions", "Data"]
    assert headings(tree) == told
    assert tree.one("h1").text == tree.one("head").one("title").text == "Our members"
    head = tree.one("header").text
    assert "29,983 rows, 800 members, 2024-01-01" in head
    assert "times in Asia/Shanghai" in head


def test_findings_lead_to_their_evidence(tree: Element) -> None:
    first, second = tree.by_id("findings").all("li")
    assert "5.1 points below" in first.text
    assert "adjusted p < 0.001 ·" in first.text
    assert first.one("a").attributes["href"] == "#segments_channel"
    # Its evidence is a detail of a section: of the days, cohort by cohort.
    assert second.one("a").attributes["href"] == "#days"
    assert "adjusted p = 0.021 ·" in second.text
    assert "Of 128 comparisons, these stand out" in tree.by_id("findings").text


def test_without_findings_the_page_says_of_how_many_comparisons(bare: Report) -> None:
    told = read(page.page(replace(bare, sections=(), compared=41))).by_id("findings")
    assert "Nothing stands out among 41 comparisons." in told.text
    assert not told.all("li")
    told = read(page.page(replace(bare, sections=(), compared=0))).by_id("findings")
    assert "Nothing was compared." in told.text


def test_the_headline_has_every_number_with_its_interval_and_change(
    tree: Element, report: Report
) -> None:
    table = tree.by_id("headline").one("table")
    _, *rows = rows_of(table)
    assert [row[0] for row in rows] == [each.name for each in report.headline]
    churn = next(each for each in report.headline if each.name == "Churn rate")
    (row,) = [row for row in rows if row[0] == "Churn rate"]
    assert row == [
        "Churn rate",
        cells.percent(churn.value),
        cells.interval(churn.low, churn.high),
        str(churn.n),
        "2025-06",
        cells.percent(churn.before),
        cells.points(churn.change),
        f"{cells.points(churn.change_low)} to {cells.points(churn.change_high)}",
    ]
    (row,) = [row for row in rows if row[0] == "Repurchase within 30 days"]
    assert row[4:] == ["all time", "–", "–", "–"]
    assert {a.attributes["href"] for a in table.all("a")} == {"#lifecycle", "#days", "#orders"}


def test_counts_of_the_headline_are_whole_and_changes_signed(bare: Report) -> None:
    told = Headline(name="n", unit="count", section="?", value=1234, before=1234, change=0)
    less = replace(told, before=1240, change=-6)
    made = replace(bare, headline=(told, less), sections=())
    _, *rows = rows_of(read(page.page(made)).by_id("headline").one("table"))
    assert [row[1:2] + row[5:7] for row in rows] == [
        ["1,234", "1,234", "0"],
        ["1,234", "1,240", "-6"],
    ]


def test_checks_stand_where_rules_were_checked(tree: Element, bare: Report) -> None:
    told = tree.by_id("checks")
    assert "1 breach, 6 undecided, 1 pass" in told.text
    assert "Look at the second order." in told.text
    without = read(page.page(replace(bare, verdicts=None, sections=())))
    assert "Checks" not in headings(without)
    assert "#checks" not in {each.attributes["href"] for each in without.all("a")}


def test_every_definition_is_told_once_with_the_params_of_its_sections(
    tree: Element, report: Report
) -> None:
    told = tree.by_id("definitions")
    for section in report.sections:
        assert told.text.count(cells.clean(section.result.definition)) == 1
    used = {each.attributes["href"] for each in told.all("a")}
    assert used == {f"#{section.name}" for section in report.sections}
    assert "days = 1, 7, 30" in told.text
    assert "by = channel" in told.text
    assert "tz = " not in told.text  # of the data, told there


def test_what_became_of_the_rows_is_told_by_reason(bare: Report) -> None:
    window = DataWindow(
        70, 7, None, None, None, "UTC", refused={"no member": 20}, left_out={"--where": 10}
    )
    told = read(page.page(replace(bare, data=window, sections=()))).by_id("data")
    assert rows_of(told.one("table")) == [
        ["rows", "how many", "share"],
        ["read", "100", "100%"],
        ["refused: no member", "20", "20.0%"],
        ["left out: --where", "10", "10.0%"],
        ["used", "70", "70.0%"],
    ]
    for note in bare.notes:
        assert note in told.text
    assert "tz = Asia/Shanghai" in told.text


def test_notes_that_all_sections_share_are_told_once(html: str, report: Report) -> None:
    for note in report.notes:
        assert read(html).one("main").text.count(note) == 1
    assert "--table NAME" not in html


def test_a_section_of_other_rows_says_so(bare: Report) -> None:
    first, *_ = bare.sections
    other = replace(first, result=replace(first.result, data=replace(bare.data, rows=12)))
    told = read(page.page(replace(bare, sections=(first, other)))).all("section")
    assert "data of this section: 12 rows" in told[4].text
    assert "of this section" not in told[3].text


def test_ids_are_unlike_and_every_link_leads_somewhere(tree: Element) -> None:
    ids = [each.attributes["id"] for each in tree.all() if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    links = {each.attributes["href"].removeprefix("#") for each in tree.all("a")}
    assert links <= set(ids)
    contents = [each.attributes["href"] for each in tree.by_id("contents").all("a")]
    sections = [f"#{each.attributes['id']}" for each in tree.one("main").all("section")]
    assert contents == sections


def test_pictures_refer_to_themselves_alone(tree: Element) -> None:
    for svg in tree.all("svg"):
        ids = {each.attributes["id"] for each in svg.all() if "id" in each.attributes}
        used = re.findall(r"url\(#([^)]*)\)", str([each.attributes for each in svg.all()]))
        assert set(used) <= ids


def test_a_screen_reader_finds_its_way(tree: Element) -> None:
    assert tree.one("html").attributes["lang"] == "en"
    for landmark in ("header", "nav", "main", "footer", "h1"):
        assert len(tree.all(landmark)) == 1
    levels = [int(each.tag[1]) for each in tree.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    skip = tree.all("a")[0]
    assert skip.attributes["href"] == f"#{tree.one('main').attributes['id']}"
    for box in tree.all("div"):
        if box.attributes.get("tabindex") == "0":
            assert box.attributes["role"] == "group"
            assert box.attributes["aria-label"]


def test_tables_have_captions_and_heads(tree: Element) -> None:
    for table in tree.all("table"):
        assert table.one("caption").text.strip()
        heads = table.one("thead").all("th")
        assert all(head.attributes["scope"] == "col" and head.text.strip() for head in heads)
        for body in table.all("tbody", "tfoot"):
            for row in body.all("tr"):
                first, *others = row.all("th", "td")
                assert (first.tag, first.attributes["scope"]) == ("th", "row")
                assert {each.tag for each in others} == {"td"}
                assert len(others) == len(heads) - 1


def test_heat_is_in_plain_tables_with_its_numbers(tree: Element) -> None:
    cohorts = tree.by_id("cohorts").one("table")
    heat = [each for each in cohorts.all("td") if "heat" in each.attributes.get("class", "")]
    assert len(heat) > 100
    assert all(each.text.endswith("%") for each in heat)
    assert all("interval" in each.attributes["title"] for each in heat)


def test_cells_that_repeat_the_row_above_say_so_to_who_cannot_see_it(tree: Element) -> None:
    table = tree.by_id("segments_channel").one("table")
    names = [row[0] for row in rows_of(table)[1:]]
    assert all(names)
    assert [each.text for each in table.all("span")].count("campaign") == 2


def test_a_funnel_keeps_its_order_and_other_tables_can_be_sorted(tree: Element) -> None:
    assert "class" not in tree.by_id("funnel").all("table")[0].attributes
    assert tree.by_id("funnel_channel").all("table")[0].attributes["class"] == "sortable"


def test_nothing_can_be_fetched_and_only_our_own_script_runs(html: str, tree: Element) -> None:
    (policy,) = [
        each.attributes["content"]
        for each in tree.all("meta")
        if each.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    assert parts["default-src"] == "'none'"
    for tag, name in (("style", "style-src"), ("script", "script-src")):
        digest = hashlib.sha256(tree.one(tag).text.encode()).digest()
        assert parts[name] == f"'sha256-{b64encode(digest).decode()}'"
    assert "unsafe" not in policy
    attributes = {name for each in tree.all() for name in each.attributes}
    assert not attributes & {"style", "src", "srcset", "action", "formaction", "xlink:href"}
    assert not [name for name in attributes if name.startswith("on")]
    links = [each.attributes["href"] for each in tree.all() if "href" in each.attributes]
    assert all(link.startswith("#") or link == "data:," for link in links)
    assert "http:" not in html
    assert "https:" not in html
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)


def test_without_the_extra_figures_stand_for_pictures_and_it_is_said(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retainkit.render.charts.convert.find_spec", lambda _: None)
    tree = read(page.page(report))
    assert not tree.all("svg")
    figures = tree.by_id("lifecycle").all("pre")
    assert len(figures) == 2
    assert all(each.attributes["role"] == "img" for each in figures)
    assert "pip install 'retainkit[charts]'" in tree.by_id("data").text


def test_with_the_extra_pictures_stand_for_figures(tree: Element) -> None:
    assert not tree.all("pre")
    assert "retainkit[charts]" not in tree.text
    drawn = {
        each.attributes["id"]: len(each.all("svg")) for each in tree.one("main").all("section")
    }
    assert drawn["lifecycle"] == drawn["orders"] == 2
    for name in ("cohorts", "days", "funnel", "segments_channel", "funnel_tier"):
        assert drawn[name] == 1


def test_marks_of_pictures_show_their_numbers(tree: Element) -> None:
    titles = [each.text for each in tree.by_id("days").one("svg").all("title")]
    assert len(titles) == 3
    assert titles[0].startswith("D1 on: ")


def test_the_same_report_gives_the_same_page(html: str, report: Report) -> None:
    assert html.startswith("<!doctype html>\n")
    assert html.endswith("</html>\n")
    assert page.page(report) == html


def many(cohorts: int, segments: int) -> pl.DataFrame:
    """Events of members who start in so many months, in so many segments of two columns."""
    first = datetime(2022, 1, 3, tzinfo=UTC)
    rows = [
        (f"{month}-{segment}-{person}", first + timedelta(days=30.44 * (month + age) + person))
        for month in range(cohorts)
        for segment in range(segments)
        for person in range(4)
        for age in range(0, cohorts - month, 1 + person)
    ]
    made = pl.DataFrame(rows, schema=["user_id", "event_time"], orient="row")
    number = pl.col("user_id").str.split("-").list.get(1)
    names = [
        pl.concat_str(pl.lit(f"{name} segment "), number).alias(name) for name in ("one", "two")
    ]
    day = pl.col("event_time").dt.day() % 3
    events = pl.when(day == 0).then(pl.lit("pay")).when(day == 1).then(pl.lit("cart"))
    return made.with_columns(*names, event=events.otherwise(pl.lit("view")))


def test_a_large_report_stays_below_three_megabytes() -> None:
    params = ReportParams(by=("one", "two"), steps="view > cart > pay")
    made = page.page(reported(params, [many(24, 10)], SourceOptions()))
    tree = read(made)
    assert len(tree.by_id("cohorts").all("tr")) >= 24
    assert len(made.encode()) < 3_000_000
