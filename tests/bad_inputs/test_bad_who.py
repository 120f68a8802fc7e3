"""Bad ids: who is nobody, and who are two that look like one."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl
from bad import HEAD, Case, check, each, run

NOBODY = ["", " ", "null", "NULL", "-", "0", "游客", "(null)", "#N/A", "\\N", "未知", "guest"]


def rows(*ids: str) -> str:
    """Return a CSV with an event for each id."""
    return HEAD + "".join(f"{one},2024-03-{1 + i % 28:02},1\n" for i, one in enumerate(ids))


def parquet(**columns: object) -> bytes:
    """Return a Parquet file."""
    file = io.BytesIO()
    pl.DataFrame(columns).write_parquet(file)
    return file.getvalue()


TIMES = ["2024-03-01", "2024-03-02"]
MANY = [f"u{i}" for i in range(60)]

CASES = [
    Case(
        "nobody",
        "ids that mean nobody are refused and counted",
        {"f.csv": rows("ann", *NOBODY)},
        "cohort f.csv --max-rejects 1",
        rows=1,
        members=1,
        refused={"no member": len(NOBODY)},
    ),
    Case(
        "nobody",
        "null in Parquet",
        {"f.parquet": parquet(user_id=["ann", None], event_time=TIMES)},
        "cohort f.parquet",
        members=1,
        refused={"no member": 1},
    ),
    Case(
        "nobody",
        "the list is what --nobody adds",
        {"f.csv": rows("ann", "till-1", "till-2")},
        "cohort f.csv --nobody till-1 --nobody till-2 --max-rejects 1",
        members=1,
        refused={"no member": 2},
    ),
    Case(
        "nobody",
        "of the member table",
        {
            "f.csv": rows("ann"),
            "m.csv": "user_id,joined\nann,2024-01-01\n,2024-01-01\n-,2024-01-01\n",
        },
        "cohort f.csv --members m.csv",
        members=1,
        says=("Member table: 2 rows left out: no id 1, an id that means nobody 1.",),
    ),
    Case(
        "nobody",
        "one id with over 5% of all rows is told, and never which",
        {"f.csv": rows(*MANY, *MANY, *["till7"] * 30)},
        "cohort f.csv",
        members=61,
        says=("One id has 20.0% of all rows",),
        never=("till7",),
    ),
    Case(
        "zeros",
        "00123 stays text",
        {"f.csv": rows("00123", "123", "0123")},
        "cohort f.csv",
        members=3,
        refused={},
    ),
    Case(
        "decimals",
        "17850.0 throughout is 17850",
        {"f.csv": rows("17850.0", "17851.0"), "m.csv": "user_id,joined\n17850,2024-01-01\n"},
        "cohort f.csv --members m.csv",
        members=2,
        says=(
            "'user_id' is written like 17850.0 throughout: read as 17850.",
            "1 member has events",
        ),
    ),
    Case(
        "decimals",
        "mixed with others it is as written",
        {"f.csv": rows("17850.0", "17850")},
        "cohort f.csv",
        members=2,
        says=("17850",),
    ),
    Case(
        "digits",
        "1.23E+11 has lost digits",
        {"f.csv": rows("4.56E+11", "4.57E+11")},
        "cohort f.csv",
        members=2,
        says=("digits were lost before retainkit read them",),
        never=("4.56E+11",),
    ),
    Case(
        "digits",
        "numbers beyond 2^53 in text are as written",
        {"f.csv": rows("9007199254740993", "9007199254740992")},
        "cohort f.csv",
        members=2,
        refused={},
    ),
    Case(
        "digits",
        "decimal numbers beyond 2^53",
        {"f.parquet": parquet(user_id=[9007199254740993.0, 9007199254740995.0], event_time=TIMES)},
        "cohort f.parquet",
        says=("digits",),
    ),
    Case(
        "blanks",
        'blanks, tabs and ="…" around an id go',
        {
            "f.csv": rows(
                "123", " 123 ", "\t123\t", '"=""123"""', "123\u3000", "\u200b123", "\ufeff123"
            )
        },
        "cohort f.csv",
        members=1,
        refused={},
    ),
    Case(
        "blanks",
        "full width is another member without --normalize-ids",
        {"f.csv": rows("123", "１２３")},
        "cohort f.csv",
        members=2,
        says=("--normalize-ids",),
    ),
    Case(
        "blanks",
        "full width is folded by --normalize-ids",
        {"f.csv": rows("123", "１２３")},
        "cohort f.csv --normalize-ids",
        members=1,
    ),
    Case("case", "Ann and ann are two", {"f.csv": rows("Ann", "ann")}, "cohort f.csv", members=2),
    Case(
        "case",
        "inspect says so",
        {"f.csv": rows("Ann", "ann")},
        "inspect f.csv",
        says=("differ",),
    ),
    Case(
        "types",
        "numbers here and text there are text in both",
        {
            "a.parquet": parquet(user_id=[1, 2], event_time=TIMES),
            "b.parquet": parquet(user_id=["1", "x"], event_time=TIMES),
        },
        "cohort a.parquet b.parquet",
        members=3,
        says=("column 'user_id' is Int64 in 'a.parquet', String in 'b.parquet': read as text.",),
    ),
]


@each(CASES)
def test_who(case: Case, here: Path) -> None:
    check(case, here)


def test_nobody_is_listed_by_the_words_that_stand_for_it(here: Path) -> None:
    (here / "f.csv").write_text(rows("ann", "游客", "-"), encoding="utf-8")
    told = run("inspect f.csv -f json --max-rejects 1").told
    assert "Ids that mean nobody are refused: '游客' in 1 row, '-' in 1 row." in told
