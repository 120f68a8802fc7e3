"""Pooled risk ratios against R, SciPy, the published formula and laws of their own."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats.contingency import relative_risk

from retainkit.errors import UsageError
from retainkit.stats.intervals import quantile
from retainkit.stats.ratios import mantel_haenszel_ratio

# With the feature and all, of one group and of the other.
Stratum = tuple[int, int, int, int]


def part(most: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.integers(0, most).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


STRATA = st.lists(st.tuples(part(9), part(9)).map(lambda two: two[0] + two[1]), min_size=1)


def pooled(strata: list[Stratum], confidence: float = 0.95) -> tuple[float, float, float]:
    a, n1, b, n0 = np.array(strata).T
    ratio, low, high = mantel_haenszel_ratio(a, n1, b, n0, confidence)
    return float(ratio), float(low), float(high)


@pytest.mark.parametrize(
    ("confidence", "low", "high"), [(0.9, 0.865753, 2.029559), (0.95, 0.797907, 2.202132)]
)
def test_tolbutamide(confidence: float, low: float, high: float) -> None:
    # Deaths in the University Group Diabetes Program by age: Rothman (2012), Epidemiology: An
    # Introduction, table 10-3. The interval is that of metafor 3.8.1 in R,
    # rma.mh(measure = "RR", ai = c(8, 22), n1i = c(106, 98), ci = c(5, 16), n2i = c(120, 85)).
    got = pooled([(8, 106, 5, 120), (22, 98, 16, 85)], confidence)
    assert got == pytest.approx((1.325555, low, high), abs=1e-6)


def test_sparse_strata_as_in_r() -> None:
    # metafor 3.8.1, rma.mh(measure = "RR"), with empty cells.
    strata = [(8, 106, 5, 120), (22, 98, 16, 85), (0, 10, 2, 9), (7, 7, 1, 11), (3, 40, 0, 25)]
    assert pooled(strata) == pytest.approx((1.61052662493, 1.02072160347, 2.54113952403), abs=1e-10)


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 10**6))
def test_one_stratum_is_that_of_scipy(a: int, rest: int, b: int, others: int) -> None:
    known = relative_risk(a, a + rest, b, b + others)
    limits = known.confidence_interval(0.95)
    got = pooled([(a, a + rest, b, b + others)])
    assert got == pytest.approx((known.relative_risk, limits.low, limits.high))


@given(STRATA)
def test_pooled_by_the_published_sums(strata: list[Stratum]) -> None:
    one = other = spread = Fraction(0)
    for a, n1, b, n0 in strata:
        if n1 and n0:
            n = n1 + n0
            one, other = one + Fraction(a * n0, n), other + Fraction(b * n1, n)
            spread += Fraction(n1 * n0 * (a + b) - a * b * n, n * n)
    ratio, low, high = pooled(strata)
    if not other:
        assert np.isinf(ratio) if one else np.isnan(ratio)
    else:
        assert ratio == pytest.approx(float(one / other))
    if one and other:
        reach = np.exp(quantile(0.95) * float(spread / (one * other)) ** 0.5)
        assert (low, high) == pytest.approx((ratio / reach, ratio * reach))
    else:
        assert np.isnan([low, high]).all()


@given(STRATA, st.integers(1, 9))
def test_a_stratum_with_one_group_counts_for_nothing(strata: list[Stratum], n: int) -> None:
    more: list[Stratum] = [(n, n, 0, 0), *strata, (0, 0, n, n), (0, 0, 0, 0)]
    assert pooled(more) == pytest.approx(pooled(strata), nan_ok=True)


@given(STRATA)
def test_turning_the_groups_around_inverts_the_ratio(strata: list[Stratum]) -> None:
    ratio, low, high = pooled(strata)
    turned = pooled([(b, n0, a, n1) for a, n1, b, n0 in strata])
    if ratio:
        assert turned == pytest.approx((1 / ratio, 1 / high, 1 / low), nan_ok=True)


def test_many_features_at_once() -> None:
    strata = [(3, 10, 2, 9), (4, 20, 5, 30)]
    a, n1, b, n0 = np.array(strata).T
    some = np.array([a, a * 0, n1, a])
    got = mantel_haenszel_ratio(some, n1, np.array([b, b, n0, b * 0]), n0, 0.95)
    each = [pooled(strata), (0, np.nan, np.nan), (1, 1, 1), (np.inf, np.nan, np.nan)]
    for column, expected in zip(got, zip(*each, strict=True), strict=True):
        assert column.tolist() == pytest.approx(expected, nan_ok=True)
    assert np.isnan(pooled([(0, 10, 0, 10)])).all()
    assert np.isnan(mantel_haenszel_ratio([], [], [], [], 0.95)).all()


def test_confidence_is_a_share() -> None:
    with pytest.raises(UsageError, match="--confidence"):
        pooled([(1, 2, 1, 2)], 95)
