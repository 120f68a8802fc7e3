"""Maximum likelihood: known maxima, and likelihoods that have none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln, polygamma

from retainkit.errors import FitError, InputError
from retainkit.stats import likelihood
from retainkit.stats.likelihood import Evaluation, exceeding, maximise, rising

NAMES = "one two"


def bowl(theta: np.ndarray) -> Evaluation:
    """Return 100 gamma observations each: highest at 3 and 1 / 5, at any start within reach."""
    sizes, sums = np.array([300.0, 20.0]), np.array([100.0, 100.0])
    value = sizes @ np.log(theta) - sums @ theta
    return float(value), sizes / theta - sums, np.diag(-sizes / theta**2)


@pytest.mark.parametrize("start", [(1, 1), (100, 1e-3), (1e-4, 50)])
def test_a_known_maximum_is_reached_from_afar(start: tuple[float, float]) -> None:
    peak = maximise(bowl, [start], 100, "bowl", NAMES)
    assert peak.values == pytest.approx([3, 0.2], rel=1e-12)
    assert peak.log_likelihood == pytest.approx(bowl(np.array([3, 0.2]))[0], rel=1e-13)
    fit = peak.fit("the model", peak.values * (1, 60), 7.0)
    # The information of n gamma observations of shape k about the logarithm of the rate is n k.
    assert fit.errors == pytest.approx({"one": 3 / 300**0.5, "two": 12 / 20**0.5})
    assert fit.log_likelihood == peak.log_likelihood + 7
    assert fit.converged


def two_hills(theta: np.ndarray) -> Evaluation:
    """Return a likelihood of the logarithms with hills at e and 1 / e, the first one higher."""
    log, other = np.log(theta)
    value = 0.1 * log - (log**2 - 1) ** 2 - other**2
    slope = np.array([0.1 - 4 * log * (log**2 - 1), -2 * other])
    bend = np.diag([4 - 12 * log**2, -2.0])
    hessian = (bend - np.diag(slope)) / np.outer(theta, theta)
    return float(value), slope / theta, hessian


def test_the_highest_of_several_hills_is_taken() -> None:
    low, high = (1 / np.e, 1.0), (np.e, 1.0)
    for starts in ([low, high], [high, low]):
        peak = maximise(two_hills, starts, 1, "hills", NAMES)
        assert np.log(peak.values[0]) == pytest.approx(1.01, abs=0.01)
    # From the valley, where the likelihood bends the other way, it is uphill too.
    valley = maximise(two_hills, [(1.0, 2.0)], 1, "hills", NAMES)
    assert np.log(valley.values) == pytest.approx([1.01, 0], abs=0.01)


def test_a_scout_tells_where_to_climb_unless_it_runs_away() -> None:
    seen: list[float] = []

    def watched(theta: np.ndarray) -> Evaluation:
        seen.append(float(np.log(theta[0])))
        return two_hills(theta)

    low, high = (1 / np.e, 1.0), (np.e, 1.0)
    peak = maximise(watched, [low, high], 1, "hills", NAMES, scout=two_hills)
    assert min(seen) > 1
    assert maximise(watched, [low], 1, "hills", NAMES, scout=endless).converged
    assert min(seen) < 0
    assert peak.converged


def endless(theta: np.ndarray) -> Evaluation:
    """Return a likelihood that rises for ever while the first parameter shrinks."""
    value, gradient, hessian = two_hills(np.array([1, theta[1]]))
    gradient[0], hessian[0, 0] = -1 / (1 + theta[0]), 1 / (1 + theta[0]) ** 2
    return value - float(np.log1p(theta[0])), gradient, hessian


def flat(theta: np.ndarray) -> Evaluation:
    value, gradient, hessian = two_hills(np.array([np.e, theta[1]]))
    gradient[0] = hessian[0, 0] = 0
    return value, gradient, hessian


def saddle(theta: np.ndarray) -> Evaluation:
    return 0.0, np.zeros(2), np.diag([1.0, -1.0])


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (endless, "keeps rising while one shrinks"),
        (flat, "has no single highest point"),
        (saddle, "has no single highest point"),
    ],
)
def test_likelihoods_without_a_maximum_are_refused(
    function: likelihood.Likelihood, why: str
) -> None:
    with pytest.raises(FitError, match=f"The odd model cannot be fitted: its likelihood {why}"):
        maximise(function, [(1, 1)], 1, "odd", NAMES)
    assert issubclass(FitError, InputError)


def test_a_parameter_that_hardly_matters_is_refused() -> None:
    def faint(theta: np.ndarray) -> Evaluation:
        return 1e-3 * bowl(theta)[0], 1e-3 * bowl(theta)[1], 1e-3 * bowl(theta)[2]

    peak = maximise(faint, [(1, 1)], 1, "faint", NAMES)
    assert peak.spread[1, 1] == pytest.approx(50)
    with pytest.raises(FitError, match="hardly depends on two"):
        maximise(lambda theta: tuple(each / 10 for each in faint(theta)), [(1, 1)], 1, "f", NAMES)


def test_a_climb_that_is_cut_short_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likelihood, "_STEPS", 2)
    assert not maximise(bowl, [(100, 1)], 100, "bowl", NAMES).converged


COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), min_size=1, max_size=9)


@given(COUNTS, st.floats(1e-3, 1e3))
def test_rising_products_are_those_of_the_gamma_function(
    rows: list[tuple[int, int]], base: float
) -> None:
    counts, weight = np.array(rows).T
    tails = exceeding(counts, weight.astype(float))
    assert tails.tolist() == [
        sum(many for count, many in rows if count > j) for j in range(counts.max())
    ]
    value, first, second = rising(base, tails)
    noise = 1e-12 * weight.sum() * (1 + abs(gammaln(base + 60)))
    assert value == pytest.approx(weight @ (gammaln(base + counts) - gammaln(base)), abs=noise)
    for got, order in ((first, 0), (second, 1)):
        expected = weight @ (polygamma(order, base + counts) - polygamma(order, base))
        assert got == pytest.approx(expected, rel=1e-8, abs=1e-8)
