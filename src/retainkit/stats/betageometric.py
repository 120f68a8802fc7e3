"""The shifted-beta-geometric model of how long contracts are renewed.

At every renewal a customer leaves with a chance of their own, which is beta distributed over
customers with alpha and beta. Those likely to leave do so early, so retention rises with the age
of a cohort: Fader & Hardie (2007), How to Project Customer Retention, Journal of Interactive
Marketing 21(1), 76-90.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from retainkit.errors import FitError
from retainkit.stats.intervals import Floats, quantile
from retainkit.stats.likelihood import (
    Evaluation,
    Fit,
    Likelihood,
    maximise,
    rising,
)

_TITLE = "shifted-beta-geometric"
_FEWEST = 10  # customers
_STARTS = ((0.7, 1.5), (1.0, 10.0), (0.1, 0.1), (10.0, 30.0))


@dataclass(frozen=True)
class BetaGeometric:
    """The parameters, both positive: a customer leaves with chance alpha / (alpha + beta)."""

    alpha: float
    beta: float


@dataclass(frozen=True, eq=False)
class Forecast:
    """Survival to each renewal of a forecast: arrays of one shape, with the interval's limits."""

    survival: Floats
    low: Floats
    high: Floats


def fit_beta_geometric(survivors: Sequence[ArrayLike]) -> Fit[BetaGeometric]:
    """Return the model that makes these cohorts most likely.

    `survivors` holds for each cohort its customers at renewal 0, 1, 2 ..., whole numbers that do
    not rise; renewal 0 is the start, before anybody could leave. Cohorts may differ in length and
    size. The log-likelihood is that of Fader & Hardie (2007), over all cohorts.

    Raises ValueError for counts that rise or are negative; FitError for fewer than 10 customers,
    where fewer than two renewals were seen or nobody left or stayed, and where there is no
    maximum, as retention does not rise.
    """
    risk, lost = _pooled(survivors)
    _check_renewals(risk, lost)
    size = float(risk[0])
    peak = maximise(log_likelihood(risk, lost), _STARTS, size, _TITLE, "alpha beta")
    alpha, beta = peak.values.tolist()
    return peak.fit(BetaGeometric(alpha, beta), (alpha, beta))


def retention(model: BetaGeometric, renewal: ArrayLike) -> Floats:
    """Return the share of those before each renewal 1, 2 ... who stay at it; any shape.

    r(t) = (beta + t - 1) / (alpha + beta + t - 1), as in Fader & Hardie (2007). Raises ValueError
    for a renewal before 1 or one that is not whole.
    """
    before = _whole(renewal, 1) - 1
    return (model.beta + before) / (model.alpha + model.beta + before)


def survival(
    fit: Fit[BetaGeometric], renewal: ArrayLike, confidence: float, since: int = 0
) -> Forecast:
    """Return the share of those there after renewal `since` who are left after later ones.

    `renewal`, whole numbers from `since`, is of any shape. Where `since` is 0 it is the share of a
    cohort, S(t) = B(alpha, beta + t) / B(alpha, beta), as in Fader & Hardie (2007);
    else S(t) / S(since), the same with beta + since in the place of beta.

    The interval is that of the delta method on the log(-log) scale, so that it stays within 0 and
    1; at renewal `since` it closes on 1. It tells how well the data tell the curve, and neither
    how few customers a cohort has nor whether the model holds. Raises UsageError unless
    0 < confidence < 1, ValueError for a renewal before `since` or one that is not whole.
    """
    z, ahead = quantile(confidence), _whole(renewal, since) - since
    stay = fit.model.beta + since + np.arange(ahead.max(initial=0))
    all_ = stay + fit.model.alpha
    logged, by_alpha, by_beta = (
        np.concatenate([[0.0], np.cumsum(steps)])[ahead]
        for steps in (-np.log1p(fit.model.alpha / stay), -1 / all_, 1 / stay - 1 / all_)
    )
    by = np.stack([by_alpha, by_beta])
    spread = np.sqrt(np.einsum("i...,ij,j...->...", by, fit.covariance, by))
    # log(-log S) has the derivative of log S divided by log S; both are 0 at the start.
    reach = np.exp(z * spread / np.where(ahead > 0, -logged, 1.0))
    return Forecast(np.exp(logged), np.exp(logged * reach), np.exp(logged / reach))


def log_likelihood(risk: Floats, lost: Floats) -> Likelihood:
    """Return the function of (alpha, beta) that is to be maximised, with its derivatives.

    `risk` and `lost` (renewals,): customers before each renewal, and those of them who left at it,
    who do so with the chance alpha / (alpha + beta + t - 1).
    """

    def evaluate(theta: Floats) -> Evaluation:
        alpha, beta = theta.tolist()
        stay, all_ = rising(beta, risk - lost), rising(alpha + beta, risk)
        left = lost.sum()
        value = left * np.log(alpha) + stay[0] - all_[0]
        gradient = np.array([left / alpha - all_[1], stay[1] - all_[1]])
        hessian = np.diag([-left / alpha**2, stay[2]]) - all_[2]
        return float(value), gradient, hessian

    return evaluate


def _pooled(survivors: Sequence[ArrayLike]) -> tuple[Floats, Floats]:
    """Return the customers before each renewal and those who left at it, over all cohorts."""
    cohorts = [np.asarray(cohort, dtype=np.float64) for cohort in survivors]
    risk, lost = np.zeros(
        (2, max((len(cohort) - 1 for cohort in cohorts if len(cohort)), default=0))
    )
    for cohort in cohorts:
        if (cohort < 0).any() or not (cohort == np.floor(cohort)).all():
            raise ValueError("survivors are whole numbers that are not negative")
        if (np.diff(cohort) > 0).any():
            raise ValueError("survivors of a cohort do not become more")
        seen = slice(0, max(len(cohort) - 1, 0))
        risk[seen] += cohort[:-1]
        lost[seen] -= np.diff(cohort)
    return risk, lost


def _check_renewals(risk: Floats, lost: Floats) -> None:
    """Raise FitError where the renewals cannot tell the parameters."""
    why = ""
    if (risk > 0).sum() < 2:
        why = "it takes two renewals, and customers who are still there at the second"
    elif risk[0] < _FEWEST:
        why = f"{risk[0]:.0f} customers came to a renewal; it takes {_FEWEST}"
    elif not lost.any():
        why = "nobody left at any renewal"
    if why:
        raise FitError(
            f"The {_TITLE} model cannot be fitted: {why}.",
            "Take older cohorts, or larger ones.",
        )


def _whole(renewal: ArrayLike, first: int) -> NDArray[np.int64]:
    """Return renewals as whole numbers; raise ValueError where they are not or precede `first`."""
    given = np.asarray(renewal)
    if not ((given >= first) & (given == np.floor(given))).all():
        raise ValueError(f"renewals are whole numbers from {first}")
    return given.astype(np.int64)
