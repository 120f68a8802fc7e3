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
    realised = answer.table("cohorts").filter(part="realised")
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
        ({"costs": "costs.csv", "orders_only": True}, "--costs are for money"),
        ({"margin": 0.4}, "--margin is for profits"),
        ({"costs": "costs.csv", "margin": 0}, "--margin: the share of sales"),
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


@pytest.fixture(scope="module")
def bought() -> pl.DataFrame:
    """Return purchases of three hundred buyers over fifteen months, of two channels."""
    rng = np.random.default_rng(3)
    day = np.cumsum(rng.integers(1, 70, (300, 6)), axis=1) + rng.integers(0, 200, (300, 1))
    spend = rng.gamma(4, 10, day.shape).round(2)
    events = pl.DataFrame(
        {
            "user_id": np.repeat(np.arange(300), 6),
            "time": pl.Series(day.ravel() + 19_723).cast(pl.Int32).cast(pl.Date),  # of 2024
            "amount": spend.ravel(),
        }
    )
    channel = pl.when(pl.col("user_id") % 3 == 0).then(pl.lit("shop")).otherwise(pl.lit("ads"))
    return events.with_columns(channel=channel)


MODELS = {"parameters": [0.8, 6, 0.9, 2.5], "spend": [4, 6, 50], "as_of": "2025-04-01"}


def test_the_value_of_cohorts_goes_on_where_the_roster_says(
    bought: pl.DataFrame, tmp_path: Path
) -> None:
    """The last period ends with the horizon: the sum over cohorts is that over buyers."""
    path = tmp_path / "buyers.parquet"
    answer = retainkit.ltv(bought, horizon="91d", roster=path, **MODELS)  # to 2025-06-30
    cohorts = answer.table("cohorts")
    ahead = cohorts.filter(part="forecast").group_by("cohort", maintain_order=True).last()
    main = answer.main.row(0, named=True)
    brought = main["realised_value"] + main["expected_value"]
    assert ahead["value"].sum() == pytest.approx(brought)
    assert ahead["orders"].sum() == pytest.approx(main["orders"] + main["expected_orders"])
    assert ahead["members"].sum() == main["buyers"]
    roster = pl.read_parquet(path).with_columns(
        cohort=(pl.lit("2025-03-31").str.to_date() - pl.duration(days="age_days")).dt.truncate(
            "1mo"
        )
    )
    each = roster.group_by("cohort").agg(pl.col("expected_orders").sum()).sort("cohort")
    seen = cohorts.filter(part="realised").group_by("cohort", maintain_order=True).last()
    assert (ahead["orders"] - seen["orders"]).to_list() == pytest.approx(
        each["expected_orders"].to_list()
    )


def test_in_the_holdout_both_what_came_and_what_was_expected_are_there(
    bought: pl.DataFrame,
) -> None:
    answer = retainkit.ltv(bought, horizon="91d", holdout="90d", **MODELS)  # from 2024-12-31
    cells = answer.table("cohorts").group_by("cohort", "age").agg(pl.col("part").sort())
    both = cells.filter(pl.col("part").list.len() == 2)
    assert both["part"].to_list() == [["forecast", "realised"]] * both.height
    assert both.filter(cohort=pl.date(2024, 6, 1))["age"].sort().to_list() == [7, 8, 9]
    ahead = answer.table("cohorts").filter(part="forecast", cohort=pl.date(2024, 6, 1))
    assert ahead["age"].to_list() == [7, 8, 9]


def test_costs_are_paid_back_when_what_is_left_of_value_reaches_them(
    bought: pl.DataFrame, tmp_path: Path
) -> None:
    costs = tmp_path / "costs.csv"
    rows = ["2024-02,500,shop", "2024-03,900,shop", "2024-03,90000,ads", "2023-01,7,shop"]
    costs.write_text("\n".join(["month,cost,channel", *rows, "2024-03,5,nowhere"]))
    answer = retainkit.ltv(bought, costs=costs, margin=0.5, by="channel", horizon="91d", **MODELS)
    curves = answer.table("cohorts").sort("part", descending=True)
    curves = curves.unique(["channel", "cohort", "age"], keep="first", maintain_order=True)
    table = answer.table("payback").sort("channel", "cohort")
    assert table.select("channel", "cost").rows() == [("ads", 90_000), ("shop", 500), ("shop", 900)]
    for row in table.iter_rows(named=True):
        own = curves.filter(channel=row["channel"], cohort=row["cohort"]).sort("age")
        paid = own.filter(pl.col("value") * 0.5 >= row["cost"])
        assert row["payback_age"] == (paid["age"][0] if paid.height else None)
        assert row["payback"] == (paid["part"][0] if paid.height else None)
        assert row["cost_per_buyer"] == pytest.approx(row["cost"] / row["buyers"])
        assert row["value_per_buyer"] * row["buyers"] == pytest.approx(own["value"][-1])
        assert row["value_to_cost"] == pytest.approx(own["value"][-1] * 0.5 / row["cost"])
    assert table["payback_age"].null_count() == 1
    ads, shop = answer.main.sort("channel").iter_rows(named=True)
    assert (ads["cost"], ads["payback_age"], ads["payback"]) == (90_000, None, None)
    own = curves.filter(pl.col("cohort") <= pl.date(2024, 3, 1), pl.col("channel") == "shop")
    own = own.filter(pl.col("cohort") >= pl.date(2024, 2, 1))
    ages = own.group_by("age").agg(pl.col("value").sum(), pl.len()).sort("age")
    assert shop["payback_age"] == ages.filter(pl.col("value") * 0.5 >= 1400, len=2)["age"][0]
    assert shop["value_to_cost"] == pytest.approx(
        ages.filter(len=2)["value"][-1] * 0.5 / 1400, 0.05
    )
    assert any(note.startswith("2 rows of costs are for segments") for note in answer.notes)


def test_costs_that_brought_no_buyer_count_for_the_segment(
    bought: pl.DataFrame, tmp_path: Path
) -> None:
    gap = bought.filter(~pl.col("time").first().over("user_id").dt.month().eq(3))
    spent = tmp_path / "costs.csv"
    answers = []
    for march in ("", "2024-03,400\n"):
        spent.write_text(f"period,cost\n2024-02,500\n{march}")
        answers.append(retainkit.ltv(gap, costs=spent, horizon="91d", **MODELS))
    without, idle = (answer.main.row(0, named=True) for answer in answers)
    assert idle["value_to_cost"] == pytest.approx(without["value_to_cost"] * 5 / 9)
    assert answers[1].table("payback")["buyers"].to_list()[1] == 0
    assert answers[1].table("payback")["cost_per_buyer"].to_list()[1] is None
    assert any("1 period in which nobody began to buy" in note for note in answers[1].notes)


def test_a_period_longer_than_the_horizon_has_no_forecast(bought: pl.DataFrame) -> None:
    answer = retainkit.ltv(bought, period="year", horizon="26w", **MODELS)
    assert set(answer.table("cohorts")["part"]) == {"realised"}


def test_orders_alone_are_made_of_the_same_events_as_with_money() -> None:
    """An order is an event with an amount, where there is such a column, told or not."""
    rng = np.random.default_rng(1)
    day = np.cumsum(rng.integers(1, 60, (200, 6)), axis=1)
    paid = np.where(rng.random(day.shape) < 0.6, 5.0, np.nan)
    events = pl.DataFrame(
        {
            "user_id": np.repeat(np.arange(200), 6),
            "time": pl.Series(day.ravel()).cast(pl.Int32).cast(pl.Date),
            "amount": pl.Series(paid.ravel()).fill_nan(None),
        }
    )
    model = {"parameters": [0.8, 6, 0.9, 2.5]}
    bare = retainkit.ltv(events, orders_only=True, **model)
    priced = retainkit.ltv(events, spend=[4, 6, 50], **model)
    assert bare.main["orders"].to_list() == priced.main["orders"].to_list()
    assert "orders: events with an amount" in bare.definition
    assert bare.main["ltv"][0] is None
