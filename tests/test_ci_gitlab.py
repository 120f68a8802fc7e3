"""GitLab's Code Quality report: the keys it asks for, and fingerprints that stay."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given

from ci_samples import HOSTILE, NASTY, checked, hostile, one_of_each, row
from retainkit.checking.ci.findings import findings, one_line
from retainkit.checking.ci.gitlab import report
from retainkit.checking.ci.places import Place
from retainkit.choices import UndecidedAs
from retainkit.results import Result


def told(result: Result, undecided: UndecidedAs = "fail", **places: Place) -> list[dict[str, Any]]:
    text = report(findings(result, undecided), places)
    assert text.endswith(b"\n")
    read: list[dict[str, Any]] = json.loads(text.decode("ascii"))
    return read


def test_what_is_amiss_has_all_that_gitlab_asks_for() -> None:
    (found,) = told(checked([row(), row(rule="fine", verdict="pass")]))
    assert len(found.pop("fingerprint")) == 64
    assert found == {
        "description": "breach: retention rate (day 7, mode on): 20.0%, n 100, at least 25.0%, "
        "5 points beyond",
        "check_name": "d7",
        "severity": "critical",
        "location": {"path": ".gitlab-ci.yml", "lines": {"begin": 1}},
    }


def test_nothing_amiss_is_an_empty_list() -> None:
    assert told(checked([row(verdict="pass")])) == []


@pytest.mark.parametrize(
    ("undecided", "severities"),
    [
        ("fail", ["critical", "major", "minor", "minor"]),
        ("warn", ["critical", "minor", "minor", "minor"]),
        ("pass", ["critical", "info", "info", "minor"]),
    ],
)
def test_severities_follow_the_exit_code(undecided: UndecidedAs, severities: list[str]) -> None:
    assert [each["severity"] for each in told(one_of_each(), undecided)] == severities


def test_a_rule_of_a_file_is_shown_there() -> None:
    (found,) = told(checked([row()]), d7=Place("shop/retainkit.toml", 12))
    assert found["location"] == {"path": "shop/retainkit.toml", "lines": {"begin": 12}}


def test_fingerprints_stay_while_numbers_and_periods_change() -> None:
    before, after = (
        told(checked([row(at=at, story=at, verdict=verdict)]))[0]
        for at, verdict in (("2024-01-01", "warn"), ("2024-02-01", "breach"))
    )
    assert before["fingerprint"] == after["fingerprint"]
    assert before != after


def test_fingerprints_are_unlike() -> None:
    rows = [row(rule=f"r{i}", segment=f"s {j}") for i in range(20) for j in range(20)]
    assert len({each["fingerprint"] for each in told(checked(rows))}) == 400


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_only_text(text: str) -> None:
    (found,) = told(hostile(text))
    assert found["check_name"] == one_line(text)
    assert found["description"] == one_line(f"breach: {text}: {text} ({text})")


@given(NASTY)
def test_any_text_is_json_without_control_characters(text: str) -> None:
    (found,) = told(hostile(text))
    for each in ("description", "check_name"):
        assert not any(unicodedata.category(sign) == "Cc" for sign in found[each])
