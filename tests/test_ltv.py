"""`ltv` through the engine: published parameters, the holdout, rosters, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import retainkit
from cdnow import SAMPLE
from retainkit.errors import InputError, UsageError
from retainkit.stats.buytilldie import BuyTillDie
from retainkit.stats.purchases import alive, conditional_purchases

HOLDOUT = {"holdout": "39w", "horizon": "39w"}


@pytest.fixture(scope="module")
def cdnow() -> pl.DataFrame:
    rows = [line.split() for line in SAMPLE.read_text().splitlines()]
    return pl.DataFrame(
        {
            "user_id": [row[1] for row in rows],
            "time": [row[2] for row in rows],
            "amount": [float(row[4]) for row in rows],
        }
    )


@pytest.fixture(scope="module")
def answer(cdnow: pl.DataFrame) -> retainkit.Result:
    return retainkit.ltv(cdnow, **HOLDOUT)


def test_the_parameters_of_the_papers(answer: retainkit.Result) -> None:
    """Fader, Hardie & Lee (2005), table 2; Fader & Hardie (2013), section 4."""
    found = dict(answer.table("parameters").select("parameter", "value").rows())
    published = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
    published |= {"p": 6.25, "q": 3.74, "v": 15.44}
    assert found == pytest.approx(published, abs=0.01)
    assert any("log-likelihood -9,582.4" in note for note in answer.notes)


def test_the_tracking_adds_up_to_what_came_and_goes_on(answer: retainkit.Result) -> None:
    tracking = answer.table("tracking")
    seen = tracking.filter(pl.col("part") != "forecast")
    assert (seen["cumulative_actual"][-1], seen["to"][-1].isoformat()) == (4339, "1998-06-30")
    assert seen["cumulative_expected"][-1] == pytest.approx(4161, abs=1)  # the paper's miss of 4%
    assert seen.filter(part="calibration")["to"][-1].isoformat() == "1997-09-30"
    ahead = tracking.filter(part="forecast")
    assert ahead.height == 39
    assert ahead["actual"].null_count() == 39
    assert tracking["expected"].sum() == pytest.approx(tracking["cumulative_expected"][-1])


def test_the_holdout_by_frequency_adds_up(answer: retainkit.Result) -> None:
    holdout = answer.table("holdout")
    assert holdout["members"].sum() == 2357
    assert (holdout["members"] * holdout["actual"]).sum() == pytest.approx(1882)
    expected = (holdout["members"] * holdout["expected"]).sum()
    assert expected == pytest.approx(answer.main["expected_orders"][0])


def test_realised_value_is_what_was_paid(cdnow: pl.DataFrame, answer: retainkit.Result) -> None:
    calibration = cdnow.filter(pl.col("time") <= "19970930")
    assert answer.main["realised_value"][0] == pytest.approx(calibration["amount"].sum())
    realised = answer.table("realised")
    last = realised.group_by("cohort").agg(pl.col("value").last())
    assert last["value"].sum() == pytest.approx(cdnow["amount"].sum())


def test_a_roster_adds_up_to_the_table(
    cdnow: pl.DataFrame, answer: retainkit.Result, tmp_path: Path
) -> None:
    path = tmp_path / "buyers.csv"
    listed = retainkit.ltv(cdnow, roster=path, **HOLDOUT)
    assert listed.table("parameters").equals(answer.table("parameters"))
    roster, main = pl.read_csv(path), answer.main.row(0, named=True)
    assert roster.height == main["buyers"]
    assert roster["p_alive"].sum() == pytest.approx(main["alive"])
    assert roster["expected_orders"].sum() == pytest.approx(main["expected_orders"])
    assert roster["expected_value"].sum() == pytest.approx(main["expected_value"])
    once = roster.filter(pl.col("frequency") == 0)
    assert (once["p_alive"] == 1).all()
    assert set(once["state"]) == {"alive"}
    model = BuyTillDie(*answer.table("parameters")["value"].to_list()[:4])
    row = roster.row(1000, named=True)
    x, last, age = row["frequency"], row["recency_days"] / 7, row["age_days"] / 7
    assert row["p_alive"] == pytest.approx(float(alive(model, x, last, age)))
    ahead = float(conditional_purchases(model, x, last, age, 39.0))
    assert row["expected_orders"] == pytest.approx(ahead)


def test_one_time_buyers_may_be_gone_in_the_modified_model(
    cdnow: pl.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "buyers.parquet"
    retainkit.ltv(cdnow, model="mbg", roster=path, **HOLDOUT)
    once = pl.read_parquet(path).filter(pl.col("frequency") == 0)
    assert once["p_alive"].max() < 1


def test_segments_add_up_and_share_one_model(cdnow: pl.DataFrame, answer: retainkit.Result) -> None:
    split = cdnow.with_columns(odd=(pl.col("user_id").cast(pl.Int64) % 3).cast(pl.String))
    main = retainkit.ltv(split, by="odd", **HOLDOUT).main
    for name in ("buyers", "orders", "alive", "expected_orders", "expected_value"):
        assert main[name].sum() == pytest.approx(answer.main[name][0])


def test_a_model_fitted_before_is_taken_as_it_is(
    cdnow: pl.DataFrame, answer: retainkit.Result
) -> None:
    values = answer.table("parameters")["value"].to_list()
    given = retainkit.ltv(cdnow, parameters=values[:4], spend=values[4:], **HOLDOUT)
    assert given.main["ltv"][0] == pytest.approx(answer.main["ltv"][0])
    assert given.table("parameters")["standard_error"].null_count() == 7


def test_without_amounts_orders_alone_are_forecast(cdnow: pl.DataFrame) -> None:
    bare = cdnow.drop("amount")
    with pytest.raises(InputError, match="amount"):
        retainkit.ltv(bare)
    main = retainkit.ltv(bare, orders_only=True, **HOLDOUT).main
    assert main["expected_orders"][0] == pytest.approx(1653.4, abs=0.1)
    assert main["ltv"][0] is None


def test_a_holdout_of_everything_leaves_nobody(cdnow: pl.DataFrame) -> None:
    with pytest.raises(InputError, match="No buyer is known by the end of calibration"):
        retainkit.ltv(cdnow, holdout="200w")


def test_spend_that_hangs_on_frequency_is_refused(cdnow: pl.DataFrame) -> None:
    often = pl.len().over("user_id")
    with pytest.raises(InputError, match=r"correlated \(0\.[0-9]+"):
        retainkit.ltv(cdnow.with_columns(amount=often * often * 1.0))


def test_what_cannot_be_fitted_is_one_error() -> None:
    few = pl.DataFrame({"user_id": ["a", "b", "a"], "time": ["2024-01-01"] * 2 + ["2024-02-01"]})
    with pytest.raises(InputError, match="BG/NBD"):
        retainkit.ltv(few, orders_only=True)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"model": "crystal ball"}, "--model"),
        ({"horizon": "a year"}, "--horizon"),
        ({"horizon": "12h"}, "--horizon: '12h' is not a whole number of days"),
        ({"holdout": "0d"}, "--holdout: '0d' is shorter than a day"),
        ({"parameters": [1, 2]}, "--parameters: name r, alpha, a and b"),
        ({"spend": [1, 2, -3]}, "--spend: name p, q and v"),
        ({"spend": [1, 2, 3], "orders_only": True}, "--spend is for money"),
        ({"hash_key": "KEY"}, "--hash-key"),
        ({"period": "hour"}, "--period"),
    ],
)
def test_requests_of_no_sense_are_refused_before_data_is_read(
    keywords: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as told:
        retainkit.ltv("no-such-file.csv", **keywords)
    assert message in str(told.value)


def test_twice_the_buyers_with_the_same_histories_bring_twice_as_much() -> None:
    rng = np.random.default_rng(7)
    days = np.cumsum(rng.integers(1, 60, (300, 5)), axis=1)
    days = np.where(rng.random(days.shape) < 0.7, days, 0)
    day = pl.Series(days.ravel()).cast(pl.Int32).cast(pl.Date)
    one = pl.DataFrame({"user_id": np.repeat(np.arange(1, 301), 5), "time": day})
    twice = pl.concat([one, one.with_columns(pl.col("user_id") + 300)])
    model = {"parameters": [0.5, 8, 0.7, 3], "orders_only": True, "as_of": "1970-12-31"}
    single, double = (retainkit.ltv(events, **model).main for events in (one, twice))
    assert double["expected_orders"][0] == pytest.approx(2 * single["expected_orders"][0])
    assert double["alive_share"][0] == pytest.approx(single["alive_share"][0])
