"""The member table: one row a member, joined to the events whatever the type of the ids."""

import random

import polars as pl
import pytest

from retainkit.errors import InputError, UsageError

from .made import events_of, made

EVENTS: dict[str, list[object]] = {"user_id": ["a", "b"], "time": ["2024-05-01", "2024-05-02"]}
DAY = 86_400_000_000


def day(text: str) -> int:
    return int(pl.Series([text]).str.to_datetime(time_unit="us").to_physical()[0])


def members_of(columns: dict[str, list[object]], **options: object) -> pl.DataFrame:
    members = events_of(EVENTS, members=columns, **options).members
    assert members is not None
    return members.sort("member")


def test_joined_and_left_are_found_and_read_on_their_own() -> None:
    table = {
        "会员ID": [" a ", "b", "游客", "c"],
        "入群时间": ["13/01/2024", "01/02/2024", "01/02/2024", None],
        "退群时间": ["2024年3月1日 12:00", "9999-12-31", "", "soon"],
    }
    events = events_of(EVENTS, members=table, tz="Asia/Shanghai")
    assert events.members is not None
    assert events.members.sort("member").rows() == [
        ("a", day("2024-01-12 16:00"), day("2024-03-01 04:00")),
        ("b", day("2024-01-31 16:00"), None),
        ("c", None, None),
    ]
    notes = " ".join(events.notes)
    assert "joined = 入群时间, left = 退群时间 (found by name)" in notes
    assert "1 unreadable time in '退群时间' counts" in notes
    assert "1 row left out: an id that means nobody 1." in notes


def test_joined_and_left_may_be_absent() -> None:
    members = members_of({"user_id": ["a"], "city": ["x"]})
    assert members.schema == {"member": pl.String, "joined": pl.Int64, "left": pl.Int64}
    assert members.rows() == [("a", None, None)]


def test_flags_name_the_columns() -> None:
    table = {"uid": ["a"], "first": ["2024-01-01"], "last": ["2024-02-01"], "joined": ["x"]}
    members = members_of(table, joined_col="first", left_col="last")
    assert members.rows() == [("a", day("2024-01-01"), day("2024-02-01"))]


def test_explicit_formats_of_the_events_do_not_bind_the_member_table() -> None:
    members = members_of(
        {"user_id": ["a"], "joined": ["2024-01-01"]}, time_format=("%d %b %Y", "%Y-%m-%d")
    )
    assert members["joined"].to_list() == [day("2024-01-01")]
    assert members_of({"user_id": ["a"], "joined": ["1 Jan 2024"]}, time_format=("%d %b %Y",))[
        "joined"
    ].to_list() == [day("2024-01-01")]
    assert members_of({"user_id": ["a"], "joined": ["2024-01-01"]}, time_format=("%d %b %Y",))[
        "joined"
    ].to_list() == [day("2024-01-01")]


def test_the_id_is_called_as_in_the_events_or_known_by_alias() -> None:
    events = {"who": ["a"], "user_id": ["x"], "time": ["2024-05-01"]}
    both = {"who": ["a"], "user_id": ["x"]}
    assert events_of(events, members=both, member_col="who").members["member"].to_list() == ["a"]
    other = {"user_id": ["a"]}
    assert events_of(events, members=other, member_col="who").members["member"].to_list() == ["a"]
    with pytest.raises(InputError, match="The member table has no column for the member"):
        events_of(events, members={"city": ["x"]}, member_col="who")


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([17850], ["17850.0", "17850.0"], "17850"),
        (["17850.0"], [17850, 1], "17850"),
        ([17850.0, None], [17850, 1], 17850),
        (["00123"], ["00123", "123"], "00123"),
        (pl.Series([17850], dtype=pl.UInt32), [17850, 1], 17850),
    ],
)
def test_ids_join_whatever_their_type(
    ours: list[object], theirs: list[object], expected: object
) -> None:
    table = pl.DataFrame({"user_id": ours}).with_columns(time=pl.lit("2024-05-01"))
    events = events_of(made(table), members={"user_id": theirs})
    frame, members = events.frame.collect(), events.members
    assert members is not None
    assert frame.schema["member"] == members.schema["member"]
    assert frame["member"][0] == members["member"][0] == expected


class TestRepeatedMembers:
    rows = (
        ("a", "2024-03-01", None, None, "z"),
        ("a", "2024-01-01", "2024-02-01", "x", None),
        ("a", None, "2024-01-15", "y", "w"),
        ("b", "2024-01-01", "2024-02-01", None, None),
        ("b", "2024-01-01", None, None, None),
    )

    @pytest.mark.parametrize("seed", range(6))
    def test_one_row_each_in_whatever_order(self, seed: int) -> None:
        rows = random.Random(seed).sample(self.rows, len(self.rows))
        names = ("user_id", "joined", "left", "city", "tier")
        table = pl.DataFrame(rows, names, orient="row")
        events = events_of(EVENTS, members=made(table), segments=("city", "tier"))
        assert events.members is not None
        assert events.members.sort("member").rows() == [
            ("a", day("2024-01-01"), None, "x", "z"),  # joined again in March and still there
            ("b", day("2024-01-01"), day("2024-02-01"), None, None),
        ]
        assert any("3 rows repeat a member" in note for note in events.notes)

    def test_without_attributes(self) -> None:
        assert members_of({"user_id": ["a", "a"]}).rows() == [("a", None, None)]


def test_flags_for_a_member_table_need_one() -> None:
    with pytest.raises(UsageError, match=r"--left-col .*there is none"):
        events_of(EVENTS, left_col="left")


def test_mixed_offsets_are_an_error_there_too() -> None:
    joined = ["2024-01-01 00:00Z", *["2024-01-01 00:00"] * 1]
    with pytest.raises(InputError, match="--naive-tz"):
        members_of({"user_id": ["a", "b"], "joined": joined})


def test_a_zero_date_of_joining_is_counted() -> None:
    table = {"user_id": ["a", "b", "c"], "joined": ["0000-00-00", "1970-01-01", "2024-01-05"]}
    events = events_of(EVENTS, members=table)
    assert "Member table: 2 zero dates in 'joined' count as unknown." in events.notes


def test_attributes_are_of_the_first_joining_and_filled_from_the_next() -> None:
    table = {
        "user_id": ["a", "a", "a"],
        "joined": ["2024-02-01", "2024-01-01", None],
        "city": ["Lyon", "Nice", "Metz"],
        "plan": ["pro", "", "free"],
    }
    for rows in (table, {name: values[::-1] for name, values in table.items()}):
        events = events_of(EVENTS, members=rows, segments=("city", "plan"))
        assert events.members is not None
        assert events.members.select("seg_0", "seg_1").rows() == [("Nice", "pro")]
    assert "Member table: 2 rows repeat a member: the earliest joining counts." in events.notes
