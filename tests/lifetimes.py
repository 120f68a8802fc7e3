"""What the tests of lifetime models share: invented customers, and derivatives by differences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from retainkit.stats.buytilldie import BuyTillDie
from retainkit.stats.likelihood import Likelihood

Floats = NDArray[np.float64]


class History(NamedTuple):
    """Customers' purchases: x, t_x and T, those after T, and whether they are active at T."""

    x: NDArray[np.int64]
    last: Floats
    age: Floats
    later: NDArray[np.int64]
    active: NDArray[np.bool_]


def simulate(model: BuyTillDie, age: Floats, ahead: float, rng: np.random.Generator) -> History:
    """Let customers buy until they stop, purchase by purchase, for `age` and `ahead` after it."""
    rate = rng.gamma(model.r, 1 / model.alpha, len(age)) + 1e-300
    chance = rng.beta(model.a, model.b, len(age))
    x, later = np.zeros((2, len(age)), dtype=np.int64)
    now, last = np.zeros((2, len(age)))
    stays = rng.random(len(age)) >= chance if model.modified else np.ones(len(age), dtype=bool)
    active = stays.copy()
    buying = np.flatnonzero(stays)
    while buying.size:
        now[buying] += rng.exponential(size=buying.size) / rate[buying]
        buying = buying[now[buying] <= age[buying] + ahead]
        seen = now[buying] <= age[buying]
        x[buying[seen]] += 1
        last[buying[seen]] = now[buying[seen]]
        later[buying[~seen]] += 1
        stops = rng.random(buying.size) < chance[buying]
        active[buying[seen & stops]] = False
        buying = buying[~stops]
    return History(x, last, age, later, active)


def assert_derivatives(likelihood: Likelihood, theta: Floats) -> None:
    """Compare gradient and Hessian at theta with differences of the value and of the gradient."""
    _, gradient, hessian = likelihood(theta)
    assert np.allclose(hessian, hessian.T, rtol=1e-12, atol=0)
    for i, size in enumerate(theta):
        step = np.zeros(len(theta))
        step[i] = 1e-4 * size
        (high, up, _), (low, down, _) = likelihood(theta + step), likelihood(theta - step)
        noise = 1e-8 * (1 + abs(high)) / size
        assert abs((high - low) / (2 * step[i]) - gradient[i]) <= 1e-6 * abs(gradient[i]) + noise
        slopes = (up - down) / (2 * step[i])
        noises = 1e-8 * (np.abs(up).max() + (1 + abs(high)) / theta) / size
        assert (np.abs(slopes - hessian[i]) <= 1e-6 * np.abs(hessian[i]) + noises).all()


def numerical_errors(likelihood: Likelihood, theta: Floats) -> Floats:
    """Return standard errors from second differences of the value alone."""
    steps = np.diag(1e-3 * theta)

    def value(*moves: Floats) -> float:
        return likelihood(theta + np.sum(moves, axis=0))[0]

    information = np.array(
        [
            [
                value(-one, other) + value(one, -other) - value(one, other) - value(-one, -other)
                for other in steps
            ]
            for one in steps
        ]
    ) / (4 * np.outer(np.diag(steps), np.diag(steps)))
    return np.asarray(np.sqrt(np.diag(np.linalg.inv(information))))
