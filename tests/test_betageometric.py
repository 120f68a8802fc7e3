"""The shifted-beta-geometric model: the paper's cohorts, simulated contracts and laws."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln
from scipy.stats import beta

from lifetimes import assert_derivatives, numerical_errors
from retainkit.errors import FitError, UsageError
from retainkit.stats.betageometric import (
    BetaGeometric,
    fit_beta_geometric,
    log_likelihood,
    retention,
    survival,
)
from retainkit.stats.likelihood import Fit

# Fader & Hardie (2007), Journal of Interactive Marketing 21(1), 76-90: customers of two
# segments at renewals 0 to 12; the paper fits the first seven and forecasts the rest.
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173]
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394]

FALLING = st.lists(st.integers(0, 500), min_size=1, max_size=9).map(
    lambda counts: sorted(counts, reverse=True)
)


def values(model: BetaGeometric) -> np.ndarray:
    return np.array([model.alpha, model.beta])


def of(cohort: list[int]) -> tuple[np.ndarray, np.ndarray]:
    counts = np.array(cohort, dtype=float)
    return counts[:-1], -np.diff(counts)


@pytest.mark.parametrize(
    ("cohort", "theta", "likelihood", "off"),
    [(REGULAR, [0.704, 1.182], -1680.3, 0.004), (HIGH_END, [0.668, 3.806], -1611.2, 0.017)],
    ids=["regular", "high end"],
)
def test_segments_as_published(
    cohort: list[int], theta: list[float], likelihood: float, off: float
) -> None:
    fit = fit_beta_geometric([cohort[:8]])
    assert values(fit.model).round(3).tolist() == theta
    assert round(fit.log_likelihood, 1) == likelihood
    assert fit.converged
    got = survival(fit, np.arange(13), 0.95)
    # S(t) with the parameters that the paper prints.
    printed = np.exp(betaln(theta[0], theta[1] + np.arange(13)) - betaln(*theta))
    assert got.survival == pytest.approx(printed, abs=2e-4)
    # How near the forecast comes by year 12; the interval holds what happened.
    happened = np.array(cohort) / 1000
    assert np.abs(got.survival - happened)[8:].max() < off
    assert (got.low <= happened)[8:].all()
    assert (happened <= got.high)[8:].all()


@pytest.mark.parametrize("cohort", [REGULAR, HIGH_END], ids=["regular", "high end"])
def test_standard_errors_are_those_of_a_numerical_hessian(cohort: list[int]) -> None:
    fit = fit_beta_geometric([cohort])
    expected = numerical_errors(log_likelihood(*of(cohort)), values(fit.model))
    assert list(fit.errors.values()) == pytest.approx(expected.tolist(), rel=1e-4)
    assert list(fit.errors) == ["alpha", "beta"]


def test_likelihood_is_the_product_of_the_papers_probabilities() -> None:
    model, (risk, lost) = BetaGeometric(0.9, 2.1), of(REGULAR)

    def chance(renewals: int, left: bool) -> float:
        def of_one(theta: float) -> float:
            each: float = (1 - theta) ** renewals * (theta if left else 1)
            return each * float(beta.pdf(theta, model.alpha, model.beta))

        return float(quad(of_one, 0, 1)[0])

    whole = sum(count * np.log(chance(at, True)) for at, count in enumerate(lost))
    whole += REGULAR[-1] * np.log(chance(len(lost), False))
    got = log_likelihood(risk, lost)(values(model))[0]
    assert got == pytest.approx(whole, rel=1e-8)


@given(FALLING, st.floats(-4, 4), st.floats(-4, 4))
def test_derivatives_are_those_of_the_likelihood(cohort: list[int], x: float, y: float) -> None:
    assert_derivatives(log_likelihood(*of(cohort)), np.array([exp(x), exp(y)]))


def contracts(model: BetaGeometric, sizes: list[int], seed: int) -> list[list[int]]:
    """Return invented cohorts; the last has seen one renewal, the one before it two, and so on."""
    rng = np.random.default_rng(seed)
    cohorts = []
    for renewals, size in zip(range(len(sizes), 0, -1), sizes, strict=True):
        left_at = rng.geometric(rng.beta(model.alpha, model.beta, size))
        cohorts.append([int((left_at > renewal).sum()) for renewal in range(renewals + 1)])
    return cohorts


@pytest.mark.parametrize("truth", [(0.7, 1.2), (3.0, 20.0), (0.1, 0.4)])
def test_parameters_are_recovered_from_cohorts_of_different_length(
    truth: tuple[float, float],
) -> None:
    cohorts = contracts(BetaGeometric(*truth), [20_000, 5_000, 12_000, 9_000, 30_000], 3)
    fit = fit_beta_geometric(cohorts)
    away = (values(fit.model) - truth) / np.array(list(fit.errors.values()))
    assert (np.abs(away) < 3).all()
    # Two renewals tell two rates, which the curve then meets exactly.
    two = fit_beta_geometric([[1000, 631, 468]])
    assert retention(two.model, [1, 2]) == pytest.approx([0.631, 468 / 631], rel=1e-9)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    truth, held = BetaGeometric(0.8, 2.0), []
    ahead = np.array([1, 4, 12, 30])
    real = np.exp(betaln(0.8, 2.0 + ahead) - betaln(0.8, 2.0))
    for seed in range(400):
        fit = fit_beta_geometric(contracts(truth, [1500, 1500, 1500, 1500], seed))
        got = survival(fit, ahead, 0.9)
        held.append((got.low <= real) & (real <= got.high))
    assert np.mean(held, axis=0) == pytest.approx([0.9] * 4, abs=0.045)


def outcome(cohorts: list[list[int]]) -> list[float]:
    """Return parameters and likelihood, or nothing where there is no maximum."""
    try:
        fit = fit_beta_geometric(cohorts)
    except FitError:
        return []
    return [fit.model.alpha, fit.model.beta, fit.log_likelihood]


@given(FALLING, st.data())
def test_order_and_pooling_of_cohorts_do_not_matter(one: list[int], data: st.DataObject) -> None:
    left = [data.draw(st.integers(0, count)) for count in -np.diff([*one, 0])]
    other = np.cumsum(left[::-1])[::-1].tolist()  # of each who leaves together, some
    rest = (np.array(one) - other).tolist()
    whole = outcome([REGULAR[:6], one])
    split = outcome(data.draw(st.permutations([REGULAR[:6], other, rest, [], [77]])))
    assert split == pytest.approx(whole, rel=1e-5)


def test_many_customers_narrow_the_interval() -> None:
    few, many = (fit_beta_geometric([np.array(REGULAR) * times]) for times in (1, 10**8))
    assert values(many.model) == pytest.approx(values(few.model), rel=1e-8)
    narrow, wide = survival(many, [5, 30], 0.95), survival(few, [5, 30], 0.95)
    assert (narrow.high - narrow.low) == pytest.approx((wide.high - wide.low) / 1e4, rel=0.01)


@given(
    st.builds(BetaGeometric, st.floats(0.01, 1e4), st.floats(0.01, 1e4)),
    st.integers(0, 50),
    st.integers(0, 200),
)
def test_survival_is_the_product_of_retention(model: BetaGeometric, since: int, more: int) -> None:
    fit = Fit(model, {}, np.array([[0.04, 0.01], [0.01, 0.09]]), 0.0, True)
    got = survival(fit, np.arange(since, since + more + 1), 0.9, since)
    rates = retention(model, np.arange(since + 1, since + more + 1))
    assert got.survival[0] == got.low[0] == got.high[0] == 1
    assert got.survival[1:] == pytest.approx(np.cumprod(rates), rel=1e-9, abs=1e-300)
    assert (np.diff(rates) >= 0).all()
    assert (got.low <= got.survival).all()
    assert (got.survival <= got.high).all()
    assert ((got.low >= 0) & (got.high <= 1)).all()
    whole = survival(fit, since + more, 0.9).survival, survival(fit, since, 0.9).survival
    assert whole[0] == pytest.approx(float(whole[1] * got.survival[-1]), rel=1e-9, abs=1e-300)


def test_the_interval_is_that_of_differences_of_the_curve() -> None:
    fit = fit_beta_geometric([REGULAR])

    def curve(theta: np.ndarray) -> float:
        moved = Fit(BetaGeometric(*theta), {}, fit.covariance, 0.0, True)
        return float(np.log(-np.log(survival(moved, 20, 0.9, 7).survival)))

    theta = values(fit.model)
    steps = np.diag(theta * 1e-6)
    slope = np.array([(curve(theta + s) - curve(theta - s)) / (2 * s.sum()) for s in steps])
    spread = 1.959963984540054 * np.sqrt(slope @ fit.covariance @ slope)
    got = survival(fit, 20, 0.95, 7)
    assert np.log(-np.log(got.low)) == pytest.approx(curve(theta) + spread, rel=1e-6)
    assert np.log(-np.log(got.high)) == pytest.approx(curve(theta) - spread, rel=1e-6)


@pytest.mark.parametrize(
    ("cohorts", "why"),
    [
        ([], "two renewals"),
        ([[], [100]], "two renewals"),
        ([[1000, 631], [500, 300]], "two renewals"),
        ([[1000, 0, 0]], "two renewals"),
        ([[9, 5, 3]], "9 customers came to a renewal; it takes 10"),
        ([[50, 50, 50]], "nobody left"),
        ([[1024, 512, 256, 128]], "keeps rising while alpha grows and beta grows"),
        ([[1000, 900, 700, 300]], "keeps rising while"),
        ([[1000, 600, 600, 600]], "keeps rising while alpha shrinks and beta shrinks"),
    ],
)
def test_what_tells_no_curve_is_refused(cohorts: list[list[int]], why: str) -> None:
    with pytest.raises(FitError, match=why) as refused:
        fit_beta_geometric(cohorts)
    assert refused.value.hint


def test_impossible_counts_and_questions_are_refused() -> None:
    for cohort in ([5, 7], [5, -1], [5, 2.5], [5, np.nan]):
        with pytest.raises(ValueError, match="survivors"):
            fit_beta_geometric([cohort])
    fit = fit_beta_geometric([REGULAR])
    for renewal in (-1, 0.5, np.nan):
        with pytest.raises(ValueError, match="whole numbers from 0"):
            survival(fit, renewal, 0.95)
    with pytest.raises(ValueError, match="whole numbers from 4"):
        survival(fit, 3, 0.95, since=4)
    with pytest.raises(ValueError, match="whole numbers from 1"):
        retention(fit.model, 0)
    with pytest.raises(UsageError, match="--confidence"):
        survival(fit, 3, 95)
