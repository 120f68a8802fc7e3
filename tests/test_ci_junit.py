"""JUnit XML: valid where it is read, with the right counts, and only ever data."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import get_args

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml
from lxml import etree

from ci_samples import HOSTILE, NASTY, checked, hostile, one_of_each, row
from retainkit.checking.ci.findings import findings, one_line
from retainkit.checking.ci.junit import junit
from retainkit.checking.verdicts import Verdict
from retainkit.choices import UndecidedAs
from retainkit.results import Result

DATA = Path(__file__).parent / "data" / "junit"
SCHEMA = xmlschema.XMLSchema(str(DATA / "junit-10.xsd"))
LXML = etree.XMLSchema(file=str(DATA / "junit-10.xsd"))
SUITE = {"name", "package", "id", "hostname", "timestamp", "tests", "errors", "failures"}
UNDECIDED = pytest.mark.parametrize("undecided", get_args(UndecidedAs))


def written(result: Result, undecided: UndecidedAs = "fail") -> etree._Element:
    """Return the root of what is written, once it is found valid."""
    text = junit(result, undecided)
    SCHEMA.validate(BytesIO(text))
    root = etree.fromstring(text)
    assert LXML.validate(root), LXML.error_log
    check_ant(root)
    return root


def check_ant(root: etree._Element) -> None:
    """Hold what the schema of Ant's JUnitReport asks for beyond that of Jenkins.

    Suites are numbered and say their package, host and time; they end with both streams. A case
    has one outcome, and nothing else in it.
    """
    assert not root.attrib
    for number, suite in enumerate(root):
        assert SUITE | {"skipped", "time"} == set(suite.attrib)
        assert suite.get("id") == str(number)
        tags = [each.tag for each in suite]
        cases = ["testcase"] * (len(tags) - 3)
        assert tags == ["properties", *cases, "system-out", "system-err"]
        for case in suite.iterfind("testcase"):
            assert {"name", "classname", "time"} == set(case.attrib)
            assert [each.tag for each in case] in ([], ["failure"], ["skipped"])
            assert all(each.get("type") for each in case.iterfind("failure"))


def outcomes(root: etree._Element) -> dict[str, str]:
    """Return what became of each case, by its name."""
    return {
        str(case.get("name")): case[0].tag if len(case) else "passed"
        for case in root.iter("testcase")
    }


def test_a_suite_is_a_metric_and_a_case_is_a_verdict() -> None:
    root = written(one_of_each())
    assert [suite.get("name") for suite in root] == ["retention", "churn"]
    assert {case.get("classname") for case in root[0].iterfind("testcase")} == {"retention.main"}
    assert outcomes(root) == {
        "passes (day 7, mode on)": "passed",
        "breached (day 7, mode on; channel web)": "failure",
        "few (day 7, mode on)": "failure",
        "few, mild (day 7, mode on)": "skipped",
        "warns": "passed",
        "fine (day 7, mode on)": "passed",
    }
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("type") == "breach"
    assert failure.get("message") == failure.text
    assert str(failure.text).endswith("5 points beyond (growth)")


@UNDECIDED
def test_counts_are_those_of_the_cases(undecided: UndecidedAs) -> None:
    fails = undecided == "fail"
    text = junit(one_of_each(), undecided)
    retention, churn = JUnitXml.fromstring(text)
    told = [(each.tests, each.failures, each.errors, each.skipped) for each in (retention, churn)]
    assert told == [(4, 2 if fails else 1, 0, 1 if fails else 2), (2, 0, 0, 0)]
    assert [len(list(retention)), len(list(churn))] == [4, 2]
    written(one_of_each(), undecided)


@UNDECIDED
def test_a_failure_is_what_the_run_fails_of(undecided: UndecidedAs) -> None:
    errors = {each.name for each in findings(one_of_each(), undecided) if each.level == "error"}
    told = outcomes(written(one_of_each(), undecided))
    assert {name for name, outcome in told.items() if outcome == "failure"} == errors


def test_what_warns_passes_and_the_suite_says_so() -> None:
    _, churn = written(one_of_each())
    said = churn.findtext("system-out")
    assert str(said).startswith("warn: warns: retention rate (day 7, mode on): 20.0%")
    skipped = written(one_of_each(), "warn")[0].findtext("system-out")
    assert str(skipped).count("undecided: few") == 2
    assert not written(one_of_each(), "pass")[0].findtext("system-out")


def test_properties_say_what_the_numbers_mean() -> None:
    (suite,) = JUnitXml.fromstring(junit(checked([row()]), "fail"))
    assert [(each.name, each.value) for each in suite.properties()] == [
        ("definition", "Of members who started, the share back on day N."),
        ("rows", "1000"),
        ("members", "100"),
        ("tz", "UTC"),
    ]


def test_the_same_result_is_the_same_bytes() -> None:
    assert junit(one_of_each(), "fail") == junit(one_of_each(), "fail")
    root = written(one_of_each())
    assert {suite.get("timestamp") for suite in root} == {"2024-03-05T00:00:00"}


def test_without_an_end_of_the_data_there_is_no_time() -> None:
    root = etree.fromstring(junit(checked([row()], as_of=None), "fail"))
    SCHEMA.validate(etree.ElementTree(root))
    assert root[0].get("timestamp") is None


@pytest.mark.parametrize("verdict", get_args(Verdict))
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_only_text(text: str, verdict: str) -> None:
    root = written(hostile(text, verdict), "warn")
    (suite,) = root
    (case,) = suite.iterfind("testcase")
    shown = one_line(text)
    assert suite.get("name") == shown
    assert case.get("classname") == f"{shown}.{shown}"
    assert case.get("name") == one_line(f"{text} ({text}; {text})")
    tags = {str(each.tag) for each in root.iter()}
    assert tags <= {
        *("testsuites", "testsuite", "properties", "property", "testcase"),
        *("failure", "skipped", "system-out", "system-err"),
    }


@settings(max_examples=60)
@given(NASTY, st.sampled_from(get_args(Verdict)), st.sampled_from(get_args(UndecidedAs)))
def test_any_text_is_valid(text: str, verdict: str, undecided: UndecidedAs) -> None:
    written(hostile(text, verdict), undecided)
