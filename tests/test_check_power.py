"""What verdicts are worth: how often gates fail with nothing wrong, and how many drops they find.

Counts are drawn from seeds and judged by the command's own code. What has to come out is made
here by other means: the exact binomial chances of the score test's region, or a power analysis.
Shares may be 4.5 binomial standard errors off, which by chance one in 150,000 is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom, binomtest, false_discovery_control, norm

from retainkit.checking.judging import Judged, judge
from retainkit.checking.parsing import read_rules
from retainkit.checking.rules import Definitions
from retainkit.checking.running import Check, checked
from retainkit.checking.summary import main_table
from retainkit.metrics.base import with_rate
from retainkit.results import DataWindow, Result
from retainkit.sources import SourceOptions
from retainkit.stats.differences import benjamini_hochberg

Counts = NDArray[np.int64]  # members that returned, by market and weekly cohort
Flags = NDArray[np.bool_]

PAGE = Path(__file__).parents[1] / "docs" / "gates.md"
MONDAY = date(2025, 1, 6)
METRIC = "retention day=7 mode=on cohort=week by=market"
TRUE = 0.3
RATE = 0.025  # of a 95% interval, on one side
RUNS = 4_000
MANY = 500  # runs of 30 rules
ERRORS = 4.5


def drawn(seed: int, members: int, shares: object, *shape: int) -> Counts:
    return np.random.default_rng([17, seed]).binomial(members, shares, shape)  # type: ignore[call-overload, no-any-return]


def result_of(returned: Counts, members: int) -> Result:
    """Return what `retainkit retention --cohort week --by market` has of these counts."""
    markets, weeks = returned.shape
    main = pl.DataFrame(
        {
            "market": np.repeat([f"m{market:05}" for market in range(markets)], weeks),
            "cohort": [MONDAY + timedelta(weeks=week) for week in range(weeks)] * markets,
            "returned": returned.ravel(),
            "mature": np.full(returned.size, members),
            "members": np.full(returned.size, members),
        }
    ).with_columns(day=pl.lit(7), mode=pl.lit("on"))
    main = with_rate(main, "returned", "mature", 0.95)
    return Result("retention", "", {}, DataWindow(1, 1, None, None, None, "UTC"), {"main": main})


def told(
    texts: list[str], returned: Counts, members: int, fdr: float | None = None
) -> list[Judged]:
    rules = read_rules([f"{METRIC} {text}" for text in texts], Definitions())
    return judge(rules, [result_of(returned, members)] * len(rules), {}, fdr)


def breached(text: str, returned: Counts, members: int, fdr: float | None = None) -> Flags:
    """Return which markets are in breach, or which of their cohorts."""
    verdicts = np.array([each.verdict for each in told([text], returned, members, fdr)])
    return (verdicts == "breach").reshape(len(returned), -1)


def error(chance: float, runs: int) -> float:
    return ERRORS * math.sqrt(chance * (1 - chance) / runs)


def below(bound: float, share: float, members: int) -> float:
    """Return the chance that the one-sided score test rejects `bound`, all counts gone through."""
    counts = np.arange(members + 1)
    scores = (bound - counts / members) / math.sqrt(bound * (1 - bound) / members)
    return float(binom.pmf(counts, members, share)[scores > norm.isf(RATE)].sum())


def analysed(bound: float, share: float, members: int) -> float:
    """Return its power by Fleiss, Levin & Paik (2003), as in docs/gates.md."""
    spread, own = (math.sqrt(p * (1 - p) / members) for p in (bound, share))
    return float(norm.cdf((bound - share - norm.isf(RATE) * spread) / own))


def analysed_drop(share: float, members: int, weight: float, less: float) -> float:
    """Return the power to find `share` below weight x TRUE - less, TRUE being of 4 cohorts."""
    variance = share * (1 - share) + weight**2 * TRUE * (1 - TRUE) / 4
    distance = weight * TRUE - less - share
    return float(norm.cdf(distance / math.sqrt(variance / members) - norm.isf(RATE)))


@pytest.mark.parametrize("bound", [0.30, 0.28, 0.25])
def test_with_nothing_wrong_gates_fail_as_often_as_the_binomial_says(bound: float) -> None:
    returned = drawn(1, 200, TRUE, RUNS, 1)
    by_point = float(binom.cdf(math.ceil(bound * 200 - 1e-9) - 1, 200, TRUE))
    found = breached(f"at_least={bound}", returned, 200).mean()
    assert found == pytest.approx(by_point, abs=error(by_point, RUNS))
    surely = below(bound, TRUE, 200)
    found = breached(f"at_least={bound} decide=confident", returned, 200).mean()
    assert found == pytest.approx(surely, abs=error(surely, RUNS))
    assert found <= RATE + error(RATE, RUNS)


@pytest.mark.parametrize("decide", ["point", "confident"])
def test_over_many_cohorts_failures_add_up(decide: str) -> None:
    returned = drawn(2, 200, TRUE, 1_000, 12)
    one = float(binom.cdf(59, 200, TRUE)) if decide == "point" else below(TRUE, TRUE, 200)
    found = breached(f"at_least=0.3 at=each decide={decide}", returned, 200)
    any_of_12 = 1 - (1 - one) ** 12
    assert found.mean() == pytest.approx(one, abs=error(one, found.size))
    assert found.any(axis=1).mean() == pytest.approx(any_of_12, abs=error(any_of_12, 1_000))


@pytest.mark.parametrize("members", [200, 1_000, pytest.param(5_000, marks=pytest.mark.long)])
@pytest.mark.parametrize("now", [0.25, pytest.param(0.22, marks=pytest.mark.long), 0.20])
def test_drops_are_found_as_often_as_power_analysis_says(members: int, now: float) -> None:
    returned = drawn(3, members, now, RUNS, 1)
    found = breached("at_least=0.28 decide=confident", returned, members).mean()
    exact = below(0.28, now, members)
    assert found == pytest.approx(exact, abs=error(exact, RUNS) + 1e-9)
    assert analysed(0.28, now, members) == pytest.approx(exact, abs=0.02)
    assert breached("at_least=0.28", returned, members).mean() > found - 1e-9


@pytest.mark.parametrize("bound", ["at_most=0.72", "between=0.1,0.72"])
def test_rises_are_found_as_often_as_the_drops_they_mirror(bound: str) -> None:
    lost = 200 - drawn(3, 200, 0.22, RUNS, 1)
    exact = below(0.28, 0.22, 200)
    found = breached(f"{bound} decide=confident", lost, 200).mean()
    assert found == pytest.approx(exact, abs=error(exact, RUNS))


@pytest.mark.parametrize("members", [100, pytest.param(1_000, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("change", "edge"),
    [("max_drop=10%", 0.27), ("max_drop=0.03", 0.27), ("max_rise=10%", 0.33)],
)
def test_changes_that_are_just_allowed_are_called_breaches_at_the_rate(
    change: str, edge: float, members: int
) -> None:
    latest, before = drawn(4, members, edge, RUNS, 1), drawn(5, members, TRUE, RUNS, 4)
    found = breached(f"{change} decide=confident", np.hstack([before, latest]), members).mean()
    # Approximate: 20,000 runs of each had between 2.3% and 2.6%.
    assert found == pytest.approx(RATE, abs=0.005 + error(RATE, RUNS))


@pytest.mark.parametrize(
    ("change", "weight", "less", "side"),
    [
        *(("max_drop=10%", 0.9, 0, 1), ("max_drop=0.03", 1, 0.03, 1)),
        *(("max_rise=25%", 1.25, 0, -1), ("max_rise=0.03", 1, -0.03, -1)),
    ],
)
def test_changes_are_decided_by_the_interval_of_the_difference(
    change: str, weight: float, less: float, side: int
) -> None:
    # Donner & Zou (2012): squares and sums of the distances to the limits of independent intervals.
    counts = [90, 20, 66, 57, 40]
    (each,) = told([f"{change} previous=2 decide=confident"], np.array([counts]), 200)
    rates = [count / 200 for count in counts]
    ends = [binomtest(count, 200).proportion_ci(method="wilson") for count in counts]
    upward = [end.high - rate for rate, end in zip(rates, ends, strict=True)]
    downward = [rate - end.low for rate, end in zip(rates, ends, strict=True)]
    own, other = (upward, downward) if side > 0 else (downward, upward)
    edge = weight * (rates[2] + rates[3]) / 2 - less  # two before it, the first two of all are not
    reach = math.hypot(own[4], weight * math.hypot(other[2], other[3]) / 2)
    assert each.beyond == pytest.approx(side * (edge - rates[4]))
    assert each.p_value == pytest.approx(norm.sf(side * (edge - rates[4]) / reach * norm.isf(RATE)))
    assert each.estimate is not None
    assert (each.estimate.low, each.estimate.high) == pytest.approx(tuple(ends[4]))  # its own


@pytest.mark.parametrize(("change", "weight", "less"), [("10%", 0.9, 0), ("0.03", 1, 0.03)])
def test_without_a_change_max_drop_fails_more_rarely(
    change: str, weight: float, less: float
) -> None:
    cohorts = drawn(6, 200, TRUE, RUNS, 5)
    found = breached(f"max_drop={change} decide=confident", cohorts, 200).mean()
    expected = analysed_drop(TRUE, 200, weight, less)
    assert expected < 0.005
    assert found == pytest.approx(expected, abs=0.001 + error(expected, RUNS))
    spread = math.sqrt(TRUE * (1 - TRUE) * (1 + weight**2 / 4) / 200)
    by_point = float(norm.cdf((weight * TRUE - less - TRUE) / spread))  # a fifth of all
    found = breached(f"max_drop={change}", cohorts, 200).mean()
    assert found == pytest.approx(by_point, abs=0.01 + error(by_point, RUNS))


@pytest.mark.parametrize("now", [0.25, 0.22])
@pytest.mark.parametrize("members", [1_000, pytest.param(5_000, marks=pytest.mark.long)])
@pytest.mark.parametrize(("change", "weight", "less"), [("10%", 0.9, 0), ("0.03", 1, 0.03)])
def test_drops_from_previous_cohorts_are_found_as_power_analysis_says(
    members: int, now: float, change: str, weight: float, less: float
) -> None:
    runs = 2_000
    cohorts = np.hstack([drawn(7, members, TRUE, runs, 4), drawn(8, members, now, runs, 1)])
    found = breached(f"max_drop={change} decide=confident", cohorts, members).mean()
    expected = analysed_drop(now, members, weight, less)
    assert found == pytest.approx(expected, abs=0.02 + error(expected, runs))


def runs_of_30(seed: int, shares: object, fdr: float | None) -> Flags:
    """Return which of 30 confident rules are in breach, by run."""
    runs = drawn(seed, 200, shares, MANY, 30)
    return np.array([thirty(run[:, None], fdr) for run in runs])


def thirty(returned: Counts, fdr: float | None) -> Flags:
    return breached("at_least=0.3 decide=confident", returned, 200, fdr).ravel()


@pytest.mark.long
def test_fdr_over_30_rules_of_which_none_is_broken() -> None:
    apart = 1 - (1 - below(TRUE, TRUE, 200)) ** 30
    alone = runs_of_30(9, TRUE, None).any(axis=1).mean()
    assert alone == pytest.approx(apart, abs=error(apart, MANY))  # more than half of all runs
    together = runs_of_30(9, TRUE, 0.1).any(axis=1).mean()
    assert together <= 0.1 + error(0.1, MANY)
    # It is not held by never failing: at least as often as the smallest p-value alone would do it.
    first = 1 - (1 - smallest_step(0.1 / 30)) ** 30
    assert together >= first - error(first, MANY)


def smallest_step(level: float) -> float:
    """Return the chance that one rule's p-value is at most `level` where its share is TRUE."""
    counts = np.arange(201)
    scores = (TRUE - counts / 200) / math.sqrt(TRUE * (1 - TRUE) / 200)
    return float(binom.pmf(counts, 200, TRUE)[norm.sf(scores) <= level].sum())


def test_fdr_over_30_rules_of_which_6_are_broken() -> None:
    is_down = np.arange(30) < 6
    found = runs_of_30(10, np.where(is_down, 0.2, TRUE), 0.1)
    false = (found & ~is_down).sum(axis=1) / np.maximum(found.sum(axis=1), 1)
    limit = 0.1 * 24 / 30
    assert 0.5 * limit < false.mean() <= limit + ERRORS * false.std() / math.sqrt(MANY)
    assert found[:, is_down].mean() > 0.8


def test_30_rules_are_one_rule_of_30_markets() -> None:
    names = [f"market=m{i:05} at_least=0.3 decide=confident" for i in range(30)]
    for run in drawn(11, 200, np.where(np.arange(30) < 6, 0.2, TRUE), 20, 30):
        one_by_one = told(names, run[:, None], 200, 0.1)
        at_once = told(["at_least=0.3 decide=confident"], run[:, None], 200, 0.1)
        assert [(j.verdict, j.p_value) for j in one_by_one] == [
            (j.verdict, j.p_value) for j in at_once
        ]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_benjamini_hochberg_as_in_scipy(p: list[float]) -> None:
    assert benjamini_hochberg(p) == pytest.approx(false_discovery_control(p), abs=1e-15)


def test_p_values_of_verdicts_are_adjusted_as_in_scipy() -> None:
    texts = [
        "at_least=0.3 decide=confident",
        "at_most=0.33 decide=confident at=each",
        "max_drop=5% decide=confident",
        "max_rise=0.02 decide=confident",
    ]
    for returned in drawn(12, 200, np.where(np.arange(12) % 4, TRUE, 0.22)[:, None], 20, 12, 5):
        alone = told(texts, returned, 200)
        adjusted = false_discovery_control([each.p_value for each in alone])
        together = told([*texts, "at_least=0.3"], returned, 200, 0.1)
        assert [each.p_value for each in together[: len(alone)]] == pytest.approx(adjusted)
        assert [each.p_value for each in together[len(alone) :]] == [None] * 12  # by point
        for each, p_value in zip(together, adjusted, strict=False):
            assert each.beyond is not None
            verdict = "warn" if p_value > 0.1 else "breach"
            assert each.verdict == (verdict if each.beyond > 0 else "pass")


@pytest.mark.parametrize("bound", ["at_least=0.3", "at_most=0.3", "max_drop=10%", "max_rise=10%"])
def test_without_fdr_the_interval_and_the_p_value_say_the_same(bound: str) -> None:
    for each in told([f"{bound} decide=confident"], drawn(13, 200, 0.28, 1_000, 5), 200):
        assert each.p_value is not None
        assert (each.verdict == "breach") == (each.p_value < RATE)


def test_fewer_members_than_asked_for_decide_nothing() -> None:
    returned = drawn(14, 29, TRUE, 500, 1)
    assert {each.verdict for each in told(["at_least=0.9"], returned, 29)} == {"undecided"}
    assert breached("at_least=0.9 min_members=29", returned, 29).all()


def test_the_whole_check_on_events_says_the_same() -> None:
    returned = drawn(15, 60, np.where(np.arange(12) < 3, 0.15, TRUE)[:, None], 12, 6)
    texts = [
        *("at_least=0.3", "at_least=0.3 decide=confident at=each"),
        *("max_drop=10%", "max_drop=0.03 decide=confident at=each"),
    ]
    rules = read_rules([f"{METRIC} {text}" for text in texts], Definitions())
    options = SourceOptions(as_of=MONDAY + timedelta(weeks=6, days=8))
    events = pl.concat(events_of(returned, 60)).sample(fraction=1, shuffle=True, seed=1)
    for fdr in (None, 0.1):
        main = checked(Check(rules=rules, fdr=fdr), [events], options).main
        assert main.equals(main_table(told(texts, returned, 60, fdr)))
        assert set(main["verdict"]) == {"pass", "warn", "breach"}


def events_of(returned: Counts, members: int) -> Iterator[pl.DataFrame]:
    """Yield events of which so many members of each cohort are back on day 7, others on day 8."""
    names = ["user_id", "event_time", "market"]
    for (market, week), count in np.ndenumerate(returned):
        rows = []
        for i in range(members):
            day = datetime(MONDAY.year, MONDAY.month, MONDAY.day, 9) + timedelta(
                weeks=week, days=i % 7
            )
            back = day + timedelta(days=7 if i < count else 6)
            rows += [(f"u{market}-{week}-{i}", at, f"m{market:05}") for at in (day, back)]
        yield pl.DataFrame(rows, names, orient="row")


def table(first: str) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of the page's table whose header begins so; bare code."""
    lines = iter(PAGE.read_text(encoding="utf-8").replace("`", "").splitlines())
    head = next(line for line in lines if line.startswith(first))
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(cells(line))
    return cells(head), rows[1:]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def number(cell: str) -> float:
    text = cell.rpartition("=")[2].replace(",", "")
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


SHOWN = 0.0005 + 1e-12  # shares on the page have a digit after the point


def test_the_page_shows_what_nothing_wrong_does() -> None:
    _, rows = table("| gate | point |")
    for gate, *shown in rows:
        if gate.startswith("at_least"):
            bound, (point, exact, surely, just) = number(gate), map(number, shown[:4])
            chance = float(binom.cdf(math.ceil(bound * 200 - 1e-9) - 1, 200, TRUE))
            assert exact == pytest.approx(chance, abs=SHOWN)
            assert point == pytest.approx(chance, abs=SHOWN + error(chance, 20_000))
            chance = below(bound, TRUE, 200)
            assert just == pytest.approx(chance, abs=SHOWN)
            assert surely == pytest.approx(chance, abs=SHOWN + error(chance, 20_000))


def test_the_page_shows_what_is_found() -> None:
    _, rows = table("| members | now |")
    for members, now, _, surely, power, exact, _, changed, of_change in (
        map(number, row) for row in rows
    ):
        chance = below(0.28, now, int(members))
        assert exact == pytest.approx(chance, abs=SHOWN)
        assert surely == pytest.approx(chance, abs=SHOWN + error(min(chance, 1), 20_000))
        assert power == pytest.approx(analysed(0.28, now, int(members)), abs=SHOWN)
        chance = analysed_drop(now, int(members), 0.9, 0)
        assert of_change == pytest.approx(chance, abs=SHOWN)
        assert changed == pytest.approx(chance, abs=0.05)  # as the page says


def test_the_page_shows_how_small_a_drop_can_be_found() -> None:
    heads, rows = table("| members | at_least=0.05 | 0.1 | 0.2 |")
    for members, *found in (map(number, row) for row in rows):
        for bound, share in zip(map(number, heads[1:-1]), found[:-1], strict=True):
            least, most = (analysed(bound, share + e, int(members)) for e in (SHOWN, -SHOWN))
            assert least < 0.8 < most
        least, most = (analysed_drop(found[-1] + e, int(members), 0.9, 0) for e in (SHOWN, -SHOWN))
        assert least < 0.8 < most


def test_the_page_shows_how_many_members_it_takes() -> None:
    heads, rows = table("| bound | 5% below |")
    for gate, *needed in rows:
        bound = number(gate)
        for head, members in zip(heads[1:], needed, strict=True):
            share = (1 - number(head.removesuffix(" below"))) * bound
            at, before = (analysed(bound, share, int(number(members)) - one) for one in (0, 1))
            assert before < 0.8 <= at


def test_the_page_shows_how_often_confident_fails_at_the_bound() -> None:
    heads, rows = table("| members | at_least=0.02 |")
    for members, *shown in rows:
        for head, share in zip(heads[1:-1], shown[:-1], strict=True):
            bound = number(head)
            assert number(share) == pytest.approx(
                below(bound, bound, int(number(members))), abs=SHOWN
            )
        assert number(shown[-1]) == pytest.approx(RATE, abs=0.01)
