"""What BG/NBD and MBG/NBD models expect: published numbers, integrals and simulated customers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betainc, hyp2f1

from cdnow import HOLDOUT_WEEKS, customers
from lifetimes import simulate
from retainkit.stats.buytilldie import BuyTillDie, fit_buy_till_die
from retainkit.stats.purchases import alive, conditional_purchases, expected_purchases

PAPER = BuyTillDie(0.243, 4.414, 0.793, 2.426)
BOTH = pytest.mark.parametrize("modified", [False, True], ids=["BG/NBD", "MBG/NBD"])


def plain(model: BuyTillDie, x: int, last: float, age: float, time: float) -> float:
    """Return equation 10 of Fader, Hardie & Lee (2005), or its like for the MBG/NBD model."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    k = x + model.modified
    odds = a / (b + k - 1) * ((alpha + age) / (alpha + last)) ** (r + x) if k else 0
    gauss = hyp2f1(r + x, b + k, a + b + k - 1, time / (alpha + age + time))
    shrunk = ((alpha + age) / (alpha + age + time)) ** (r + x) * gauss
    return float((a + b + k - 1) / (a - 1) * (1 - shrunk) / (1 + odds))


def series(shape: float, a: float, b: float, ratio: float) -> float:
    """Return the purchases of an active customer: the sum over j of the chances to make the j-th.

    That many would be bought by somebody who does not stop, and none of j - 1 stops came before.
    """
    j = np.arange(200_000)
    never_stopped = np.exp(np.concatenate([[0], np.cumsum(np.log1p(-a / (a + b + j[:-1])))]))
    return float(betainc(j + 1, shape, ratio / (1 + ratio)) @ never_stopped)


def test_expectations_as_published() -> None:
    table = customers()
    model = fit_buy_till_die(table["x"], table["last"], table["age"]).model
    # The authors' spreadsheet beside Fader, Hardie & Lee (2005): E[X(t)] after t weeks, at
    # parameters that its solver leaves a little off the highest point.
    times = [0.1429, 1.0, 3.0, 31.8571, 32.0, 78.0]
    expected = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576]
    assert expected_purchases(model, times) == pytest.approx(expected, abs=5e-5, rel=3e-4)
    # The same: a customer with x = 2, t_x = 30.43, T = 38.86, in the 39 weeks after.
    got = float(conditional_purchases(model, 2, 30.43, 38.86, 39.0))
    assert round(got, 3) == 1.226


def test_cdnow_forecast_beside_what_happened() -> None:
    table = customers()
    model = fit_buy_till_die(table["x"], table["last"], table["age"]).model
    age = table["age"].to_numpy()
    sold = int(table["x"].sum()), int(table["later"].sum())
    assert sold == (2457, 1882)
    # Fader, Hardie & Lee (2005): repeat sales up to week 78 are forecast about 4% too low.
    total = float(expected_purchases(model, age + HOLDOUT_WEEKS).sum())
    assert total / sum(sold) == pytest.approx(0.959, abs=0.001)
    # All that is missed lies in the 39 weeks after the fit: 1,653 of 1,882.
    later = conditional_purchases(model, table["x"], table["last"], age, HOLDOUT_WEEKS)
    assert later.sum() / sold[1] == pytest.approx(0.879, abs=0.001)


@BOTH
@pytest.mark.parametrize("row", [(0, 0.0, 9.0), (1, 3.0, 9.0), (5, 9.0, 9.0), (30, 20.0, 40.0)])
@pytest.mark.parametrize("time", [0.1, 6.0, 90.0])
def test_purchases_ahead_follow_the_papers(
    modified: bool, row: tuple[int, float, float], time: float
) -> None:
    for theta in [(0.243, 4.414, 0.793, 2.426), (2.0, 3.0, 4.0, 0.5), (0.7, 8.0, 1.5, 9.0)]:
        model = BuyTillDie(*theta, modified)
        got = float(conditional_purchases(model, *row, time))
        assert got == pytest.approx(plain(model, *row, time), rel=1e-9)


@BOTH
@pytest.mark.parametrize(
    "theta",
    [
        (0.5, 4.0, 1.0, 2.0),  # a = 1: the papers' 0 / 0
        (0.5, 4.0, 0.3, 0.7),  # a + b = 1: likewise, where nothing was bought again
        (0.5, 4.0, 0.2, 0.3),
        (300.0, 20.0, 500.0, 9000.0),
        (4000.0, 9.0, 0.02, 0.01),
        (0.01, 0.001, 9000.0, 0.05),
        (0.3, 1e6, 1e-5, 8e4),
    ],
)
def test_purchases_ahead_where_the_papers_formula_fails(
    modified: bool, theta: tuple[float, ...]
) -> None:
    model = BuyTillDie(*theta, modified)
    for x, age, time in [(0, 0.0, 5.0), (0, 8.0, 40.0), (3, 8.0, 2.0), (250, 80.0, 9.0)]:
        last = age if x else 0.0
        ratio = time / (model.alpha + age)
        expected = series(model.r + x, model.a, model.b + x + modified, ratio)
        expected *= float(alive(model, x, last, age))
        got = float(conditional_purchases(model, x, last, age, time))
        assert got == pytest.approx(expected, rel=1e-8)


@BOTH
def test_a_new_customer_is_the_integral_over_time(modified: bool) -> None:
    # Purchases come at the rate at which active customers buy: E[X(t)] is its integral.
    model = BuyTillDie(1.4, 3.0, 1.8, 2.6, modified)

    def buying(time: float) -> float:
        near = expected_purchases(model, [time, time + 1e-4])
        return float(near[1] - near[0]) / 1e-4

    assert buying(0) == pytest.approx(
        model.r / model.alpha * float(alive(model, 0, 0, 0)), rel=1e-3
    )
    total, _ = quad(buying, 0, 20)
    assert total == pytest.approx(float(expected_purchases(model, 20.0)), rel=1e-4)


@BOTH
def test_simulated_customers_do_what_is_expected(modified: bool) -> None:
    rng = np.random.default_rng(8)
    model = BuyTillDie(1.2, 6.0, 0.9, 2.5, modified)
    got = simulate(model, rng.uniform(0, 40, 300_000), 15, rng)
    chance = alive(model, got.x, got.last, got.age)
    ahead = conditional_purchases(model, got.x, got.last, got.age, 15.0)
    # In every corner: by repeat purchases, by how long ago the last one was.
    silence = np.digitize((got.age - got.last) / got.age, [0.2, 0.6])
    for x in range(4):
        for long in range(3):
            here = (got.x == x if x < 3 else got.x >= 3) & (silence == long)
            if here.sum() < 500:
                continue
            for seen, told in ((got.active, chance), (got.later, ahead)):
                error = (seen[here] - told[here]).std() / here.sum() ** 0.5
                assert abs((seen[here] - told[here]).mean()) < 4 * error + 1e-12
    born = simulate(model, np.full(300_000, 25.0), 0, rng).x
    error = born.std() / len(born) ** 0.5
    assert abs(born.mean() - float(expected_purchases(model, 25.0))) < 4 * error


def test_without_a_repeat_purchase_only_the_modified_model_doubts() -> None:
    waits = np.array([0.0, 1.0, 10.0, 1000.0])
    assert alive(PAPER, 0, 0, waits).tolist() == [1, 1, 1, 1]
    modified = BuyTillDie(0.525, 6.183, 0.891, 1.614, modified=True)
    doubts = alive(modified, 0, 0, waits)
    assert doubts[0] == pytest.approx(1.614 / (0.891 + 1.614))
    assert (np.diff(doubts) < 0).all()


LOGS = st.floats(-6, 6).map(np.exp)


@given(
    st.builds(BuyTillDie, LOGS, LOGS, LOGS, LOGS, st.booleans()),
    st.integers(0, 2000),
    st.floats(0, 1),
    st.floats(0, 1000),
    st.floats(0, 1000),
    st.floats(0, 1000),
)
def test_expectations_are_sane(
    model: BuyTillDie, x: int, share: float, age: float, time: float, more: float
) -> None:
    last = share * age if x else 0.0
    chance = alive(model, x, last, age)
    assert 0 <= chance <= 1
    assert alive(model, x, last, age + more) <= chance
    soon, late = conditional_purchases(model, x, last, age, [time, time + more])
    assert 0 <= soon <= late * (1 + 1e-9)
    # Never more than if the customer were active and never stopped.
    assert late <= (model.r + x) / (model.alpha + age) * (time + more) * (1 + 1e-9)
    assert soon <= chance * (model.r + x) * time / (model.alpha + age) * (1 + 1e-9)


def test_arrays_broadcast_and_each_is_on_its_own() -> None:
    table = customers()
    x, last, age = (table[name].to_numpy() for name in ("x", "last", "age"))
    times = np.array([[0.0], [1.0], [39.0]])
    got = conditional_purchases(PAPER, x, last, age, times)
    assert got.shape == (3, 2357)
    assert (got[0] == 0).all()
    one = conditional_purchases(PAPER, x[7], last[7], age[7], 39.0)
    assert one.shape == ()
    assert float(one) == pytest.approx(float(got[2, 7]), rel=1e-14)
    assert conditional_purchases(PAPER, [], [], [], 1.0).shape == (0,)
    assert expected_purchases(PAPER, 0.0) == 0
    distinct = conditional_purchases(PAPER, 0, 0, np.linspace(0, 50, 9001), 4.0)
    assert distinct[5000] == pytest.approx(float(conditional_purchases(PAPER, 0, 0, 250 / 9, 4.0)))


def test_impossible_questions_are_refused() -> None:
    for time in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="time ahead"):
            expected_purchases(PAPER, time)
    with pytest.raises(ValueError, match="recency <= age"):
        alive(PAPER, 1, 3, 2)
