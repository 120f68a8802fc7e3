"""The churn oracle on tables small enough to work on paper, and its lifecycle against SQL."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churn_strategies import churn_histories, observed_until
from oracle import churn_duck, duck
from oracle.churn import churn
from oracle.people import Row, observe
from strategies import History

FLOW = ("previous", "new", "retained", "resurrected", "churned", "active")
PRESENCE = ("present_start", "joined", "rejoined", "churned", "churned_of_start", "present_end")
LIFE = ("age", "members", "churned", "censored")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def event(member: str, time: str, name: str = "visit") -> Row:
    return {"member": member, "time": moment(time), "event": name}


def member(name: str, joined: str | None = None, left: str | None = None, **more: Any) -> Row:
    times = {"joined": joined, "left": left}
    return {"member": name} | {k: v and moment(v) for k, v in times.items()} | more


def table(
    events: Sequence[Row],
    members: Sequence[Row] = (),
    *,
    as_of: str | None = None,
    **options: Any,
) -> dict[str, list[Row]]:
    world = observe(events, members, as_of=as_of and moment(as_of), by=options.get("by", ()))
    return churn(world, **options)[0]


def cut(rows: Sequence[Row], columns: Sequence[str]) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


# a is there from January to March, b in January and March, c in February, d in February and April.
# The last event is on 1 April, so April has begun and is not over.
SHOP = [
    *(event("a", day) for day in ("2024-01-05", "2024-01-20", "2024-02-03", "2024-03-09")),
    *(event("b", day) for day in ("2024-01-31T23:59", "2024-03-01")),
    *(event("c", day) for day in ("2024-02-10", "2024-02-10")),
    *(event("d", day) for day in ("2024-02-29", "2024-04-01")),
]
MONTHS = [date(2024, month, 1) for month in (1, 2, 3, 4)]


def test_lifecycle_by_hand() -> None:
    tables = table(SHOP)
    assert cut(tables["main"], FLOW) == [
        (0, 2, 0, 0, 0, 2),  # January: a and b are new
        (2, 2, 1, 0, 1, 3),  # February: c and d are new, b is gone
        (3, 0, 1, 1, 2, 2),  # March: b is back, c and d are gone
        (2, 0, 0, 1, 2, 1),  # April: d is back, a and b are gone so far
    ]
    assert [row["period"] for row in tables["main"]] == MONTHS
    assert [row["complete"] for row in tables["main"]] == [True, True, True, False]
    assert [row["churn_rate"] for row in tables["main"]] == [None, 1 / 2, 2 / 3, 1]
    assert [row["quick_ratio"] for row in tables["main"]] == [None, 2, 1 / 2, 1 / 2]
    # b, c and d went at age 1. That a went in April is not settled: watched to age 2, March.
    assert cut(tables["timing"], LIFE) == [(1, 4, 3, 0), (2, 1, 0, 1)]
    assert [row["survival"] for row in tables["timing"]] == [1 / 4, 1 / 4]
    columns = ("members", "churned", "censored", "median", "expected")
    assert cut(tables["survival"], columns) == [(4, 3, 1, 1, None)]
    # b went in February and was back in March. The others went in March or April: too late.
    columns = ("silence", "members", "returned", "censored", "returned_so_far")
    assert cut(tables["winback"], columns) == [(1, 1, 1, 0, 1)]
    assert tables["second_life"] == []  # b's is of March: not one month over after it
    assert tables["gaps"] == tables["reasons"] == tables["paths"] == tables["logrank"] == []


def test_a_month_later_april_is_settled() -> None:
    tables = table(SHOP, as_of="2024-05-01")
    assert cut(tables["main"], FLOW)[3:] == [(2, 0, 0, 1, 2, 1)]
    assert cut(tables["timing"], LIFE) == [(1, 4, 3, 0), (2, 1, 0, 0), (3, 1, 1, 0)]
    # c went in March and is missing to the end of April; d was back after a month; b again went.
    columns = ("silence", "members", "returned", "censored")
    assert cut(tables["winback"], columns) == [(1, 3, 2, 1)]
    assert cut(tables["second_life"], LIFE) == [(1, 1, 1, 0)]


def test_segments_have_rows_for_the_same_periods() -> None:
    rows = [row | {"channel": "ads" if row["member"] in "ab" else None} for row in SHOP]
    tables = table(rows, by=("channel",))
    found = {(row["channel"], row["period"]): row["active"] for row in tables["main"]}
    assert found == {
        **dict(zip([("ads", month) for month in MONTHS], (2, 1, 2, 0), strict=True)),
        **dict(zip([(None, month) for month in MONTHS], (0, 2, 0, 1), strict=True)),
    }
    # At age 1 all four are at risk and three go: 4 x 3/4 of two and two.
    assert cut(tables["survival"], ("members", "churned", "expected")) == [(2, 1, 1.5), (2, 2, 1.5)]
    # (1 - 1.5)^2 over 3 x 1/3 x 1/4, drawing 3 of 4
    (test,) = tables["logrank"]
    assert (test["groups"], test["df"]) == (2, 1)
    assert test["statistic"] == pytest.approx(0.25 / 0.25)
    assert test["p_value"] == pytest.approx(math.erfc(math.sqrt(1 / 2)))


# With 10 days: a is there from 1 to 15 January and from 20 to 30; b from 3 (it joined, the day
# before does not count) to 20; c from 25 January to 4 February.
QUIET = [
    *(event("a", day) for day in ("2024-01-01", "2024-01-05", "2024-01-20")),
    *(event("b", day) for day in ("2024-01-02", "2024-01-10")),
    event("c", "2024-01-25T23:00"),
]
JOINED = [member("b", "2024-01-03T08:00"), member("c", "2025-01-01"), member("e", None)]


def test_inactivity_by_hand() -> None:
    ask = {"definition": "inactivity", "inactive_days": 10}
    january, february = table(QUIET, JOINED, as_of="2024-03-01", **ask)["main"]
    assert cut([january], PRESENCE) == [(0, 4, 1, 3, 0, 1)]
    assert january["churn_rate"] is None
    assert january["rate_average"] == 3 / 0.5
    # a 14 days and 10, b 17, c 7
    assert january["rate_exposure"] == pytest.approx(3 / 48 * 31)
    assert cut([february], PRESENCE) == [(1, 0, 0, 1, 1, 0)]
    assert (february["churn_rate"], february["rate_average"]) == (1, 2)
    assert february["rate_exposure"] == pytest.approx(1 / 3 * 29)


def test_inactivity_is_decided_when_the_last_day_is_over() -> None:
    ask = {"definition": "inactivity", "inactive_days": 10}
    churned = {
        as_of: table(QUIET, JOINED, as_of=as_of, **ask)["main"][0]["churned"]
        for as_of in ("2024-01-30", "2024-01-30T23:59", "2024-01-31", "2024-02-04T12:00")
    }
    assert list(churned.values()) == [2, 2, 3, 3]


def test_ages_of_inactivity() -> None:
    ask = {"definition": "inactivity", "inactive_days": 10, "period": "week"}
    tables = table(QUIET, JOINED, as_of="2024-02-01", **ask)
    # Weeks of 1, 8, 15, 22 January are over. a: 1 to 15 January is age 2. b: 3 to 20 January,
    # age 2. c: begun in the week of 22, open at age 0.
    assert cut(tables["timing"], LIFE) == [(0, 3, 0, 1), (1, 2, 0, 0), (2, 2, 2, 0)]
    # a went on 15 and was back on 20, the same week. b went in it too: missing one week more.
    columns = ("silence", "members", "returned", "censored")
    assert cut(tables["winback"], columns) == [(0, 2, 1, 0), (1, 1, 0, 1)]
    # a's second: 20 to 30 January, and the week of 29 is not over: watched to age 1.
    assert cut(tables["second_life"], LIFE) == [(0, 1, 0, 0), (1, 1, 0, 1)]


def test_gaps_by_hand() -> None:
    # a 4 and 15 days, b 8 (its 2 January is an active day, though before it joined).
    tables = table(QUIET, JOINED, as_of="2024-03-01", definition="inactivity")
    columns = ("gap_days", "gaps", "share", "cumulative", "chosen")
    assert cut(tables["gaps"], columns) == [
        (4, 1, 1 / 3, 1 / 3, False),
        (8, 1, 1 / 3, 2 / 3, False),
        (15, 1, 1 / 3, 1, True),
    ]
    stated = table(QUIET, JOINED, as_of="2024-03-01", definition="inactivity", inactive_days=14)
    assert [row["chosen"] for row in stated["gaps"]] == [False, True, False]


# ann came back by writing after she had left; bob left before anybody saw him; cat only left;
# dan left on the day he joined; eve leaves after as-of.
GROUP = [event("ann", "2024-02-10"), event("bob", "2024-01-05"), event("ann", "2024-01-20")]
ROLL = [
    member("ann", "2024-01-02", "2024-01-20T09:00", reason="dear"),
    member("bob", None, "2024-01-03", reason="moved"),
    member("cat", None, "2024-01-10", reason="moved"),
    member("dan", "2024-01-15T20:00", "2024-01-15T10:00", reason=None),
    member("eve", "2024-01-01", "2024-03-01", reason="dear"),
]


def test_leave_by_hand() -> None:
    world = observe(GROUP, ROLL, as_of=moment("2024-03-01"))
    tables, findings = churn(world, definition="leave", with_reasons=True)
    assert cut(tables["main"], PRESENCE) == [(0, 4, 0, 2, 0, 2), (2, 1, 1, 0, 0, 3)]
    # ann 18 and bob 27 and eve 31 of January; ann 20, bob and eve 29 of February
    assert [row["rate_exposure"] for row in tables["main"]] == pytest.approx([2 / 76 * 31, 0])
    assert findings == {"left_early": 1, "left_twice": 0, "left_only": 1, "too_young": 0}
    assert cut(tables["timing"], LIFE) == [(0, 4, 2, 0), (1, 2, 0, 2)]
    columns = ("category", "reason", "members", "share")
    assert cut(tables["reasons"], columns) == [("dear", "dear", 1, 0.5), ("unknown", None, 1, 0.5)]
    columns = ("period", "category", "members", "share")
    january = date(2024, 1, 1)
    assert cut(tables["reasons_over_time"], columns) == [
        (january, "dear", 1, 0.5),
        (january, "unknown", 1, 0.5),
    ]


def test_leave_events_are_used_up_in_order() -> None:
    days = {"01": "visit", "03": "leave", "04": "visit", "06": "leave", "08": "visit"}
    rows = [event("x", f"2024-01-{day}", name) for day, name in days.items()]
    rows.append(event("x", "2024-01-04T01:00", "leave"))
    rows.append(event("y", "2024-01-04", "leave"))
    world = observe(rows)
    tables, findings = churn(
        world, definition="leave", leave_event="leave", period="day", with_paths=True
    )
    # There on 1 to 3; on 4, and gone at once; the leaving on 6 finds it away; back on 8.
    assert cut(tables["main"], PRESENCE) == [
        (0, 1, 0, 0, 0, 1),
        (1, 0, 0, 0, 0, 1),
        (1, 0, 0, 1, 1, 0),
        (0, 1, 1, 1, 0, 0),
        *[(0, 0, 0, 0, 0, 0)] * 3,
        (0, 1, 1, 0, 0, 1),
    ]
    assert findings == {"left_early": 0, "left_twice": 1, "left_only": 1, "too_young": 0}
    columns = ("silence", "members", "returned", "censored")
    assert [row for row in cut(tables["winback"], columns) if row[2]] == [
        (1, 2, 1, 0),
        (4, 1, 1, 0),
    ]
    assert cut(tables["returns"], ("event", "members", "share")) == [("visit", 2, 1)]


def test_paths_by_hand() -> None:
    rows = [
        *(event("p", day, name) for day, name in (("2024-01-01", "visit"), ("2024-01-02", "buy"))),
        event("p", "2024-02-01"),
        event("q", "2024-01-01"),
        *(event("q", day, "buy") for day in ("2024-02-01", "2024-03-01")),
        event("r", "2024-01-01"),
        *(event("s", "2024-01-01", name) for name in ("visit", "buy")),  # "buy" comes first
    ]
    tables = table(rows, as_of="2024-04-01", with_paths=True, last=2)
    found = {row["path"]: row for row in tables["paths"]}
    # Gone after January: r and s; after February: p. Stayed after January: p and q; after
    # February: q. Whether q stays after March nobody knows. No row for the path of p and q that
    # nobody went after: visit > buy.
    columns = ("churned", "churned_share", "stayed", "stayed_share", "lift")
    by_hand: dict[str, tuple[float | None, ...]] = {
        "visit": (1, 1 / 3, 1, 2 / 3 * 1 / 2, 1),
        "buy > visit": (2, 2 / 3, 0, 0, None),
    }
    assert set(found) == set(by_hand)
    for path, values in by_hand.items():
        assert [found[path][column] for column in columns] == pytest.approx(values)
    # visit: of 2 and 2, 1 and 1: variance (2 x 2 x 2 - 1 x 1 x 4) / 16 over 1/2 x 1/2 is 1.
    interval = found["visit"]["ci_low"], found["visit"]["ci_high"]
    assert interval == pytest.approx((math.exp(-1.959964), math.exp(1.959964)), rel=1e-6)


def test_kaplan_meier_as_published() -> None:
    # Freireich et al. (1963), 6-MP against placebo, in weeks: Collett, Kalbfleisch and Prentice
    # and every manual of survival analysis have median 23, and log-rank 16.79 on one degree.
    treated = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
    control = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"
    rows: list[Row] = []
    roll = []
    as_of = date(2024, 1, 1)
    for group, times in {"6-MP": treated, "placebo": control}.items():
        for number, text in enumerate(times.split()):
            name, weeks = f"{group} {number}", int(text.strip("+"))
            # Who is lost to sight joined so late that its last whole week is this one.
            begun = date.fromordinal(as_of.toordinal() - 7 * (weeks + 1 if "+" in text else 50))
            left = None if "+" in text else date.fromordinal(begun.toordinal() + 7 * weeks)
            row = member(name, begun.isoformat(), left.isoformat() if left else None)
            roll.append(row | {"group": group})
    tables = table(rows, roll, as_of="2024-01-01", definition="leave", period="week", by=("group",))
    (test,) = tables["logrank"]
    assert (test["df"], test["statistic"]) == (1, pytest.approx(16.79, abs=0.005))
    medians = {row["group"]: row for row in tables["survival"]}
    columns = ("members", "churned", "median", "median_low", "median_high")
    # The log-log limits of both medians as Stata and SAS print them.
    assert cut([medians["6-MP"]], columns) == [(21, 9, 23, 13, None)]
    assert cut([medians["placebo"]], columns) == [(21, 21, 8, 4, 11)]
    assert medians["6-MP"]["expected"] == pytest.approx(19.25, abs=0.005)
    at_ten = next(r for r in tables["timing"] if (r["group"], r["age"]) == ("6-MP", 10))
    assert at_ten["survival"] == pytest.approx(0.7529, abs=5e-5)
    limits = at_ten["ci_low"], at_ten["ci_high"]
    assert limits == pytest.approx((0.5032, 0.8894), abs=5e-5)


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


Frame = Callable[..., list[Row]]


@settings(max_examples=30, deadline=None)
@given(churn_histories(), st.sampled_from(("day", "week", "month", "quarter", "year")), st.data())
def test_brute_force_and_sql_agree(
    database: duckdb.DuckDBPyConnection, history: History, period: str, data: st.DataObject
) -> None:
    stated = data.draw(observed_until(history))
    days = data.draw(st.sampled_from((1, 2, 7, 30)))
    duck.load(database, history.events)
    world = observe(history.events, tz=history.tz, as_of=stated)
    queries: dict[str, tuple[Frame, dict[str, int], Sequence[str]]] = {
        "lifecycle": (churn_duck.lifecycle, {}, FLOW),
        "inactivity": (churn_duck.inactivity, {"inactive_days": days}, PRESENCE),
    }
    for definition, (query, options, columns) in queries.items():
        columns = ("period", "complete", *columns)
        sql = query(database, period, tz=history.tz, as_of=stated, **options)
        tables, _ = churn(world, definition=definition, period=period, **options)
        assert cut(sql, columns) == cut(tables["main"], columns)
