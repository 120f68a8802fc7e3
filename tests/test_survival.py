"""Survival against published tables, SciPy, R, lifelines and the laws of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from retainkit.errors import UsageError
from retainkit.stats.survival import Curve, LogRank, kaplan_meier, log_rank, median

WITHDRAWALS = Path(__file__).parent / "data" / "oulad" / "withdrawals.csv"

# Time, members with an event at it, members censored at it.
Row = tuple[int, int, int]
ROWS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=15
).filter(lambda rows: any(ended + kept for _, ended, kept in rows))
SMALL = st.lists(ROWS, min_size=2, max_size=4)

# Freireich et al. (1963), Blood 21, 699-716: weeks in remission, under 6-MP and a placebo.
MERCAPTOPURINE: list[Row] = [
    *((week, 1, 0) for week in (6, 6, 6, 7, 10, 13, 16, 22, 23)),
    *((week, 0, 1) for week in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)),
]
PLACEBO: list[Row] = [
    (week, 1, 0) for week in (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)
]


def curve(rows: Sequence[Row], first: int = 0) -> Curve:
    time, ended, kept = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return kaplan_meier(time, ended, kept, first, 0.95)


def expanded(rows: Sequence[Row]) -> stats.CensoredData:
    time, ended, kept = np.array(rows).T
    return stats.CensoredData(uncensored=np.repeat(time, ended), right=np.repeat(time, kept))


def test_published_remissions() -> None:
    # Kleinbaum & Klein (2012), Survival Analysis, chapter 2, and its standard errors in R.
    got = curve(MERCAPTOPURINE)
    steps = np.array([6, 7, 10, 13, 16, 22, 23])
    survival = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert np.round(got.survival[steps], 3).tolist() == survival
    errors = [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert np.round(got.error[steps], 4).tolist() == errors
    assert got.at_risk[steps].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert got.time.tolist() == list(range(36))


def test_intervals_are_those_of_r() -> None:
    # summary(survfit(Surv(time, status) ~ 1, conf.type = "log-log")), survival 3.5.3 in R 4.2.2.
    got = curve(MERCAPTOPURINE)
    steps = np.array([6, 7, 10, 13, 16, 22, 23])
    low = [0.61971796, 0.56314656, 0.50319951, 0.43161022, 0.36751086, 0.26777894, 0.18805201]
    high = [0.95155175, 0.92280902, 0.88936184, 0.84906596, 0.80491219, 0.74679072, 0.68014263]
    assert got.low[steps] == pytest.approx(low, abs=1e-8)
    assert got.high[steps] == pytest.approx(high, abs=1e-8)


def test_published_comparison_of_remissions() -> None:
    groups = [curve(MERCAPTOPURINE), curve(PLACEBO)]
    got = log_rank(groups)
    # Kleinbaum & Klein (2012): 16.79 and expected 19.25 and 10.75; more digits from survdiff in R.
    assert got.statistic == pytest.approx(16.7929409892, abs=1e-10)
    assert got.p_value == pytest.approx(4.16881e-05, abs=1e-10)
    assert got.expected == pytest.approx((19.250500948, 10.749499052), abs=1e-9)
    assert got.df == 1
    # print(survfit(..., conf.type = "log-log")) in R.
    assert [median(group) for group in groups] == [(23, 13, None), (8, 4, 11)]


@pytest.mark.filterwarnings("ignore:The confidence interval is undefined")
@given(ROWS, st.sampled_from([0.8, 0.95, 0.99]))
def test_curve_is_that_of_scipy(rows: list[Row], confidence: float) -> None:
    time, ended, kept = np.array(rows).T
    got = kaplan_meier(time, ended, kept, 0, confidence)
    reference = stats.ecdf(expanded(rows)).sf
    at = np.asarray(reference.quantiles, dtype=np.int64)
    assert got.survival[at] == pytest.approx(reference.probabilities, abs=1e-12)
    limits = reference.confidence_interval(confidence, method="log-log")
    inside = (got.survival[at] > 0) & (got.survival[at] < 1)
    assert got.low[at][inside] == pytest.approx(limits.low.probabilities[inside])
    assert got.high[at][inside] == pytest.approx(limits.high.probabilities[inside])


@given(ROWS, ROWS)
def test_two_groups_are_told_apart_as_by_scipy(one: list[Row], other: list[Row]) -> None:
    got = log_rank([curve(one), curve(other)])
    assume(got.statistic is not None)
    reference = stats.logrank(expanded(one), expanded(other))
    assert got.statistic == pytest.approx(reference.statistic**2, abs=1e-9)
    assert got.p_value == pytest.approx(reference.pvalue, abs=1e-9)


def plain_log_rank(groups: Sequence[Sequence[Row]]) -> float:
    """Return the statistic by its textbook sums, over all groups with a pseudo-inverse."""
    excess, covariance = np.zeros(len(groups)), np.zeros((len(groups), len(groups)))
    for time in range(13):
        held = [sum(e + c for t, e, c in rows if t >= time) for rows in groups]
        ended = [sum(e for t, e, _ in rows if t == time) for rows in groups]
        n, d = sum(held), sum(ended)
        if n > 1:
            share = np.array(held) / n
            excess += ended - d * share
            spread = d * (n - d) / (n - 1)
            covariance += spread * (np.diag(share) - np.outer(share, share))
    return float(excess @ np.linalg.pinv(covariance, rcond=1e-9) @ excess)


@given(SMALL)
def test_many_groups_follow_the_textbook(groups: list[list[Row]]) -> None:
    got = log_rank([curve(rows) for rows in groups])
    assert (got.statistic or 0) == pytest.approx(plain_log_rank(groups), abs=1e-9)


@given(SMALL)
def test_expected_events_add_up_to_those_seen(groups: list[list[Row]]) -> None:
    curves = [curve(rows) for rows in groups]
    got, back = log_rank(curves), log_rank(curves[::-1])
    assert sum(got.expected) == pytest.approx(sum(int(each.events.sum()) for each in curves))
    assert back.expected[::-1] == pytest.approx(got.expected)
    assert (back.statistic or 0) == pytest.approx(got.statistic or 0, abs=1e-9)
    assert back.df == got.df


@given(ROWS, st.integers(2, 4))
def test_like_groups_do_not_differ(rows: list[Row], groups: int) -> None:
    got = log_rank([curve(rows)] * groups)
    assume(got.statistic is not None)
    assert got.statistic == pytest.approx(0, abs=1e-9)
    assert got.p_value == pytest.approx(1, abs=1e-4)


def same(one: Curve, other: Curve) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in one.__dataclass_fields__
    )


@given(st.data(), ROWS)
def test_order_and_splitting_of_rows_do_not_matter(data: st.DataObject, rows: list[Row]) -> None:
    parts: list[Row] = []
    for time, ended, kept in rows:
        out, stay = data.draw(st.integers(0, ended)), data.draw(st.integers(0, kept))
        parts += [(time, out, stay), (time, ended - out, kept - stay)]
    assert same(curve(data.draw(st.permutations(parts))), curve(rows))


@given(ROWS, st.integers(2, 10**9))
def test_more_members_alike_keep_survival_and_narrow_its_interval(
    rows: list[Row], times: int
) -> None:
    few, many = curve(rows), curve([(time, e * times, c * times) for time, e, c in rows])
    assert many.survival == pytest.approx(few.survival, rel=1e-12)
    assert many.error == pytest.approx(few.error / times**0.5)
    assert (many.low >= few.low).all()
    assert (many.high <= few.high).all()


@given(ROWS, st.integers(-3, 0))
def test_curve_falls_inside_its_limits(rows: list[Row], first: int) -> None:
    got = curve(rows, first)
    last = max(time for time, ended, kept in rows if ended + kept)
    assert got.time.tolist() == list(range(first, last + 1))
    assert (got.at_risk > 0).all()
    assert (np.diff(got.survival) <= 0).all()
    assert (got.low <= got.survival).all()
    assert (got.survival <= got.high).all()
    assert {values.dtype.name for values in vars(got).values()} == {"int64", "float64"}


@given(ROWS)
def test_without_censoring_survival_is_the_share_left(rows: list[Row]) -> None:
    got = curve([(time, ended + kept, 0) for time, ended, kept in rows])
    left = (got.at_risk - got.events) / got.at_risk[0]
    assert got.survival == pytest.approx(left, abs=1e-12)
    assert got.error == pytest.approx(np.sqrt(left * (1 - left) / got.at_risk[0]))  # binomial


def test_half_is_reached_in_spite_of_rounding() -> None:
    # 23/24 x 22/23 x ... x 12/13 is one half, and a little more in floating point.
    got = curve([(time, 1, 0) for time in range(24)])
    assert got.survival[11] > 0.5
    assert median(got)[0] == 11


def test_median_has_no_limit_where_there_is_no_interval() -> None:
    # As print(survfit(..., conf.type = "log-log")) in R has it.
    assert median(curve([(5, 1, 0)])) == (5, None, None)
    assert median(curve([(1, 1, 0), (2, 1, 0), (3, 1, 0)])) == (2, 1, None)
    assert median(curve([(5, 1, 9)])) == (None, 5, None)


def test_interval_closes_where_survival_is_one_or_nil() -> None:
    got = curve([(1, 0, 1), (2, 3, 0)])
    assert got.survival.tolist() == got.low.tolist() == got.high.tolist() == [1, 1, 0]
    assert got.error.tolist() == [0, 0, 0]
    assert got.hazard.tolist() == [0, 0, 1]


def test_nobody_has_an_empty_curve() -> None:
    for rows in ([], [(7, 0, 0)]):
        got = curve(rows)
        assert not got.time.size
        assert median(got) == (None, None, None)


def test_log_rank_needs_an_event_that_tells_groups_apart() -> None:
    still, empty = curve([(4, 0, 5)]), curve([])
    assert log_rank([still, still]) == LogRank(None, 0, None, (0.0, 0.0))
    assert log_rank([curve(PLACEBO), empty]) == LogRank(None, 0, None, (21.0, 0.0))
    assert log_rank([curve([(2, 3, 0)]), curve([(2, 1, 0)])]).statistic is None


def test_group_gone_before_the_first_event_says_nothing() -> None:
    gone: list[Row] = [(1, 0, 2)]
    one: list[Row] = [(5, 1, 0), (6, 1, 0), (7, 0, 1)]
    other: list[Row] = [(8, 1, 0), (9, 1, 0), (5, 1, 0), (6, 1, 0)]
    got = log_rank([curve(rows) for rows in (gone, one, other)])
    # survdiff(Surv(time, status) ~ group) in R: 0.15302869288 on 1 degree of freedom.
    assert got.statistic == pytest.approx(0.15302869288, abs=1e-11)
    assert got.df == 1
    assert got.expected == pytest.approx((0, 1.6571429, 4.3428571), abs=1e-7)


def test_grids_need_not_start_together() -> None:
    late, early = curve(MERCAPTOPURINE, 6), curve(PLACEBO, -2)
    assert log_rank([late, early]) == log_rank([curve(MERCAPTOPURINE), curve(PLACEBO)])


def test_millions_of_members_are_only_counted() -> None:
    million = 10**6
    sizes = [(time, 3 * million, 2 * million) for time in range(200)]
    one, other = curve(sizes), curve([(time, e - 1000, c + 1000) for time, e, c in sizes])
    assert one.at_risk[0] == 1000 * million
    got = log_rank([one, other])
    assert got.statistic is not None
    assert got.statistic > 20


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="before 1"):
        curve([(0, 1, 0)], first=1)
    with pytest.raises(ValueError, match="negative"):
        curve([(0, -1, 0)])
    with pytest.raises(UsageError, match="--confidence"):
        kaplan_meier([1], [1], [0], 0, 95)


@pytest.fixture(scope="module")
def withdrawals() -> pl.DataFrame:
    return pl.read_csv(WITHDRAWALS)


def students(table: pl.DataFrame) -> list[Row]:
    left = pl.col("withdrawn") == 1
    ended, kept = (pl.when(is_so).then("students").otherwise(0) for is_so in (left, ~left))
    return table.select("days", ended.alias("ended"), kept.alias("kept")).rows()


def by(table: pl.DataFrame, column: str) -> list[list[Row]]:
    return [students(part) for _, part in table.sort(column).group_by(column, maintain_order=True)]


def test_withdrawals_as_in_lifelines(withdrawals: pl.DataFrame) -> None:
    # KaplanMeierFitter().fit(days, withdrawn), lifelines 0.30.3; survival, low, high.
    expected = {
        0: (0.9994162467739954, 0.999084967874, 0.999627611569),
        30: (0.9642988816517152, 0.962226301339, 0.966259746655),
        100: (0.8651222809389219, 0.861363952833, 0.868786654182),
        300: (0.699003214297547, 0.693927573778, 0.704013639961),
        551: (0.5646807899005362, 0.458779656734, 0.657596534092),
    }
    got = curve(students(withdrawals))
    assert got.at_risk[0] == 32548
    for day, values in expected.items():
        here = (got.survival[day], got.low[day], got.high[day])
        assert here == pytest.approx(values, abs=1e-11)
    # median_survival_time_ and median_survival_times(confidence_interval_), also survfit in R.
    assert median(got) == (None, 531, None)
    assert median(curve(students(withdrawals.filter(code_module="CCC")))) == (447, 408, None)


@pytest.mark.parametrize(
    ("column", "statistic", "df", "p_value"),
    # multivariate_logrank_test(days, column, withdrawn), lifelines 0.30.3; also survdiff in R.
    [
        ("gender", 2.62013760535673, 1, 0.10551529022085356),
        ("code_module", 904.1042438703188, 6, 4.869970929293384e-192),
    ],
)
def test_withdrawals_compared_as_in_lifelines(
    withdrawals: pl.DataFrame, column: str, statistic: float, df: int, p_value: float
) -> None:
    got = log_rank([curve(rows) for rows in by(withdrawals, column)])
    assert got.statistic == pytest.approx(statistic, rel=1e-10)
    assert got.p_value == pytest.approx(p_value, rel=1e-9)
    assert got.df == df


def test_withdrawals_as_in_scipy(withdrawals: pl.DataFrame) -> None:
    women, men = by(withdrawals, "gender")
    reference = stats.logrank(expanded(women), expanded(men))
    got = log_rank([curve(women), curve(men)])
    assert got.statistic == pytest.approx(reference.statistic**2, rel=1e-9)
    for rows in by(withdrawals, "code_module"):
        survival = stats.ecdf(expanded(rows)).sf
        at = np.asarray(survival.quantiles, dtype=np.int64)
        assert curve(rows).survival[at] == pytest.approx(survival.probabilities, abs=1e-11)
