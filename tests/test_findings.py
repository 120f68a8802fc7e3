"""Findings: the demo's planted truths and nothing else, and nothing where there is nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from cases import scaled
from retainkit.demo import plan
from retainkit.demo.shop import Shop, open_shop
from retainkit.reporting.compared import Told, changes, levels, matters, over_time
from retainkit.reporting.contents import ReportParams
from retainkit.reporting.counts import MOST_VALUES, Counts, counts_of
from retainkit.reporting.findings import MOST
from retainkit.reporting.model import Finding, Report
from retainkit.reporting.running import reported
from retainkit.reporting.sentences import named
from retainkit.sources import SourceOptions
from stationary import stationary

STEPS = "add_to_cart > checkout > pay"
TRAITS = ("channel", "client", "tier", "city", "group")
SEEDS = (2024, 7)
EACH_SEED = pytest.mark.parametrize(
    "seed", [SEEDS[0], *(pytest.param(seed, marks=pytest.mark.long) for seed in SEEDS[1:])]
)
PLANTED = {
    f"channel={plan.CAMPAIGN}",
    f"channel={plan.FALLING_CHANNEL}",
    f"client={plan.BROKEN_CLIENT}",
    f"group={plan.SILENT_GROUP}",
    f"tier={plan.FAST_TIER}",
}


def told(
    events: pl.DataFrame,
    members: pl.DataFrame | None = None,
    by: tuple[str, ...] = (),
    steps: str | None = STEPS,
    defaults: Mapping[str, Mapping[str, object]] | None = None,
    **params: Any,
) -> Report:
    options = SourceOptions(members=members, tz=plan.ZONE)
    asked = ReportParams(by=by, steps=steps, **params)
    return reported(asked, [events], options, defaults=defaults)


@cache
def shop(seed: int) -> Shop:
    return open_shop(5000, seed)


@cache
def report(seed: int, by: tuple[str, ...] = TRAITS) -> Report:
    return told(shop(seed).events, shop(seed).members, by)


def about(report: Report) -> dict[str, Finding]:
    return {finding.subject: finding for finding in report.findings}


# What is planted.


@EACH_SEED
def test_the_planted_truths_are_found_and_nothing_else(seed: int) -> None:
    assert set(about(report(seed))) == PLANTED
    assert "city" not in " ".join(finding.sentence for finding in report(seed).findings)


@EACH_SEED
def test_what_broke_is_told_with_its_node_and_its_date(seed: int) -> None:
    found = about(report(seed))[f"client={plan.BROKEN_CLIENT}"]
    assert (found.kind, found.section) == ("node", "funnel_client")
    assert found.evidence["since"] == str(plan.BROKEN_FROM)
    assert found.evidence["what"] == ["checkout", "pay"]
    assert found.members is not None
    assert found.members > 100
    assert found.sentence.startswith("Since 2024-12, members of client android get from checkout")


@EACH_SEED
def test_who_fell_silent_is_told_with_the_date(seed: int) -> None:
    found = about(report(seed))[f"group={plan.SILENT_GROUP}"]
    assert (found.kind, found.evidence["since"]) == ("active", str(plan.SILENT_FROM))
    assert "low interaction" in found.sentence  # nobody answers
    assert "cohorts_group" in found.also  # nobody joins


@EACH_SEED
def test_who_leaves_who_dries_up_and_who_buys_sooner(seed: int) -> None:
    found = about(report(seed))
    campaign = found[f"channel={plan.CAMPAIGN}"]
    assert {"left_channel", "cohorts_channel"} <= {*campaign.sections}
    assert campaign.members is not None
    assert campaign.members > 100
    falling = found[f"channel={plan.FALLING_CHANNEL}"]
    assert (falling.kind, falling.also) == ("joins", ())
    fast = found[f"tier={plan.FAST_TIER}"]
    assert (fast.kind, fast.evidence["what"]) == ("again", ["14"])
    assert fast.members is not None
    assert fast.members < 0  # it brings some


@EACH_SEED
def test_what_counts_as_coming_back_does_not_change_what_is_found(seed: int) -> None:
    """By default to leave is an event as any other, and who leaves is back once more."""
    visits = {name: {"return_event": "visit"} for name in ("cohort", "retention", "churn")}
    found = about(told(shop(seed).events, shop(seed).members, TRAITS, defaults=visits))
    assert set(found) == PLANTED


# How it is told.


@EACH_SEED
def test_findings_are_few_sorted_and_have_their_sections(seed: int) -> None:
    own = report(seed)
    assert len(own.findings) <= MOST
    sizes = [abs(finding.members or 0) for finding in own.findings]
    assert sizes == sorted(sizes, reverse=True)
    sections = {section.name for section in own.sections}
    for finding in own.findings:
        assert {*finding.sections} <= sections
        assert finding.evidence["p_value"] <= finding.p_value <= 0.05  # type: ignore[operator]
    assert "left_city" not in sections  # counted, and nothing found
    assert own.compared > 500


def table(report: Report, finding: Finding, name: str = "main") -> pl.DataFrame:
    result = next(each.result for each in report.sections if each.name == finding.section)
    return result.tables[name]


def split(rows: pl.DataFrame, finding: Finding, part: str, whole: str) -> dict[str, float]:
    """Return the shares of a value and of all others, since a date and before it."""
    column, value = str(finding.evidence["column"]), finding.evidence["value"]
    since = finding.evidence["since"]
    late = pl.lit(True) if since is None else pl.col("when").cast(pl.String) >= since
    shares = {}
    for name, time in (("", late), ("before", ~late)):
        for side, who in (("own", pl.col(column) == value), ("others", pl.col(column) != value)):
            some = rows.filter(who.fill_null(side == "others"), time)
            if some.height:
                key = f"{side}_{name}" if name and side == "others" else name or side
                shares[key] = some[part].sum() / some[whole].sum()
    return shares


def days(report: Report, finding: Finding) -> dict[str, float]:
    rows = table(report, finding).filter(day=int(finding.evidence["what"][0]))  # type: ignore[index]
    return split(rows, finding, "returned", "mature")


def ages(report: Report, finding: Finding) -> dict[str, float]:
    rows = table(report, finding).filter(pl.col("age") == 1, "complete")
    return split(rows.rename({"cohort": "when"}), finding, "returned", "size")


def nodes(report: Report, finding: Finding) -> dict[str, float]:
    start, step = finding.evidence["what"]  # type: ignore[misc]
    keys = [str(finding.evidence["column"]), "period"]
    rows = table(report, finding, "trend")
    before = rows.filter(event=start).select(*keys, came="members")
    rows = rows.filter(event=step).join(before, on=keys, nulls_equal=True)
    return split(rows.rename({"period": "when"}), finding, "members", "came")


def joins(report: Report, finding: Finding) -> dict[str, float]:
    rows = table(report, finding).filter(pl.col("age") == 0, "complete")
    rows = rows.with_columns(all=pl.col("size").sum().over("cohort"))
    shares = split(rows.rename({"cohort": "when"}), finding, "size", "all")
    every = rows.group_by("cohort").agg(pl.col("size").sum())
    late = pl.col("cohort").cast(pl.String) >= finding.evidence["since"]
    own = rows.filter(pl.col(str(finding.evidence["column"])) == finding.evidence["value"])
    assert set(shares) >= {"own", "before"}
    return {
        "own": own.filter(late)["size"].sum() / every.filter(late)["size"].sum(),
        "before": own.filter(~late)["size"].sum() / every.filter(~late)["size"].sum(),
    }


def again(report: Report, finding: Finding) -> dict[str, float]:
    within = int(finding.evidence["what"][0])  # type: ignore[index]
    rows = table(report, finding).filter(days=within)
    return split(rows, finding, "repurchased", "mature")


def left(report: Report, finding: Finding) -> dict[str, float]:
    return split(table(report, finding, "survival"), finding, "churned", "members")


def reasons(report: Report, finding: Finding) -> dict[str, float]:
    rows = table(report, finding, "reasons")
    named = pl.when(category=finding.evidence["what"][0]).then("members").otherwise(0)  # type: ignore[index]
    return split(rows.with_columns(named=named), finding, "named", "members")


def active(report: Report, finding: Finding) -> dict[str, float]:
    """Who came, of those who began before; others: as often as those of the same cohorts."""
    column, value = str(finding.evidence["column"]), finding.evidence["value"]
    cells = table(report, finding).filter(pl.col("age") > 0, "complete")
    cells = cells.with_columns(when=pl.col("cohort").dt.offset_by(pl.format("{}mo", "age")))
    who = (pl.col(column) == value).fill_null(False)
    keys = ["cohort", "age"]
    like = pl.col("returned").sum() / pl.col("size").sum()
    rest = cells.filter(~who).group_by(keys).agg(like=like)
    own = cells.filter(who).join(rest, on=keys)
    shares = {}
    late = pl.col("when").cast(pl.String) >= finding.evidence["since"]
    for names, time in ((("own", "others"), late), (("before", "others_before"), ~late)):
        some = own.filter(time)
        size = some["size"].sum()
        shares[names[0]] = some["returned"].sum() / size
        shares[names[1]] = (some["size"] * some["like"]).sum() / size
    return shares


TABLES: Mapping[str, Callable[[Report, Finding], dict[str, float]]] = {
    "day": days,
    "age": ages,
    "node": nodes,
    "joins": joins,
    "again": again,
    "left": left,
    "reason": reasons,
    "active": active,
}


def told_shares(finding: Finding) -> list[str]:
    """Return the shares of the first sentence, in the order in which it tells them."""
    first = re.split(r"(?<=\.) (?=[A-Z])", finding.sentence)[0]
    return re.findall(r"[<>]?\d[\d.]*%|\bnone\b", first)


@EACH_SEED
@pytest.mark.parametrize("by", [TRAITS, ("tier", "group"), ("channel",)])
def test_numbers_of_sentences_are_those_of_their_tables(seed: int, by: tuple[str, ...]) -> None:
    own = report(seed, by)
    assert own.findings
    for finding in own.findings:
        if finding.evidence["column"] is None:
            continue
        shares = TABLES[finding.kind](own, finding)
        order = ["own", "others", "before", "others_before"]
        names = [name for name in order if finding.evidence[name] is not None]
        for name in names:
            assert finding.evidence[name] == pytest.approx(shares[name]), (finding.sentence, name)
        percents = [f"{shares[name]:.1%}" if shares[name] else "none" for name in names]
        assert told_shares(finding) == percents


@EACH_SEED
def test_how_many_members_it_comes_to_follows_from_the_shares(seed: int) -> None:
    for finding in report(seed).findings:
        evidence: Any = finding.evidence
        than = evidence["before"] if finding.kind == "joins" else evidence["others"]
        more = (evidence["own"] - than) * evidence["n"]
        number = float(re.findall(r"about ([\d,]+)", finding.sentence)[0].replace(",", ""))
        if finding.kind != "active":  # where it is of one month
            assert number == round(abs(more))
        assert number == round(abs(finding.members or 0))
        assert ("fewer" if more < 0 else "more") in finding.sentence


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("tier", "gold", "of tier gold"),
        ("group", "group-05", "of group-05"),
        ("city", None, "without city"),
        ("city", "", "of city (empty)"),
        ("city", "\x1b[31m", "of city \ufffd[31m"),
    ],
)
def test_members_are_named_by_their_column(column: str, value: str | None, words: str) -> None:
    assert named(column, value) == words


# One thing is told once.


def test_a_change_of_all_is_told_where_no_value_explains_it() -> None:
    (alone,) = report(7, ()).findings
    assert alone.subject == "checkout > pay"
    assert alone.section == "first_attempts"
    assert alone.evidence["since"] == str(plan.BROKEN_FROM)
    assert "checkout > pay" not in about(report(7))
    assert "checkout > pay" in about(report(7, ("tier", "group")))


def test_first_attempts_are_what_the_funnel_tells_of_them() -> None:
    (found,) = report(7, ()).findings
    rows = table(report(7, ()), found, "trend").filter("complete")
    late = pl.col("period").cast(pl.String) >= found.evidence["since"]
    for name, time in (("own", late), ("before", ~late)):
        came, paid = (
            rows.filter(time, event=step)["members"].sum() for step in STEPS.split(" > ")[1:]
        )
        assert found.evidence[name] == pytest.approx(paid / came)


def counts(
    shares: Mapping[str | None, float], size: int = 2000, periods: int = 1
) -> tuple[pl.DataFrame, Counts]:
    rows = pl.DataFrame(
        [
            {"value": value, "period": period, "part": round(size * share), "whole": size}
            for value, share in shares.items()
            for period in range(periods)
        ]
    )
    return rows, counts_of(
        rows, "part", "whole", value="value", within=("period",), period="period"
    )


def by_value(found: list[Told]) -> dict[str | None, Told]:
    return {each.value: each for each in found}


def test_without_the_value_that_stands_out_the_others_do_not() -> None:
    """The echo: b and c differ from the rest only because a is in it."""
    _, all_of_them = counts({"a": 0.2, "b": 0.5, "c": 0.5})
    found = by_value(levels(all_of_them, good=True))
    assert all(each.p_value < 1e-6 for each in found.values())
    left = levels(all_of_them.without({"a"}), good=True)
    assert [each.p_value for each in left] == [1]


def test_two_values_are_one_comparison_of_the_worse() -> None:
    _, pair = counts({"a": 0.5, "b": 0.4})
    assert [each.value for each in levels(pair, good=True)] == ["b"]
    assert [each.value for each in levels(pair, good=False)] == ["a"]


def test_values_beyond_the_largest_still_count_among_all_others() -> None:
    shares = {f"v{number:03}": 0.5 for number in range(MOST_VALUES + 30)}
    rows, some = counts(shares, size=100)
    assert len(some.values) == MOST_VALUES
    assert some.everybody.tolist() == [rows["part"].sum(), rows["whole"].sum()]
    assert [each.p_value for each in levels(some, good=True)] == [1.0] * MOST_VALUES


def test_a_small_difference_does_not_matter_however_certain_it_is() -> None:
    _, large = counts({"a": 0.5, "b": 0.51, "c": 0.5}, size=10_000_000)
    found = by_value(levels(large, good=True))
    assert found["b"].p_value < 1e-12
    assert not found["b"].matters
    assert matters(0.03, 0.5)
    assert matters(0.004, 0.04)
    assert not matters(0.02, 0.5)
    assert not matters(0.0, 0.0)


def test_a_few_members_are_not_compared() -> None:
    rows = pl.DataFrame({"value": ["a", "b"], "part": [0, 500], "whole": [29, 1000]})
    assert levels(counts_of(rows, "part", "whole", value="value"), good=True) == []


def test_when_members_started_is_no_difference() -> None:
    """One rate in each month; a's members came in the good one."""
    rows = pl.DataFrame(
        {
            "value": ["a", "a", "b", "b"],
            "period": [1, 2, 1, 2],
            "part": [60, 300, 600, 30],
            "whole": [600, 600, 6000, 60],
        }
    )
    some = counts_of(rows, "part", "whole", value="value", within=("period",), period="period")
    (found,) = levels(some, good=True)
    assert abs(found.own - (found.others or 0)) > 0.1
    assert found.p_value == 1
    assert not found.matters


# Nothing, where there is nothing.


def shuffled(shop: Shop, rng: np.random.Generator) -> pl.DataFrame:
    """Return the members, each column of segments dealt out anew."""
    people = shop.members
    dealt = {name: people[name].gather(rng.permutation(people.height)) for name in TRAITS}
    return people.with_columns(**dealt)


def test_segments_dealt_out_at_random_are_not_told() -> None:
    found = 0
    for seed in range(scaled(8) // 2):
        some = open_shop(1000, seed)
        people = shuffled(some, np.random.default_rng(seed))
        own = told(some.events, people, TRAITS)
        found += any(each.evidence["column"] is not None for each in own.findings)
    assert found <= 1


def test_a_shop_in_which_nothing_happens_has_no_findings() -> None:
    reports = [told(*stationary(800, seed), ("channel", "client")) for seed in range(scaled(10))]
    assert sum(bool(each.findings) for each in reports) <= 1
    assert min(each.compared for each in reports) > 100


def noise(rng: np.random.Generator, *, dependent: bool) -> Counts:
    """Return cohorts of four values that differ by nothing, followed for a year.

    dependent: the same members in every period, who come in all or in none.
    """
    sizes = rng.integers(30, 120, 4)
    rows = []
    for value in range(4):
        loyal = rng.binomial(sizes[value], 0.3)
        for period in range(12):
            part = loyal if dependent else rng.binomial(sizes[value], 0.3)
            rows.append((str(value), period, part, sizes[value]))
    frame = pl.DataFrame(rows, schema=["value", "period", "part", "whole"], orient="row")
    return counts_of(frame, "part", "whole", value="value", within=("period",), period="period")


@pytest.mark.parametrize("test", ["level", "change", "since", "over time"])
def test_p_values_of_noise_are_as_rare_as_they_say(test: str) -> None:
    rng = np.random.default_rng(11)
    p_values = []
    for _ in range(250):
        some = noise(rng, dependent=test == "since")
        found = {
            "level": lambda some: levels(some, good=True),
            "change": lambda some: changes(some, dependent=False),
            "since": lambda some: changes(some, dependent=True),
            "over time": over_time,
        }[test](some)
        p_values += [each.p_value for each in found]
    assert len(p_values) == 1000
    assert np.mean(np.array(p_values) <= 0.05) <= 0.06
    assert np.mean(np.array(p_values) <= 0.01) <= 0.015


SMALL = pl.DataFrame(
    {
        "user_id": ["ann", "bob", "cat"],
        "event_time": ["2024-01-01", "2024-01-02", "2024-03-05"],
        "event": ["a", "b", "a"],
        "channel": ["web", None, "web"],
    }
)


@pytest.mark.parametrize("period", ["day", "week", "month", "quarter", "year"])
@pytest.mark.parametrize("events", [SMALL, SMALL.head(1), SMALL.clear()])
def test_little_data_has_no_findings(events: pl.DataFrame, period: str) -> None:
    own = told(events, by=("channel",), steps="a > b", period=period)
    assert own.findings == ()
    assert own.compared == 0


def test_one_period_and_no_segments() -> None:
    month = shop(7).events.filter(pl.col("event_time").dt.strftime("%Y-%m") == "2024-03")
    assert told(month).findings == ()


def test_members_without_a_value_are_told_as_such() -> None:
    gone = pl.when(pl.col("channel") != plan.CAMPAIGN).then("channel")
    people = shop(7).members.with_columns(channel=gone)
    found = about(told(shop(7).events, people, ("channel",)))
    assert "members without channel" in found["channel="].sentence
    assert found["channel="].evidence["value"] is None


def test_other_periods_find_the_same() -> None:
    found = about(told(shop(7).events, shop(7).members, ("channel", "client"), period="week"))
    android = found[f"client={plan.BROKEN_CLIENT}"]
    assert android.evidence["since"] == "2024-12-02"
    assert "Since 2024-12-02" in android.sentence


def test_what_the_settings_say_of_cohorts_does_not_disturb_it() -> None:
    settings: dict[str, dict[str, object]] = {
        "cohort": {"brackets": ["1-3"], "cohorts": "recurring"},
        "churn": {"leave_event": "leave", "period": "week"},
        "orders": {"repeat_days": [10, 20]},
        "funnel": {"window": "3d"},
    }
    found = about(told(shop(7).events, shop(7).members, TRAITS, defaults=settings))
    assert set(found) <= PLANTED
    assert f"client={plan.BROKEN_CLIENT}" in found
    assert found[f"tier={plan.FAST_TIER}"].evidence["what"] == ["20"]


def test_counts_without_a_value_are_those_of_the_others() -> None:
    rows, some = counts({"a": 0.2, "b": 0.5, None: 0.4}, periods=3)
    other = rows.filter(pl.col("value").ne_missing(None))
    left = some.without({None})
    again = counts_of(other, "part", "whole", value="value", within=("period",), period="period")
    for name in ("part", "whole", "members", "all_part", "all_whole", "everybody"):
        assert getattr(left, name).tolist() == getattr(again, name).tolist()
    assert replace(left, values=()).periods == again.periods
