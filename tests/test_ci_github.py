"""GitHub's annotations and job summary: data never becomes a command or markup."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ci_samples import HOSTILE, NASTY, checked, hostile, one_of_each, row
from retainkit.checking.ci.findings import findings, one_line
from retainkit.checking.ci.github import MOST, SUMMARY_ROOM, command, commands, summary
from retainkit.checking.ci.places import Place


class Command(NamedTuple):
    """A workflow command as the runner understands it."""

    name: str
    properties: Mapping[str, str]
    message: str


def understood(line: str) -> Command:
    """Read a line as the runner does.

    It is cut at its first two `::`, properties at commas and at their first `=`; then escapes are
    taken back, that of % last.
    """
    assert line.startswith("::")
    assert "\n" not in line
    assert "\r" not in line
    told, _, message = line[2:].partition("::")
    name, _, listed = told.partition(" ")
    pairs = [each.split("=", 1) for each in listed.split(",") if each]
    properties = {key: unescaped(value, "%0D", "%0A", "%3A", "%2C", "%25") for key, value in pairs}
    return Command(name, properties, unescaped(message, "%0D", "%0A", "%25"))


def unescaped(text: str, *signs: str) -> str:
    for sign in signs:
        text = text.replace(sign, chr(int(sign[1:], 16)))
    return text


@given(st.text(), st.text(min_size=1), st.text(min_size=1))
def test_a_command_is_understood_as_it_was_meant(message: str, title: str, file: str) -> None:
    line = command("error", message, title=f"t{title}", file=f"f{file}")
    assert understood(line) == ("error", {"title": f"t{title}", "file": f"f{file}"}, message)


@given(NASTY)
def test_nasty_text_is_understood_as_it_was_meant(text: str) -> None:
    assert understood(command("notice", text, title=f"t{text}")) == (
        *("notice", {"title": f"t{text}"}, text),
    )


@pytest.mark.parametrize("text", ["50%", "a\r\nb", "%0A", "%250A", "a: b, c", "::x::", "a=b"])
def test_signs_that_mean_something_come_back(text: str) -> None:
    assert understood(command("error", text, title=text)) == ("error", {"title": text}, text)


def test_verdicts_are_annotations_the_worst_first() -> None:
    lines = commands(findings(one_of_each(), "fail"), {})
    assert [understood(line).name for line in lines] == ["error", "error", "warning", "warning"]
    story = "retention rate (day 7, mode on): 20.0%, n 100, at least 25.0%, 5 points beyond"
    assert understood(lines[0]) == (
        "error",
        {"title": "breach: breached (day 7, mode on; channel web)"},
        f"{story} (growth)",
    )
    assert lines[0].startswith("::error title=breach%3A breached (day 7%2C mode on; channel web)::")


def test_what_passes_is_not_said() -> None:
    assert commands(findings(checked([row(verdict="pass")]), "fail"), {}) == []


def test_undecided_is_a_notice_where_it_passes() -> None:
    lines = commands(findings(one_of_each(), "pass"), {})
    assert [understood(line).name for line in lines] == ["error", "warning", "notice", "notice"]


def test_a_rule_of_a_file_is_shown_there() -> None:
    (line,) = commands(findings(checked([row()]), "fail"), {"d7": Place("shop, a/r.toml", 12)})
    told = understood(line).properties
    assert (told["file"], told["line"]) == ("shop, a/r.toml", "12")


@pytest.mark.parametrize("many", [0, 1, 9, 10, 11, 250])
def test_there_are_ten_at_most_and_the_rest_is_counted(many: int) -> None:
    rows = [row(rule=f"w{i}", verdict="warn") for i in range(many)] + [row(rule="last")]
    lines = commands(findings(checked(rows), "fail"), {})
    assert len(lines) == min(many + 1, MOST)
    assert understood(lines[0]).name == "error"
    if many + 1 > MOST:
        told = ("notice", {"title": "retainkit check"}, f"{many - 8} more: {many - 8} warn.")
        assert understood(lines[-1]) == told


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_only_text(text: str) -> None:
    (line,) = commands(findings(hostile(text), "fail"), {one_line(text): Place(text)})
    told = understood(line)
    assert told.name == "error"
    assert told.properties["file"] == text
    assert told.properties["title"] == one_line(f"breach: {text} ({text}; {text})")
    assert told.message == one_line(f"{text}: {text} ({text})")


def test_long_texts_are_cut() -> None:
    (line,) = commands(findings(hostile("x" * 10_000), "fail"), {})
    told = understood(line)
    assert len(told.properties["title"]) == 200
    assert len(told.message) == 4_000
    assert told.message.endswith("x…")


def test_the_summary_has_verdicts_stories_and_definitions() -> None:
    text = summary(one_of_each())
    assert text.startswith("### check · 1 breach, 2 undecided, 1 warn, 2 pass\n")
    assert "\nbreach: retention rate (day 7, mode on): 20.0%" in text
    verdicts = re.findall(r"^\| (\w+) \| ([\w, ]+) \|", text, re.MULTILINE)
    assert verdicts == [
        *(("verdict", "rule"), ("breach", "breached"), ("undecided", "few")),
        *(("undecided", "few, mild"), ("warn", "warns"), ("pass", "passes"), ("pass", "fine")),
    ]
    assert "\n#### definitions\n\nretention: Of members who started, the share back" in text


def test_a_definition_is_told_once() -> None:
    assert summary(checked([row(rule=name) for name in "ab"])).count("Of members who") == 1


@pytest.mark.parametrize("room", [0, 50, 100, 1_000, 5_000, 20_000, 10**6])
def test_the_summary_fits(room: int) -> None:
    rows = [row(rule=f"w{i}", verdict="warn", segment="城 " * 20) for i in range(99)]
    text = summary(checked([*rows, row(rule="last")], notes=["a note"] * 30), room)
    assert len(text.encode()) <= room
    if room >= 100:
        assert text.startswith("### check · 1 breach, 99 warn\n")
    shown = len(re.findall(r"^\| (?:breach|warn) ", text, re.MULTILINE))
    if room >= 1_000:
        assert "| breach | last |" in text
        assert shown == 100 or f"\n{100 - shown} verdicts more: there is no room" in text


def test_thousands_of_verdicts_fit_where_github_takes_them() -> None:
    rows = [row(rule=f"rule {i}", cell="x" * 200) for i in range(5_000)]
    text = summary(checked(rows))
    assert 200_000 < len(text.encode()) <= SUMMARY_ROOM < 1 << 20


def test_a_check_without_verdicts_has_a_summary() -> None:
    assert summary(checked([])).startswith("### check ·\n\n| verdict | ")


@settings(max_examples=40)
@given(st.one_of(st.sampled_from(HOSTILE), NASTY))
def test_the_summary_has_no_markup_of_data(text: str) -> None:
    tokens = (
        MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(summary(hostile(text)))
    )
    inline = [each for token in tokens for each in token.children or ()]
    plain = {"text", "text_special", "strong_open", "strong_close"}
    assert {each.type for each in inline} <= plain
    assert not {"html_block", "fence", "code_block", "hr", "blockquote_open"} & {
        each.type for each in tokens
    }
    table = [token.type for token in tokens].count("tr_open")
    assert table == 2
