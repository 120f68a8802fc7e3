"""When a series changed: planted steps are found, noise is not, however it hangs together."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from retainkit.stats.changes import Change, change, lasting

Floats = NDArray[np.float64]


def series(shares: Floats, size: float = 200.0) -> tuple[Floats, Floats, Floats]:
    """Return counts, sizes and the variance of counts, without noise."""
    whole = np.full(len(shares), size)
    mean = shares.mean()
    return shares * whole, whole, whole * mean * (1 - mean)


def found(shares: Floats, size: float = 200.0) -> Change:
    told = change(*series(shares, size))
    assert told is not None
    return told


@pytest.mark.parametrize("at", [2, 5, 11])
def test_a_step_is_found_where_it_is(at: int) -> None:
    told = found(np.where(np.arange(12) < at, 0.5, 0.3))
    assert told.at == at
    assert (told.before, told.after) == (pytest.approx(0.5), pytest.approx(0.3))
    assert told.p_value < 0.001


def test_periods_without_anybody_are_passed_over() -> None:
    part, whole, variance = series(np.where(np.arange(12) < 6, 0.5, 0.3))
    part[5:7] = whole[5:7] = variance[5:7] = 0
    told = change(part, whole, variance)
    assert told is not None
    assert told.at == 7


def test_where_it_may_begin_can_be_said() -> None:
    counts = series(np.where(np.arange(12) < 6, 0.5, 0.3))
    told = change(*counts, np.arange(12) == 9)
    assert told is not None
    assert told.at == 9
    assert change(*counts, np.zeros(12, dtype=np.bool_)) is None


def test_a_season_counts_as_noise() -> None:
    rng = np.random.default_rng(1)
    season = 0.4 + 0.1 * rng.standard_normal(12)
    assert found(season).p_value > 0.05
    step = np.where(np.arange(12) < 6, 0.05, -0.05)
    assert found(season + step).p_value > 100 * found(0.4 + step).p_value


@pytest.mark.parametrize("periods", [0, 1, 2, 3])
def test_few_periods_show_nothing(periods: int) -> None:
    same = np.ones(periods)
    assert change(same, 2 * same, same / 4) is None
    assert lasting(same, 2 * same, same / 4) is None


def test_no_difference_is_no_change() -> None:
    assert found(np.full(8, 0.5)).p_value == 1
    assert change(np.zeros(8), np.full(8, 50.0), np.zeros(8)) is None


def test_noise_is_rarely_taken_for_a_change() -> None:
    rng = np.random.default_rng(5)
    whole = np.array([300, 150, 80, 250, 400, 90, 60, 200, 220, 130, 45, 70], dtype=np.float64)
    p_values = []
    for _ in range(1000):
        part = rng.binomial(whole.astype(np.int64), 0.1).astype(np.float64)
        share = part.sum() / whole.sum()
        told = change(part, whole, whole * share * (1 - share))
        p_values.append(told.p_value if told else 1.0)
    assert np.mean(np.array(p_values) <= 0.05) <= 0.05
    assert np.mean(np.array(p_values) <= 0.01) <= 0.01


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_periods_that_share_their_members_are_not_many(shared: float) -> None:
    """The same noise in every period, a part of it, or none: none of it lasts."""
    rng = np.random.default_rng(6)
    part = 10 * np.sqrt(shared) * rng.standard_normal((1000, 1)) + 10 * np.sqrt(
        1 - shared
    ) * rng.standard_normal((1000, 12))
    whole, variance = np.full(12, 100.0), np.full(12, 100.0)
    told = [lasting(each, whole, variance) for each in part]
    assert np.mean([each is not None and each.p_value <= 0.05 for each in told]) <= 0.05


def test_what_lasts_is_found_where_it_begins() -> None:
    part = np.where(np.arange(12) < 8, 0.0, -60.0)
    told = lasting(part, np.full(12, 100.0), np.full(12, 100.0))
    assert told is not None
    assert (told.at, told.before, told.after) == (8, 0.0, pytest.approx(-0.6))
    assert told.p_value < 1e-6
