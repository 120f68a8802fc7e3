"""Groups compared within strata: against enumeration, published numbers and chance itself."""

from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, hypergeom

from retainkit.stats.strata import excess, mantel_haenszel

# Bickel, Hammel and O'Connell (1975), Science 187, 398-404: admitted and asked, women and men, by
# department; R's UCBAdmissions.
WOMEN = ([89, 17, 202, 131, 94, 24], [108, 25, 593, 375, 393, 341])
MEN = ([512, 353, 120, 138, 53, 22], [825, 560, 325, 417, 191, 373])

COUNT = st.integers(0, 6)
STRATUM = st.tuples(COUNT, COUNT, COUNT, COUNT)  # own yes, own no, others' yes, others' no
STRATA = st.lists(STRATUM, min_size=1, max_size=3)


def columns(strata: list[tuple[int, int, int, int]]) -> tuple[list[int], ...]:
    own = [(yes, yes + no) for yes, no, _, _ in strata]
    rest = [(yes, yes + no) for _, _, yes, no in strata]
    return tuple(list(each) for side in (own, rest) for each in zip(*side, strict=True))


def chances(k1: list[int], n1: list[int], k2: list[int], n2: list[int]) -> tuple[float, float]:
    """Return how likely as few and as many are, counting every way to draw."""
    ways = {}
    spans = [range(min(a + c, b) + 1) for a, b, c in zip(k1, n1, k2, strict=True)]
    for drawn in product(*spans):
        number = 1
        for x, a, b, c, d in zip(drawn, k1, n1, k2, n2, strict=True):
            number *= comb(a + c, x) * comb(b + d - a - c, b - x) if b - x >= 0 else 0
        ways[sum(drawn)] = ways.get(sum(drawn), 0) + number
    every, own = sum(ways.values()), sum(k1)
    return (
        sum(number for total, number in ways.items() if total <= own) / every,
        sum(number for total, number in ways.items() if total >= own) / every,
    )


def test_admissions_as_in_r() -> None:
    # mantelhaen.test(UCBAdmissions), with its correction: X-squared = 1.4269, p-value = 0.2323.
    found = excess(*WOMEN, *MEN)
    corrected = (abs(found.more.sum()) - 0.5) ** 2 / found.variance.sum()
    assert corrected == pytest.approx(1.4269, abs=5e-5)
    assert 0.2 < mantel_haenszel(*WOMEN, *MEN) < 0.2323


def test_one_stratum_is_the_chi_square_test_with_one_less() -> None:
    table = [[30, 70], [45, 55]]
    chi = chi2_contingency(table, correction=False)[0] * 199 / 200
    found = excess([30], [100], [45], [100])
    assert found.more[0] ** 2 / found.variance[0] == pytest.approx(chi)
    assert found.more[0] / found.weight[0] == pytest.approx(-0.15)


def test_small_p_values_are_exact() -> None:
    tail = hypergeom(100, 20, 50).sf(16)  # 17 or more of 20 on one side
    assert mantel_haenszel([17], [50], [3], [50]) == pytest.approx(2 * tail)


@given(STRATA)
def test_strata_add_up_as_by_enumeration(strata: list[tuple[int, int, int, int]]) -> None:
    k1, n1, k2, n2 = columns(strata)
    found = mantel_haenszel(k1, n1, k2, n2)
    if found < 0.1:
        assert found == pytest.approx(min(1, 2 * min(chances(k1, n1, k2, n2))))


@given(STRATA)
def test_sides_and_outcomes_can_be_swapped(strata: list[tuple[int, int, int, int]]) -> None:
    k1, n1, k2, n2 = columns(strata)
    found = mantel_haenszel(k1, n1, k2, n2)
    assert mantel_haenszel(k2, n2, k1, n1) == pytest.approx(found)
    other = ([n - k for k, n in zip(*side, strict=True)] for side in ((k1, n1), (k2, n2)))
    k1, k2 = other
    assert mantel_haenszel(k1, n1, k2, n2) == pytest.approx(found)


@given(STRATA)
def test_a_stratum_of_one_side_says_nothing(strata: list[tuple[int, int, int, int]]) -> None:
    found = mantel_haenszel(*columns(strata))
    assert mantel_haenszel(*columns([*strata, (3, 2, 0, 0)])) == pytest.approx(found)


@pytest.mark.parametrize(
    "strata", [([], [], [], []), ([0], [5], [0], [9]), ([5], [5], [9], [9]), ([3], [5], [0], [0])]
)
def test_where_nothing_tells_them_apart_it_is_one(strata: tuple[list[int], ...]) -> None:
    assert mantel_haenszel(*strata) == 1


def test_simpsons_paradox_is_none_within_strata() -> None:
    # One rate in each stratum, the sizes against each other: 26% and 74% in all.
    strata = ([40, 90, 0], [400, 100, 0], [10, 360, 7], [100, 400, 9])
    assert mantel_haenszel(*strata) == 1


def test_beyond_what_can_be_summed_it_is_still_tiny() -> None:
    assert mantel_haenszel([400], [400], [0], [400]) <= 1e-12
    assert mantel_haenszel([40_000], [80_000], [30_000], [80_000]) < 1e-300


def test_small_p_values_are_as_rare_as_they_say() -> None:
    rng = np.random.default_rng(3)
    sizes, rest, share = np.array([40, 30, 12]), np.array([400, 50, 90]), np.array([0.04, 0.1, 0.3])
    found = np.array(
        [
            mantel_haenszel(rng.binomial(sizes, share), sizes, rng.binomial(rest, share), rest)
            for _ in range(4000)
        ]
    )
    assert (found <= 0.05).mean() <= 0.05
    assert (found <= 0.002).mean() <= 0.003
    assert (found <= 0.05).mean() > 0.02
