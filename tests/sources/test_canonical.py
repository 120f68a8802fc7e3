"""From raw rows to canonical events."""

from datetime import date, datetime
from typing import ClassVar

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from retainkit.errors import InputError, UsageError
from retainkit.sources import quality
from retainkit.sources.canonical import MOST_MARKS

from .made import events_of, made, used

SHOP: dict[str, list[object]] = {
    "InvoiceNo": ["1", "1", "C2", "3", "4", "5"],
    "Quantity": ["6", "2", "-1", "x", "1", "1"],
    "UnitPrice": ["2.5", "1", "2", "3", "4", ""],
    "InvoiceDate": ["2010-12-01 08:26", "2010-12-01 08:26", "2010-12-02", "2010-12-03", "?", None],
    "CustomerID": ["17850.0", "13047.0", "17850.0", "12583.0", "", "1.0"],
    "Country": ["UK", "UK", " ", "France", None, "France"],
}


def us(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1)).total_seconds() * 1_000_000)


def test_the_canonical_columns() -> None:
    events = events_of(SHOP, order=True, segments=("Country",))
    rows, refused, left_out = used(events)
    assert rows.rows() == [
        ("17850", us(datetime(2010, 12, 1, 8, 26)), 1, "1", "UK"),
        ("13047", us(datetime(2010, 12, 1, 8, 26)), 1, "1", "UK"),
        ("17850", us(datetime(2010, 12, 2)), 1, "C2", None),
        ("12583", us(datetime(2010, 12, 3)), 1, "3", "France"),
    ]
    assert rows.schema == {
        "member": pl.String,
        "time": pl.Int64,
        "marks": pl.UInt32,
        "order": pl.String,
        "seg_0": pl.String,
    }
    assert refused == {quality.NO_MEMBER: 1, quality.NO_TIME: 1}
    assert left_out == {}
    assert events.segments == ("event",)
    assert events.members is None
    assert {role: mapped.source for role, mapped in events.mapping.items()} == {
        "member": "CustomerID",
        "time": "InvoiceDate",
        "order": "InvoiceNo",
    }
    assert events.notes == (
        "Columns: member = CustomerID, time = InvoiceDate, order = InvoiceNo (found by name).",
        "'CustomerID' is written like 17850.0 throughout: read as 17850.",
        "Times in 'InvoiceDate' have no offset: taken as UTC.",
    )


def test_expressions_over_text_columns() -> None:
    sample = {name: values[:3] for name, values in SHOP.items()}
    events = events_of(
        sample,
        "[Quantity > 0]",
        "*",
        "[amount > 5]",
        amount=True,
        amount_col="Quantity * UnitPrice",
        where="InvoiceNo NOT LIKE 'C%'",
    )
    assert [note for note in events.notes if "number" in note] == [
        f"'{name}' is read as a number in expressions; what is none counts as unknown."
        for name in ("Quantity", "UnitPrice")
    ]
    rows, refused, left_out = used(events)
    assert rows.select("amount", "marks").rows() == [(15.0, 0b111), (2.0, 0b011)]
    assert (refused, left_out) == ({}, {quality.WHERE: 1})


def test_amounts_that_are_none_and_amounts_that_cannot_be_read() -> None:
    table = {
        "user_id": ["a"] * 8,
        "time": ["2024-01-01"] * 8,
        "金额": ["1.5", "¥1,234.50", "", None, "much", "-￥3", "12元", "nan"],
    }
    rows, refused, _ = used(events_of(table, amount=True))
    assert rows["amount"].to_list() == [1.5, 1234.5, None, None, -3.0, 12.0]
    assert refused == {quality.BAD_AMOUNT: 2}


def test_amounts_of_expressions_that_cannot_be_read() -> None:
    frame = pl.DataFrame(
        {
            "user_id": ["a"] * 1003,
            "time": ["2024-01-01"] * 1003,
            "q": [*["2"] * 1000, "x", "", None],
            "p": [1.5] * 1003,
        }
    )
    rows, refused, _ = used(events_of(made(frame), amount=True, amount_col="q * p"))
    assert rows["amount"].to_list() == [*[3.0] * 1000, None, None]
    assert refused == {quality.BAD_AMOUNT: 1}


def test_typed_amounts() -> None:
    table = {
        "user_id": [1, 1, 1, 1],
        "time": [date(2024, 1, 1)] * 4,
        "amount": [1.0, float("nan"), float("inf"), None],
    }
    rows, refused, _ = used(events_of(table, amount=True))
    assert rows["amount"].to_list() == [1.0, None, None]
    assert refused == {quality.BAD_AMOUNT: 1}
    with pytest.raises(InputError, match="holds Date"):
        events_of({**table, "amount": [date(2024, 1, 1)] * 4}, amount=True)


def test_many_selectors() -> None:
    names = [f"e{i}" for i in range(MOST_MARKS)]
    table = {"user_id": ["a"] * MOST_MARKS, "time": ["2024-01-01"] * MOST_MARKS, "event": names}
    rows, _, _ = used(events_of(table, *names))
    assert rows["marks"].to_list() == [1 << i for i in range(MOST_MARKS)]
    with pytest.raises(UsageError, match="At most 32"):
        events_of(table, *names, "*")


class TestWindow:
    table: ClassVar[dict[str, list[object]]] = {
        "user_id": ["a"] * 5,
        "time": [f"2024-01-0{day}" for day in range(1, 6)],
    }

    def test_each_row_has_one_reason_the_first(self) -> None:
        options = {"since": "2024-01-02", "until": "2024-01-04", "as_of": date(2024, 1, 5)}
        rows, _, left_out = used(events_of(self.table, **options))
        assert rows["time"].to_list() == [us(datetime(2024, 1, day)) for day in (2, 3)]
        assert left_out == {quality.BEFORE_SINCE: 1, quality.AFTER_UNTIL: 2}

    def test_as_of_and_the_zone(self) -> None:
        _, _, left_out = used(events_of(self.table, as_of="2024-01-05", tz="Asia/Shanghai"))
        assert left_out == {quality.AFTER_AS_OF: 1}

    def test_the_window_comes_first_then_refusals_then_where(self) -> None:
        times = ["2024-01-01", "2024-01-01", "?", "2025-01-01", "2025-01-02"]
        table = {"user_id": ["", "a", "", "", "a"], "time": times}
        _, refused, left_out = used(events_of(table, where="user_id != 'a'", since="2025-01-01"))
        assert refused == {quality.NO_MEMBER: 2}
        assert left_out == {quality.BEFORE_SINCE: 2, quality.WHERE: 1}


def test_every_refusal_of_a_time() -> None:
    table = {
        "user_id": ["a"] * 6,
        "time": ["2024-01-01", "", None, "soon", "0000-00-00", "1970-01-01 00:00:00"],
    }
    _, refused, _ = used(events_of(table))
    assert refused == {quality.NO_TIME: 2, quality.BAD_TIME: 1, quality.ZERO_DATE: 2}


def test_what_the_sample_did_not_show_can_still_end_the_run() -> None:
    times = [*["2024-01-01 00:00"] * 1000, "2024-01-01 00:00Z"]
    events = events_of({"user_id": ["a"] * 1001, "time": times})
    with pytest.raises(InputError, match="--naive-tz"):
        used(events)


def test_segments_live_in_the_member_table_first() -> None:
    table = {"user_id": ["a"], "time": ["2024-01-01"], "channel": ["web"], "tier": [None]}
    members = {"user_id": ["a"], "channel": ["wechat"], "city": [7]}
    events = events_of(table, members=members, segments=("tier", "channel", "city"))
    assert events.segments == ("event", "member", "member")
    assert events.frame.collect_schema().names() == ["member", "time", "fate", "marks", "seg_0"]
    assert events.members is not None
    assert events.members.row(0, named=True) == {
        "member": "a",
        "joined": None,
        "left": None,
        "seg_1": "wechat",
        "seg_2": "7",
    }


def test_no_rows_is_no_error() -> None:
    empty = made(
        pl.DataFrame(
            {"user_id": [], "time": [], "event": []},
            schema_overrides={"user_id": pl.String, "time": pl.String, "event": pl.String},
        )
    )
    rows, refused, left_out = used(events_of(empty, "buy", event=True))
    assert (len(rows), refused, left_out) == (0, {}, {})


def test_event_names_are_trimmed_and_kept_on_request() -> None:
    table = {"user_id": ["a", "b"], "time": ["2024-01-01"] * 2, "event": [" buy", "buy"]}
    events = events_of(table, "buy", event=True)
    rows, _, _ = used(events)
    assert rows.select("event", "marks").rows() == [("buy", 1)] * 2
    assert "Event names have blanks around them: trimmed." in events.notes
    numbers = events_of({**table, "event": [1, 2]}, "1", event=True)
    assert used(numbers)[0]["marks"].to_list() == [1, 0]


def test_typed_and_text_columns_give_the_same_events() -> None:
    typed = pl.DataFrame(
        {
            "user_id": ["a", "b", None],
            "time": [datetime(2024, 1, 1, 8, 30), datetime(2024, 2, 1), datetime(2024, 3, 1)],
            "amount": [1.5, None, 3.0],
            "vip": [True, False, None],
        }
    )
    text = typed.with_columns(pl.col("time", "vip", "amount").cast(pl.String))
    options = {"where": "vip = true OR amount IS NULL OR time > '2024-02-15'", "amount": True}
    both = [used(events_of(made(one), "[amount > 1]", **options)) for one in (typed, text)]
    assert_frame_equal(both[0][0], both[1][0])
    assert both[0][1:] == both[1][1:]


def test_only_the_columns_that_are_needed_are_read(tmp_path: object) -> None:
    path = f"{tmp_path}/events.parquet"
    wide = pl.DataFrame(SHOP).with_columns(pl.lit(i).alias(f"c{i}") for i in range(20))
    wide.write_parquet(path)
    table = made(wide)
    scanned = type(table)(pl.scan_parquet(path), table.header, (path,), (), origin=False)
    plan = events_of(scanned).frame.explain()
    assert "PROJECT 2/26 COLUMNS" in plan
    where = events_of(scanned, "[Quantity > 0]", where="InvoiceNo NOT LIKE 'C%'")
    assert "PROJECT 4/26 COLUMNS" in where.frame.explain()
