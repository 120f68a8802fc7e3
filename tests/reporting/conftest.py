"""A small report of the demo shop, with checks, and findings made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import browser
import pytest

from retainkit.checking.parsing import read_rules
from retainkit.checking.rules import Definitions
from retainkit.checking.running import Check
from retainkit.demo.shop import open_shop
from retainkit.reporting import page
from retainkit.reporting.contents import ReportParams
from retainkit.reporting.model import Finding, Report
from retainkit.reporting.running import reported
from retainkit.sources import SourceOptions

STEPS = "view_item > add_to_cart > checkout > pay"
RULES = (
    "cohort age=1 by=channel >= 0.3",
    "orders days=7 >= 0.9 message='Look at the second order.'",
    "retention day=7 mode=on >= 0.05",
)
FINDINGS = (
    Finding(
        sentence="D7 retention of campaign is 5.1 points below that of all other channels.",
        section="segments_channel",
        kind="segments",
        subject="channel=campaign",
        p_value=0.0004,
        members=19.3,
        evidence={"rate": 0.0667, "others": [0.118, 0.1]},
    ),
    Finding(
        sentence="D1 retention of cohort 2024-11 is below that of the cohorts before.",
        section="days_by_cohort",
        kind="cohorts",
        subject="cohort=2024-11",
        p_value=0.021,
        members=-11,
    ),
)


@pytest.fixture(scope="session")
def bare() -> Report:
    """The report as it is counted, without findings."""
    shop = open_shop(800, 2024)
    none = 1e-300  # so that nothing is found, and no part is shown for a finding's sake
    params = ReportParams(by=("channel", "tier"), steps=STEPS, title="Our members", fdr=none)
    check = Check(rules=read_rules(RULES, Definitions()))
    options = SourceOptions(members=shop.members, tz="Asia/Shanghai")
    made = reported(params, [shop.events], options, check=check)
    assert not made.findings
    return replace(made, params={**made.params, "fdr": 0.05})


@pytest.fixture(scope="session")
def report(bare: Report) -> Report:
    return replace(bare, findings=FINDINGS, compared=128)


@pytest.fixture(scope="session")
def html(report: Report) -> str:
    return page.page(report)


@pytest.fixture(scope="session")
def html_file(html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    program = browser.found()
    if program is None:
        pytest.skip(f"there is no browser here: none of {', '.join(browser.NAMES)}")
    opened = browser.Browser(program, tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()
