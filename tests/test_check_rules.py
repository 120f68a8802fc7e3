"""Rules as text and as settings say them: what they mean, and what is told of those that err."""

from __future__ import annotations

from typing import Any

import pytest

from retainkit.checking.bounds import Change, Limits
from retainkit.checking.parsing import named_requests, read_rules
from retainkit.checking.rules import Definitions, Rule
from retainkit.errors import UsageError

SETTINGS = Definitions(
    metrics={
        "d7": {"command": "retention", "days": [7], "mode": "within"},
        "by-channel": {"command": "cohort", "by": ["channel", "tier"], "period": "week"},
        "pay": {"command": "funnel", "steps": ["visit", "cart", "pay"]},
    },
    defaults={"retention": {"clock": "elapsed", "start_event": "join"}},
)


def one(text: str | dict[str, object], settings: Definitions = SETTINGS) -> Rule:
    (rule,) = read_rules([text], settings)
    return rule


def test_a_rule_names_metric_cell_and_bound() -> None:
    rule = one("retention day=7 mode=within >= 0.25")
    assert rule.request.metric.command == "retention"
    assert (rule.params.days, rule.params.mode) == ((7,), ("within",))
    assert (rule.table, rule.value) == ("main", "rate")
    assert rule.cell == {"day": 7, "mode": "within"}
    assert rule.bound == Limits(least=0.25)
    assert (rule.decide, rule.severity, rule.min_members) == ("point", "error", 30)
    assert rule.name == "retention day=7 mode=within >= 0.25"


def test_settings_of_a_command_are_the_defaults_of_its_rules() -> None:
    rule = one("retention day=7 mode=on >= 0.25")
    assert (rule.params.clock, rule.params.start_event) == ("elapsed", "join")
    named = one("d7 >= 0.25")
    assert (named.params.clock, named.cell) == ("calendar", {"day": 7, "mode": "within"})


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("d7 >= 25%", Limits(least=0.25)),
        ("d7 >=0.25", Limits(least=0.25)),
        ("d7 <= .5", Limits(most=0.5)),
        ("d7 at-least=0.2", Limits(least=0.2)),
        ("d7 at_least=0.2 at_most=30%", Limits(0.2, 0.3)),
        ("d7 between=0.2,0.3", Limits(0.2, 0.3)),
        ("d7 >= 1e-3", Limits(least=0.001)),
        ("by-channel age=1 max_drop=0.05", Change(0.05, previous=4)),
        ("by-channel age=1 max_drop=10% previous=2", Change(0.1, relative=True, previous=2)),
        ("by-channel age=1 max_rise=5%", Change(0.05, relative=True, rise=True, previous=4)),
        ("d7 max_drop=3% baseline=base.json", Change(0.03, relative=True)),
    ],
)
def test_bounds(text: str, bound: object) -> None:
    assert one(text).bound == bound


def test_text_and_settings_say_the_same() -> None:
    table: dict[str, object] = {
        "metric": "cohort",
        "age": 3,
        "by": ["channel"],
        "channel": "worst",
        "between": [0.1, "90%"],
        "min-members": 50,
        "decide": "confident",
        "severity": "warn",
        "owner": "growth",
        "message": "Look at the feed.",
        "period": "week",
    }
    text = (
        "cohort age=3 by=channel channel=worst between=10%,0.9 min_members=50 decide=confident "
        "severity=warn owner=growth message='Look at the feed.' period=week"
    )
    from_table, from_text = one(table), one(text)
    for name in ("request", "cell", "segments", "bound", "decide", "severity", "owner", "message"):
        assert getattr(from_table, name) == getattr(from_text, name), name
    assert from_table.min_members == from_text.min_members == 50


def test_a_cell_asks_the_metric_for_what_it_needs() -> None:
    assert one("orders days=45 >= 0.1").params.repeat_days == (45,)
    assert one("orders table=first_order days=5 >= 0.1").params.first_days == (5,)
    assert one("cohort age=20 >= 0.1").params.horizon == 20
    assert one("cohort age=2 >= 0.1").params.horizon == 12
    assert one("retention day=each days=1,9 mode=on >= 0.1").params.days == (1, 9)
    rule = one("funnel steps='visit > cart > pay[amount > 0]' step=3 >= 0.1")
    assert rule.params.steps == ("visit", "cart", "pay[amount > 0]")
    assert rule.cell == {"step": 3}


def test_segments_are_each_unless_a_rule_says_which() -> None:
    assert one("by-channel age=1 >= 0.1").segments == {"channel": "each", "tier": "each"}
    rule = one("by-channel age=1 channel=小红书 tier=worst >= 0.1")
    assert rule.segments == {"channel": "小红书", "tier": "worst"}
    rule = one("cohort age=1 by=渠道,user-group 渠道=抖音 user-group=worst >= 0.1")
    assert rule.segments == {"渠道": "抖音", "user-group": "worst"}
    # A key of a table goes before a column of the same name.
    assert one("rfm segment=champions >= 0.1").cell == {"segment": "champions"}


def test_periods() -> None:
    assert one("cohort age=1 >= 0").at == "latest"
    assert one("cohort age=1 at=each >= 0").at == "each"
    assert one("cohort age=1 at=2024-03 >= 0").at == "2024-03-01"
    assert one("cohort age=1 at=2024-03-04 >= 0").at == "2024-03-04"


def test_a_baseline_of_the_run_is_what_changes_are_measured_against() -> None:
    settings = Definitions(baseline="base.json")
    rule = one("cohort age=1 max_drop=1%", settings)
    assert (rule.bound, rule.baseline) == (Change(0.01, relative=True), "base.json")
    rule = one("cohort age=1 max_drop=1% previous=3", settings)
    assert (rule.bound, rule.baseline) == (Change(0.01, relative=True, previous=3), None)
    assert one("cohort age=1 >= 1%", settings).baseline is None


def test_rules_have_names_of_their_own() -> None:
    rules = read_rules(["d7 >= 1%", "d7 >= 1%", {"metric": "d7", "at_least": 0.01}], SETTINGS)
    assert [rule.name for rule in rules] == ["d7 >= 1%", "d7 >= 1% (2)", "d7 at_least=0.01"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "A rule begins with its metric"),
        ("retnetion day=7 >= 1", "There is no metric 'retnetion'; there are d7, by-channel"),
        ("retnetion day=7 >= 1", "Did you mean 'retention'?"),
        ("retention dya=7 mode=on >= 1", "retention has no 'dya'. Did you mean 'day'?"),
        ("retention day=7 mode=wihtin >= 1", "'wihtin' is not one of"),
        ("retention day=7 >= 1", "does not say of which mode (on, within, on-or-after) it is"),
        ("retention day=seven mode=on >= 1", "'seven' is no whole number"),
        ("retention day=7 mode=on", "A rule has one bound, it has none"),
        ("retention day=7 mode=on >= 1 max_drop=3", "it has at_least, max_drop"),
        ("retention day=7 mode=on >= 1 >= 2", "at_least is said twice"),
        ("retention day=7 mode=on >= 1 at-least=2", "at_least is said twice"),
        ("retention day=7 mode=on > 1", "'>' is no part of a rule"),
        ("retention day=7 mode=on >=", "The number after >= or <= is missing"),
        ("retention day=7 mode=on >= much", "'much' is no number"),
        ("retention day=7 mode=on >= nan", "'nan' is no number"),
        ("retention day=7 mode=on >= 25", "rate is a share, from 0 to 1: it is never 25"),
        ("retention day=7 mode=on >= 25", "Write 25% for 0.25."),
        ("retention day=7 mode=on between=-0.1,0.3", "it is never -0.1"),
        ("cohort age=1 max_drop=3", "it is never 3"),
        ("cohort age=-1 >= 0.1", "age: '-1' is no whole number from 0"),
        ("cohort age=1 at=2024-13 >= 0.1", "at: there is no 2024-13 in the calendar"),
        ("retention day=7 mode=on between=1", "'1' is no pair of numbers"),
        ("retention day=7 mode=on between=3,1", "3 is above 1"),
        ("retention day=7 mode=on max_drop=-1", "is not below 0"),
        ("retention day=7 mode=on max_drop=1", "has no periods, so nothing came before"),
        ("retention day=7 mode=on >= 1 previous=2", "previous is for max_drop and max_rise"),
        ("retention day=7 mode=on >= 1 at=latest", "at: the table 'main' has no periods"),
        ("retention table=mian day=7 mode=on >= 1", "Did you mean 'main'?"),
        ("retention day=7 mode=on value=rat >= 1", "Did you mean 'rate'?"),
        ("retention day=7 mode=on decide=maybe >= 1", "decide: 'maybe' is not one of"),
        ("retention day=7 mode=on value=returned decide=confident >= 1", "has no interval"),
        ("retention day=7 mode=on min_members=-1 >= 1", "is no whole number from 0"),
        ("cohort age=1 at=latset >= 1", "Did you mean 'latest'?"),
        ("cohort age=1 max_drop=1 previous=0", "is no whole number from 1"),
        ("cohort age=1 max_drop=1 previous=2 baseline=x", "not both"),
        ("d7 day=8 >= 1", "day: d7 has 7, not 8"),
        ("d7 days=8 >= 1", "'days' is said by [metrics.d7]"),
        ("d7 >= 'un", "cannot be read: No closing quotation"),
        ("by-channel age=1 channel=worst tier=worst >= 1", "worst is said of channel and tier"),
        ("churn table=logrank by=channel >= 1", "is not split by segments"),
        ("churn definition=leave value=quick_ratio >= 1", "has no number 'quick_ratio'"),
        ("funnel step=1 >= 1", "funnel needs steps"),
        ("orders days=7 roster=x.csv >= 1", "orders has no 'roster'"),
        ("orders days=7 horizon=many >= 1", "horizon: 'many' is no whole number"),
        ("orders days=7 merge_days=yes >= 1", "merge_days: 'yes' is neither true nor false"),
    ],
)
def test_what_errs_is_told_before_data_is_read(text: str, told: str) -> None:
    with pytest.raises(UsageError) as fault:
        one(text)
    assert told in str(fault.value)


def test_all_faults_are_told_at_once_with_their_places() -> None:
    rules: tuple[tuple[str, dict[str, object]], ...] = (
        ("retainkit.toml, rule 1", {"metric": "d9", "at_least": 1}),
        ("retainkit.toml, rule 2", {"metric": "d7", "at_least": True}),
    )
    with pytest.raises(UsageError) as fault:
        read_rules(["cohort >= 1"], Definitions(metrics=SETTINGS.metrics, rules=rules))
    lines = str(fault.value).splitlines()
    places = [line.split(": ")[0].strip() for line in lines[1:]]
    assert places == ["retainkit.toml, rule 1", "retainkit.toml, rule 2", "--rule 1"]


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        ({"x": {}}, "metrics.x: There is no metric ''"),
        ({"x": {"command": "retention", "dyas": [7]}}, "Did you mean 'days'?"),
        ({"x": {"command": "retention", "days": ["7a"]}}, "days: '7a' is no whole number"),
        ({"x": {"command": "cohort", "period": 3}}, "period: '3' is no text"),
    ],
)
def test_faults_of_named_metrics(metrics: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as fault:
        named_requests(Definitions(metrics=metrics))
    assert told in str(fault.value)
