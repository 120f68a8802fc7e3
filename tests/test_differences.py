"""Differences of proportions against published tables, statsmodels and laws of their own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from retainkit.errors import UsageError
from retainkit.stats.differences import holm, newcombe, two_proportions
from retainkit.stats.intervals import wilson

Pair = tuple[int, int, int, int]
PART = st.integers(0, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
FILLED = PART.filter(lambda part: part[1] > 0)
P_VALUES = st.lists(st.floats(0, 1) | st.just(float("nan")), max_size=12)


def newcombe_of(pair: Pair, confidence: float = 0.95) -> tuple[float, float, float]:
    difference, low, high = newcombe(*pair, confidence)
    return float(difference), float(low), float(high)


@pytest.mark.parametrize(
    ("pair", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17:873-890, table II, method 10.
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_published_intervals(pair: Pair, low: float, high: float) -> None:
    difference, *limits = newcombe_of(pair)
    assert difference == pytest.approx(pair[0] / pair[1] - pair[2] / pair[3])
    assert np.round(limits, 4).tolist() == [low, high]


def test_intervals_as_in_statsmodels() -> None:
    # statsmodels 0.15, confint_proportions_2indep(method="newcomb", compare="diff").
    got = newcombe_of((412, 1203, 377, 1411))
    assert got[1:] == pytest.approx((0.03990703454278192, 0.11060919539272768), abs=1e-14)


@pytest.mark.parametrize(
    ("pair", "p"),
    # statsmodels 0.15, proportions_ztest.
    [
        ((56, 70, 48, 80), 0.00804508136819656),
        ((9, 10, 3, 10), 0.006169899320544151),
        ((5, 56, 0, 29), 0.09718656817057973),
        ((10, 10, 0, 20), 4.320463057827506e-08),
        ((412, 1203, 377, 1411), 2.9219451593868572e-05),
    ],
)
def test_p_values_as_in_statsmodels(pair: Pair, p: float) -> None:
    assert float(two_proportions(*pair)) == pytest.approx(p, rel=1e-12)


@given(FILLED, FILLED)
@example((167_451, 167_476), (167_450, 167_480))  # shares that agree in four digits
def test_z_squared_is_the_chi_square_of_the_table(
    one: tuple[int, int], two: tuple[int, int]
) -> None:
    (k1, n1), (k2, n2) = one, two
    got = float(two_proportions(k1, n1, k2, n2))
    if 0 < k1 + k2 < n1 + n2:
        table = [[k1, n1 - k1], [k2, n2 - k2]]
        assert got == pytest.approx(chi2_contingency(table, correction=False).pvalue, abs=1e-10)
    else:
        assert got == 1


@given(FILLED, FILLED, st.floats(0.5, 0.999))
def test_turning_the_groups_around_turns_the_signs(
    one: tuple[int, int], two: tuple[int, int], level: float
) -> None:
    difference, low, high = newcombe_of((*one, *two), level)
    assert newcombe_of((*two, *one), level) == pytest.approx((-difference, -high, -low), abs=1e-12)
    assert -1 <= low <= difference <= high <= 1
    assert float(two_proportions(*one, *two)) == pytest.approx(float(two_proportions(*two, *one)))


@given(FILLED)
def test_against_a_known_share_the_interval_is_that_of_the_other(one: tuple[int, int]) -> None:
    low, high = (float(end) for end in wilson(*one, 0.95))
    got = newcombe_of((*one, 0, 10**15))
    assert got == pytest.approx((one[0] / one[1], low, high), abs=1e-6)


def test_empty_groups_are_unknown_and_do_not_harm_the_others() -> None:
    k1, n1, k2, n2 = np.array([(1, 2, 0, 0), (0, 0, 1, 2), (0, 0, 0, 0), (1, 2, 1, 2)]).T
    assert np.isnan(newcombe(k1, n1, k2, n2, 0.95)).tolist() == [[True, True, True, False]] * 3
    assert np.isnan(two_proportions(k1, n1, k2, n2)).tolist() == [True, True, True, False]
    assert two_proportions([], [], [], []).shape == (0,)
    with pytest.raises(UsageError, match="--confidence"):
        newcombe(1, 2, 1, 2, 95)


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        # statsmodels 0.15, multipletests(method="holm"), and the rule by hand.
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.0001, 0.0004, 0.0019, 0.0095, 0.02], [0.0005, 0.0016, 0.0057, 0.019, 0.02]),
        ([0.5, 0.6, 0.7], [1, 1, 1]),
        ([], []),
    ],
)
def test_holm_step_by_step(p: list[float], adjusted: list[float]) -> None:
    assert holm(p).tolist() == pytest.approx(adjusted)


@given(P_VALUES, st.integers(0, 99))
def test_holm_does_not_depend_on_the_order(p: list[float], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(p))
    values = np.array(p)
    assert holm(values[order]).tolist() == pytest.approx(holm(values)[order].tolist(), nan_ok=True)


@given(P_VALUES)
def test_holm_lies_between_each_and_bonferroni(p: list[float]) -> None:
    values = np.array(p)
    known = ~np.isnan(values)
    got = holm(values)
    assert (np.isnan(got) == ~known).all()
    assert (got[known] >= values[known]).all()
    assert (got[known] <= np.minimum(values[known] * known.sum(), 1) + 1e-15).all()
    assert holm(values[known]).tolist() == got[known].tolist()
    if known.any():
        assert got[known].min() == pytest.approx(min(values[known].min() * known.sum(), 1))
