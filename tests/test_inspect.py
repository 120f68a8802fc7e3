"""`inspect`: what it counts is right, and it is useful above all where the mapping fails."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

import retainkit
from retainkit.render import FORMATS, RenderOptions, render_bytes, render_text
from retainkit.render.layout import lay_out
from retainkit.render.view import Grid
from retainkit.render.views import document_of

ROOT = Path(__file__).parents[1]
RETAIL = ROOT / "examples" / "online_retail" / "online_retail.parquet"
GOLD = Path(__file__).parent / "gold" / "inspect.txt"
DAY = timedelta(days=1)


def shop() -> pl.DataFrame:
    """Six weeks of two events a day, no Sundays, one lost week, repeats, dirt."""
    days = [date(2024, 3, 4) + n * DAY for n in range(42)]
    open_ = [day for day in days if day.weekday() != 6 and not 14 <= (day - days[0]).days < 20]
    rows = [
        (f"m{(number * 7 + n) % 31:02}", f"{day} 0{8 + n}:00", event, str(10 * n))
        for number, day in enumerate(open_)
        for n, event in enumerate(("visit", "buy"))
    ]
    rows += rows[:3]
    rows += [("M01", "2024-03-05 09:00", "buy", "-5"), ("游客", "2024-03-05 09:00", "buy", "x")]
    rows += [(None, "2024-03-06 09:00", "visit", "1"), ("m02", "soon", "visit", "1")]
    return pl.DataFrame(rows, schema=["user_id", "event_time", "event", "amount"], orient="row")


@pytest.fixture
def shop_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    shop().write_csv("shop.csv")
    return "shop.csv"


def note(result: retainkit.Result, words: str) -> str:
    found = [each for each in result.notes if words in each]
    assert len(found) == 1, (words, result.notes)
    return found[0]


def test_every_row_is_counted_once() -> None:
    events = shop()
    data = retainkit.inspect(events).data
    assert data.rows_read == events.height
    assert data.refused == {"no member": 2, "unreadable time": 1}
    assert (data.first, data.last) == (
        datetime.fromisoformat("2024-03-04T08:00Z"),
        datetime.fromisoformat("2024-04-13T09:00Z"),
    )


def test_columns_say_their_role_and_why() -> None:
    main = retainkit.inspect(shop(), amount_col="amount").main
    assert main.select("column", "role", "why", "nulls", "distinct").rows() == [
        ("user_id", "member", "alias of member", 1, 33),
        ("event_time", "time", "alias of time", 0, 61),
        ("event", "event", "alias of event", 0, 2),
        ("amount", "amount", "named by --amount-col", 0, 5),
    ]


def test_events_and_days_agree_with_a_plain_count() -> None:
    result = retainkit.inspect(shop())
    used = shop().filter(
        pl.col("user_id").is_not_null(), pl.col("user_id") != "游客", pl.col("event_time") != "soon"
    )
    events = result.table("events")
    for row in events.iter_rows(named=True):
        mine = used.filter(pl.col("event") == row["event"])
        assert (row["rows"], row["members"]) == (mine.height, mine["user_id"].n_unique())
    assert events["share"].sum() == pytest.approx(1)
    days = result.table("days")
    assert days["day"].to_list() == [date(2024, 3, 4) + n * DAY for n in range(41)]
    by_day = Counter(text[:10] for text in used["event_time"])
    assert {str(day): rows for day, rows in days.select("day", "rows").rows() if rows} == by_day
    assert set(days.filter(pl.col("rows") == 0)["flag"]) == {"gap"}


def test_notes_tell_what_is_odd_without_any_id() -> None:
    result = retainkit.inspect(shop())
    gaps = note(result, "days have no rows")
    assert gaps == "11 of 41 days have no rows: every Sunday; 2024-03-18 – 2024-03-23."
    assert note(result, "only by case") == "1 id differs from another one only by case."
    repeats = note(result, "equal in every column")
    assert repeats == (
        "3 rows repeat an earlier one, equal in every column: repeats count; "
        "--dedupe exact leaves them out."
    )
    assert note(result, "negative amount").startswith("1 row has a negative amount: ")
    assert note(result, "mean nobody") == "Ids that mean nobody are refused: '游客' in 1 row."
    assert not [each for each in result.notes if "m01" in each.casefold()]


def test_a_member_with_a_twentieth_of_all_rows_is_a_warning() -> None:
    busy = pl.DataFrame({"user_id": [f"m{n}" for n in range(60)], "time": "2024-01-01T00:00Z"})
    assert not [each for each in retainkit.inspect(busy).notes if "of all rows" in each]
    guest = busy.head(1).select(pl.all().repeat_by(9).explode())
    result = retainkit.inspect(pl.concat([busy, guest]))
    assert "14.5% of all rows" in note(result, "One member")


def test_repeats_of_the_online_retail_rows_are_those_duckdb_finds() -> None:
    result = retainkit.inspect(RETAIL, where="Quantity > 0")
    source = duckdb.read_parquet(str(RETAIL))
    (rows,) = source.aggregate("count(*)").fetchall()[0]
    (distinct,) = source.distinct().aggregate("count(*)").fetchall()[0]
    assert result.data.rows_read == rows
    assert result.table("duplicates")["rows"][0] == rows - distinct
    nulls = source.filter("CustomerID is null").aggregate("count(*)").fetchall()[0][0]
    assert result.data.refused == {"no member": nulls}
    assert "every Saturday" in note(result, "days have no rows")


# --- where the mapping fails -------------------------------------------------------------------


def test_candidates_are_listed_and_the_rest_is_still_shown() -> None:
    two = shop().with_columns(uid="user_id").drop("event_time")
    result = retainkit.inspect(two)
    assert result.main.filter(column="uid")["why"].item() == "could be member, 1 of 2"
    roles = {row["role"]: row for row in result.table("roles").iter_rows(named=True)}
    assert roles["member"]["candidates"] == "user_id, uid"
    assert roles["time"]["source"] is None
    assert "--member-col" in result.notes[0]
    assert "--time-col" in result.notes[1]
    assert "下单时间" in " ".join(result.notes) or "时间" in result.notes[1]
    assert result.table("events")["event"].to_list() == ["visit", "buy"]
    assert result.table("events")["members"].to_list() == [None, None]
    assert (result.data.members, result.data.first) == (0, None)


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (["01/04/2024", "02/04/2024"], "--day-first or --month-first"),
        (["2024-01-01T00:00Z"] * 1200 + ["2024-01-01 00:00"], "--naive-tz"),
        ([True, False], "holds Boolean"),
    ],
)
def test_a_time_that_cannot_be_read_is_a_finding(times: list[object], words: str) -> None:
    frame = pl.DataFrame({"user_id": [f"m{n}" for n in range(len(times))], "time": times})
    result = retainkit.inspect(frame)
    assert words in result.notes[0]
    assert result.main.filter(column="time")["why"].item() == "cannot be read"
    assert result.data.members == len(times)
    assert result.table("days").height == 0


def test_more_refused_than_other_commands_accept_is_a_note() -> None:
    result = retainkit.inspect(shop(), max_rejects=0.01)
    found = note(result, "--max-rejects 1%")
    assert found.startswith("3 rows of 67 would be refused (4%)")


def test_what_is_no_finding_is_an_error() -> None:
    with pytest.raises(retainkit.InputError, match="nope"):
        retainkit.inspect(shop(), where="nope > 3")
    with pytest.raises(retainkit.UsageError, match="Asia/Shanghia"):
        retainkit.inspect(shop(), tz="Asia/Shanghia")


@pytest.mark.parametrize("empty", [shop().clear(), pl.DataFrame({"a": []}, schema={"a": pl.Null})])
def test_no_rows_are_shown_as_such(empty: pl.DataFrame) -> None:
    result = retainkit.inspect(empty)
    assert result.data.rows == 0
    for name in (name for name, known in FORMATS.items() if not known.picture):
        for table in result.tables:
            assert render_bytes(result, name, table=table)


# --- the member table --------------------------------------------------------------------------


def test_the_member_table_is_compared_with_the_events() -> None:
    members = pl.DataFrame(
        {
            "uid": ["m00", "m01", "new"],
            "joined": ["2024-03-20", "2024-01-01", "2024-03-01"],
            "left": [None, "2023-12-31", None],
        }
    )
    result = retainkit.inspect(shop(), members=members)
    table = result.table("members")
    assert table.select("kind", "members", "joined", "left").rows() == [
        ("in both", 2, 2, 1),
        ("only in the member table", 1, 1, 0),
        ("only in the events", 30, 0, 0),
    ]
    assert table["joined_first"][0] == datetime.fromisoformat("2024-01-01T00:00Z")
    assert result.table("member_columns")["role"].to_list() == ["member", "joined", "left"]
    assert note(result, "events before") == "1 member has events before joining."
    assert note(result, "left before") == "1 member left before joining."


def test_a_member_table_without_ids_does_not_hide_the_events() -> None:
    result = retainkit.inspect(shop(), members=pl.DataFrame({"joined": ["2024-01-01"]}))
    assert "The member table has no column for the member" in result.notes[0]
    assert "members" not in result.tables
    assert result.data.members == 32


# --- as it is seen -----------------------------------------------------------------------------


def test_screen_is_as_it_was_last_read(shop_csv: str) -> None:
    members = pl.DataFrame({"user_id": ["m00", "m01"], "joined_at": ["2024-03-01", "2024-03-02"]})
    members.write_csv("members.csv")
    result = retainkit.inspect(shop_csv, members="members.csv", amount_col="amount")
    screen = render_text(result, "table", RenderOptions(width=80))
    if os.environ.get("RETAINKIT_UPDATE_GOLD"):
        GOLD.write_text(screen, encoding="utf-8")
    assert screen == GOLD.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", range(40, 121, 4))
def test_screen_keeps_to_the_width_and_cuts_no_number(shop_csv: str, width: int) -> None:
    members = pl.DataFrame({"user_id": ["m00", "m01"], "joined_at": ["2024-03-01", "2024-03-02"]})
    result = retainkit.inspect(shop_csv, members=members, amount_col="amount")
    screen = render_text(result, "table", RenderOptions(width=width))
    assert max(map(len, screen.splitlines())) <= width
    grids = [block for block in document_of(result).blocks if isinstance(block, Grid)]
    for grid, layout in zip(grids, lay_out(grids, width), strict=True):
        assert layout.width <= width
        for placed in layout.placed:
            longest = max(len(row[placed.position].text) for row in grid.rows)
            assert placed.width >= longest or placed.column.align == "left"


def test_many_years_are_drawn_by_week() -> None:
    times = [datetime(2015, 1, 1) + n * DAY for n in range(0, 3000, 3)]
    frame = pl.DataFrame({"user_id": range(1, 1001), "time": times})
    screen = str(retainkit.inspect(frame))
    assert "week by week" in screen
    assert "2022" in screen
