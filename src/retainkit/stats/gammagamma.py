"""The Gamma-Gamma model of what customers spend on a transaction.

Each customer's transactions are gamma distributed about a mean of their own with shape p, and the
gamma's rate is gamma distributed over customers with shape q and rate v (gamma in some papers);
what customers spend has nothing to do with how often they buy. Colombo & Jiang (1999), Journal of
Interactive Marketing 13(3), 2-12; Fader & Hardie (2013), The Gamma-Gamma Model of Monetary Value.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, nan

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma, polygamma

from retainkit.errors import FitError
from retainkit.stats.intervals import Floats
from retainkit.stats.likelihood import Evaluation, Fit, Likelihood, maximise

_PARAMETERS = "p q v"
_FEWEST = 10  # customers
_STARTS = ((1.0, 2.0, 1.0), (6.0, 4.0, 0.5), (0.5, 8.0, 14.0))


@dataclass(frozen=True)
class GammaGamma:
    """The parameters, all positive; v is in the unit of the amounts."""

    p: float
    q: float
    v: float

    @property
    def mean(self) -> float:
        """The mean spend of a transaction over all customers, p v / (q - 1).

        It is infinite where q <= 1: then so many spend so much that there is no mean.
        """
        return self.p * self.v / (self.q - 1) if self.q > 1 else inf


def fit_gamma_gamma(
    frequency: ArrayLike, value: ArrayLike, weight: ArrayLike = 1
) -> Fit[GammaGamma]:
    """Return the Gamma-Gamma model that makes what these customers spent most likely.

    `frequency` (transactions, whole, at least 1), `value` (mean spend of those transactions,
    above 0) and `weight`, how many customers are so, are of shape (n,) or broadcast to it. v is
    in the unit of value. The log-likelihood is that of Fader & Hardie (2013).

    Raises ValueError for numbers outside these bounds; FitError for fewer than 10 customers,
    where nobody has two transactions or all spend the same, and where there is no maximum.
    """
    x, mean, many = _checked(frequency, value, weight)
    size = float(many.sum())
    _check_spend(x, mean, many)
    scale = exp(float(many @ np.log(mean)) / size)  # a geometric mean: there need be no other
    likelihood = log_likelihood(x, mean / scale, many)
    peak = maximise(likelihood, _STARTS, size, "Gamma-Gamma", _PARAMETERS)
    p, q, v = (peak.values * (1, 1, scale)).tolist()
    # The likelihood leaves 1 / value out of the density; its logarithms add up to this.
    return peak.fit(GammaGamma(p, q, v), (p, q, v), -size * log(scale))


def conditional_mean(model: GammaGamma, frequency: ArrayLike, value: ArrayLike) -> Floats:
    """Return the expected mean spend of customers with `frequency` transactions of mean `value`.

    p (v + x value) / (p x + q - 1), as in Fader & Hardie (2013): between the customer's
    own mean and that of all. Without a transaction it is the mean of all, whatever value is; it is
    infinite where p x + q <= 1. Both broadcast. Raises ValueError for a negative number.
    """
    x, mean = (np.asarray(each, dtype=np.float64) for each in (frequency, value))
    spent = np.where(x > 0, x * mean, 0.0)
    if (x < 0).any() or (spent < 0).any():
        raise ValueError("a frequency or a value is negative")
    shape = model.p * x + model.q - 1
    with np.errstate(divide="ignore"):
        return np.where(shape > 0, model.p * (model.v + spent) / np.maximum(shape, 0), inf)


def correlation(frequency: ArrayLike, value: ArrayLike, weight: ArrayLike = 1) -> float:
    """Return Pearson's correlation of frequency and mean value over customers.

    The model takes it to be 0. NaN where one of them is the same for everybody. Raises ValueError
    as `fit_gamma_gamma` does.
    """
    x, mean, many = _checked(frequency, value, weight)
    if not many.any() or np.ptp(x[many > 0]) == 0 or np.ptp(mean[many > 0]) == 0:
        return nan
    x, mean = (each - np.average(each, weights=many) for each in (x, mean))
    return float(many @ (x * mean) / np.sqrt((many @ x**2) * (many @ mean**2)))


def log_likelihood(x: Floats, mean: Floats, weight: Floats) -> Likelihood:
    """Return the function of (p, q, v) that is to be maximised, with its derivatives.

    With a customer's total s = x mean, that is the sum over customers of
    p x ln(s / (v + s)) + q ln(v / (v + s)) - ln B(p x, q).
    """
    total = x * mean
    counts, place = np.unique(x, return_inverse=True)
    alike: Floats = np.bincount(place, weight).astype(np.float64)

    def evaluate(theta: Floats) -> Evaluation:
        p, q, v = theta.tolist()
        all_spent = v + total
        own, others = np.log(total / all_spent), np.log(v / all_spent)
        share, shape = weight / all_spent, p * x + q
        value, gradient, hessian = _beta(p, q, counts, alike)
        value += weight @ (p * x * own + q * others)
        gradient += weight @ (x * own), weight @ others, q * weight.sum() / v - share @ shape
        hessian[0, 2] = hessian[2, 0] = -(share @ x)
        hessian[1, 2] = hessian[2, 1] = weight.sum() / v - share.sum()
        hessian[2, 2] = -q * weight.sum() / v**2 + (share / all_spent) @ shape
        return float(value), gradient, hessian

    return evaluate


def _beta(p: float, q: float, x: Floats, weight: Floats) -> Evaluation:
    """Return the sum of -ln B(p x, q) over distinct x, with its derivatives by p, q and v."""
    gradient, hessian = np.zeros(3), np.zeros((3, 3))
    both, both_bend = digamma(p * x + q), polygamma(1, p * x + q)
    gradient[0] = (weight * x) @ (both - digamma(p * x))
    gradient[1] = weight @ (both - digamma(q))
    hessian[0, 0] = (weight * x**2) @ (both_bend - polygamma(1, p * x))
    hessian[0, 1] = hessian[1, 0] = (weight * x) @ both_bend
    hessian[1, 1] = weight @ (both_bend - polygamma(1, q))
    return -float(weight @ betaln(p * x, q)), gradient, hessian


def _checked(
    frequency: ArrayLike, value: ArrayLike, weight: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Return the columns as arrays of one shape; raise ValueError where they are impossible."""
    columns = (np.asarray(each, dtype=np.float64) for each in (frequency, value, weight))
    x, mean, many = np.broadcast_arrays(*columns)
    if not ((x >= 1) & (x == np.floor(x)) & (mean > 0) & (mean < inf)).all():
        raise ValueError("a spender has a whole frequency of at least 1 and a value above 0")
    if not ((many >= 0) & (many < inf)).all():
        raise ValueError("a weight is negative or not finite")
    return x, mean, many


def _check_spend(x: Floats, mean: Floats, weight: Floats) -> None:
    """Raise FitError where what was spent cannot tell the parameters."""
    held = weight > 0
    why = hint = ""
    if weight.sum() < _FEWEST:
        why = f"{weight.sum():.0f} customers have spent something; it takes {_FEWEST}"
        hint = "Take more customers."
    elif x[held].max() < 2:
        why = "nobody has two transactions"
        hint = "Take a longer time, in which customers can buy again."
    elif np.ptp(mean[held]) == 0:
        why = "everybody spends the same"
        hint = f"Nothing is to be modelled: a transaction is worth {mean[held][0]:g}."
    if why:
        raise FitError(f"The Gamma-Gamma model cannot be fitted: {why}.", hint)
