"""Wilson score intervals against the published table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainkit.errors import UsageError
from retainkit.stats.intervals import positive_interval, quantile, wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe (1998), Statistics in Medicine 17:857-872, Table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals(successes: int, trials: int, low: float, high: float) -> None:
    got = wilson([successes], [trials], 0.95)
    assert np.round(np.concatenate(got), 4).tolist() == [low, high]


@given(st.integers(1, 10**9), st.floats(0, 1), st.floats(0.5, 0.999))
def test_intervals_hold_the_estimate_and_stay_in_range(n: int, share: float, level: float) -> None:
    k = round(n * share)
    low, high = (float(bound[0]) for bound in wilson([k], [n], level))
    assert 0 <= low <= k / n <= high <= 1
    assert (low == 0) == (k == 0)
    assert (high == 1) == (k == n)


def test_no_trials_have_no_interval() -> None:
    assert np.isnan(np.concatenate(wilson([0], [0], 0.95))).all()


def test_confidence_is_a_share() -> None:
    assert quantile(0.95) == pytest.approx(1.959963985)
    with pytest.raises(UsageError, match="--confidence"):
        quantile(95)


def test_the_interval_of_a_positive_number_is_symmetric_on_the_logarithm() -> None:
    low, high = positive_interval(2.0, 0.5, 0.95)
    assert low * high == pytest.approx(4.0)
    assert np.log(high / 2) == pytest.approx(1.959963984540054 * 0.25)
    assert positive_interval(2.0, 0.0, 0.9) == (2.0, 2.0)
    with pytest.raises(UsageError, match="--confidence"):
        positive_interval(2.0, 0.5, 95)
