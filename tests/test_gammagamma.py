"""The Gamma-Gamma model: the note's numbers, its integrals, simulated spending and laws."""

from __future__ import annotations

from math import inf, isnan, log

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.stats import gamma

from cdnow import customers
from lifetimes import assert_derivatives, numerical_errors
from retainkit.errors import FitError
from retainkit.stats.gammagamma import (
    GammaGamma,
    conditional_mean,
    correlation,
    fit_gamma_gamma,
    log_likelihood,
)
from retainkit.stats.likelihood import Fit

ROWS = st.lists(
    st.tuples(st.integers(1, 40), st.floats(0.01, 1000), st.integers(1, 5)), min_size=1, max_size=8
)
PARAMETERS = st.lists(st.floats(-4, 4), min_size=3, max_size=3).map(lambda logs: np.exp(logs))


def cdnow() -> pl.DataFrame:
    return customers().filter(pl.col("x") > 0)


def fitted() -> Fit[GammaGamma]:
    return fit_gamma_gamma(cdnow()["x"], cdnow()["spend"])


def values(model: GammaGamma) -> np.ndarray:
    return np.array([model.p, model.q, model.v])


def spending(
    model: GammaGamma, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return transactions, mean spend and true mean spend of invented customers."""
    rate = rng.gamma(model.q, 1 / model.v, size)
    x = rng.geometric(0.3, size)
    return x, rng.gamma(model.p * x, 1 / (rate * x)), model.p / rate


def test_cdnow_as_published() -> None:
    # Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value: 6.25, 3.74, 15.44 for the 946
    # customers who bought again; their x repeat transactions, on average over those x.
    fit = fitted()
    assert cdnow().height == 946
    assert values(fit.model).round(2).tolist() == [6.25, 3.74, 15.44]
    assert fit.converged
    assert fit.model.mean == pytest.approx(6.25 * 15.44 / 2.74, abs=0.1)
    # Fader, Hardie & Lee (2005), RFM and CLV, Journal of Marketing Research 42, 415-430: 0.11.
    assert correlation(cdnow()["x"], cdnow()["spend"]) == pytest.approx(0.11, abs=0.01)


def test_nothing_higher_is_found_by_a_search_without_derivatives() -> None:
    fit = fitted()
    likelihood = log_likelihood(*arrays(cdnow()["x"], cdnow()["spend"]))
    found = minimize(
        lambda logs: -likelihood(np.exp(logs))[0],
        np.ones(3),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 5000},
    )
    assert values(fit.model) == pytest.approx(np.exp(found.x), rel=1e-5)


def test_standard_errors_are_those_of_a_numerical_hessian() -> None:
    fit = fitted()
    likelihood = log_likelihood(*arrays(cdnow()["x"], cdnow()["spend"]))
    expected = numerical_errors(likelihood, values(fit.model))
    assert list(fit.errors.values()) == pytest.approx(expected.tolist(), rel=1e-3)
    assert list(fit.errors) == ["p", "q", "v"]


def arrays(x: object, mean: object, weight: object = 1) -> tuple[np.ndarray, ...]:
    columns = (np.asarray(each, dtype=np.float64) for each in (x, mean, weight))
    return tuple(np.broadcast_arrays(*columns))


@pytest.mark.parametrize(("x", "mean"), [(1, 3.0), (1, 40.0), (4, 12.0)])
def test_likelihood_and_mean_are_integrals_over_rates(x: int, mean: float) -> None:
    model = GammaGamma(2.5, 3.0, 9.0)

    def of_one(rate: float) -> float:
        spent = gamma.pdf(mean, model.p * x, scale=1 / (rate * x))
        return float(spent * gamma.pdf(rate, model.q, scale=1 / model.v))

    likely, _ = quad(of_one, 0, inf, epsabs=0, epsrel=1e-11)
    told = log_likelihood(*arrays([x], [mean]))(values(model))[0]
    assert told - log(mean) == pytest.approx(log(likely), abs=1e-9)
    worth, _ = quad(lambda rate: model.p / rate * of_one(rate), 0, inf, epsabs=0, epsrel=1e-11)
    assert float(conditional_mean(model, x, mean)) == pytest.approx(worth / likely, rel=1e-9)


@given(ROWS, PARAMETERS)
def test_derivatives_are_those_of_the_likelihood(
    rows: list[tuple[int, float, int]], theta: np.ndarray
) -> None:
    assert_derivatives(log_likelihood(*arrays(*zip(*rows, strict=True))), theta)


@pytest.mark.parametrize("truth", [(6.25, 3.74, 15.44), (0.8, 1.5, 200.0), (20.0, 0.7, 3.0)])
def test_parameters_are_recovered(truth: tuple[float, float, float]) -> None:
    x, mean, _ = spending(GammaGamma(*truth), 50_000, np.random.default_rng(1))
    fit = fit_gamma_gamma(x, mean)
    away = (values(fit.model) - truth) / np.array(list(fit.errors.values()))
    assert fit.converged
    assert (np.abs(away) < 3).all()


def test_simulated_customers_are_worth_what_is_expected() -> None:
    model = GammaGamma(3.0, 5.0, 40.0)
    x, mean, worth = spending(model, 400_000, np.random.default_rng(4))
    told = conditional_mean(model, x, mean)
    assert worth.mean() == pytest.approx(model.mean, rel=0.01)
    for here in (x == 1, x == 3, x > 6, mean < 15, mean > 60):
        error = (worth - told)[here].std() / here.sum() ** 0.5
        assert abs((worth - told)[here].mean()) < 4 * error


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_weights_are_customers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, mean, _ = spending(GammaGamma(4, 4, 30), 300, rng)
    weight = rng.integers(0, 4, 300)
    order = rng.permutation(np.repeat(np.arange(300), weight))
    try:
        tallied = fit_gamma_gamma(x, mean, weight)
    except FitError:  # a few samples of 300 have no maximum: then neither has the other
        with pytest.raises(FitError):
            fit_gamma_gamma(x[order], mean[order])
        return
    expanded = fit_gamma_gamma(x[order], mean[order])
    assert tallied.log_likelihood == pytest.approx(expanded.log_likelihood, rel=1e-12)
    assert values(tallied.model) == pytest.approx(values(expanded.model), rel=1e-6)
    both = correlation(x, mean, weight), correlation(x[order], mean[order])
    assert both[0] == pytest.approx(both[1], abs=1e-12)
    assert both[1] == pytest.approx(np.corrcoef(x[order], mean[order])[0, 1], abs=1e-12)


@pytest.mark.parametrize("unit", [1e-9, 100.0, 1e9])
def test_the_unit_of_money_scales_v_alone(unit: float) -> None:
    fit, got = fitted(), fit_gamma_gamma(cdnow()["x"], cdnow()["spend"] * unit)
    assert values(got.model) == pytest.approx(values(fit.model) * (1, 1, unit), rel=1e-7)
    assert got.errors["v"] == pytest.approx(fit.errors["v"] * unit, rel=1e-7)
    assert got.log_likelihood == pytest.approx(fit.log_likelihood - 946 * log(unit), rel=1e-10)


@given(st.builds(GammaGamma, *[st.floats(0.01, 100)] * 3), st.integers(1, 99), st.floats(0.01, 99))
def test_expected_means_lie_between_ones_own_and_that_of_all(
    model: GammaGamma, x: int, mean: float
) -> None:
    got = float(conditional_mean(model, x, mean))
    assert min(mean, model.mean) <= got * (1 + 1e-9)
    assert got <= max(mean, model.mean) * (1 + 1e-9)


def test_without_transactions_the_mean_of_all_is_expected() -> None:
    model = GammaGamma(6.25, 3.74, 15.44)
    got = conditional_mean(model, [0, 0, 10**9], [np.nan, 99.0, 99.0])
    assert got.tolist() == pytest.approx([model.mean, model.mean, 99.0])
    heavy = GammaGamma(2.0, 0.9, 5.0)
    assert heavy.mean == inf
    assert conditional_mean(heavy, [0, 1], 4.0).tolist() == [inf, 2 * 9 / (2 + 0.9 - 1)]
    assert conditional_mean(GammaGamma(0.05, 0.9, 5.0), 1, 4.0) == inf
    with pytest.raises(ValueError, match="negative"):
        conditional_mean(model, 1, -4.0)


@pytest.mark.parametrize(
    ("x", "mean", "weight", "why"),
    [
        ([1, 2], [5.0, 6.0], [4, 5], "9 customers have spent something; it takes 10"),
        ([], [], [], "0 customers"),
        ([1, 1], [5.0, 6.0], 50, "nobody has two transactions"),
        ([1, 2], [5.0, 5.0], 50, "everybody spends the same"),
        ([1, 2, 9], [5.0, 5.0, 7.0], [50, 50, 0], "everybody spends the same"),
        ([1, 2], [5.0, 6.0], 50, "its likelihood"),
    ],
)
def test_what_tells_nothing_is_refused(
    x: list[int], mean: list[float], weight: int | list[int], why: str
) -> None:
    with pytest.raises(FitError, match=why) as refused:
        fit_gamma_gamma(x, mean, weight)
    assert refused.value.hint


def test_customers_without_noise_or_without_differences_are_refused() -> None:
    x = np.repeat([1, 2, 5], 500)
    shares = np.tile((np.arange(500) + 0.5) / 500, 3)
    with pytest.raises(FitError, match="its likelihood keeps rising while p grows"):
        fit_gamma_gamma(x, 1 / gamma.ppf(shares, 3))
    with pytest.raises(FitError, match="its likelihood keeps rising while q grows"):
        fit_gamma_gamma(x, gamma.ppf(shares, 3 * x) / x)


@pytest.mark.parametrize(
    "row", [(0, 5, 1), (1.5, 5, 1), (1, 0, 1), (1, -2, 1), (1, inf, 1), (1, 5, -1), (1, 5, np.nan)]
)
def test_impossible_spenders_are_refused(row: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"a spender has|a weight is"):
        fit_gamma_gamma(*row)
    with pytest.raises(ValueError, match=r"a spender has|a weight is"):
        correlation(*row)


def test_correlation_of_what_does_not_differ_is_unknown() -> None:
    assert isnan(correlation([2, 2], [5.0, 7.0]))
    assert isnan(correlation([2, 3], [5.0, 5.0]))
    assert isnan(correlation([2, 3], [5.0, 6.0], [1, 0]))
    assert isnan(correlation([], []))
    assert correlation([2, 3], [5.0, 6.0]) == pytest.approx(1)
