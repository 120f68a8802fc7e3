"""What a BG/NBD or MBG/NBD model expects of customers: are they active, and what will they buy.

The customers are those of `retainkit.stats.buytilldie`, as are the sources of the models. The
papers write expected purchases with Gauss's hypergeometric function, which loses all digits for
large parameters and has gaps at a = 1 and a + b = 1. Here they are the integral that it stands
for, over the chance to stop, taken numerically to nine digits or more.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from retainkit.stats.buytilldie import BuyTillDie, check_customers, log_odds
from retainkit.stats.intervals import Floats

# Of the integral's variable: the widest step, for which the trapezoidal rule of functions
# analytic within pi / 2 of the real line errs by e^(-pi^2 / step), and where the density ends.
_STEP = 0.25
_DEPTH = 45.0  # e^-45 = 3e-20
_ROWS = 4096  # at once, to spare memory


def alive(model: BuyTillDie, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> Floats:
    """Return the probability that each customer is still active at the end of observation.

    `frequency`, `recency` and `age` are as in `fit_buy_till_die`, in the unit of model.alpha, and
    broadcast; the result is of their shape. It is 1 / (1 + o) with the odds o of having stopped
    after the last purchase. Without a repeat purchase it is 1 in the BG/NBD model, in which only
    repeat purchases end in stopping. Fader, Hardie & Lee (2008), Computing P(alive) Using the
    BG/NBD Model; Hoppe & Wagner (2007). Raises ValueError as `fit_buy_till_die` does.
    """
    customers = check_customers(frequency, recency, age)
    theta = np.array([model.r, model.alpha, model.a, model.b])
    odds, _ = log_odds(theta, customers, model.modified)
    return np.exp(-np.logaddexp(0, odds))


def expected_purchases(model: BuyTillDie, time: ArrayLike) -> Floats:
    """Return E[X(t)], the repeat purchases of a new customer within `time` of the first one.

    Equation 9 of Fader, Hardie & Lee (2005) and its like of Batislam et al. (2007). `time` is in
    the unit of model.alpha and may be of any shape. Raises ValueError where it is negative.
    """
    return conditional_purchases(model, 0, 0.0, 0.0, time)


def conditional_purchases(
    model: BuyTillDie, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, time: ArrayLike
) -> Floats:
    """Return the expected purchases of each customer in (T, T + time].

    Equation 10 of Fader, Hardie & Lee (2005) and its like of Batislam et al. (2007). `frequency`,
    `recency` and `age` are as in `fit_buy_till_die`; they and `time`, all in the unit of
    model.alpha, broadcast, and the result is of their shape. It costs what the distinct pairs of
    frequency and age cost. Raises ValueError as `fit_buy_till_die` does and for a negative time.
    """
    ahead = np.asarray(time, dtype=np.float64)
    if not ((ahead >= 0) & (ahead < np.inf)).all():
        raise ValueError("a time ahead is negative or not finite")
    customers = check_customers(frequency, recency, age)
    # Given that a customer is active, only x and this ratio matter.
    ratio = ahead / (model.alpha + customers.age)
    pairs, place = np.unique(customers.x + 1j * ratio, return_inverse=True)
    x, ratios = pairs.real, pairs.imag
    bounds = np.flatnonzero(np.diff(x, prepend=-1.0, append=-1.0))
    bought = np.empty(len(pairs))
    for start, stop in pairwise(bounds.tolist()):
        shape, stays = model.r + x[start], model.b + x[start] + model.modified
        bought[start:stop] = _while_active(shape, model.a, stays, ratios[start:stop])
    return alive(model, frequency, recency, age) * bought[place.reshape(ratio.shape)]


def _while_active(shape: float, a: float, b: float, ratio: Floats) -> Floats:
    """Return the expected purchases ahead of active customers, for ratios (n,) of times.

    Given the chance p to stop after a purchase, which is Beta(a, b) distributed, a rate that is
    gamma distributed and a time ahead that is `ratio` times the rate's parameter, they are
    g(p) = (1 - (1 + p ratio)^-shape) / p. This is the mean of g.

    With p = 1 / (1 + e^-y) the integrand's singularities lie off the real line, at Im y = pi,
    whatever the parameters are, so the trapezoidal rule converges exponentially. A density that
    falls slowly, with a < 1 or b < 1, would take many steps: then what is taken is the mean of g's
    distance from the straight line between its ends, divided by p (1 - p) and so of a density
    with a + 1 and b + 1.
    """
    slow = a < 1 or b < 1
    p, rest, weight = _nodes(a + slow, b + slow)
    ends = shape * ratio, -np.expm1(-shape * np.log1p(ratio))
    means = np.empty(len(ratio))
    for start in range(0, len(ratio), _ROWS):
        rows = slice(start, start + _ROWS)
        g = -np.expm1(-shape * np.log1p(ratio[rows, None] * p)) / p
        if slow:
            line = ends[0][rows, None] * rest + ends[1][rows, None] * p
            g = (line - g) / (p * rest)
        means[rows] = g @ weight
    if not slow:
        return means
    mean = a / (a + b)
    within = mean * b / (a + b + 1)
    return ends[0] * (1 - mean) + ends[1] * mean - within * means


def _nodes(a: float, b: float) -> tuple[Floats, Floats, Floats]:
    """Return points p, 1 - p, and weights that add up to 1, of means over Beta(a, b); a, b >= 1."""
    spread = np.sqrt(1 / a + 1 / b)
    peak, step = np.log(a / b), min(_STEP, spread / 2)
    low, high = (-_DEPTH / a - 9.5 * spread, _DEPTH / b + 9.5 * spread)
    y = peak + np.arange(np.floor(low / step), np.ceil(high / step) + 1) * step
    log_p, log_rest = -np.logaddexp(0, -y), -np.logaddexp(0, y)
    density = a * log_p + b * log_rest
    density -= density.max()
    inside = density > -_DEPTH
    weight = np.exp(density[inside])
    return np.exp(log_p[inside]), np.exp(log_rest[inside]), weight / weight.sum()
