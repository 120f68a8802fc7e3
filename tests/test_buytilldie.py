"""BG/NBD and MBG/NBD fits: the papers' numbers, simulated customers and laws of their own."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import roots_genlaguerre, roots_sh_jacobi

from cdnow import customers
from lifetimes import assert_derivatives, numerical_errors, simulate
from retainkit.errors import FitError
from retainkit.stats.buytilldie import (
    BuyTillDie,
    Customers,
    check_customers,
    fit_buy_till_die,
    log_likelihood,
)
from retainkit.stats.likelihood import Fit

BOTH = pytest.mark.parametrize("modified", [False, True], ids=["BG/NBD", "MBG/NBD"])
WEEK = 52.0

# x, t_x and T of one customer, and how many are so.
Row = tuple[int, int, int, int]


@st.composite
def rows(draw: st.DrawFn) -> Row:
    x, age = draw(st.integers(0, 6)), draw(st.integers(1, 30))
    return x, draw(st.integers(1, age)) if x else 0, age, draw(st.integers(1, 4))


PARAMETERS = st.lists(st.floats(-4, 4), min_size=4, max_size=4).map(lambda logs: np.exp(logs))


def columns(data: list[Row]) -> Customers:
    return check_customers(*np.array(data).T)


def cdnow(modified: bool = False) -> Fit[BuyTillDie]:
    table = customers()
    return fit_buy_till_die(table["x"], table["last"], table["age"], modified=modified)


def values(model: BuyTillDie) -> np.ndarray:
    return np.array([model.r, model.alpha, model.a, model.b])


def test_cdnow_as_published() -> None:
    assert customers().height == 2357
    assert (customers()["x"] > 0).sum() == 946
    fit = cdnow()
    # Fader, Hardie & Lee (2005), Marketing Science 24, 275-284, table 2.
    assert values(fit.model).round(3).tolist() == [0.243, 4.414, 0.793, 2.426]
    assert round(fit.log_likelihood, 1) == -9582.4
    assert fit.converged


def test_cdnow_of_the_modified_model_as_in_btydplus() -> None:
    # BTYDplus in R, as the tests of lifetimes (Python) cite it.
    assert values(cdnow(modified=True).model).round(3).tolist() == [0.525, 6.183, 0.891, 1.614]


@BOTH
def test_nothing_higher_is_found_by_a_search_without_derivatives(modified: bool) -> None:
    table = customers()
    likelihood = log_likelihood(check_customers(table["x"], table["last"], table["age"]), modified)
    fit = cdnow(modified)
    found = minimize(
        lambda logs: -likelihood(np.exp(logs))[0],
        np.zeros(4),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 5000},
    )
    assert fit.log_likelihood == pytest.approx(-found.fun, abs=1e-6)
    assert values(fit.model) == pytest.approx(np.exp(found.x), rel=1e-5)


@BOTH
def test_standard_errors_are_those_of_a_numerical_hessian(modified: bool) -> None:
    table, fit = customers(), cdnow(modified)
    held = check_customers(table["x"], table["last"], table["age"])
    expected = numerical_errors(log_likelihood(held, modified), values(fit.model))
    assert list(fit.errors.values()) == pytest.approx(expected.tolist(), rel=1e-4)
    assert np.sqrt(np.diag(fit.covariance)).tolist() == list(fit.errors.values())
    assert list(fit.errors) == ["r", "alpha", "a", "b"]


@BOTH
@pytest.mark.parametrize("row", [(0, 0.0, 3.0), (1, 0.5, 3.0), (2, 3.0, 3.0), (4, 1.5, 2.0)])
def test_likelihood_is_the_integral_over_rates_and_chances(
    modified: bool, row: tuple[int, float, float]
) -> None:
    x, last, age = row
    theta = r, alpha, a, b = np.array([0.8, 1.3, 1.7, 2.2])
    # Means over gamma distributed rates and beta distributed chances by Gauss's quadrature.
    rate, rates = roots_genlaguerre(100, r - 1)
    p, chances = roots_sh_jacobi(20, a + b - 1, a)
    rate, p = rate[:, None] / alpha, p[None, :]
    # Equation 3 of Fader, Hardie & Lee (2005), with one chance more to stop where modified.
    each = (1 - p) ** (x + modified) * rate**x * np.exp(-rate * age)
    if x + modified:
        each = each + p * (1 - p) ** (x + modified - 1) * rate**x * np.exp(-rate * last)
    expected = rates @ each @ chances / rates.sum() / chances.sum()
    likelihood = log_likelihood(check_customers([x], [last], [age]), modified)
    assert likelihood(theta)[0] == pytest.approx(log(expected), abs=1e-12)


@given(st.lists(rows(), min_size=1, max_size=8), PARAMETERS, st.booleans())
def test_derivatives_are_those_of_the_likelihood(
    data: list[Row], theta: np.ndarray, modified: bool
) -> None:
    assert_derivatives(log_likelihood(columns(data), modified), theta)


@BOTH
@pytest.mark.parametrize("truth", [(0.5, 5.0, 0.8, 2.5), (2.0, 0.5, 1.5, 12.0)])
def test_parameters_are_recovered(modified: bool, truth: tuple[float, ...]) -> None:
    rng = np.random.default_rng(11)
    model = BuyTillDie(*truth, modified)
    got = simulate(model, rng.uniform(0, WEEK, 40_000), 0, rng)
    fit = fit_buy_till_die(got.x, got.last, got.age, modified=modified)
    assert fit.converged
    away = (values(fit.model) - truth) / np.array(list(fit.errors.values()))
    assert (np.abs(away) < 3).all()


def test_standard_errors_are_how_far_fits_scatter() -> None:
    rng = np.random.default_rng(5)
    model = BuyTillDie(0.8, 5.0, 0.9, 3.0)
    fits = []
    for _ in range(120):
        got = simulate(model, rng.uniform(10, WEEK, 3000), 0, rng)
        fits.append(fit_buy_till_die(got.x, got.last, got.age))
    scatter = np.std([np.log(values(fit.model)) for fit in fits], axis=0)
    told = np.median([list(fit.errors.values()) / values(fit.model) for fit in fits], axis=0)
    assert told == pytest.approx(scatter, rel=0.25)


SOME = st.lists(rows(), min_size=3, max_size=6)


@settings(max_examples=25)
@given(SOME, st.booleans(), st.integers(0, 2**32 - 1))
def test_weights_are_customers(data: list[Row], modified: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    held = simulate(BuyTillDie(1, 5, 1, 3), rng.integers(1, 40, 300).astype(float), 0, rng)
    weight = rng.integers(0, 4, 300)
    more = np.array(data)
    x, age = np.append(held.x, more[:, 0]), np.append(held.age, more[:, 2])
    last, weight = np.append(held.last, more[:, 1]), np.append(weight, more[:, 3])
    order = rng.permutation(np.repeat(np.arange(len(x)), weight))
    try:
        tallied = fit_buy_till_die(x, last, age, weight, modified=modified)
    except FitError:
        with pytest.raises(FitError, match="cannot be fitted"):
            fit_buy_till_die(x[order], last[order], age[order], modified=modified)
        return
    expanded = fit_buy_till_die(x[order], last[order], age[order], modified=modified)
    assert tallied.log_likelihood == pytest.approx(expanded.log_likelihood, abs=1e-6)
    assert values(tallied.model) == pytest.approx(values(expanded.model), rel=1e-4)


@BOTH
@pytest.mark.parametrize("unit", [1e-6, 7.0, 24 * 3600 * 1e6])
def test_the_unit_of_time_scales_alpha_alone(modified: bool, unit: float) -> None:
    table, fit = customers(), cdnow(modified)
    got = fit_buy_till_die(table["x"], table["last"] * unit, table["age"] * unit, modified=modified)
    assert values(got.model) == pytest.approx(values(fit.model) * (1, unit, 1, 1), rel=1e-8)
    assert got.errors["alpha"] == pytest.approx(fit.errors["alpha"] * unit, rel=1e-8)
    density = -customers()["x"].sum() * log(unit)
    assert got.log_likelihood == pytest.approx(fit.log_likelihood + density, rel=1e-11)


@BOTH
def test_many_customers_alike_keep_the_model_and_narrow_its_errors(modified: bool) -> None:
    table, fit = customers(), cdnow(modified)
    got = fit_buy_till_die(table["x"], table["last"], table["age"], 10**6, modified=modified)
    assert values(got.model) == pytest.approx(values(fit.model), rel=1e-8)
    assert list(got.errors.values()) == pytest.approx(
        [error / 1000 for error in fit.errors.values()], rel=1e-8
    )


@BOTH
def test_many_distinct_customers_are_scouted_and_climb_to_the_same_place(modified: bool) -> None:
    rng = np.random.default_rng(2)
    model = BuyTillDie(0.6, 4.0, 0.8, 2.0, modified)
    got = simulate(model, rng.uniform(0, WEEK, 25_000), 0, rng)
    scouted = fit_buy_till_die(got.x, got.last, got.age, modified=modified)
    scale = got.age.mean()
    # Its gradient is nil: in units of the standard errors, it is at the highest point.
    held = check_customers(got.x, got.last / scale, got.age / scale)
    theta = values(scouted.model) / (1, scale, 1, 1)
    gradient = log_likelihood(held, modified)(theta)[1]
    errors = np.array(list(scouted.errors.values())) / (1, scale, 1, 1)
    assert np.abs(gradient * errors).max() < 1e-4


@BOTH
def test_scouts_who_know_nothing_do_no_harm(modified: bool) -> None:
    table, fit = customers(), cdnow(modified)
    held = [table[name].to_numpy() for name in ("x", "last", "age")]
    # Of 30,000 rows every third is a scout: here they are customers who count for nothing.
    many = [np.zeros((10_000, 3), dtype=column.dtype) for column in held]
    weight = np.zeros((10_000, 3))
    for column, full in zip(held, many, strict=True):
        full[:2357, 1] = column
    weight[:2357, 1] = 1
    got = fit_buy_till_die(*(full.ravel() for full in many), weight.ravel(), modified=modified)
    assert values(got.model) == pytest.approx(values(fit.model), rel=1e-8)


@BOTH
@pytest.mark.parametrize(
    ("runaway", "truth"),
    [
        ("nobody stops", (0.5, 5.0, 1e-9, 1.0)),
        ("all stop with one chance", (0.5, 5.0, 2e8, 8e8)),
        ("all buy at one rate", (1e9, 1e10, 0.8, 2.5)),
        ("all are alike", (1e9, 1e10, 2e8, 8e8)),
    ],
)
def test_a_likelihood_without_a_maximum_is_refused(
    modified: bool, runaway: str, truth: tuple[float, ...]
) -> None:
    # In about one sample of two customers are more alike than by chance; in these they are.
    rng = np.random.default_rng(1)
    got = simulate(BuyTillDie(*truth, modified), rng.uniform(10, WEEK, 3000), 0, rng)
    with pytest.raises(FitError, match=r"its likelihood (keeps rising while|hardly depends on)"):
        fit_buy_till_die(got.x, got.last, got.age, modified=modified)


@BOTH
def test_too_little_to_learn_from_is_refused(modified: bool) -> None:
    for x in ([0] * 50, []):
        with pytest.raises(FitError, match="no customer bought again"):
            fit_buy_till_die(x, [0.0] * len(x), [5.0] * len(x), modified=modified)
    with pytest.raises(FitError, match="only 9 customers bought again; it takes 10"):
        fit_buy_till_die([0, 1], [0, 2], [5, 5], [1000, 9], modified=modified)
    with pytest.raises(FitError, match="no customer"):
        fit_buy_till_die([2], [0], [0], [1000], modified=modified)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((-1, 0, 5, 1), "frequency >= 0"),
        ((1.5, 1, 5, 1), "whole"),
        ((1, 6, 5, 1), "recency <= age"),
        ((1, -1, 5, 1), "0 <= recency"),
        ((1, 1, np.inf, 1), "age"),
        ((1, np.nan, 5, 1), "recency"),
        ((0, 1, 5, 1), "nothing was bought again"),
        ((1, 1, 5, -1), "weight"),
        ((1, 1, 5, np.nan), "weight"),
    ],
)
def test_impossible_customers_are_refused(row: tuple[float, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        fit_buy_till_die(*row)
