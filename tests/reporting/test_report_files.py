"""A report as Markdown, as JSON and as a folder: all of it, unrounded, whole or not at all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from markdown_it import MarkdownIt

from retainkit.errors import OutputError
from retainkit.render import render_text
from retainkit.reporting import document, folder, markdown
from retainkit.reporting.anchors import anchors
from retainkit.reporting.model import Report


def headings(text: str) -> list[tuple[str, str]]:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return [
        (token.tag, tokens[place + 1].children[0].content)  # type: ignore[index]
        for place, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def test_markdown_has_the_sections_of_the_page(report: Report) -> None:
    told = headings(markdown.markdown(report))
    assert told[0] == ("h1", "Our members")
    sections = [section.title for section in report.sections]
    second = [text for tag, text in told if tag == "h2"]
    assert second == ["Findings", "Headline", "Checks", *sections, "Definitions", "Data"]
    assert {tag for tag, _ in told} == {"h1", "h2", "h3"}


def test_markdown_links_lead_to_headings(report: Report) -> None:
    text = markdown.markdown(report)
    places = {"#" + title.lower().replace(",", "").replace(" ", "-") for _, title in headings(text)}
    tokens = MarkdownIt("commonmark").parse(text)
    inline = [each for token in tokens for each in token.children or []]
    links = {str(each.attrGet("href")) for each in inline if each.type == "link_open"}
    assert "#by-channel" in links
    assert links <= places


def test_markdown_holds_findings_and_headline(report: Report) -> None:
    text = markdown.markdown(report)
    assert "1. D7 retention of campaign is 5.1 points below" in text
    assert "| Churn rate | 29.7% | 22.7–37.8% | 138 | 2025-06 | 35.0% | -5.3 |" in text
    assert "members by month" in text  # a drawing of characters, as there are no pictures
    assert "--table NAME" not in text


def test_json_holds_everything_unrounded(report: Report) -> None:
    told = json.loads(document.document(report))
    assert told["format"] == "retainkit-report/1"
    assert told["title"] == "Our members"
    assert told["data"]["rows"] == 29_983
    assert told["params"]["by"] == ["channel", "tier"]
    assert told["compared"] == 128
    for entry, each in zip(told["headline"], report.headline, strict=True):
        own = {name: value if value != "" else None for name, value in asdict(each).items()}
        assert entry == own
    first, _ = told["findings"]
    assert first["evidence"] == {"rate": 0.0667, "others": [0.118, 0.1]}
    assert (first["p_value"], first["members"]) == (0.0004, 19.3)


def test_json_sections_are_results(report: Report) -> None:
    told = json.loads(document.document(report))
    for entry, section in zip(told["sections"], report.sections, strict=True):
        assert (entry["name"], entry["title"]) == (section.name, section.title)
        assert entry["result"] == json.loads(render_text(section.result, "json"))
    assert report.verdicts is not None
    assert told["verdicts"] == json.loads(render_text(report.verdicts, "json"))
    assert json.loads(document.document(replace(report, verdicts=None)))["verdicts"] is None


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "report"


def names_in(place: Path) -> set[str]:
    return {each.name for each in place.iterdir()}


def manifest(place: Path) -> dict[str, object]:
    told: dict[str, object] = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    return told


def test_a_folder_has_a_file_for_each_table(report: Report, place: Path) -> None:
    folder.write_folder(report, place)
    tables = {
        f"{section.name}.{table}.csv"
        for section in report.sections
        for table in section.result.tables
    }
    checks = {"verdicts.csv", "verdicts.definitions.csv", "verdicts.restated.csv"}
    assert names_in(place) == {
        *tables,
        *checks,
        *("headline.csv", "findings.csv", "manifest.json"),
    }
    rates = pl.read_csv(place / "days.main.csv")["rate"]
    assert rates.to_list() == report.sections[1].result.main["rate"].to_list()


def test_the_manifest_says_what_is_in_each_file(report: Report, place: Path) -> None:
    folder.write_folder(report, place)
    told = manifest(place)
    assert told["format"] == "retainkit-report/1"
    assert told["compared"] == 128
    files = told["files"]
    assert isinstance(files, list)
    assert {each["file"] for each in files} | {"manifest.json"} == names_in(place)
    for each in files:
        data = (place / each["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == each["sha256"]
        assert len(data) == each["bytes"]
    (days,) = [each for each in files if each["file"] == "days.main.csv"]
    assert (days["section"], days["table"], days["rows"]) == ("days", "main", 3)
    assert days["definition"] == report.sections[1].result.definition
    assert days["columns"] == report.sections[1].result.main.columns


def test_headline_and_findings_are_tables(report: Report, place: Path) -> None:
    folder.write_folder(report, place)
    numbers = pl.read_csv(place / "headline.csv")
    assert numbers["name"].to_list() == [each.name for each in report.headline]
    assert numbers["value"].to_list() == [each.value for each in report.headline]
    assert numbers.filter(name="Repurchase within 30 days")["period"].item() is None
    found = pl.read_csv(place / "findings.csv")
    assert found["sentence"].to_list() == [each.sentence for each in report.findings]
    assert json.loads(found["evidence"][0]) == report.findings[0].evidence


def test_a_report_without_findings_and_checks_has_their_columns(bare: Report, place: Path) -> None:
    folder.write_folder(replace(bare, headline=(), verdicts=None), place, "parquet")
    assert pl.read_parquet(place / "findings.parquet").schema == {
        **dict.fromkeys(("sentence", "section", "kind", "subject"), pl.String),
        **dict.fromkeys(("p_value", "members"), pl.Float64),
        **dict.fromkeys(("evidence", "also"), pl.String),
    }
    assert pl.read_parquet(place / "headline.parquet").height == 0
    assert "verdicts.parquet" not in names_in(place)


def test_parquet_carries_types_and_definitions(report: Report, place: Path) -> None:
    folder.write_folder(report, place, "parquet")
    section = report.sections[0]
    assert pl.read_parquet(place / "cohorts.main.parquet").equals(section.result.main)
    known = pq.read_schema(place / "cohorts.main.parquet").metadata[b"retainkit"]
    assert json.loads(known)["definition"] == section.result.definition


def test_text_that_a_spreadsheet_would_run_is_defused_where_asked(
    report: Report, place: Path
) -> None:
    finding = replace(report.findings[0], sentence="=1+1")
    folder.write_folder(replace(report, findings=(finding,)), place, excel_safe=True)
    assert pl.read_csv(place / "findings.csv")["sentence"].to_list() == ["'=1+1"]


def test_a_report_is_replaced_whole(report: Report, place: Path) -> None:
    folder.write_folder(report, place, "parquet")
    folder.write_folder(replace(report, title="Again"), place)
    assert manifest(place)["title"] == "Again"
    assert not [name for name in names_in(place) if name.endswith(".parquet")]
    assert names_in(place.parent) == {"report"}


@pytest.mark.parametrize("more", ["notes.txt", "sub/a.csv"])
def test_a_folder_that_holds_something_else_stays(report: Report, place: Path, more: str) -> None:
    folder.write_folder(report, place)
    (place / more).parent.mkdir(exist_ok=True)
    (place / more).write_text("mine")
    before = names_in(place)
    with pytest.raises(OutputError, match="something that no report wrote"):
        folder.write_folder(replace(report, title="Again"), place)
    assert names_in(place) == before
    assert manifest(place)["title"] == "Our members"


def test_files_links_and_other_folders_stay(report: Report, tmp_path: Path) -> None:
    file, link, other = tmp_path / "file", tmp_path / "link", tmp_path / "other"
    file.write_text("mine")
    other.mkdir()
    (other / "manifest.json").write_text('{"format": "something/1", "files": []}')
    link.symlink_to(other)
    for place in (file, link, other):
        with pytest.raises(OutputError, match="something that no report wrote"):
            folder.write_folder(report, place)
    assert file.read_text() == "mine"
    assert names_in(other) == {"manifest.json"}


def test_an_empty_folder_is_taken(report: Report, place: Path) -> None:
    place.mkdir()
    folder.write_folder(report, place)
    assert "manifest.json" in names_in(place)


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("broken", ["render_bytes", "_write"])
def test_what_stood_there_stays_when_writing_fails(
    report: Report, place: Path, monkeypatch: pytest.MonkeyPatch, there: bool, broken: str
) -> None:
    if there:
        folder.write_folder(report, place)
    before = names_in(place.parent), names_in(place) if there else None

    def full(*args: object, **kwargs: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, broken, full)
    with pytest.raises(OutputError, match="cannot be written: No space left on device"):
        folder.write_folder(replace(report, title="Again"), place)
    assert (names_in(place.parent), names_in(place) if there else None) == before
    if there:
        assert manifest(place)["title"] == "Our members"


def test_the_old_report_is_put_back_where_the_new_one_cannot_be_put(
    report: Report, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write_folder(report, place)
    rename = Path.rename

    def stuck(self: Path, target: Path) -> Path:
        if self.name == "draft":
            raise OSError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stuck)
    with pytest.raises(OutputError, match="Permission denied"):
        folder.write_folder(replace(report, title="Again"), place)
    assert manifest(place)["title"] == "Our members"
    assert names_in(place.parent) == {"report"}


def test_a_folder_in_no_folder_is_refused(report: Report, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"--save: .* cannot be written"):
        folder.write_folder(report, tmp_path / "not" / "there", option="--save")


def test_anchors_are_words_and_unlike() -> None:
    told = anchors(["a b", "a-b", "A B", "渠道", "x" * 300, "../..", "data", ""], taken=["data"])
    assert list(told.values()) == [
        *("a-b", "a-b-2", "A-B-3", "渠道", "x" * 60, "section", "data-2", "section-2"),
    ]
