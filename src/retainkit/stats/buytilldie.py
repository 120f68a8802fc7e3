"""Customers who buy until they silently stop: the BG/NBD and the MBG/NBD model.

While active, a customer buys at random with a rate of their own; after every repeat purchase they
stop for good with a chance of their own. Rates are gamma distributed (shape r, rate alpha, whose
unit is that of time), chances beta distributed (a, b). That is the BG/NBD model: Fader, Hardie &
Lee (2005), Marketing Science 24, 275-284. In the MBG/NBD model customers may stop right after
their first purchase too: Batislam, Denizel & Filiztekin (2007), International Journal of Research
in Marketing 24, 201-209; Hoppe & Wagner (2007), Marketing - Journal of Research and Management
3(2), 75-90.

Both are one model with k chances to stop: k = x after x repeat purchases, or k = x + 1. What is
known of a customer is x, the time t_x from the first to the last purchase, and the age T, the time
from the first purchase to the end of observation, all in one unit of time.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retainkit.errors import FitError
from retainkit.stats.intervals import Floats
from retainkit.stats.likelihood import (
    Evaluation,
    Fit,
    Likelihood,
    exceeding,
    maximise,
    rising,
)

Counts = NDArray[np.int64]

_PARAMETERS = "r alpha a b"
_FEWEST = 10  # customers with a repeat purchase
_STARTS = tuple(product((0.3, 2.0), ((0.5, 2.0), (4.0, 40.0))))
_SCOUTS = 10_000  # of more distinct customers than twice this, as many try the starts


@dataclass(frozen=True)
class BuyTillDie:
    """The parameters, all positive; `modified` for the MBG/NBD model.

    r and alpha: a customer's rate is r / alpha purchases in a unit of time on average. a and b: a
    customer stops after a purchase with the chance a / (a + b) on average.
    """

    r: float
    alpha: float
    a: float
    b: float
    modified: bool = False

    @property
    def title(self) -> str:
        """The model's name in the literature."""
        return "MBG/NBD" if self.modified else "BG/NBD"


@dataclass(frozen=True, eq=False)
class Customers:
    """What is known of customers, in arrays of one shape: x, t_x, T, and how many they are."""

    x: Counts
    last: Floats
    age: Floats
    weight: Floats


def fit_buy_till_die(
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    weight: ArrayLike = 1,
    *,
    modified: bool = False,
) -> Fit[BuyTillDie]:
    """Return the BG/NBD model, or the MBG/NBD model, that makes these customers most likely.

    `frequency` (repeat purchases, whole), `recency` t_x and `age` T, in one unit of time, and
    `weight`, how many customers are so, are of shape (n,) or broadcast to it; time and memory grow
    with n and the largest frequency only. alpha is in the unit of time. The log-likelihood is
    that of the papers.

    Raises ValueError for a negative number, t_x > T, or t_x > 0 where nothing was bought again;
    FitError where nobody or fewer than 10 customers bought again and where there is no maximum.
    """
    title = BuyTillDie(1, 1, 1, 1, modified).title
    customers = check_customers(frequency, recency, age, weight)
    _check_repeats(customers, title)
    size = float(customers.weight.sum())
    scale = float(customers.weight @ customers.age) / size
    scaled = Customers(customers.x, customers.last / scale, customers.age / scale, customers.weight)
    rate = float(customers.weight @ customers.x) / size
    starts = [(r, r / rate, a, b) for r, (a, b) in _STARTS]
    scout = log_likelihood(_some(scaled), modified) if len(scaled.x) > 2 * _SCOUTS else None
    whole = log_likelihood(scaled, modified)
    peak = maximise(whole, starts, size, title, _PARAMETERS, scout)
    # A density of x moments in time: its unit is that of time to the power -x.
    unit = -float(customers.weight @ customers.x) * log(scale)
    r, alpha, a, b = (peak.values * (1, scale, 1, 1)).tolist()
    model = BuyTillDie(r, alpha, a, b, modified)
    return peak.fit(model, (r, alpha, a, b), unit)


def log_likelihood(customers: Customers, modified: bool) -> Likelihood:
    """Return the function of (r, alpha, a, b) that is to be maximised, with its derivatives.

    With k chances to stop, and odds of having stopped after the last purchase
    o = a / (b + k - 1) ((alpha + T) / (alpha + t_x))^(r + x), 0 where k = 0, a customer's is

        ln Gamma(r + x) / Gamma(r) + r ln alpha - (r + x) ln(alpha + T)
        + ln B(a, b + k) / B(a, b) + ln(1 + o),

    which is equation 6 of Fader, Hardie & Lee (2005) where k = x.
    """
    k = customers.x + modified
    bought, chances = (exceeding(count, customers.weight) for count in (customers.x, k))
    stoppable = _part(customers, np.flatnonzero(k))

    def evaluate(theta: Floats) -> Evaluation:
        r, alpha, a, b = theta.tolist()
        value, gradient, hessian = _bought(r, alpha, customers, bought)
        up, stay = rising(b, chances), rising(a + b, chances)
        more, slope, bend = _stopped(theta, stoppable, modified)
        value += up[0] - stay[0] + more
        gradient[2:] = -stay[1], up[1] - stay[1]
        hessian[2:, 2:] = -stay[2]
        hessian[3, 3] += up[2]
        return value, gradient + slope, hessian + bend

    return evaluate


def log_odds(theta: Floats, customers: Customers, modified: bool) -> tuple[Floats, Floats]:
    """Return ln o, the log odds of having stopped after the last purchase, and its derivative by r.

    The odds are nil, and ln o is -inf, where there was no chance to stop.
    """
    r, alpha, a, b = theta.tolist()
    k = customers.x + modified
    wait = np.log1p((customers.age - customers.last) / (alpha + customers.last))
    odds = np.log(a) - np.log(b + np.maximum(k, 1) - 1) + (r + customers.x) * wait
    return np.where(k > 0, odds, -np.inf), wait


def check_customers(
    frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, weight: ArrayLike = 1
) -> Customers:
    """Return the customers as arrays of one shape; raise ValueError where they are impossible."""
    counts = np.asarray(frequency)
    if counts.dtype.kind not in "iu" and counts.size:
        raise ValueError("a frequency is a whole number of purchases")
    columns = (np.asarray(each, dtype=np.float64) for each in (recency, age, weight))
    x, last, old, many = np.broadcast_arrays(counts.astype(np.int64), *columns)
    if not ((x >= 0) & (last >= 0) & (last <= old) & (old < np.inf)).all():
        raise ValueError("customers need frequency >= 0 and 0 <= recency <= age")
    if (last[x == 0] > 0).any():
        raise ValueError("recency is 0 where nothing was bought again")
    if not ((many >= 0) & (many < np.inf)).all():
        raise ValueError("a weight is negative or not finite")
    return Customers(x, last, old, many)


def _part(customers: Customers, rows: Counts) -> Customers:
    """Return the customers in these rows."""
    return Customers(
        customers.x[rows], customers.last[rows], customers.age[rows], customers.weight[rows]
    )


def _some(customers: Customers) -> Customers:
    """Return about as many of the customers as try the starts, one in so many."""
    return _part(customers, np.arange(0, len(customers.x), len(customers.x) // _SCOUTS))


def _bought(r: float, alpha: float, customers: Customers, bought: Floats) -> Evaluation:
    """Return the part of purchases alone, as if nobody stopped, by r and alpha."""
    weight, age, shape = customers.weight, alpha + customers.age, r + customers.x
    size, logs, waits = weight.sum(), np.log(age), weight / age
    value, first, second = rising(r, bought)
    gradient, hessian = np.zeros(4), np.zeros((4, 4))
    value += float(r * size * log(alpha) - (weight * shape) @ logs)
    gradient[:2] = first + size * log(alpha) - weight @ logs, r * size / alpha - waits @ shape
    hessian[0, 0] = second
    hessian[0, 1] = hessian[1, 0] = size / alpha - waits.sum()
    hessian[1, 1] = -r * size / alpha**2 + (waits / age) @ shape
    return value, gradient, hessian


def _stopped(theta: Floats, customers: Customers, modified: bool) -> Evaluation:
    """Return the part of ln(1 + o), of customers who had a chance to stop."""
    r, alpha, a, b = theta.tolist()
    odds, wait = log_odds(theta, customers, modified)
    rare = np.exp(-np.abs(odds))
    stopped = np.where(odds > 0, 1.0, rare) / (1 + rare)
    share, shape = customers.weight * stopped, r + customers.x
    old, last = 1 / (alpha + customers.age), 1 / (alpha + customers.last)
    back = 1 / (b + customers.x + modified - 1)
    by = np.stack([wait, shape * (old - last), np.full(len(wait), 1 / a), -back])
    hessian = (by * (share * (1 - stopped))) @ by.T
    hessian[0, 1] += share @ (old - last)
    hessian[1, 0] = hessian[0, 1]
    hessian[1, 1] += share @ (shape * (last**2 - old**2))
    hessian[2, 2] -= share.sum() / a**2
    hessian[3, 3] += share @ back**2
    value = customers.weight @ (np.maximum(odds, 0) + np.log1p(rare))
    return float(value), by @ share, hessian


def _check_repeats(customers: Customers, title: str) -> None:
    """Raise FitError where there are too few repeat purchases to learn from."""
    repeat = float(customers.weight[(customers.x > 0) & (customers.age > 0)].sum())
    if repeat < _FEWEST:
        who = f"only {repeat:.0f} customers" if repeat else "no customer"
        raise FitError(
            f"The {title} model cannot be fitted: {who} bought again; it takes {_FEWEST}.",
            "Take more customers, or a longer time in which they can buy again.",
        )
