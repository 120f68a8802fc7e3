"""`rfm` where brute force does not look: worked by hand, requests of no sense, the command."""

from __future__ import annotations

import csv
import io
import json
from hashlib import blake2b
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import polars as pl
import pytest

import retainkit
from invoked import invoked
from oracle.rfm import NAMES, ORDER
from retainkit.errors import InputError, UsageError
from rfm_agreement import read_roster

Row = dict[str, Any]
NAN = float("nan")


def pays(*rows: tuple[str, str, str | None, float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={"user_id": pl.String, "event_time": pl.String, "order_id": pl.String}
        | {"amount": pl.Float64},
        orient="row",
    )


# Five buyers of one to five orders; the more of them, the later and the dearer.
STAIRS = pays(
    *(
        (f"m{n}", f"2024-01-{2 * n + k:02}", f"{n}-{k}", 10.0 * n)
        for n in range(1, 6)
        for k in range(1, n + 1)
    )
)
SHOP = pays(
    ("a", "2024-01-01", "1", 50.0),
    ("a", "2024-01-09", "2", 30.0),
    ("b", "2024-01-02", "3", 20.0),
    ("b", "2024-02-05", "4", 10.0),
    ("c", "2024-02-10", "5", 99.0),
)


def segments(result: retainkit.Result) -> dict[str, int]:
    return dict(result.main.select("segment", "members").rows())


# --- by hand ---


def test_five_steps_of_a_stair_score_one_to_five() -> None:
    result = retainkit.rfm(STAIRS)
    assert segments(result) == {
        "champions": 1,
        "loyal": 1,
        "need attention": 1,
        "hibernating": 1,
        "lost": 1,
    }
    cells = [(5, 5, 1, 250.0), (4, 4, 1, 160.0), (3, 3, 1, 90.0), (2, 2, 1, 40.0), (1, 1, 1, 10.0)]
    assert result.table("cells").rows() == cells
    scores = result.table("scores").to_dicts()
    last = {row["score"]: row for row in scores if row["measure"] == "recency_days"}
    assert [last[score]["up_to"] for score in (5, 4, 3, 2, 1)] == [1, 4, 7, 10, None]
    assert [last[score]["above"] for score in (5, 4, 3, 2, 1)] == [None, 1, 4, 7, 10]
    assert {row["members"] for row in scores} == {1}


@pytest.mark.parametrize("r", [5, 4, 3, 2, 1])
def test_all_125_scores_have_the_segment_of_the_table(r: int) -> None:
    # Of each F and M one buyer: F orders, of which the first cost all of 10 times M.
    events = pays(
        *(
            (f"f{f}m{m}", f"2024-01-{10 - 2 * (5 - r):02}", f"{k}", 10.0 * m if k == 1 else 0.0)
            for f in range(1, 6)
            for m in range(1, 6)
            for k in range(1, f + 1)
        )
    )
    cuts = {"r_cuts": (1, 3, 5, 7), "f_cuts": (1, 2, 3, 4), "m_cuts": (10, 20, 30, 40)}
    result = retainkit.rfm(events, as_of="2024-01-11", **cuts)
    assert dict(result.table("cells").select("r", "members").unique().rows()) == {r: 5}
    wanted: dict[str, int] = {}
    for f in range(1, 6):
        for m in range(1, 6):
            name = NAMES[r][-(-(f + m) // 2) - 1]  # the mean of both, rounded up
            wanted[name] = wanted.get(name, 0) + 1
    assert segments(result) == wanted
    assert list(segments(result)) == sorted(wanted, key=ORDER.index)


def test_a_value_equal_to_a_cut_is_below_it() -> None:
    events = pays(("a", "2024-01-01", "1", 10.0), ("b", "2024-01-01", "2", 10.01))
    scores = retainkit.rfm(events, m_cuts=[5, 10, 20, 30]).table("scores")
    money = scores.filter(pl.col("measure") == "amount").sort("score")
    assert money["members"].to_list() == [0, 1, 1, 0, 0]


def test_sums_that_are_equal_are_equal_whatever_was_added_first() -> None:
    # 0.1 + 0.2 + 0.3 is 0.6000000000000001 in floating point, 0.3 + 0.2 + 0.1 is 0.6.
    prices = {"a": (0.1, 0.2, 0.3), "b": (0.3, 0.2, 0.1), "c": (0.6, 0.0, 0.0)}
    rows = [
        (who, f"2024-01-0{day}", str(day), price)
        for who, told in prices.items()
        for day, price in enumerate(told, 1)
    ]
    for events in (pays(*rows), pays(*rows[::-1])):
        for cuts in ((), (0.1, 0.2, 0.6, 0.7)):
            scores = retainkit.rfm(events, m_cuts=cuts).table("scores")
            money = scores.filter(pl.col("measure") == "amount")
            assert sorted(money["members"]) == [0, 0, 0, 0, 3]
            assert money.filter(pl.col("members") == 3)["up_to"].item() == 0.6


def test_recency_is_by_the_dates_of_the_zone() -> None:
    # 20:00 in London is the next day in Shanghai, and as-of is the end of that day.
    events = pays(("a", "2024-01-01T20:00Z", "1", 1.0), ("b", "2024-01-03T01:00Z", "2", 1.0))
    for tz, days in (("UTC", [3, 1]), ("Asia/Shanghai", [2, 1])):
        result = retainkit.rfm(events, tz=tz, r_cuts=(1, 2, 3, 4))
        rows = result.table("scores").filter(pl.col("measure") == "recency_days")
        found = rows.filter(pl.col("members") > 0).sort("up_to", descending=True)["up_to"]
        assert found.to_list() == days, tz
    seen = retainkit.rfm(events, as_of="2024-01-03T02:00Z").main  # on the day of b's order
    assert (seen["members"] * seen["mean_recency_days"]).sum() == 2 + 0


def test_an_order_is_when_its_first_row_is() -> None:
    events = pays(("a", "2024-01-01", "1", 50.0), ("a", "2024-01-20", "1", -50.0))
    (row,) = retainkit.rfm(events).main.to_dicts()
    assert (row["mean_recency_days"], row["orders"], row["amount"]) == (20.0, 1, 0.0)
    assert row["amount_share"] is None  # of nothing


def test_who_moved_and_who_ordered_since() -> None:
    cuts = {"r_cuts": (7, 14, 30, 60), "f_cuts": (1, 2, 3, 4), "m_cuts": (10, 20, 50, 90)}
    result = retainkit.rfm(SHOP, compare_to="2024-01-10", as_of="2024-02-11", **cuts)
    # a: 1 day, 2 orders, 80 -> R5 F2 M4 -> now 33 days: R2; b: 8 days, 1, 20 -> R4 F1 M2, now R5.
    assert sorted(result.table("movement").rows()) == [
        ("(no order yet)", "potential", 1, 1.0),
        ("potential", "at risk", 1, 0.5),
        ("potential", "potential", 1, 0.5),
    ]
    (row,) = result.table("retention").to_dicts()
    assert (row["segment"], row["members"], row["retained"], row["rate"]) == (
        "potential",
        2,
        1,
        0.5,
    )
    assert (row["orders_since"], row["amount_since"]) == (1, 10.0)
    assert row["amount_since_per_member"] == 5.0


def test_a_day_before_everything_knows_nobody() -> None:
    result = retainkit.rfm(SHOP, compare_to="2020-01-01")
    assert result.table("retention").height == 0
    assert set(result.table("movement")["before"]) == {"(no order yet)"}
    assert result.table("movement")["members"].sum() == 3


def test_an_order_on_the_day_itself_is_since() -> None:
    result = retainkit.rfm(SHOP, compare_to="2024-02-05")
    assert result.table("retention")["orders_since"].sum() == 1  # b's, and c is new
    assert result.table("retention")["members"].sum() == 2


# --- few, none, all alike ---


def test_nobody_ordered(tmp_path: Path) -> None:
    path = tmp_path / "buyers.csv"
    result = retainkit.rfm(
        SHOP,
        order_event="[amount > 1000]",
        event_col="order_id",
        compare_to="2024-01-10",
        roster=path,
    )
    for name in ("main", "cells", "movement", "retention"):
        assert result.table(name).height == 0, name
    assert result.table("scores")["members"].sum() == 0
    assert any("Nobody ordered" in note for note in result.notes)
    assert read_roster(path).height == 0
    assert read_roster(path).columns[:2] == ["member", "state"]


def test_one_buyer_has_the_best_recency_and_the_least_of_the_rest() -> None:
    """All cuts are the buyer's own value, which no value exceeds."""
    (row,) = retainkit.rfm(SHOP.filter(pl.col("user_id") == "a")).main.to_dicts()
    assert (row["segment"], row["members"], row["share"], row["amount_share"]) == ("new", 1, 1, 1)
    assert (row["orders"], row["amount"], row["orders_per_member"]) == (2, 80.0, 2.0)


def test_all_equal_are_in_one_segment() -> None:
    events = pays(*((f"m{n}", "2024-01-01", f"n{n}", 5.0) for n in range(100)))
    result = retainkit.rfm(events)
    assert segments(result) == {"new": 100}
    assert result.table("cells").rows() == [(5, 1, 100, 500.0)]
    known = result.table("scores").filter(pl.col("members") > 0)
    assert known.select("score", "members").rows() == [(5, 100), (1, 100), (1, 100)]
    assert any("equal values score alike" in note for note in result.notes)


def test_most_who_bought_once_do_not_fill_five_scores() -> None:
    events = pays(
        *((f"m{n}", "2024-01-01", "1", 5.0) for n in range(70)),
        *((f"x{n}", "2024-01-01", f"n{k}", 5.0) for n in range(30) for k in range(2)),
    )
    scores = retainkit.rfm(events).table("scores").filter(pl.col("measure") == "orders")
    found = scores.sort("score").select("above", "up_to", "members").rows()
    assert found == [(None, 1, 70), (1, 1, 0), (1, 1, 0), (1, 2, 30), (2, None, 0)]


# --- the roster ---


@pytest.mark.parametrize("suffix", [".csv", ".ndjson", ".parquet"])
def test_the_roster_has_a_row_for_every_buyer(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"buyers{suffix}"
    result = retainkit.rfm(STAIRS, roster=str(path))
    rows = read_roster(path).sort("member")
    assert set(rows.columns) == {
        *("member", "state", "r", "f", "m"),
        *("recency_days", "orders", "amount"),
    }
    last = {"member": "m5", "state": "champions", "r": 5, "f": 5, "m": 5}
    assert rows.row(-1, named=True) == last | {"recency_days": 1, "orders": 5, "amount": 250.0}
    assert len(rows) == result.main["members"].sum() == 5
    assert any("5 members" in note for note in result.notes)


def test_the_roster_has_the_columns_of_the_split(tmp_path: Path) -> None:
    path = tmp_path / "buyers.parquet"
    events = SHOP.with_columns(shop=pl.Series(["x", "x", "y", "x", None]))
    retainkit.rfm(events, by="shop", roster=path)
    assert dict(read_roster(path).select("member", "shop").rows()) == {
        "a": "x",
        "b": "y",
        "c": None,
    }


def test_ids_of_the_roster_can_be_hashed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "0123456789abcdef"
    monkeypatch.setenv("CLUB_KEY", key)
    plain, hashed = tmp_path / "plain.csv", tmp_path / "hashed.csv"
    retainkit.rfm(SHOP, roster=plain)
    retainkit.rfm(SHOP, roster=hashed, hash_key="CLUB_KEY")
    named = {
        blake2b(name.encode(), key=key.encode(), digest_size=16).hexdigest(): name for name in "abc"
    }
    rows = read_roster(hashed).with_columns(pl.col("member").replace_strict(named))
    assert rows.sort("member").equals(read_roster(plain).sort("member"))
    assert not any(f"\n{name}," in hashed.read_text() for name in "abc")
    monkeypatch.setenv("CLUB_KEY", "short")
    with pytest.raises(UsageError, match="has to hold a key of 16 to 64 bytes"):
        retainkit.rfm(SHOP, roster=hashed, hash_key="CLUB_KEY")


@pytest.mark.parametrize(
    "keywords",
    [
        {"amount_col": "nope"},
        {"r_cuts": (1, 2, 3)},
        {"compare_to": "soon"},
        {"compare_to": "2030-01-01"},  # known only once as-of is
    ],
    ids=str,
)
def test_a_roster_is_written_whole_or_not_at_all(tmp_path: Path, keywords: Row) -> None:
    path = tmp_path / "buyers.csv"
    path.write_text("before")
    with pytest.raises((InputError, UsageError)):
        retainkit.rfm(SHOP, roster=path, **keywords)
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["buyers.csv"]


# --- requests of no sense ---


@pytest.mark.parametrize("flag", ["r_cuts", "f_cuts", "m_cuts"])
@pytest.mark.parametrize(
    "cuts",
    [(1,), (1, 2, 3), (1, 2, 3, 4, 5), (4, 3, 2, 1), (1, 3, 2, 4), (1, 2, NAN, 4), (NAN,) * 4],
    ids=str,
)
def test_cuts_are_four_rising_numbers(flag: str, cuts: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match=f"--{flag[0]}-cuts"):
        retainkit.rfm(SHOP, **{flag: cuts})  # type: ignore[arg-type]


@pytest.mark.parametrize("cuts", ["7,30,90,180", ("a", 2, 3, 4), (1, None, 3, 4), 7], ids=repr)
def test_cuts_that_are_no_numbers_are_refused_in_words(cuts: Any) -> None:
    with pytest.raises(UsageError, match="--r-cuts"):
        retainkit.rfm(SHOP, r_cuts=cuts)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"compare_to": "yesterday"}, "'yesterday' is not a date"),
        ({"compare_to": "2024-13-01"}, "'2024-13-01' is not a date"),
        ({"compare_to": "2024-02-30"}, "'2024-02-30' is not a date"),
        ({"compare_to": ""}, "is not a date"),
        ({"compare_to": "2024-02-11"}, "is not before as-of"),  # the end of the last day
        ({"compare_to": "2024-01-05", "as_of": "2024-01-05"}, "is not before as-of"),
        ({"compare_to": "2030-01-01"}, "is not before as-of"),
        ({"hash_key": "CLUB_KEY"}, "--hash-key"),
        ({"roster": "buyers.txt"}, "--roster: 'buyers.txt'"),
        ({"roster": "buyers"}, "--roster: 'buyers'"),
        ({"confidence": 1.5}, "--confidence"),
        ({"confidence": 0}, "--confidence"),
        ({"merge_days": "yes"}, "--merge-days"),
        ({"order_event": "a ||"}, "Event selector"),
        ({"by": ("order_id", "order_id")}, "--by"),
        ({"by": 3}, "--by"),
    ],
)
def test_requests_of_no_sense_are_refused(keywords: Row, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        retainkit.rfm(SHOP, **keywords)


def test_without_amounts_there_is_no_money() -> None:
    with pytest.raises(InputError, match="no column for the amount"):
        retainkit.rfm(SHOP.drop("amount"))
    with pytest.raises(InputError, match="nope"):
        retainkit.rfm(SHOP, by="nope")


def test_the_day_of_as_of_is_before_a_later_hour() -> None:
    result = retainkit.rfm(SHOP, compare_to="2024-02-11", as_of="2024-02-11 08:00")
    assert result.table("retention")["retained"].sum() == 0
    assert result.table("retention")["members"].sum() == 3


# --- the command ---


def run(*args: object) -> CompletedProcess[str]:
    return invoked("rfm", *args)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.csv"
    SHOP.write_csv(path)
    return path


def test_the_command_writes_json(events: Path) -> None:
    done = run(events, "-f", "json", "--compare-to", "2024-01-10", "--r-cuts", "7,30,90,180")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    result = retainkit.rfm(SHOP, compare_to="2024-01-10", r_cuts=[7, 30, 90, 180])
    assert told["command"] == "rfm"
    assert set(told["tables"]) == set(result.tables)
    for name, table in result.tables.items():
        assert told["tables"][name] == table.to_dicts(), name


@pytest.mark.parametrize("name", ["main", "cells", "scores", "movement", "retention"])
def test_the_command_writes_csv(events: Path, name: str) -> None:
    done = run(events, "-f", "csv", "-q", "--table", name, "--compare-to", "2024-01-10")
    assert done.returncode == 0, done.stderr
    table = retainkit.rfm(SHOP, compare_to="2024-01-10").table(name)
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[0] == table.columns
    assert len(rows) == table.height + 1
    assert rows[1] == ["" if cell is None else str(cell) for cell in table.row(0)]


def test_the_command_writes_a_roster(events: Path, tmp_path: Path) -> None:
    path = tmp_path / "buyers.csv"
    done = run(events, "-q", "--roster", path, "--m-cuts", "-5,0,20,90", "--merge-days")
    assert done.returncode == 0, done.stderr
    rows = read_roster(path).sort("member")
    assert rows.select("member", "m", "amount").rows() == [
        ("a", 4, 80.0),
        ("b", 4, 30.0),
        ("c", 5, 99.0),
    ]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--r-cuts", "1,2,3"), "--r-cuts"),
        (("--f-cuts", "1,2,x,4"), "--f-cuts"),
        (("--m-cuts", "9,8,7,6"), "--m-cuts"),
        (("--compare-to", "soon"), "--compare-to"),
        (("--compare-to", "2030-01-01"), "--compare-to"),
        (("--hash-key", "CLUB_KEY"), "--hash-key"),
        (("--roster", "buyers.txt"), "--roster"),
    ],
    ids=str,
)
def test_the_command_says_what_is_wrong(events: Path, flags: tuple[str, ...], message: str) -> None:
    done = run(events, *flags)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
