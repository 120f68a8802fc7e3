"""Whether a series of shares or differences changed for good, and since when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retainkit.stats.intervals import Floats

FEWEST = 4  # periods that can show a change
BEFORE = 2  # periods before it, at least

Places = NDArray[np.bool_]


@dataclass(frozen=True)
class Change:
    """A change. at: its first period. before, after: the mean until then and from then on.

    p_value: that there is none, over all places where it could be.
    """

    at: int
    before: float
    after: float
    p_value: float


@dataclass(frozen=True, eq=False)
class _Cuts:
    """The series cut in two at each place where it can be: of each, the means and their errors.

    periods: which periods have any weight; at: the places, as positions among these.
    means, errors: Floats[2, places], before and from then on.
    """

    periods: NDArray[np.int64]
    at: NDArray[np.int64]
    means: Floats
    errors: Floats
    left: Floats

    def change(self, best: int, p_value: float) -> Change:
        return Change(
            at=int(self.periods[self.at[best]]),
            before=float(self.means[0, best]),
            after=float(self.means[1, best]),
            p_value=min(1.0, len(self.at) * p_value),
        )


def change(
    part: Floats, weight: Floats, variance: Floats, allowed: Places | None = None
) -> Change | None:
    """Return the likeliest change of part / weight; None where there are too few periods.

    variance: of `part`, if nothing but chance varies it, from one period to the next. allowed: at
    which periods it may begin.

    Each place is judged by two tests, and the larger p-value counts: z with the variance given,
    and Student's t with the periods' own variation about both means, in which a season or a bad
    month counts as noise. The smallest is multiplied by the number of places (Bonferroni).
    """
    cuts = _cuts(part, weight, variance, allowed, together=False)
    if cuts is None:
        return None
    from scipy.special import ndtr, stdtr  # importing it takes long

    df = int((weight > 0).sum()) - 2
    z = np.abs(cuts.means[1] - cuts.means[0]) / np.hypot(*cuts.errors)
    t = z / np.sqrt(np.maximum(cuts.left / df, 1e-12))
    p_values = 2 * np.maximum(ndtr(-z), stdtr(df, -t))
    best = int(np.lexsort((-z, p_values))[0])
    return cuts.change(best, float(p_values[best]))


def lasting(
    part: Floats, weight: Floats, variance: Floats, allowed: Places | None = None
) -> Change | None:
    """Return since when part / weight is not 0; None where there are too few periods.

    The same members may be in several periods: a mean of periods varies no more than they do
    together, and that is what the test takes. It begins where a step fits best (least squares);
    the p-value is multiplied by the number of places (Bonferroni).
    """
    cuts = _cuts(part, weight, variance, allowed, together=True)
    if cuts is None:
        return None
    from scipy.special import ndtr  # importing it takes long

    best = int(np.argmin(cuts.left))
    error = cuts.errors[1, best]
    z = abs(cuts.means[1, best]) / error if error > 0 else 0.0
    return cuts.change(best, float(2 * ndtr(-z)))


def _cuts(
    part: Floats, weight: Floats, variance: Floats, allowed: Places | None, *, together: bool
) -> _Cuts | None:
    """Return the series cut at each place; together: its periods may vary as one."""
    there = np.flatnonzero(weight > 0)
    part, weight, variance = part[there], weight[there], variance[there]
    if len(there) < FEWEST:
        return None
    at = np.arange(BEFORE, len(there))
    if allowed is not None:
        at = at[allowed[there[at]]]
    error = _sums(np.sqrt(variance)) if together else np.sqrt(_sums(variance))
    at = at[(error[:, at] > 0).any(axis=0)]
    if not len(at):
        return None
    weights = _sums(weight)[:, at]
    means, errors = _sums(part)[:, at] / weights, error[:, at] / weights
    fitted = np.where(np.arange(len(part)) < at[:, None], means[0][:, None], means[1][:, None])
    return _Cuts(there, at, means, errors, _left(part, weight, variance, fitted))


def _sums(values: Floats) -> Floats:
    """Return the sums of what lies before each place, and of what lies from it on."""
    before = np.append(0.0, np.cumsum(values)[:-1])
    with_all = np.stack([before, values.sum() - before])
    return np.maximum(with_all, 0.0) if (values >= 0).all() else with_all


def _left(part: Floats, weight: Floats, variance: Floats, fitted: Floats) -> Floats:
    """Return how the periods vary about what is fitted, in units of what chance alone makes."""
    known = variance > 0
    miss = part[known] - fitted[:, known] * weight[known]
    found: Floats = (miss**2 / variance[known]).sum(axis=1)
    return found
