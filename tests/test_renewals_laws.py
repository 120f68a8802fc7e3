"""`renewals` on generated histories: equal to the brute-force oracle, and its invariants."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import retainkit
from agreement import ABSOLUTE, ask, close, keyed
from churn_strategies import Roll, churn_histories, churn_options, crowds, observed_until, renamed
from oracle import renewals as oracle
from oracle.people import Row, observe
from oracle.renewals import Contract
from oracle.spells import study
from retainkit.engine import Request, run
from retainkit.errors import InputError
from retainkit.metrics.renewals import RENEWALS, RenewalsParams
from retainkit.metrics.renewals.models import cohorts
from retainkit.results import Result
from retainkit.sources import SourceOptions

MODEL = (0.7, 1.9)
SEEN = ("at_risk", "renewed", "rate", "survival")
COUNTS = ("at_risk", "renewed")
HISTORIES = churn_histories() | crowds()
some = settings(max_examples=20, deadline=None, report_multiple_bugs=False)
few = settings(max_examples=8, deadline=None, report_multiple_bugs=False)


def asked(data: st.DataObject, history: Roll) -> tuple[Row, Any]:
    """Parameters of `renewals`, and as-of; a model is given, as few histories tell one."""
    options = data.draw(churn_options(history, ("leave",)))
    own = {name: options[name] for name in ("leave_event", "return_event", "period", "by")}
    own |= {"parameters": MODEL, "horizon": data.draw(st.integers(1, 5))}
    return own | {"holdout": data.draw(st.integers(0, 4))}, data.draw(observed_until(history))


def contracts(history: Roll, options: Row, as_of: Any) -> list[Contract]:
    world = observe(history.events, history.members, tz=history.tz, as_of=as_of, by=options["by"])
    words = ("leave_event", "return_event", "period")
    known = study(world, definition="leave", **{name: options[name] for name in words})
    return [oracle.contract(life, known, options["period"]) for life in known.lives]


def of_segments(found: Sequence[Contract], by: Sequence[str]) -> dict[Any, list[Contract]]:
    parts: dict[Any, list[Contract]] = {} if by else {(): []}
    for each in found:
        parts.setdefault(each.segment, []).append(each)
    return parts


@some
@given(data=st.data(), history=HISTORIES)
def test_equal_to_brute_force(data: st.DataObject, history: Roll) -> None:
    options, as_of = asked(data, history)
    by, horizon, holdout = (options[name] for name in ("by", "horizon", "holdout"))
    wanted = of_segments(contracts(history, options, as_of), by)
    result = ask(retainkit.renewals, history, options, as_of=as_of)
    main = keyed(result.main.to_dicts(), (*by, "renewal"))
    whole = keyed(result.table("contracts").to_dicts(), by)
    assert set(whole) == set(wanted)
    for segment, own in wanted.items():
        rows = {row["renewal"]: row for row in oracle.seen(own)}
        last = len(rows)
        assert {key[-1] for key in main if key[:-1] == segment} == set(range(1, last + horizon + 1))
        for renewal in range(1, last + horizon + 1):
            row = main[*segment, renewal]
            seen = rows.get(renewal, dict.fromkeys(SEEN))
            assert all(close(row[name], seen[name]) for name in SEEN), (segment, renewal)
            expected = oracle.survival(*MODEL, renewal)
            assert row["expected_survival"] == pytest.approx(expected)
            part = "forecast" if renewal > last else "holdout"
            assert row["part"] == ("calibration" if renewal <= last - holdout else part)
            assert row["expected_low"] is row["expected_high"] is None
        totals = oracle.totals(own, *MODEL, horizon)
        for name, value in totals.items():
            assert whole[segment][name] == (value if value is None else pytest.approx(value)), name
    assert_held_out(result, [each for own in wanted.values() for each in own], holdout)


def assert_held_out(result: Result, known: Sequence[Contract], holdout: int) -> None:
    said = next((note for note in result.notes if note.startswith("In the holdout")), "")
    assert bool(said) == bool(holdout)
    if holdout:
        text = said.partition(" contract, ")[2].replace(",", "")
        numbers = [float(number) for number in re.findall(r"(?<![(+-])\b\d+(?:\.\d+)?\b", text)]
        assert numbers[:4] == pytest.approx(oracle.held_out(known, *MODEL, holdout), abs=0.051)


@few
@given(
    st.lists(
        st.builds(Contract, st.integers(0, 6), st.none())
        | st.integers(1, 6).flatmap(
            lambda due: st.builds(Contract, st.just(due), st.integers(1, due))
        )
    ),
    st.integers(0, 3),
)
def test_the_model_sees_what_it_may(known: list[Contract], holdout: int) -> None:
    counts = pl.DataFrame(
        [(each.due, each.lost or 0, 1) for each in known],
        schema={"due": pl.Int64, "lost": pl.Int64, "members": pl.Int64},
        orient="row",
    )
    pooled = counts.group_by("due", "lost").agg(pl.col("members").sum())
    assert [cohort.tolist() for cohort in cohorts(pooled, holdout)] == oracle.survivors(
        known, holdout
    )


@some
@given(data=st.data(), history=HISTORIES)
def test_how_renewals_hang_together(data: st.DataObject, history: Roll) -> None:
    options, as_of = asked(data, history)
    split = ask(retainkit.renewals, history, options, as_of=as_of)
    whole = ask(retainkit.renewals, history, options | {"by": ()}, as_of=as_of)
    for name in COUNTS:
        summed = split.main.group_by("renewal").agg(pl.col(name).sum()).sort("renewal")
        here = whole.main.filter(pl.col("part") != "forecast")
        assert summed[name].head(here.height).to_list() == here[name].to_list()
    for name in ("contracts", "lost", "there", "expected_renewals"):
        total = split.table("contracts")[name].sum()
        assert total == pytest.approx(whole.table("contracts")[name].sum())
    assert_falling(split, options["by"])


def assert_falling(result: Result, by: Sequence[str]) -> None:
    parts = result.main.partition_by(by, maintain_order=True) if by else [result.main]
    for part in parts:
        rows = part.to_dicts()
        assert [row["renewal"] for row in rows] == list(range(1, part.height + 1))
        for before, after in pairwise(rows):
            if after["at_risk"] is not None:
                assert after["at_risk"] <= before["renewed"]
            if after["survival"] is not None:
                assert after["survival"] <= before["survival"] + ABSOLUTE
            if before["expected_survival"] is not None:
                assert after["expected_survival"] <= before["expected_survival"]
                assert after["expected_rate"] >= before["expected_rate"]


@few
@given(data=st.data(), history=HISTORIES)
def test_members_and_the_order_of_rows_do_not_matter(data: st.DataObject, history: Roll) -> None:
    options, as_of = asked(data, history)
    if as_of is None:
        as_of = observe(history.events, tz=history.tz).as_of
    first = ask(retainkit.renewals, history, options, as_of=as_of)
    shuffled = replace(history, events=data.draw(st.permutations(history.events)))
    again = ask(retainkit.renewals, shuffled, options, as_of=as_of)
    assert first.notes == again.notes
    other = renamed(history, "!")
    both = replace(
        history, events=history.events + other.events, members=history.members + other.members
    )
    twice = ask(retainkit.renewals, both, options, as_of=as_of)
    for name, table in first.tables.items():
        assert again.table(name).equals(table), name
    for name in COUNTS:
        assert twice.main[name].to_list() == [
            None if count is None else 2 * count for count in first.main[name]
        ]
    rates = twice.main["rate"].to_list()
    assert rates == first.main["rate"].to_list()


def club(seed: int, people: int = 400) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events and members of a club: contracts by the month that began over three years."""
    rng = np.random.default_rng(seed)
    joined = np.datetime64("2021-01-01") + rng.integers(0, 900, people)
    stays = rng.geometric(rng.beta(0.8, 2.5, people)) * 30 - rng.integers(0, 25, people)
    left = joined + stays
    members = pl.DataFrame(
        {
            "user_id": [f"m{number}" for number in range(people)],
            "joined": joined,
            "left": left,
            "tier": rng.choice(["gold", "tin"], people),
        }
    ).with_columns(left=pl.when(pl.col("left") < pl.date(2024, 1, 1)).then("left"))
    events = members.select("user_id", time="joined")
    return events, members


@pytest.mark.parametrize("holdout", [0, 4])
def test_partitions_do_not_matter(holdout: int) -> None:
    events, members = club(3)
    source = SourceOptions(members=members, as_of="2024-01-01")
    request = Request(RENEWALS, RenewalsParams(by=("tier",), holdout=holdout))
    first, *others = (run([request], [events], source, partitions=n)[0] for n in (1, 2, 5))
    assert first.table("parameters")["value"].null_count() == 0
    for other in others:
        assert other.notes == first.notes
        for name, table in first.tables.items():
            assert other.table(name).equals(table), name


@pytest.mark.parametrize("seed", [1, 2])
def test_a_segment_alone_has_the_model_it_has_beside_others(seed: int) -> None:
    events, members = club(seed)
    both = retainkit.renewals(events, members=members, as_of="2024-01-01", by="tier", holdout=2)
    for tier in ("gold", "tin"):
        own = members.filter(pl.col("tier") == tier)
        alone = retainkit.renewals(
            events.join(own, on="user_id", how="semi"), members=own, as_of="2024-01-01", holdout=2
        )
        for name, table in alone.tables.items():
            assert both.table(name).filter(pl.col("tier") == tier).drop("tier").equals(table)


def test_simulated_contracts_give_their_parameters_back() -> None:
    rng = np.random.default_rng(11)
    people = 30_000
    begin = np.datetime64("2015-03-01") + rng.integers(0, 3_000, people)
    years = rng.geometric(rng.beta(0.9, 3.0, people))
    left = (begin.astype("M8[D]") + years * 365).astype("M8[D]")  # on or before the due day
    members = pl.DataFrame(
        {"user_id": np.arange(1, people + 1), "joined": begin, "left": left}
    ).with_columns(left=pl.when(pl.col("left") < pl.date(2024, 1, 1)).then("left"))
    result = retainkit.renewals(
        members, time_col="joined", members=members, as_of="2024-01-01", period="year"
    )
    for row, truth in zip(result.table("parameters").to_dicts(), (0.9, 3.0), strict=True):
        assert abs(row["value"] - truth) < 3 * row["standard_error"]
        assert row["ci_low"] < row["value"] < row["ci_high"]
    fit = result.main.filter(pl.col("part") == "calibration").drop_nulls()
    assert (fit["expected_low"] <= fit["expected_survival"]).all()
    assert (fit["survival"] - fit["expected_survival"]).abs().max() < 0.02


def test_a_model_that_no_partition_could_fit_is_refused_alike() -> None:
    events, members = club(5, people=9)
    source = SourceOptions(members=members, as_of="2024-01-01")
    said = []
    for count in (1, 3):
        with pytest.raises(InputError) as told:
            run([Request(RENEWALS, RenewalsParams())], [events], source, partitions=count)
        said.append(str(told.value))
    assert said[0] == said[1]
    assert "it takes 10" in said[0]
