"""What a verdict is to a CI system: as bad as the exit code says, and told apart by its id."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given

from ci_samples import HOSTILE, NASTY, checked, hostile, one_of_each, row
from retainkit.checking.ci.findings import findings, level_of, worst_first
from retainkit.checking.ci.places import Place, places
from retainkit.checking.ci.systems import roots, summary_file, system_of
from retainkit.checking.rules import Severity
from retainkit.checking.verdicts import Verdict, exit_code
from retainkit.choices import CiSystem, UndecidedAs
from retainkit.render.cells import clean


@pytest.mark.parametrize(
    ("verdict", "severity", "undecided"),
    list(product(get_args(Verdict), get_args(Severity), get_args(UndecidedAs))),
)
def test_an_error_is_what_the_run_fails_of(
    verdict: Verdict, severity: Severity, undecided: UndecidedAs
) -> None:
    fails = exit_code([(verdict, severity)], undecided) != 0
    assert (level_of(verdict, severity, undecided) == "error") == fails


@pytest.mark.parametrize(
    ("undecided", "levels"),
    [("fail", ["error", "warning"]), ("warn", ["warning"] * 2), ("pass", ["notice"] * 2)],
)
def test_what_is_undecided_is_as_bad_as_it_is_asked_to_be(
    undecided: UndecidedAs, levels: list[str]
) -> None:
    found = findings(one_of_each(), undecided)
    assert [each.level for each in found if each.verdict == "undecided"] == levels


def test_the_worst_comes_first_and_else_the_order_stays() -> None:
    told = [each.rule for each in worst_first(findings(one_of_each(), "fail"))]
    assert told == ["breached", "few", "few, mild", "warns", "passes", "fine"]


def test_a_finding_is_named_by_its_rule_and_cell() -> None:
    names = [each.name for each in findings(one_of_each(), "fail")]
    assert names[1] == "breached (day 7, mode on; channel web)"
    assert names[4] == "warns"  # the latest period is another one in every run
    several = checked([row(at="2024-01-01"), row(at="2024-02-01")])
    assert [each.name for each in findings(several, "fail")] == [
        "d7 (day 7, mode on; 2024-01-01)",
        "d7 (day 7, mode on; 2024-02-01)",
    ]


def test_an_id_stays_while_numbers_periods_and_verdicts_change() -> None:
    (before,) = findings(checked([row(at="2024-01-01")]), "fail")
    (after,) = findings(checked([row(at="2024-02-01", verdict="warn", story="other")]), "warn")
    assert before.id == after.id


def test_no_two_findings_share_an_id() -> None:
    rows = [
        row(rule=rule, segment=segment, cell=cell, at=at)
        for rule, segment, cell, at in product("ab", [None, "c x", "c y"], "de", ["2024", "2025"])
    ]
    ids = {each.id for each in findings(checked(rows), "fail")}
    assert len(ids) == len(rows)


@given(NASTY)
def test_texts_are_on_one_line_without_what_a_screen_obeys(text: str) -> None:
    (found,) = findings(hostile(text), "fail")
    for told in (found.rule, found.name, found.metric, found.table, found.text):
        assert told == clean(told) == " ".join(told.split())


@pytest.mark.parametrize(
    ("asked", "environ", "told"),
    [
        ("auto", {}, None),
        ("auto", {"GITHUB_ACTIONS": "true"}, "github"),
        ("auto", {"GITLAB_CI": "true"}, "gitlab"),
        ("auto", {"GITHUB_ACTIONS": "", "GITLAB_CI": "false"}, None),
        ("none", {"GITHUB_ACTIONS": "true"}, None),
        ("gitlab", {"GITHUB_ACTIONS": "true"}, "gitlab"),
        ("github", {}, "github"),
    ],
)
def test_the_system_is_the_one_asked_for_or_found(
    asked: CiSystem, environ: Mapping[str, str], told: str | None
) -> None:
    assert system_of(asked, environ) == told


def test_no_summary_where_none_is_named() -> None:
    assert summary_file({}) is None
    assert summary_file({"GITHUB_STEP_SUMMARY": ""}) is None
    assert summary_file({"GITHUB_STEP_SUMMARY": "s.md"}) == Path("s.md")


TWO = "[source]\ntz = 'UTC'\n\n[[rules]]\nname = 'a'\n\n  [[ rules ]] # b\nname = 'b'\n"


def test_rules_stand_where_their_tables_begin(tmp_path: Path) -> None:
    file = tmp_path / "shop" / "retainkit.toml"
    file.parent.mkdir()
    file.write_text(TWO, encoding="utf-8")
    told = places(file, ["a", "b"], [tmp_path])
    assert told == {"a": Place("shop/retainkit.toml", 4), "b": Place("shop/retainkit.toml", 7)}
    file.write_text(TWO.replace("[[", "[[tool.retainkit.").replace(". ", "."), encoding="utf-8")
    assert places(file, ["a", "b"], [tmp_path / "shop"])["b"] == Place("retainkit.toml", 7)


def test_rules_that_cannot_be_found_stand_at_the_top(tmp_path: Path) -> None:
    file = tmp_path / "retainkit.toml"
    file.write_text("rules = [{metric = 'retention'}]\n", encoding="utf-8")
    assert places(file, ["a"], [tmp_path / "other"]) == {"a": Place("retainkit.toml", 1)}


def test_the_repository_is_where_the_system_says_else_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(roots("gitlab", {"CI_PROJECT_DIR": "/builds/shop"})) == [
        Path("/builds/shop"),
        tmp_path,
    ]
    assert list(roots("github", {})) == [tmp_path]


def test_hostile_names_are_still_told_apart() -> None:
    ids = {findings(hostile(text), "fail")[0].id for text in HOSTILE}
    assert len(ids) == len(HOSTILE)
