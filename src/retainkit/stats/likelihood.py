"""Maximum likelihood for models of a few parameters that are all positive.

Newton's method with exact second derivatives on the logarithms of the parameters, from several
starts. The matrix it ends with is the observed information, from which the standard errors come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from retainkit.errors import FitError
from retainkit.stats.intervals import Floats

Model = TypeVar("Model")

# The log-likelihood at parameters of shape (k,), its gradient (k,) and its Hessian (k, k).
Evaluation = tuple[float, Floats, Floats]
Likelihood = Callable[[Floats], Evaluation]

# A parameter e^12 = 160,000 times above or below its natural unit has run away: likelihoods that
# rise towards infinity flatten out, and somewhere following them has to end.
_LIMIT = 12.0
# Standard errors of a logarithm above this say that the data do not tell the parameter at all.
_UNKNOWN = 10.0
_REACH = 2.0  # the longest step, on the logarithmic scale
_STEPS = 100
_HALVINGS = 40
# Of the mean log-likelihood: what a step must promise to be worth it, and what rounding may take.
_WORTH = 1e-14
_ROUNDING = 1e-11


@dataclass(frozen=True, eq=False)
class Fit(Generic[Model]):
    """A fitted model.

    `errors` holds the standard error of each parameter by its name, `covariance` (k, k) the
    covariances in the same order: the inverse of the observed information. `converged` tells
    whether the maximum was reached; where it is False the parameters are near it at best.
    """

    model: Model
    errors: dict[str, float]
    covariance: Floats
    log_likelihood: float
    converged: bool


@dataclass(frozen=True, eq=False)
class Peak:
    """Where a likelihood is highest: parameters (k,), and the covariance (k, k) of their logs."""

    names: tuple[str, ...]
    values: Floats
    spread: Floats
    log_likelihood: float
    converged: bool

    def fit(self, model: Model, values: ArrayLike, unit: float = 0.0) -> Fit[Model]:
        """Return the Fit of `model`, whose parameters are `values` (k,): those here, scaled back.

        By the delta method the covariance of theta is that of log theta times theta theta'.
        `unit` is what scaling back adds to the log-likelihood.
        """
        theta = np.asarray(values, dtype=np.float64)
        covariance = self.spread * np.outer(theta, theta)
        errors = dict(zip(self.names, np.sqrt(np.diag(covariance)).tolist(), strict=True))
        return Fit(model, errors, covariance, self.log_likelihood + unit, self.converged)


def maximise(
    likelihood: Likelihood,
    starts: Iterable[ArrayLike],
    size: float,
    title: str,
    names: str,
    scout: Likelihood | None = None,
) -> Peak:
    """Return the highest point that is reached from any of `starts`, each of shape (k,), > 0.

    `size` is the number of observations. Parameters are in their natural unit, so that a sane one
    is neither huge nor tiny. `scout` is the likelihood of a part of the observations, for where
    they are many: the starts are tried on it, and the whole is climbed from its highest point.

    Raises FitError, in which `title` is the model and `names`, parted by blanks, are the
    parameters, where the likelihood rises as far as parameters are followed or the information is
    not positive definite: there is no maximum, or the data do not tell it.
    """
    places = [np.log(np.asarray(start)) for start in starts]
    if scout is not None:
        seen, _, _ = _highest(scout, places, size)
        places = [seen] if np.abs(seen).max() <= _LIMIT else places
    place, (value, _, bend), converged = _highest(likelihood, places, size)
    parameters = tuple(names.split())
    _check_inside(place, title, parameters)
    try:
        np.linalg.cholesky(-bend)
        spread: Floats = np.linalg.inv(-bend).astype(np.float64)
    except np.linalg.LinAlgError:
        raise _refusal(title, "its likelihood has no single highest point") from None
    for name, variance in zip(parameters, np.diag(spread), strict=True):
        if not 0 < variance < _UNKNOWN**2:
            raise _refusal(title, f"its likelihood hardly depends on {name}")
    return Peak(parameters, np.exp(place), spread, value, converged)


def exceeding(counts: ArrayLike, weight: Floats) -> Floats:
    """Return, for j = 0, 1 ... max - 1, the weight of those whose count (n,) exceeds j."""
    return np.bincount(np.asarray(counts), weight)[:0:-1].cumsum()[::-1]


def rising(base: float, tails: Floats) -> tuple[float, float, float]:
    """Return the sum of weights times ln(base (base + 1) ... (base + n - 1)), and two derivatives.

    `tails`, from `exceeding`, stands for the counts n and their weights. The sum is that of
    ln Gamma(base + n) - ln Gamma(base), without the difference of large numbers.
    """
    steps = base + np.arange(len(tails))
    shares = tails / steps
    return float(tails @ np.log(steps)), float(shares.sum()), -float((shares / steps).sum())


def _highest(
    likelihood: Likelihood, places: Iterable[Floats], size: float
) -> tuple[Floats, Evaluation, bool]:
    """Return the best of the climbs from `places`, logarithms of parameters."""
    climbs = [_climb(likelihood, place, size) for place in places]
    return max(climbs, key=lambda climb: climb[1][0])


def _climb(likelihood: Likelihood, place: Floats, size: float) -> tuple[Floats, Evaluation, bool]:
    """Return the logarithms of the parameters at a maximum, what is there, and whether it is one.

    Steps go uphill also where the likelihood is not concave: along the axes of the Hessian, by
    the size of its bend, whatever its sign.
    """
    here = _logarithmic(likelihood, place)
    for _ in range(_STEPS):
        value, slope, bend = here
        sizes, axes = np.linalg.eigh(-bend)
        bends = np.maximum(np.abs(sizes), 1e-13 * np.abs(sizes).max() + np.finfo(float).tiny)
        step = axes @ (axes.T @ slope / bends)
        promise = float(slope @ step)
        if sizes[0] > 0 and promise <= _WORTH * (abs(value) + size):
            # The last step is below what the value can show, but not below what the slope shows.
            return place + step, _logarithmic(likelihood, place + step), True
        step *= _REACH / max(_REACH, float(np.abs(step).max()))
        place, here = _uphill(likelihood, place, here, step)
        if np.abs(place).max() > _LIMIT:
            break
    return place, here, False


def _uphill(
    likelihood: Likelihood, place: Floats, here: Evaluation, step: Floats
) -> tuple[Floats, Evaluation]:
    """Return the first of place + step, place + step / 2 ... that is high enough (Armijo)."""
    value, slope, _ = here
    for _ in range(_HALVINGS):
        there = _logarithmic(likelihood, place + step)
        if there[0] >= value + 1e-4 * float(slope @ step) - _ROUNDING * abs(value):
            return place + step, there
        step = step / 2
    return place, here


def _logarithmic(likelihood: Likelihood, place: Floats) -> Evaluation:
    """Return the likelihood at exp(place) with its derivatives by the logarithms."""
    theta = np.exp(place)
    value, gradient, hessian = likelihood(theta)
    slope = theta * gradient
    return value, slope, hessian * np.outer(theta, theta) + np.diag(slope)


def _check_inside(place: Floats, title: str, names: tuple[str, ...]) -> None:
    """Raise FitError where parameters ran away, naming them and where to."""
    gone = [
        f"{name} {'grows' if log > 0 else 'shrinks'}"
        for name, log in zip(names, place, strict=True)
        if abs(log) > _LIMIT
    ]
    if gone:
        raise _refusal(title, f"its likelihood keeps rising while {' and '.join(gone)}")


def _refusal(title: str, why: str) -> FitError:
    return FitError(
        f"The {title} model cannot be fitted: {why}.",
        "The customers are not as the model supposes, or too few to tell. "
        "Take more of them, or a longer time.",
    )
