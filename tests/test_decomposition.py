"""Contributions to the change of a product: worked by hand, as a limit, and by their laws."""

from __future__ import annotations

from math import exp, log, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainkit.stats.decomposition import lmdi, log_mean

SHARES = st.floats(1e-6, 1)
SOME = SHARES | st.just(0.0)


def pairs(shares: st.SearchStrategy[float]) -> st.SearchStrategy[list[tuple[float, float]]]:
    return st.lists(st.tuples(shares, shares), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("a", "b", "mean"),
    [
        (1, 1, 1),
        (2, 1, 1 / log(2)),
        (exp(1), 1, exp(1) - 1),
        (0, 5, 0),
        (0, 0, 0),
        (1, 1 + 1e-12, 1 + 5e-13),
    ],
)
def test_known_means(a: float, b: float, mean: float) -> None:
    assert float(log_mean(a, b)) == pytest.approx(mean, rel=1e-15)
    assert float(log_mean(b, a)) == pytest.approx(mean, rel=1e-15)


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9))
def test_the_mean_lies_between_the_geometric_and_the_arithmetic_one(a: float, b: float) -> None:
    mean = float(log_mean(a, b))
    assert (a * b) ** 0.5 * (1 - 1e-12) <= mean <= (a + b) / 2 * (1 + 1e-12)


def test_worked_by_hand() -> None:
    # 0.2 = 0.5 x 0.4 becomes 0.24 = 0.4 x 0.6.
    weight = 0.04 / log(0.24 / 0.2)
    expected = [weight * log(0.4 / 0.5), weight * log(0.6 / 0.4)]
    got = lmdi([0.5, 0.4], [0.4, 0.6])
    assert got.tolist() == pytest.approx(expected)
    assert got.sum() == pytest.approx(0.04)


@given(pairs(SOME))
def test_contributions_add_up_to_the_change(factors: list[tuple[float, float]]) -> None:
    before, after = zip(*factors, strict=True)
    got = lmdi(before, after)
    assert np.isfinite(got).all()
    assert got.sum() == pytest.approx(prod(after) - prod(before), rel=1e-9, abs=1e-12)


@given(pairs(SHARES))
def test_each_sign_is_that_of_the_factors_change(factors: list[tuple[float, float]]) -> None:
    before, after = map(np.array, zip(*factors, strict=True))
    assert (np.sign(lmdi(before, after)) == np.sign(after - before)).all()


@given(pairs(SOME))
def test_backwards_it_is_the_opposite_and_in_any_order_the_same(
    factors: list[tuple[float, float]],
) -> None:
    before, after = map(np.array, zip(*factors, strict=True))
    got = lmdi(before, after)
    assert lmdi(after, before).tolist() == pytest.approx((-got).tolist(), abs=1e-15)
    turned = lmdi(before[::-1], after[::-1])[::-1]
    assert turned.tolist() == pytest.approx(got.tolist(), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([0.5, 0.4], [0.5, 0.0], [0, -0.2]),
        ([0.5, 0.0], [0.4, 0.6], [0, 0.24]),
        ([0.5, 0.4, 0.5], [0.0, 0.0, 0.9], [-0.05, -0.05, 0]),
        ([0.0, 0.5], [0.5, 0.0], [0, 0]),
        ([0.0, 0.5], [0.0, 0.9], [0, 0]),
        ([0.5, 0.4, 0.3], [0.5, 0.0, np.nan], [0, -0.06, 0]),
        ([0.0, np.nan], [0.5, 0.4], [0.2, 0]),
        ([0.0, np.nan], [0.0, np.nan], [0, 0]),
        ([0.5, np.nan], [0.5, 0.4], [np.nan, np.nan]),
        ([0.5, np.nan], [0.0, 0.4], [np.nan, np.nan]),
    ],
)
def test_zeros_and_what_nobody_reached(
    before: list[float], after: list[float], expected: list[float]
) -> None:
    assert lmdi(before, after).tolist() == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("after", [[0.0, 0.9, 0.4], [0.0, 0.0, 0.4], [0.5, 0.2, 0.0]])
def test_zeros_are_the_limit_of_a_small_number(after: list[float]) -> None:
    before = [0.5, 0.4, 0.3]
    gaps = [
        np.abs(lmdi(before, np.maximum(after, delta)) - lmdi(before, after)).max()
        for delta in (1e-20, 1e-80, 1e-150)
    ]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.001


def test_many_products_at_once() -> None:
    before = np.array([[0.5, 0.4], [0.5, 0.0], [1.0, 0.7]])
    after = np.array([0.4, 0.6])
    got = lmdi(before, after)
    assert got.tolist() == [lmdi(row, after).tolist() for row in before]
    assert lmdi(np.ones((3, 0)), np.ones((3, 0))).shape == (3, 0)


def test_negative_factors_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        lmdi([0.5, -0.1], [-0.5, -0.1])
    with pytest.raises(ValueError, match="negative"):
        log_mean(-1, 1)
