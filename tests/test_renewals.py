"""`renewals` through the engine and the command: the paper's contracts, clocks, refusals."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import betaln
from typer.testing import CliRunner

import retainkit
from retainkit.choices import DatePeriod
from retainkit.cli import app
from retainkit.errors import InputError, UsageError
from test_betageometric import HIGH_END, REGULAR

# Fader & Hardie (2007): alpha and beta of seven years.
PAPER = pytest.mark.parametrize(
    ("survivors", "theta", "off"),
    [(HIGH_END, (0.668, 3.806), 0.017), (REGULAR, (0.704, 1.182), 0.004)],
    ids=["high end", "regular"],
)


def contracts(survivors: list[int], **more: Any) -> pl.DataFrame:
    """A member table: contracts by the year, of which so many are there after 0, 1, 2 ... years."""
    lost = -np.diff(survivors)
    left = [date(2001 + year, 1, 1) for year, many in enumerate(lost, 1) for _ in range(many)]
    left += [None] * survivors[-1]
    table = {"user_id": range(1, len(left) + 1), "joined": date(2001, 1, 1), "left": left}
    return pl.DataFrame(table | more, schema_overrides={"left": pl.Date})


def asked(table: pl.DataFrame, **keywords: Any) -> retainkit.Result:
    """Ask of a member table that is its own source."""
    return retainkit.renewals(table, time_col="joined", members=table, **keywords)


def years(many: int) -> str:
    return date(2001 + many, 1, 2).isoformat()


@PAPER
@pytest.mark.parametrize("until", [7, 12])
def test_the_paper(
    survivors: list[int], theta: tuple[float, float], off: float, until: int
) -> None:
    """Seven years of data, or twelve of which five are held out, tell the same model."""
    result = asked(
        contracts(survivors), period="year", as_of=years(until), holdout=until - 7, horizon=12
    )
    found = result.table("parameters")
    assert found["value"].to_list() == pytest.approx(theta, abs=0.001)
    main = result.main
    assert main["part"].to_list()[:until] == ["calibration"] * 7 + ["holdout"] * (until - 7)
    # The curve that the paper draws: S(t) with the parameters it prints.
    drawn = np.exp(betaln(theta[0], theta[1] + np.arange(1, 20)) - betaln(*theta))
    expected = main["expected_survival"].to_numpy()
    assert np.abs(expected[:19] - drawn).max() < 0.001
    happened = np.array(survivors[1:]) / 1000
    assert np.abs(expected[:12] - happened)[7:].max() < off  # the years that it forecasts
    seen = main.head(until)
    assert seen["survival"].to_list() == pytest.approx(happened[:until])
    assert seen["at_risk"].to_list() == survivors[:until]
    assert (main["expected_low"].to_numpy()[7:12] <= happened[7:]).all()
    assert (main["expected_high"].to_numpy()[7:12] >= happened[7:]).all()


def test_the_paper_by_the_command(tmp_path: Path) -> None:
    path = tmp_path / "contracts.csv"
    both = [contracts(HIGH_END, kind="high end"), contracts(REGULAR, kind="regular")]
    table = pl.concat(both).with_columns(user_id=pl.int_range(1, 2001))
    table.write_csv(path)
    words = ["--members", str(path), "--time-col", "joined", "--period", "year", "--by", "kind"]
    words += ["--as-of", years(12), "--holdout", "5", "-f", "json", "-q"]
    done = CliRunner().invoke(app, ["renewals", str(path), *words])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    found = {
        (row["kind"], row["parameter"]): row["value"] for row in answer["tables"]["parameters"]
    }
    assert found == pytest.approx(
        {
            ("high end", "alpha"): 0.668,
            ("high end", "beta"): 3.806,
            ("regular", "alpha"): 0.704,
            ("regular", "beta"): 1.182,
        },
        abs=0.01,
    )
    assert any("2 of 2 segments have a model of their own" in note for note in answer["notes"])


def member(name: str, joined: str, left: str | None = None) -> dict[str, str | None]:
    return {"user_id": name, "joined": joined, "left": left}


def seen(
    rows: list[dict[str, str | None]], as_of: str, period: DatePeriod = "month"
) -> list[tuple[int, int]]:
    table = pl.DataFrame(rows, schema=dict.fromkeys(("user_id", "joined", "left"), pl.String))
    result = asked(table, period=period, as_of=as_of, parameters=(1, 1))
    known = result.main.filter(pl.col("part") != "forecast")
    return known.select("at_risk", "renewed").rows()


@pytest.mark.parametrize(
    ("left", "renewed"),
    [
        ("2024-01-31", []),  # on the first day: lost at renewal 1
        ("2024-02-28", []),
        ("2024-02-29", []),  # on the due day, which in this month is its last
        ("2024-03-01", [1]),
        ("2024-03-30", [1]),
        ("2024-03-31", [1]),
        ("2024-04-01", [1, 2]),
        ("2024-04-30", [1, 2]),
        ("2024-05-01", [1, 2, 3]),
        ("2023-12-31", [1, 2, 3]),  # before it began: no leaving
    ],
)
def test_leaving_on_the_due_day_is_not_renewing(left: str, renewed: list[int]) -> None:
    counts = seen([member("a", "2024-01-31", left)], "2024-05-31")
    assert len(counts) == 3
    assert [t for t, (_, after) in enumerate(counts, 1) if after] == renewed
    assert [t for t, (before, _) in enumerate(counts, 1) if before] == [
        t for t in (1, 2, 3) if t == 1 or t - 1 in renewed
    ]


@pytest.mark.parametrize(
    ("as_of", "due"),
    [("2024-02-29", 0), ("2024-02-29T23:59", 0), ("2024-03-01", 1), ("2024-03-31", 1)],
)
def test_a_renewal_counts_when_its_due_day_is_over(as_of: str, due: int) -> None:
    assert seen([member("a", "2024-01-31")], as_of) == [(1, 1)] * due


def test_who_has_left_since_the_last_renewal_is_there_until_the_next() -> None:
    table = pl.DataFrame([member("a", "2024-01-10", "2024-02-20"), member("b", "2024-01-10")])
    before, after = (
        asked(table, as_of=as_of, parameters=(1, 1)) for as_of in ("2024-03-10", "2024-03-11")
    )
    assert before.main["renewed"].drop_nulls().to_list() == [2]
    assert before.table("contracts").row(0)[:3] == (2, 0, 2)
    said = "1 contract has ended since the last renewal that was due"
    assert any(said in note for note in before.notes)
    assert after.main["renewed"].drop_nulls().to_list() == [2, 1]
    assert after.table("contracts").row(0)[:3] == (2, 1, 1)
    assert not any(said in note for note in after.notes)


def test_a_contract_is_the_first_stay() -> None:
    """Left by events: who comes back a day later has no second contract."""
    rows = [("a", "2024-01-01", "join"), ("a", "2024-02-10", "leave"), ("a", "2024-02-12", "visit")]
    rows += [("b", "2024-01-01", "join"), ("b", "2024-04-20", "visit")]
    events = pl.DataFrame(rows, schema=["user_id", "time", "event"], orient="row")
    result = retainkit.renewals(events, leave_event="leave", parameters=(1, 1))
    assert result.main.select("at_risk", "renewed").drop_nulls().rows() == [(2, 2), (2, 1), (1, 1)]
    assert any("1 member has come back after leaving" in note for note in result.notes)
    assert any("2 members are there from the first activity" in note for note in result.notes)
    only = retainkit.renewals(
        events, leave_event="leave", return_event="visit", parameters=(1, 1), as_of="2024-05-21"
    )
    # Visits alone begin a stay: a has one after leaving, and no due renewal but its own.
    assert only.main["at_risk"].drop_nulls().to_list() == [2, 1, 1]


def test_what_is_expected_by_hand() -> None:
    """The uniform chance, alpha = beta = 1: S(t) = 1 / (t + 1)."""
    rows = [member(f"m{n}", "2024-01-10") for n in range(3)] + [member("n", "2024-02-20")]
    table = pl.DataFrame(rows, schema_overrides={"left": pl.String})
    result = asked(table, as_of="2024-03-15", parameters=(1, 1), horizon=2)
    assert result.main["expected_survival"].to_list() == pytest.approx([1 / 2, 1 / 3, 1 / 4, 1 / 5])
    assert result.main["expected_rate"].to_list() == pytest.approx([1 / 2, 2 / 3, 3 / 4, 4 / 5])
    (row,) = result.table("contracts").to_dicts()
    # After two renewals S(3) / S(2) + S(4) / S(2) = 3 / 4 + 3 / 5; of a new one 1 / 2 + 1 / 3.
    assert row["expected_renewals"] == pytest.approx(3 * (3 / 4 + 3 / 5) + 1 / 2 + 1 / 3)
    assert row["expected_periods_new"] == pytest.approx(1 + 1 / 2 + 1 / 3)
    for name in ("standard_error", "ci_low", "ci_high"):
        assert result.table("parameters")[name].null_count() == 2
    assert any("The model was given" in note for note in result.notes)


def test_a_model_fitted_before_is_taken_as_it_is() -> None:
    table = contracts(REGULAR)
    fitted = asked(table, period="year", as_of=years(8))
    values = fitted.table("parameters")["value"].to_list()
    given = asked(table, period="year", as_of=years(8), parameters=values)
    for name in ("expected_rate", "expected_survival"):
        assert given.main[name].to_list() == pytest.approx(fitted.main[name].to_list())
    assert given.main["expected_low"].null_count() == given.main.height
    same = ("expected_renewals", "expected_periods_new")
    one, other = (each.table("contracts").select(same).row(0) for each in (given, fitted))
    assert one == pytest.approx(other)


def test_the_holdout_is_told() -> None:
    result = asked(contracts(REGULAR), period="year", as_of=years(12), holdout=5)
    (said,) = (note for note in result.notes if note.startswith("In the holdout"))
    came = sum(REGULAR[8:])
    main = result.main
    share = main["expected_survival"][7:12].sum() / main["expected_survival"][6]
    assert f"{came:,} renewals came, {share * REGULAR[7]:,.1f} were expected" in said
    assert f"{REGULAR[7] - REGULAR[12]} contracts were lost" in said
    assert not any("no renewal outside the holdout" in note for note in result.notes)
    young = contracts([40, 30, 25, 22, 20]).with_columns(joined=date(2003, 5, 1), left=None)
    both = pl.concat(
        [contracts(REGULAR), young.with_columns(pl.col("user_id") + 5000)], how="vertical_relaxed"
    )
    told = asked(both, period="year", as_of=years(5), holdout=3).notes
    assert any(note.startswith("40 contracts have no renewal outside the holdout") for note in told)


def test_a_segment_without_a_model_has_nulls_and_a_reason() -> None:
    stay = contracts([30, 30, 30, 30], kind="loyal").with_columns(pl.col("user_id") + 5000)
    both = pl.concat([contracts(REGULAR[:5], kind="regular"), stay])
    result = asked(both, period="year", as_of=years(4), by="kind")
    loyal, regular = (result.main.filter(kind=kind) for kind in ("loyal", "regular"))
    assert loyal["survival"].to_list()[:4] == [1, 1, 1, 1]
    assert loyal["expected_survival"].null_count() == loyal.height == regular.height
    assert regular["expected_survival"].null_count() == 0
    assert "No model of kind loyal: nobody left at any renewal." in result.notes
    assert "1 of 2 segments have a model of their own" in result.notes[0]
    ahead = result.table("contracts").filter(kind="loyal")
    assert ahead.select("contracts", "there", "expected_renewals").row(0) == (30, 30, None)
    told = retainkit.render.render_text(result, "table")
    assert "loyal" in told


def test_many_segments_without_a_model_are_counted() -> None:
    groups = [
        contracts([12, 12, 12], kind=f"k{n}").with_columns(pl.col("user_id") + 5000 + 20 * n)
        for n in range(8)
    ]
    both = pl.concat([contracts(REGULAR[:5], kind="regular"), *groups])
    notes = asked(both, period="year", as_of=years(4), by="kind").notes
    assert sum(note.startswith("No model of kind") for note in notes) == 5
    assert "3 more segments have no model either." in notes


# --- refused ---


def test_without_anybody_who_says_who_left() -> None:
    events = pl.DataFrame({"user_id": [1], "time": ["2024-01-01"]})
    with pytest.raises(UsageError, match="nothing says when members left") as told:
        retainkit.renewals(events)
    assert "--members FILE" in (told.value.hint or "")
    assert "--leave-event" in (told.value.hint or "")


def test_nobody_left() -> None:
    table = contracts([20, 20, 20, 20])
    with pytest.raises(InputError, match="nobody left at any renewal") as told:
        asked(table, period="year", as_of=years(3))
    assert told.value.hint == (
        "Is all leaving told? It is by the member table (--left-col) or by --leave-event."
    )
    result = asked(table, period="year", as_of=years(3), parameters=(0.5, 2))
    assert result.main["survival"].drop_nulls().to_list() == [1, 1, 1]


@pytest.mark.parametrize(
    ("survivors", "until", "keywords", "message"),
    [
        ([9, 6, 4], 2, {}, "9 customers came to a renewal; it takes 10"),
        ([90, 60, 40], 1, {}, "it takes two renewals"),
        ([1000, 900, 700, 300], 3, {}, "its likelihood keeps rising while"),
        ([90, 60, 40], 2, {"holdout": 2}, "no contract has a renewal before the last 2"),
        ([90, 60, 40], 0, {}, "no contract is a whole year old by as-of"),
        ([90, 60, 40], 1, {"by": "joined"}, "it takes two renewals"),
    ],
)
def test_contracts_that_tell_no_model(
    survivors: list[int], until: int, keywords: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as told:
        asked(contracts(survivors), period="year", as_of=years(until), **keywords)
    assert message in told.value.message
    assert "churn --definition leave --table timing" in (told.value.hint or "")


def test_no_segment_tells_a_model() -> None:
    few = [contracts([9, 5, 2], kind=kind) for kind in ("a", "b")]
    table = pl.concat([few[0], few[1].with_columns(pl.col("user_id") + 50)])
    with pytest.raises(InputError) as told:
        asked(table, period="year", as_of=years(2), by="kind")
    assert told.value.message == (
        "None of the 2 segments tells a model; the first: 9 customers came to a renewal; "
        "it takes 10."
    )


def test_nobody_at_all() -> None:
    """Members of whom nothing is known but that they left."""
    table = pl.DataFrame({"user_id": ["a"], "left": ["2024-01-05"], "joined": [None]})
    events = pl.DataFrame({"user_id": ["b"], "time": ["2024-01-09"]})
    members = table.with_columns(pl.col("joined").cast(pl.String))
    with pytest.raises(InputError, match="no contract is a whole month old"):
        retainkit.renewals(events, members=members)
    one = retainkit.renewals(events, members=members, parameters=(1, 1), horizon=1)
    assert one.main.select("renewal", "part", "at_risk").rows() == [(1, "forecast", None)]
    assert any("1 contract is not a month old" in note for note in one.notes)
    assert any("1 member left without joining" in note for note in one.notes)
    visits = pl.DataFrame({"user_id": ["b"], "time": ["2024-01-09"], "event": ["visit"]})
    asked_by = {"by": "event", "holdout": 2, "return_event": "pay", "leave_event": "quit"}
    nobody = retainkit.renewals(visits, parameters=(1, 1), **asked_by)
    assert [table.height for table in nobody.tables.values()] == [0, 0, 0]
    assert "renewals" in retainkit.render.render_text(nobody, "table")


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"period": "hour"}, "--period"),
        ({"horizon": 0}, "--horizon: name a number of renewals from 1 to 1,000, not 0"),
        ({"horizon": 1001}, "--horizon"),
        ({"horizon": "12"}, "--horizon: '12' is not of the kind int"),
        ({"holdout": -1}, "--holdout: name a number of renewals from 0 to 1,000, not -1"),
        ({"holdout": 2.5}, "--holdout"),
        ({"parameters": [1]}, "--parameters: name alpha and beta"),
        ({"parameters": [1, 2, 3]}, "--parameters: name alpha and beta"),
        ({"parameters": [1, -2]}, "--parameters: name alpha and beta"),
        ({"parameters": [1, float("nan")]}, "--parameters: name alpha and beta"),
        ({"parameters": [1, float("inf")]}, "--parameters: name alpha and beta"),
        ({"confidence": 95}, "--confidence"),
        ({"by": ["a", "a"]}, "--by: a column is named twice"),
        ({"leave_event": "*"}, "--leave-event: not every event is a leaving"),
        ({"return_event": "a["}, "["),
    ],
)
def test_requests_of_no_sense_are_refused_before_data_is_read(
    keywords: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as told:
        retainkit.renewals("no-such-file.csv", **keywords)
    assert message in str(told.value)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--horizon", "none"], 2, "--horizon"),
        (["--parameters", "1,b"], 2, "--parameters: '1,b' is not a list of numbers"),
        (["--period", "hour"], 2, "--period"),
        (["--table", "tracking"], 2, "renewals has no table 'tracking'"),
        ([], 2, "nothing says when members left"),
    ],
)
def test_the_command_says_what_is_wrong(
    tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    path = tmp_path / "events.csv"
    path.write_text("user_id,time\na,2024-01-01\n")
    done = CliRunner().invoke(app, ["renewals", str(path), *words])
    assert done.exit_code == code
    assert message in done.stderr.replace("\n", " ")


def test_who_asks_ltv_for_contracts_is_told_of_renewals() -> None:
    with pytest.raises(UsageError) as told:
        retainkit.ltv("no-such-file.csv", model="sbg")  # type: ignore[arg-type]
    assert "renewals" in (told.value.hint or "")
    assert "of contracts: renewals" in " ".join(
        CliRunner().invoke(app, ["ltv", "--help"], env={"COLUMNS": "200"}).output.split()
    )


@pytest.mark.parametrize("parameters", [(1e-6, 1e6), (1e6, 1e-6), (1e6, 1e6), (1e-6, 1e-6)])
def test_no_model_is_too_extreme(parameters: tuple[float, float]) -> None:
    begin = date(2020, 1, 1)
    table = pl.DataFrame(
        {
            "user_id": [f"m{n}" for n in range(60)],
            "joined": [begin + timedelta(days=n) for n in range(60)],
            "left": [begin + timedelta(days=7 * n) if n % 2 else None for n in range(60)],
        }
    )
    result = asked(
        table, period="day", parameters=parameters, as_of="2022-01-01", horizon=1000, holdout=300
    )
    expected = result.main["expected_survival"].to_numpy()
    assert ((expected >= 0) & (expected <= 1)).all()
    ahead = result.table("contracts")["expected_renewals_per_contract"][0]
    assert 0 <= ahead <= 1000
    assert not any("nan" in note for note in result.notes)
