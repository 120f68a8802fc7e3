"""What is decided: a table of truth, and the interval of a change."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from retainkit.checking.bounds import Change, Limits
from retainkit.checking.changes import changed
from retainkit.checking.verdicts import (
    Estimate,
    Verdict,
    exit_code,
    mild,
    verdict_of,
)
from retainkit.choices import UndecidedAs
from retainkit.stats.differences import benjamini_hochberg, newcombe
from retainkit.stats.intervals import wilson

LEAST, MOST, BOTH = Limits(least=0.25), Limits(most=0.25), Limits(0.2, 0.3)


@pytest.mark.parametrize(
    ("limits", "value", "low", "high", "by_point", "confident"),
    [
        (LEAST, 0.30, 0.20, 0.40, "pass", "pass"),  # met: that its interval reaches is no matter
        (LEAST, 0.25, 0.20, 0.30, "pass", "pass"),  # at the bound is within
        (LEAST, 0.24, 0.20, 0.30, "breach", "warn"),
        (LEAST, 0.20, 0.15, 0.25, "breach", "warn"),  # the interval touches the bound
        (LEAST, 0.20, 0.15, 0.24, "breach", "breach"),
        (MOST, 0.20, 0.15, 0.30, "pass", "pass"),
        (MOST, 0.26, 0.20, 0.30, "breach", "warn"),
        (MOST, 0.30, 0.26, 0.35, "breach", "breach"),
        (BOTH, 0.25, 0.10, 0.40, "pass", "pass"),
        (BOTH, 0.19, 0.10, 0.25, "breach", "warn"),
        (BOTH, 0.15, 0.10, 0.19, "breach", "breach"),
        (BOTH, 0.35, 0.31, 0.40, "breach", "breach"),
    ],
)
def test_verdicts(
    limits: Limits, value: float, low: float, high: float, by_point: Verdict, confident: Verdict
) -> None:
    estimate = Estimate(value, 100, low, high)
    assert verdict_of(estimate, limits, "point") == by_point
    assert verdict_of(estimate, limits, "confident") == confident
    assert verdict_of(Estimate(value, 100), limits, "point") == by_point


def test_among_many_rules_a_breach_has_to_stand_out_too() -> None:
    beyond, within = Estimate(0.2, 100, 0.15, 0.24), Estimate(0.3, 100, 0.2, 0.4)
    near = Estimate(0.24, 100, 0.2, 0.3)
    assert verdict_of(beyond, LEAST, "confident", among=False) == "warn"
    assert verdict_of(beyond, LEAST, "confident", among=True) == "breach"
    assert verdict_of(near, LEAST, "confident", among=True) == "warn"
    assert verdict_of(within, LEAST, "confident", among=True) == "pass"


def test_rounding_breaches_nothing() -> None:
    """Four shares of 0.33, less 0.03, are 0.30 but for their last digits."""
    limits = Change(0.03, previous=4).limits((0.33 + 0.33 + 0.33 + 0.33) / 4)
    assert limits.least != 0.3
    assert verdict_of(Estimate(0.3), limits, "point") == "pass"
    assert limits.beyond(0.3) == 0


def test_a_rule_that_warns_breaches_nothing() -> None:
    told: dict[Verdict, Verdict] = {"pass": "pass", "warn": "warn", "undecided": "undecided"}
    for verdict in told:
        assert mild(verdict, "warn") == mild(verdict, "error") == verdict
    assert (mild("breach", "warn"), mild("breach", "error")) == ("warn", "breach")


VERDICTS: tuple[Verdict, ...] = ("pass", "warn", "breach", "undecided")
AS: tuple[UndecidedAs, ...] = ("fail", "warn", "pass")


def test_exit_codes() -> None:
    """Two rules with every pair of verdicts, for each way to take what is undecided."""
    for one, other, undecided in product(VERDICTS, VERDICTS, AS):
        code = exit_code([(one, "error"), (other, "error")], undecided)
        if "breach" in (one, other):
            assert code == 3
        elif "undecided" in (one, other) and undecided == "fail":
            assert code == 4
        else:
            assert code == 0
    assert exit_code([("undecided", "warn"), ("pass", "error")], "fail") == 0
    assert exit_code([], "fail") == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_adjusted_p_values_are_scipys(p: list[float]) -> None:
    assert benjamini_hochberg(p).tolist() == pytest.approx(
        false_discovery_control(p, method="bh").tolist()
    )


def test_p_values_that_are_unknown_are_none_of_the_tests() -> None:
    adjusted = benjamini_hochberg([0.01, math.nan, 0.04]).tolist()
    assert adjusted[::2] == pytest.approx([0.02, 0.04])
    assert math.isnan(adjusted[1])


COUNTS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def share(counts: tuple[int, int]) -> Estimate:
    low, high = (float(end) for end in wilson(*counts, 0.95))
    return Estimate(counts[0] / counts[1], counts[1], low, high)


@given(COUNTS, COUNTS, st.floats(0, 0.5))
def test_a_change_is_sure_where_newcombes_interval_says_so(
    now: tuple[int, int], before: tuple[int, int], most: float
) -> None:
    held = changed(Change(most, previous=1), share(now), [share(before)])
    assert held.limits is not None
    assert held.limits.least == pytest.approx(before[0] / before[1] - most)
    _, low, high = (float(end) for end in newcombe(*now, *before, 0.95))
    edge = held.limits.least
    assert held.estimate.low is not None
    assert held.estimate.high is not None
    assert held.estimate.high - edge == pytest.approx(high + most)
    assert held.estimate.low - edge == pytest.approx(low + most)


@given(st.lists(COUNTS, min_size=1, max_size=6), COUNTS, st.floats(0, 0.9), st.booleans())
def test_a_relative_change_is_a_share_of_the_mean(
    before: list[tuple[int, int]], now: tuple[int, int], most: float, rise: bool
) -> None:
    mean = sum(k / n for k, n in before) / len(before)
    change = Change(most, relative=True, rise=rise, previous=len(before))
    held = changed(change, share(now), [share(each) for each in before])
    assert held.limits is not None
    edge = mean * (1 + most if rise else 1 - most)
    assert (held.limits.most if rise else held.limits.least) == pytest.approx(edge)
    assert held.estimate.low is not None
    assert held.estimate.high is not None
    own = share(now)
    assert own.low is not None
    assert own.high is not None
    # What was is not known for sure: the interval is never narrower than that of the number.
    assert held.estimate.low <= own.low + 1e-12
    assert held.estimate.high >= own.high - 1e-12


def test_numbers_without_an_interval_have_limits_all_the_same() -> None:
    held = changed(Change(5, previous=2), Estimate(10), [Estimate(20), Estimate(30)])
    assert held.limits == Limits(least=20)
    assert (held.estimate.low, held.estimate.high) == (None, None)
