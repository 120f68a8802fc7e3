"""`check` on data whose numbers are known: cells, changes, since when, baselines, locks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import retainkit
from retainkit.errors import InputError, UsageError

# Of each month's new members so many, and so many came back in the next month.
CAME = {"ads": (60, 60, 60, 60, 30, 24), "shop": (50, 50, 50, 50, 50, 50)}
SIZE = 100


def club(came: Mapping[str, tuple[int, ...]] = CAME, size: int = SIZE) -> pl.DataFrame:
    """Return events of months that begin in January 2024, the last of them over."""
    rows = []
    for channel, months in came.items():
        for month, back in enumerate(months):
            start = date(2024, 1 + month, 5)
            for number in range(size):
                member = f"{channel}-{month}-{number}"
                rows.append((member, start, "join", channel, 5.0))
                if number < back:
                    rows.append((member, date(2024, 2 + month, 5), "visit", channel, 7.5))
    end = date(2024, 1 + len(months), 28)
    rows.append(("old", date(2024, 1, 1), "join", "shop", 1.0))
    rows.append(("old", end, "visit", "shop", 1.0))
    schema = ["user_id", "time", "event", "channel", "amount"]
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.fixture(scope="module")
def events() -> pl.DataFrame:
    return club()


AS_OF = {"as_of": "2024-08-01"}


def rows(events: pl.DataFrame, *rules: Any, **keywords: Any) -> list[dict[str, Any]]:
    return list(
        retainkit.check(events, rule=rules, **{**AS_OF, **keywords}).main.iter_rows(named=True)
    )


def test_the_latest_complete_cohort_is_judged(events: pl.DataFrame) -> None:
    (row,) = rows(events, "cohort age=1 by=channel channel=ads >= 0.5")
    assert (row["verdict"], row["at"]) == ("breach", "2024-06-01")
    assert (row["estimate"], row["n"], row["least"]) == (0.24, 100, 0.5)
    assert row["beyond"] == pytest.approx(0.26)
    # The last four had 60, 60, 30, 24: it has been so since May.
    assert row["since"] == "2024-05-01"
    main = retainkit.cohort(events, by="channel", **AS_OF).main
    own = main.filter(channel="ads", age=1, cohort=date(2024, 6, 1)).row(0, named=True)
    assert (row["ci_low"], row["ci_high"]) == (own["ci_low"], own["ci_high"])


def test_a_verdict_tells_its_story_in_one_line(events: pl.DataFrame) -> None:
    (row,) = rows(
        events,
        {
            "metric": "cohort",
            "age": 1,
            "by": "channel",
            "channel": "ads",
            "at_least": 0.5,
            "message": "Stop the campaign.",
            "owner": "growth",
        },
    )
    assert row["story"] == (
        "cohort rate (age 1; channel ads; 2024-06-01): 24.0% [95% 16.7% to 33.2%], n 100, at "
        "least 50.0%, 26 points beyond, since 2024-05-01. Stop the campaign."
    )
    assert row["owner"] == "growth"


def test_every_complete_cohort_or_one_of_them(events: pl.DataFrame) -> None:
    each = rows(events, "cohort age=1 by=channel channel=ads at=each >= 0.5")
    assert [row["verdict"] for row in each] == ["pass"] * 4 + ["breach"] * 2
    (row,) = rows(events, "cohort age=1 by=channel channel=ads at=2024-04 >= 0.5")
    assert (row["verdict"], row["at"], row["since"]) == ("pass", "2024-04-01", None)
    (row,) = rows(events, "cohort age=1 by=channel channel=ads at=2023-04 >= 0.5")
    assert (row["verdict"], row["estimate"]) == ("undecided", None)
    assert "there is nothing of the cohort 2023-04-01: nobody began in it" in row["story"]
    rule = "cohort age=3 by=channel channel=ads at=2024-05 >= 0.5"
    (row,) = rows(events, rule, as_of="2024-08-15")
    assert (row["verdict"], row["estimate"]) == ("undecided", None)
    assert "the cohort 2024-05-01 is not over" in row["story"]


def test_the_latest_cohort_is_one_for_all_segments(events: pl.DataFrame) -> None:
    """A channel that brings nobody any more is not judged by the last it brought, for ever."""
    over = club({"ads": CAME["ads"][:3], "shop": CAME["shop"]})
    ads, shop = rows(over, "cohort age=1 by=channel >= 0.1")
    assert (shop["verdict"], shop["at"]) == ("pass", "2024-06-01")
    assert (ads["verdict"], ads["at"]) == ("undecided", None)
    assert "there is nothing of the cohort 2024-06-01: nobody began in it" in ads["story"]
    (worst,) = rows(over, "cohort age=1 by=channel channel=worst >= 0.1")
    assert worst["segment"] == "channel shop"


def test_segments_each_one_or_the_worst(events: pl.DataFrame) -> None:
    each = rows(events, "cohort age=1 by=channel >= 0.3")
    assert [(row["segment"], row["verdict"]) for row in each] == [
        ("channel ads", "breach"),
        ("channel shop", "pass"),
    ]
    (worst,) = rows(events, "cohort age=1 by=channel channel=worst >= 0.3")
    assert (worst["segment"], worst["estimate"]) == ("channel ads", 0.24)
    (worst,) = rows(events, "cohort age=1 by=channel channel=worst <= 0.3")
    assert (worst["segment"], worst["estimate"]) == ("channel shop", 0.5)
    (none,) = rows(events, "cohort age=1 by=channel channel=shopp >= 0.3")
    assert none["verdict"] == "undecided"
    assert "there is no channel shopp. Did you mean 'shop'?" in none["story"]


def test_an_unknown_segment_goes_by_no_name(events: pl.DataFrame) -> None:
    some = events.with_columns(channel=pl.col("channel").replace("ads", None))
    (none,) = rows(some, "cohort age=1 by=channel channel=None >= 0.3")
    assert (none["verdict"], none["estimate"]) == ("undecided", None)
    assert len(rows(some, "cohort age=1 by=channel >= 0.3")) == 2


def test_a_drop_below_the_mean_of_the_cohorts_before(events: pl.DataFrame) -> None:
    (row,) = rows(events, "cohort age=1 by=channel channel=ads max_drop=0.3 previous=3")
    assert row["least"] == pytest.approx((0.6 + 0.6 + 0.3) / 3 - 0.3)
    assert row["verdict"] == "pass"
    (row,) = rows(events, "cohort age=1 by=channel channel=ads max_drop=50% previous=3")
    assert (row["least"], row["verdict"]) == (pytest.approx(0.25), "breach")
    assert row["bound"] == "at most 50% below the mean of 3 before (at least 25.0%)"
    (row,) = rows(
        events, "cohort age=1 by=channel channel=ads max_drop=50% previous=3 decide=confident"
    )
    assert row["verdict"] == "warn"
    (row,) = rows(
        events, "cohort age=1 by=channel channel=ads max_drop=1% previous=4 decide=confident"
    )
    assert row["verdict"] == "breach"
    (row,) = rows(events, "cohort age=1 by=channel channel=ads max_drop=1% previous=6")
    assert (row["verdict"], "5 complete cells before it, of 6" in row["story"]) == (
        "undecided",
        True,
    )
    (row,) = rows(events, "cohort age=1 by=channel channel=shop max_rise=1% previous=4")
    assert row["verdict"] == "pass"


def test_of_the_first_cohorts_no_change_is_told(events: pl.DataFrame) -> None:
    each = rows(events, "cohort age=1 by=channel channel=ads at=each max_drop=0.2 previous=2")
    assert [row["at"][:7] for row in each] == ["2024-03", "2024-04", "2024-05", "2024-06"]
    assert [row["verdict"] for row in each] == ["pass", "pass", "breach", "breach"]
    (none,) = rows(events, "cohort age=1 by=channel channel=ads at=each max_drop=0.2 previous=9")
    assert none["verdict"] == "undecided"


def test_few_members_are_nothing_to_measure_a_change_against() -> None:
    some = club({"shop": (50, 50, 50)})
    few = some.filter(~pl.col("user_id").str.contains(r"-1-\d\d"))  # ten stay in February
    (row,) = rows(few, "cohort age=1 by=channel channel=shop max_drop=1% previous=2")
    assert row["verdict"] == "undecided"
    assert "1 cell of the 2 before it with n below 30" in row["story"]


def test_a_share_is_of_all_not_of_those_it_counts(events: pl.DataFrame) -> None:
    """A share that has collapsed is a breach, not undecided for want of those it counts."""
    each = rows(events, "rfm segment=each value=share r_cuts=1,2,3,4 min_members=100 >= 0.3")
    members = retainkit.rfm(events, r_cuts=[1, 2, 3, 4], **AS_OF).main["members"]
    assert {row["n"] for row in each} == {members.sum()}
    verdicts = ["breach" if share < 0.3 else "pass" for share in members / members.sum()]
    assert [row["verdict"] for row in each] == verdicts
    assert set(verdicts) == {"breach", "pass"}
    (path,) = rows(events, "paths from=join path='join > visit' >= 0.9")
    summary = retainkit.paths(events, from_="join", **AS_OF).table("summary")
    assert path["n"] == summary["journeys"][0]


def test_each_cell_is_each_that_can_have_the_number(events: pl.DataFrame) -> None:
    steps = rows(events, "funnel steps='join > visit' step=each >= 0.1")
    assert [row["cell"] for row in steps] == ["step 2"]
    assert len(rows(events, "funnel steps='join > visit' step=each value=members >= 1")) == 2
    churn = rows(events, "churn at=each <= 1")
    assert {row["verdict"] for row in churn} == {"pass"}


def test_a_period_goes_by_many_names(events: pl.DataFrame) -> None:
    for name in ("2024-Q2", "2024-04", "2024-04-01"):
        (row,) = rows(events, f"cohort period=quarter age=0 at={name} >= 0.1")
        assert (row["at"], row["verdict"]) == ("2024-04-01", "pass"), name
    for name in ("2024-05", "2024-04-15", "2025"):
        (row,) = rows(events, f"cohort period=quarter age=0 at={name} >= 0.1")
        assert row["verdict"] == "undecided"
        assert "or it begins on another day" in row["story"]


def test_the_worst_is_the_surest_not_the_furthest() -> None:
    """Forty members far below their bound are less sure than four hundred a little below."""
    big = club({"big": (80,) * 3}, size=400)
    small = club({"small": (6,) * 3}, size=40)
    both = pl.concat([big, small.filter(pl.col("user_id") != "old")])
    rule = "cohort age=1 by=channel channel=worst decide=confident >= 0.25"
    (row,) = rows(both, rule, as_of="2024-05-01")
    assert (row["segment"], row["verdict"]) == ("channel big", "breach")
    (row,) = rows(both, rule.replace(" decide=confident", ""), as_of="2024-05-01")
    assert row["segment"] == "channel small"


def test_every_segment_is_a_comparison_of_the_worst(events: pl.DataFrame) -> None:
    many = club({f"c{n}": (50, 50, 50 - 12 * (n == 0)) for n in range(12)})
    rule = "cohort age=1 by=channel channel=worst decide=confident >= 0.49"
    alone, held = (rows(many, rule, as_of="2024-05-01", fdr=fdr)[0] for fdr in (None, 0.1))
    assert (alone["segment"], alone["verdict"]) == ("channel c0", "breach")
    assert (held["segment"], held["verdict"]) == ("channel c0", "warn")
    assert held["p_value"] == pytest.approx(12 * alone["p_value"], rel=0.01)


def test_too_few_members_decide_nothing(events: pl.DataFrame) -> None:
    for least, verdict in ((100, "pass"), (101, "undecided")):
        (row,) = rows(events, f"cohort age=1 by=channel channel=shop min_members={least} >= 0.5")
        assert (row["verdict"], row["estimate"], row["n"]) == (verdict, 0.5, 100)
    (young,) = rows(events, "retention day=300 mode=on >= 0.1")
    assert (young["verdict"], young["n"]) == ("undecided", None)


def test_severity_and_confidence(events: pl.DataFrame) -> None:
    rule = "cohort age=1 by=channel channel=ads"
    verdicts = [
        row["verdict"]
        for row in rows(
            events,
            f"{rule} >= 0.3",
            f"{rule} >= 0.3 severity=warn",
            f"{rule} >= 0.3 decide=confident",
            f"{rule} >= 0.34 decide=confident",
            f"{rule} >= 0.34 decide=confident severity=warn",
            f"{rule} >= 0.34 decide=confident confidence=0.99",
        )
    ]
    assert verdicts == ["breach", "warn", "warn", "breach", "warn", "warn"]


def test_a_rule_may_be_about_any_number_of_any_table(events: pl.DataFrame) -> None:
    told = rows(
        events,
        "retention day=31 mode=on start_event=join return_event=visit >= 0.4",
        "retention cohort=month day=31 mode=within by=channel channel=shop >= 0.1",
        "churn value=new at_least=200",
        "churn table=survival value=median at_most=3",
        "funnel steps='join > visit' step=2 value=overall >= 0.4",
        "paths from=join to=visit table=summary >= 0.1",
        "orders table=summary value=orders_per_buyer at_least=1.2",
        "rfm segment=each value=members min_members=0 at_least=1",
    )
    assert {row["metric"]: row["verdict"] for row in told if row["estimate"] is None} == {}
    by_hand = events.filter(event="join").height
    funnel = next(row for row in told if row["metric"] == "funnel")
    came = events.filter(event="visit")["user_id"].n_unique()
    assert funnel["estimate"] == pytest.approx(came / by_hand)
    assert funnel["ci_low"] is None


def test_the_false_discovery_rate_is_held_over_confident_rules(events: pl.DataFrame) -> None:
    rule = "cohort age=1 by=channel channel=ads decide=confident"
    alone = rows(events, f"{rule} >= 0.34", fdr=0.1)
    assert alone[0]["verdict"] == "breach"
    assert alone[0]["p_value"] == pytest.approx(0.0174, abs=1e-4)  # the score test, by hand
    others = [
        f"cohort age=1 by=channel channel=shop decide=confident >= 0.{n}" for n in range(40, 49)
    ]
    # One at 24% under 26% is no breach by its own interval: the rate only makes it stricter.
    (near,) = rows(events, f"{rule} >= 0.26", fdr=0.9)
    assert near["verdict"] == "warn"
    among = rows(events, f"{rule} >= 0.34", *others, fdr=0.1)
    assert among[0]["p_value"] == pytest.approx(0.174, abs=1e-3)
    assert [row["verdict"] for row in among] == ["warn"] + ["pass"] * 9
    point = rows(events, "cohort age=1 by=channel channel=ads >= 0.34", fdr=0.1)
    assert (point[0]["verdict"], point[0]["p_value"]) == ("breach", None)


METRICS = {
    "monthly": {"command": "cohort", "by": ["channel"]},
    "d31": {"command": "retention", "days": [31], "mode": "within"},
}


@pytest.fixture
def base(events: pl.DataFrame, tmp_path: Path) -> Path:
    return retainkit.snapshot(events, tmp_path / "base.json", metrics=METRICS, **AS_OF)


def test_a_snapshot_says_what_and_of_what(events: pl.DataFrame, base: Path, tmp_path: Path) -> None:
    told = json.loads(base.read_text())
    assert list(told["metrics"]) == ["monthly", "d31"]
    saved = told["metrics"]["d31"]
    assert saved["definition"]["params"]["days"] == [31]
    assert len(saved["definition_hash"]) == 64
    (cell,) = saved["result"]["tables"]["main"]
    assert (
        cell["rate"] == retainkit.retention(events, days=31, mode="within", **AS_OF).main["rate"][0]
    )
    path = tmp_path / "events.parquet"
    events.write_parquet(path)
    of_file = retainkit.snapshot(path, tmp_path / "of_file.json", metrics=METRICS, **AS_OF)
    (file,) = json.loads(of_file.read_text())["data"]["files"]
    assert (file["name"], file["bytes"]) == ("events.parquet", path.stat().st_size)


def test_changes_are_measured_against_a_baseline(events: pl.DataFrame, base: Path) -> None:
    fewer = club({**CAME, "shop": (50, 50, 50, 50, 50, 40)})
    rule = "monthly age=1 channel=shop max_drop=15%"
    (row,) = rows(fewer, rule, metrics=METRICS, baseline=base)
    assert (row["verdict"], row["least"]) == ("breach", pytest.approx(0.425))
    (row,) = rows(events, rule, metrics=METRICS, baseline=base)
    assert row["verdict"] == "pass"
    # Found by its definition where it has another name, and told where it is not there.
    inline = "cohort age=1 by=channel channel=shop max_drop=15%"
    (row,) = rows(fewer, inline, baseline=base)
    assert row["verdict"] == "breach"
    with pytest.raises(UsageError, match=r"has no numbers of 'churn'; it has monthly, d31"):
        rows(events, "churn max_rise=1%", baseline=base)


def test_a_result_may_be_the_baseline(events: pl.DataFrame, tmp_path: Path) -> None:
    from retainkit.render import render_text

    path = tmp_path / "then.json"
    then = retainkit.cohort(events, by="channel", **AS_OF)
    path.write_text(render_text(then, "json"))
    fewer = club({**CAME, "shop": (50, 50, 50, 50, 50, 40)})
    rule = f"cohort age=1 by=channel channel=shop max_drop=15% baseline={path}"
    (row,) = rows(fewer, rule)
    assert row["verdict"] == "breach"
    with pytest.raises(UsageError, match="what 'cohort' means has changed"):
        rows(fewer, f"{rule} mode=within")


def test_complete_cells_that_changed_are_told_apart_from_new_ones(
    events: pl.DataFrame, base: Path
) -> None:
    late = club({**CAME, "ads": (60, 55, 60, 60, 30, 24)})
    longer = club({name: (*months, 50) for name, months in CAME.items()})
    rule = "monthly age=1 channel=shop >= 0.1"

    def restated(now: pl.DataFrame, as_of: str) -> dict[str, Any]:
        answer = retainkit.check(now, rule=rule, metrics=METRICS, baseline=base, as_of=as_of)
        (row,) = answer.table("restated").iter_rows(named=True)
        assert any(note.startswith("Restated:") for note in answer.notes) == (row["changed"] > 0)
        return row

    same = restated(events, "2024-08-01")
    assert (same["changed"], same["gone"], same["new"]) == (0, 0, 0)
    row = restated(late, "2024-08-01")
    assert (row["metric"], row["table"], row["changed"]) == ("monthly", "main", 1)
    assert (row["before"], row["now"], row["cell"]) == (0.6, 0.55, "ads 2024-02-01 1")
    # The cell of `old`, whose last visit moves, aside: a month more brings new cells only.
    row = restated(longer, "2024-09-01")
    assert row["changed"] <= 2
    assert row["new"] == 14 + 2


def test_numbers_of_another_definition_are_not_compared(events: pl.DataFrame, base: Path) -> None:
    other = {**METRICS, "d31": {"command": "retention", "days": [30], "mode": "within"}}
    with pytest.raises(UsageError) as told:
        rows(events, "d31 >= 0.1", metrics=other, baseline=base)
    assert "what 'd31' means has changed" in str(told.value)
    assert "days: [31], now [30]" in str(told.value)
    with pytest.raises(UsageError, match="tz: "):
        rows(events, "d31 >= 0.1", metrics=METRICS, baseline=base, tz="Asia/Shanghai")


def test_a_lock_holds_definitions(tmp_path: Path) -> None:
    # Neither writing nor checking a lock reads any data.
    missing = "no-such-file.csv"
    lock = retainkit.snapshot(missing, tmp_path / "lock.json", metrics=METRICS, definitions=True)
    with pytest.raises(InputError, match="no-such-file"):
        retainkit.check(missing, rule="d31 >= 0", metrics=METRICS, definition_lock=lock)
    changed = {"d31": {**METRICS["d31"], "mode": "on"}, "new": {"command": "churn"}}
    with pytest.raises(UsageError) as told:
        retainkit.check(missing, rule="d31 >= 0", metrics=changed, definition_lock=lock)
    lines = str(told.value).splitlines()[1:4]
    assert lines == [
        '  d31: mode: ["within"], now ["on"]',
        "  new is not in it",
        "  monthly is in it, and no metric now",
    ]


def test_all_rules_share_one_scan(events: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    from retainkit.checking import running

    scans, real = [], running.run

    def counted(requests: Any, *given: Any, **keywords: Any) -> Any:
        scans.append(len(requests))
        return real(requests, *given, **keywords)

    monkeypatch.setattr(running, "run", counted)
    rows(
        events,
        *("cohort age=1 >= 0", "cohort age=2 >= 0", "retention day=1 mode=on >= 0"),
        *("orders days=7 >= 0", "churn <= 1"),
    )
    assert scans == [4]


def test_rows_that_money_cannot_use_still_count_where_it_is_not_asked_for(
    events: pl.DataFrame,
) -> None:
    """A check says what the command alone says, although metrics of money refuse more rows."""
    spoilt = events.with_columns(
        amount=pl.when(pl.int_range(pl.len()) % 20 == 0)
        .then(pl.lit("??"))
        .otherwise(pl.col("amount").cast(pl.String))
    )
    keywords = {**AS_OF, "max_rejects": 0.5}
    told = rows(spoilt, "cohort age=1 at=2024-03 >= 0", "orders table=summary >= 0", **keywords)
    alone = retainkit.cohort(spoilt, **keywords).main.filter(cohort=date(2024, 3, 1), age=1)
    assert told[0]["estimate"] == alone["rate"][0]
    paid = retainkit.orders(spoilt, **keywords).table("summary")
    assert told[1]["estimate"] == paid["buyers_2plus_share"][0]


def test_no_data_is_undecided_not_passed() -> None:
    day = date(2024, 1, 1)
    few = pl.DataFrame({"user_id": ["a", "b"], "time": [day, day + timedelta(days=3)]})
    for rule in ("cohort age=5 >= 0", "orders days=7 >= 0", "retention day=90 mode=on <= 1"):
        answer = retainkit.check(few, rule=rule)
        assert answer.main["verdict"].to_list() == ["undecided"], rule


def test_requests_of_no_sense() -> None:
    with pytest.raises(UsageError, match="there is no rule"):
        retainkit.check("x.csv", rule=[])
    with pytest.raises(UsageError, match="--fdr: 1"):
        retainkit.check("x.csv", rule="churn <= 1", fdr=1)
    with pytest.raises(UsageError, match="Did you mean 'baseline'"):
        retainkit.check("x.csv", rule="churn <= 1", baselin="x")  # type: ignore[call-arg]
    with pytest.raises(InputError, match="is no snapshot and no Result"):
        retainkit.check("x.csv", rule="churn <= 1", baseline=__file__)
    with pytest.raises(InputError, match="cannot be read"):
        retainkit.check("x.csv", rule="churn <= 1", baseline="missing.json")
