"""`churn` by published numbers, by hand, and where the data are odd."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import retainkit
from retainkit.errors import InputError, OutputError, UsageError
from retainkit.metrics.churn.params import ChurnParams

# Freireich et al. (1963): weeks to relapse of 21 children under 6-MP, and of 21 under placebo.
RELAPSED_6MP = (6, 6, 6, 7, 10, 13, 16, 22, 23)
CENSORED_6MP = (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)
PLACEBO = (1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23)
MONDAY = date(2024, 1, 1)


def trial() -> tuple[pl.DataFrame, pl.DataFrame, date]:
    """Return the trial as a club: joined, left, and the end of observation.

    A member that is censored at week c joined so that its week c is the last that is over.
    """
    end = MONDAY + timedelta(weeks=100)
    rows: list[dict[str, Any]] = []
    for arm, left in (("6-MP", RELAPSED_6MP), ("placebo", PLACEBO)):
        rows += [
            {"joined": MONDAY, "left": MONDAY + timedelta(weeks=weeks), "arm": arm}
            for weeks in left
        ]
    rows += [
        {"joined": end - timedelta(weeks=weeks + 1), "left": None, "arm": "6-MP"}
        for weeks in CENSORED_6MP
    ]
    members = pl.DataFrame([{"user_id": i, **row} for i, row in enumerate(rows, 1)])
    events = members.select("user_id", event_time="joined")
    return events, members, end


def test_survival_of_the_6mp_trial_is_as_published() -> None:
    events, members, end = trial()
    result = retainkit.churn(
        events, members=members, definition="leave", period="week", by="arm", as_of=end
    )
    timing = result.tables["timing"].filter(pl.col("arm") == "6-MP", pl.col("churned") > 0)
    assert timing["age"].to_list() == [6, 7, 10, 13, 16, 22, 23]
    published = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert [round(value, 3) for value in timing["survival"]] == published
    assert timing["members"].to_list() == [21, 17, 15, 12, 11, 7, 6]
    survival = result.tables["survival"]
    assert survival.select("arm", "members", "churned", "median").rows() == [
        ("6-MP", 21, 9, 23),
        ("placebo", 21, 21, 8),
    ]
    (test,) = result.tables["logrank"].to_dicts()
    assert (test["groups"], test["df"]) == (2, 1)
    assert test["statistic"] == pytest.approx(16.79, abs=0.005)
    assert test["p_value"] < 0.0001


def oulad() -> tuple[pl.DataFrame, date]:
    """Return the students of OULAD as a club, and the end of observation.

    Who withdrew joined on one day; who was censored after n days joined so that its day n is the
    last that is over.
    """
    counts = pl.read_csv(Path(__file__).parent / "data" / "oulad" / "withdrawals.csv")
    end = MONDAY + timedelta(days=1000)
    students = counts.select(
        pl.exclude("students").repeat_by("students").explode(empty_as_null=False)
    )
    days = pl.duration(days="days")
    withdrew = pl.col("withdrawn") == 1
    joined = pl.when(withdrew).then(pl.lit(MONDAY)).otherwise(end - days - pl.duration(days=1))
    left = pl.when(withdrew).then(pl.lit(MONDAY) + days)
    return students.with_row_index("user_id", 1).with_columns(joined=joined, left=left), end


@pytest.mark.parametrize(
    ("column", "groups", "statistic"),
    # lifelines 0.30.3, statistics.multivariate_logrank_test on the same students
    [("gender", 2, 2.62013760535673), ("code_module", 7, 904.1042438703188)],
)
def test_withdrawals_of_oulad_are_those_of_another_library(
    column: str, groups: int, statistic: float
) -> None:
    members, end = oulad()
    result = retainkit.churn(
        members.select("user_id", event_time="joined"),
        members=members,
        definition="leave",
        period="day",
        by=column,
        as_of=end,
    )
    (test,) = result.tables["logrank"].to_dicts()
    assert test["groups"] == groups
    assert test["statistic"] == pytest.approx(statistic)
    withdrew = members.filter(withdrawn=1)[column].value_counts()
    told = result.tables["survival"].select(column, "churned")
    assert dict(told.iter_rows()) == dict(withdrew.iter_rows())


def history(*days: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(days, schema=["user_id", "event_time", "event"], orient="row")


def table(*rows: tuple[str, str | None, str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema=dict.fromkeys(("user_id", "joined", "left"), pl.String), orient="row"
    )


def test_odd_leavings_are_told_and_stop_nothing() -> None:
    events = history(
        ("early", "2024-02-05", "visit"),
        ("twice", "2024-01-05", "visit"),
        ("back", "2024-01-05", "visit"),
        ("back", "2024-03-05", "visit"),
        ("stays", "2024-04-30", "visit"),
    )
    members = table(
        ("early", "2024-02-01", "2024-01-10"),
        ("twice", "2024-01-05", "2024-02-05"),
        ("back", "2024-01-05", "2024-02-05"),
        ("only", None, "2024-02-05"),
        ("later", "2024-01-09", "2024-06-01"),
    )
    result = retainkit.churn(events, members=members, definition="leave")
    columns = ("present_start", "joined", "rejoined", "churned", "present_end")
    assert result.main.select(columns).rows() == [
        (0, 3, 0, 0, 3),
        (3, 1, 0, 2, 2),
        (2, 1, 1, 0, 3),
        (3, 1, 0, 0, 4),
    ]
    said = " ".join(result.notes)
    assert "1 leaving lies before its member joined: ignored" in said
    assert "1 member left without joining" in said
    again = history(
        ("twice", "2024-01-05", "join"),
        ("twice", "2024-02-05", "quit"),
        ("twice", "2024-02-09", "quit"),
        ("only", "2024-02-09", "quit"),
        ("gone", "2024-04-30", "visit"),
    )
    result = retainkit.churn(again, definition="leave", leave_event="quit")
    assert int(result.main["churned"].sum()) == 1
    assert any("1 leaving is of members who were away already" in note for note in result.notes)


def test_the_window_is_found_in_the_gaps() -> None:
    days = [0, 1, 2, 3, 4, 5, 6, 7, 8, 28, 60]  # gaps: eight of 1 day, 20, 32
    events = pl.DataFrame(
        {"user_id": ["a"] * len(days), "event_time": [MONDAY + timedelta(days=d) for d in days]}
    )
    result = retainkit.churn(events, definition="inactivity")
    assert result.params["inactive_days"] == 20
    assert "90% of the 10 gaps between a member's active days are no longer" in result.notes[0]
    gaps = result.tables["gaps"]
    assert gaps.select("gap_days", "gaps", "cumulative", "chosen").rows() == [
        (1, 8, 0.8, False),
        (20, 1, 0.9, True),
        (32, 1, 1.0, False),
    ]
    assert retainkit.churn(events, definition="inactivity", inactive_days=20).main.equals(
        result.main
    )


def test_a_window_that_cannot_be_found_is_asked_for() -> None:
    with pytest.raises(InputError, match="no member has two active days"):
        retainkit.churn(history(("a", "2024-01-05", "visit")), definition="inactivity")


def test_no_used_row_gives_empty_tables() -> None:
    events = history(("a", "2024-01-05", "visit"))
    for definition in ("lifecycle", "inactivity", "leave"):
        result = retainkit.churn(
            events,
            definition=definition,  # type: ignore[arg-type]
            inactive_days=7 if definition == "inactivity" else None,
            leave_event="quit",
            where="event = 'none'",
            paths=True,
            by="event",
        )
        assert all(not each.height for each in result.tables.values())
        assert result.main.columns[:2] == ["event", "period"]


SHOP = history(
    *(("daily", f"2024-01-{day:02}", "visit") for day in range(1, 11)),
    *(("weekly", f"2024-01-{day:02}", "pay") for day in (1, 8, 15, 22, 29)),
    ("once", "2024-01-03", "visit"),
)


def roster(path: Path, **options: Any) -> list[dict[str, Any]]:
    """Return the roster of SHOP at the end of January, by member."""
    stated: dict[str, Any] = {"definition": "inactivity", "inactive_days": 25, **options}
    retainkit.churn(SHOP, as_of="2024-02-01", roster=str(path), **stated)
    return pl.read_csv(path, try_parse_dates=True).sort("member").to_dicts()


def test_a_roster_lists_who_is_silent_or_likely_to_be(tmp_path: Path) -> None:
    daily, once = roster(tmp_path / "lost.csv")
    assert daily == {
        "member": "daily",
        "state": "at risk",
        "last_active": date(2024, 1, 10),
        "silent_days": 21,
        "usual_gap_days": 1.0,
        "times_usual": 21.0,
        "active_days": 10,
        "churned_on": None,
        "value": None,
    }
    assert (once["member"], once["state"]) == ("once", "silent")
    assert (once["churned_on"], once["usual_gap_days"]) == (date(2024, 1, 28), None)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "ndjson"])
def test_a_roster_has_the_same_members_however_it_is_cut(tmp_path: Path, suffix: str) -> None:
    from retainkit.engine import Request, run
    from retainkit.metrics.churn import CHURN
    from retainkit.sources import SourceOptions

    events = pl.DataFrame(
        {
            "user_id": [f"m{i % 37}" for i in range(500)],
            "event_time": [MONDAY + timedelta(days=i * i % 211) for i in range(500)],
            "amount": [i % 7 + 0.25 for i in range(500)],
        }
    )
    read = {"csv": pl.read_csv, "parquet": pl.read_parquet, "ndjson": pl.read_ndjson}[suffix]
    found = []
    for partitions in (1, 5):
        path = tmp_path / f"{partitions}.{suffix}"
        params = ChurnParams(definition="inactivity", inactive_days=10, roster=str(path))
        run([Request(CHURN, params)], [events], SourceOptions(), partitions=partitions)
        found.append(read(path).sort("member"))
    assert found[0].equals(found[1])
    assert set(found[0]["member"]) <= {f"m{i}" for i in range(37)}
    totals = events.group_by("user_id").agg(pl.col("amount").sum())
    value = dict(totals.iter_rows())
    assert all(row["value"] == value[row["member"]] for row in found[0].to_dicts())


def test_ids_of_a_roster_can_be_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUB_KEY", "0123456789abcdef")
    hashed = {row["member"] for row in roster(tmp_path / "lost.csv", hash_key="CLUB_KEY")}
    key = b"0123456789abcdef"
    expected = [blake2b(name, key=key, digest_size=16).hexdigest() for name in (b"daily", b"once")]
    assert hashed == set(expected)
    monkeypatch.setenv("CLUB_KEY", "short")
    with pytest.raises(UsageError, match="has to hold a key of 16 to 64 bytes; it holds 5"):
        roster(tmp_path / "lost.csv", hash_key="CLUB_KEY")


def test_a_roster_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "lost.csv"
    path.write_text("before")
    with pytest.raises(InputError):
        retainkit.churn(history(("a", "nie", "x")), roster=str(path), inactive_days=None)
    assert path.read_text() == "before"
    with pytest.raises(OutputError):
        retainkit.churn(SHOP, roster=str(tmp_path / "nowhere" / "lost.csv"))
    source = tmp_path / "events.csv"
    SHOP.write_csv(source)
    with pytest.raises(UsageError, match="is what is read"):
        retainkit.churn(str(source), roster=str(source))
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"definition": "leaving"}, "--definition"),
        ({"period": "hour"}, "--period"),
        ({"inactive_days": 0, "definition": "inactivity"}, "--inactive-days"),
        ({"inactive_days": "9"}, "--inactive-days"),
        ({"inactive_days": True}, "--inactive-days"),
        ({"paths": "no"}, "--paths"),
        ({"by": 3}, "--by"),
        ({"leave_event": "*"}, "--leave-event"),
        ({"leave_event": "a ||"}, "Event selector"),
        ({"last": 0}, "--last"),
        ({"by": ["a", "a"]}, "--by"),
        ({"roster": "lost.txt"}, "--roster"),
        ({"hash_key": "CLUB_KEY"}, "--hash-key"),
        ({"taxonomy": "nowhere.toml"}, "nowhere.toml"),
        ({"confidence": 1.5}, "--confidence"),
        ({"definition": "leave"}, "nothing says when members left"),
        ({"reason_col": "why"}, "--reason-col"),
    ],
)
def test_requests_that_make_no_sense_are_refused(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        retainkit.churn(SHOP, **keywords)


def test_paths_need_the_names_of_events() -> None:
    with pytest.raises(InputError, match="--event-col"):
        retainkit.churn(SHOP.drop("event"), paths=True)


def test_a_broken_page_stands_out_from_a_common_one() -> None:
    rows = []
    for i in range(120):
        broken = i % 6 == 0
        rows.append((f"m{i}", "2024-01-10", "visit"))
        rows.append((f"m{i}", "2024-01-20", "error" if broken else "visit"))
        if not broken or i % 12 == 0:
            rows += [(f"m{i}", "2024-02-10", "visit"), (f"m{i}", "2024-03-10", "visit")]
    rows.append(("m1", "2024-03-31", "visit"))
    result = retainkit.churn(history(*rows), paths=True, last=1)
    lifts = {row["path"]: row for row in result.tables["paths"].to_dicts()}
    assert set(lifts) == {"error"}
    assert (lifts["error"]["churned"], lifts["error"]["stayed"]) == (10, 10)
    assert lifts["error"]["lift"] == pytest.approx(1 / (10 / 110))
    assert lifts["error"]["ci_low"] > 4


def test_reasons_are_counted_at_the_last_churn() -> None:
    events = history(
        ("a", "2024-01-05", "visit"), ("a", "2024-03-05", "visit"), ("b", "2024-01-06", "visit"),
        ("c", "2024-01-07", "visit"), ("d", "2024-05-31", "visit"),
    )  # fmt: skip
    members = pl.DataFrame(
        {"user_id": ["a", "b", "c", "d"], "退群原因": ["太贵了", "价格太高", " ", "too expensive"]}
    )
    result = retainkit.churn(events, members=members)
    assert result.tables["reasons"].rows() == [
        ("cost", "价格太高", 1, pytest.approx(1 / 3)),
        ("cost", "太贵了", 1, pytest.approx(1 / 3)),
        ("unknown", None, 1, pytest.approx(1 / 3)),
    ]
    assert result.tables["reasons_over_time"].rows() == [
        (date(2024, 2, 1), "cost", 1, 0.5),
        (date(2024, 2, 1), "unknown", 1, 0.5),
        (date(2024, 4, 1), "cost", 1, 1.0),
    ]


def test_what_lies_before_since_is_not_taken_for_silence() -> None:
    events = history(
        *(("old", f"2024-{month:02}-10", "visit") for month in range(1, 8)),
        ("gone", "2024-01-15", "visit"),
        ("gone", "2024-02-15", "quit"),
        ("late", "2024-01-20", "visit"),
        ("late", "2024-06-20", "quit"),
    )
    members = table(
        ("old", "2024-01-10", None), ("gone", "2024-01-15", None), ("late", "2024-01-20", None)
    )
    stated: dict[str, Any] = {"members": members, "since": "2024-05-01", "leave_event": "quit"}
    silent = retainkit.churn(events, definition="inactivity", inactive_days=40, **stated)
    assert silent.main.select("present_start", "joined", "churned").rows() == [
        (0, 1, 0), (1, 0, 0), (1, 0, 0),
    ]  # fmt: skip
    assert any("3 members joined before --since" in note for note in silent.notes)
    left = retainkit.churn(events, definition="leave", **stated)
    assert left.main.select("joined", "churned", "present_end").rows() == [
        (2, 0, 2), (0, 1, 1), (0, 0, 1),
    ]  # fmt: skip
    assert any("1 of them, of whom nothing is" in note for note in left.notes)


def test_a_roster_changes_no_number(tmp_path: Path) -> None:
    events = pl.DataFrame(
        {
            "user_id": ["a", "a", "b", "b"],
            "event_time": ["2024-01-02", "2024-02-03", "2024-01-02", "2024-02-05"],
            "amount": ["1", "x", "1", "2"],
        }
    )
    path = tmp_path / "lost.csv"
    stated: dict[str, Any] = {"period": "week", "as_of": "2024-03-01"}
    asked = retainkit.churn(events, roster=path, **stated)
    assert asked.main.equals(retainkit.churn(events, **stated).main)
    assert dict(pl.read_csv(path).select("member", "value").iter_rows()) == {"a": 1.0, "b": 3.0}
    assert any(note == f"--roster {path}: 2 members, 2 silent." for note in asked.notes)


def test_a_selector_that_takes_nothing_is_told() -> None:
    result = retainkit.churn(SHOP, definition="leave", leave_event="quit", return_event="pay")
    assert any("No event is taken by 'quit'" in note for note in result.notes)
    assert not any("No event is taken by 'pay'" in note for note in result.notes)


def test_leaving_times_that_cannot_be_read_are_an_error() -> None:
    members = table(("daily", None, "soon"), ("once", None, "later"))
    with pytest.raises(InputError, match="2 unreadable times in 'left', of 2"):
        retainkit.churn(SHOP, members=members, definition="leave")
