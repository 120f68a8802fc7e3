"""Verdicts as JUnit XML: a suite a metric, a test case a verdict.

What is written is valid by the schema of Jenkins' xUnit plugin (junit-10.xsd) and by the stricter
one of Ant's JUnitReport, which has system-out in suites only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO

from junitparser import Attr, Failure, JUnitXml, Skipped, SystemErr, SystemOut, TestCase, TestSuite

from retainkit.checking.ci.findings import Finding, definitions, findings, one_line
from retainkit.choices import UndecidedAs
from retainkit.results import Result


class _Suite(TestSuite):
    """A suite as Ant numbers them."""

    package = Attr()
    id = Attr()


def junit(result: Result, undecided: UndecidedAs) -> bytes:
    """Return the verdicts of a check's Result as the bytes of a JUnit XML file.

    An error is a failure, another verdict that is undecided is skipped, and the rest passes; what
    warns is said by the suite. The same Result is the same bytes: times are 0, and the time stamp
    is the end of what was observed.
    """
    found = findings(result, undecided)
    document = JUnitXml()
    for number, metric in enumerate(dict.fromkeys(each.metric for each in found)):
        mine = [each for each in found if each.metric == metric]
        document.add_testsuite(_suite(number, metric, mine, result))
    file = BytesIO()
    document.write(file, pretty=True)
    return file.getvalue()


def _suite(number: int, metric: str, found: Sequence[Finding], result: Result) -> TestSuite:
    suite = _Suite(metric)
    suite.package, suite.id, suite.hostname = "retainkit", str(number), "localhost"
    if result.data.as_of is not None:
        suite.timestamp = result.data.as_of.strftime("%Y-%m-%dT%H:%M:%S")
    for name, value in _properties(metric, result):
        suite.add_property(name, value)
    suite.add_testcases([_case(each) for each in found])
    warnings = "".join(f"{e.verdict}: {e.name}: {e.text}\n" for e in found if e.level == "warning")
    for stream in (SystemOut(warnings), SystemErr("")):
        suite.append(stream)  # type: ignore[no-untyped-call]
    return suite


def _properties(metric: str, result: Result) -> Iterator[tuple[str, str]]:
    """Yield what a reader needs to trust the numbers: what they mean, and of which data."""
    for number, text in enumerate(definitions(result, metric), 1):
        yield "definition" if number == 1 else f"definition {number}", text
    yield "rows", str(result.data.rows)
    yield "members", str(result.data.members)
    yield "tz", one_line(result.data.tz)


def _case(finding: Finding) -> TestCase:
    case = TestCase(finding.name, f"{finding.metric}.{finding.table}", 0.0)
    if finding.level == "error":
        failure = Failure(finding.text, finding.verdict)
        failure.text = finding.text
        case.result = failure
    elif finding.verdict == "undecided":
        case.result = Skipped(finding.text)
    return case
