"""Bad rows: those that are there twice, that are none, and none at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bad import HEAD, Case, check, each, run, write

TWICE = HEAD[:-1] + ",order_id,note\n" + "ann,2024-03-01 08:00,10,o1,x\n" * 2
COUNTING = ("orders", "rfm", "cohort --measure amount", "cohort --measure orders")
NOTHING = (
    "cohort",
    "retention",
    "churn",
    "orders",
    "rfm",
    "funnel --step a --step b",
    "paths --from a",
    "inspect",
)
SHOP = "会员ID,下单时间,金额\n00123,2024-03-01,5\n00124,2024-03-02,6\n"

CASES = [
    *(
        Case(
            "repeats",
            f"{line} counts them and says so",
            {"f.csv": TWICE},
            line.replace(" ", " f.csv ", 1) if " " in line else f"{line} f.csv",
            rows=2,
            members=1,
            says=("At most 1 row repeats an earlier one", "--dedupe exact"),
        )
        for line in COUNTING
    ),
    Case(
        "repeats",
        "in files that overlap",
        {"a.csv": TWICE, "b.csv": TWICE},
        "orders a.csv b.csv",
        rows=4,
        says=("At most 3 rows repeat an earlier one",),
    ),
    Case(
        "repeats",
        "--dedupe exact leaves them out",
        {"a.csv": TWICE, "b.csv": TWICE + "ann,2024-03-01 08:00,10,o1,y\n"},
        "orders a.csv b.csv --dedupe exact",
        rows=2,
        left_out={"repeat": 3},
        never=("an earlier one",),
    ),
    Case(
        "repeats",
        "--dedupe COLUMN takes the first of each value",
        {"a.csv": TWICE + "ann,2024-03-01 08:00,10,o1,y\n"},
        "orders a.csv --dedupe order_id",
        rows=1,
        left_out={"repeat": 2},
    ),
    Case(
        "repeats",
        "inspect counts whole rows",
        {"a.csv": TWICE},
        "inspect a.csv",
        says=("1 row repeats an earlier one",),
    ),
    Case(
        "negative",
        "amounts are counted in a note",
        {"f.csv": HEAD + "ann,2024-03-01,10\nann,2024-03-02,-4\n"},
        "orders f.csv",
        rows=2,
        says=("1 row has a negative amount (refunds, cancellations); --where leaves them out",),
    ),
    Case(
        "negative",
        "--where decides, of money too",
        {"f.csv": HEAD + "ann,2024-03-01,¥10\nann,2024-03-02,¥-4\n"},
        "orders f.csv --where 'amount > 0'",
        rows=1,
        left_out={"--where": 1},
    ),
    Case(
        "joining",
        "events before it are activity and of no age",
        {
            "f.csv": HEAD + "ann,2024-01-01,1\nann,2024-03-02,1\n",
            "m.csv": "user_id,joined\nann,2024-02-01\n",
        },
        "cohort f.csv --members m.csv",
        rows=2,
        says=("1 event lies before its member joined: activity, but at no age.",),
    ),
    Case(
        "around",
        "total lines are refused",
        {"f.csv": SHOP + "合计,2024-03-02,11\n总计：,2024-03-02,11\nTotal,2024-03-02,11\n"},
        "cohort f.csv --measure amount --max-rejects 1",
        rows=2,
        members=2,
        refused={"total line": 3},
    ),
    Case(
        "around",
        "of the member table they are left out",
        {"f.csv": SHOP, "m.csv": "会员ID,入会时间\n00123,2024-01-01\n合计,2024-01-02\n"},
        "cohort f.csv --members m.csv",
        members=2,
        says=("Member table: 1 total line is left out.",),
    ),
    Case(
        "around",
        "lines above the header are left out with their numbers",
        {"f.csv": "报表名称：订单明细\n导出时间：2026-11-01\n\n" + SHOP},
        "cohort f.csv",
        rows=2,
        refused={},
        says=("'f.csv': lines 1 to 2 above the header left out.",),
    ),
    Case(
        "around",
        "lines under the rows are refused, the first with its number",
        {"f.csv": SHOP + "\nTotal rows: 20\n-- end --\n导出时间,2026-11-01 12:00\n"},
        "cohort f.csv --max-rejects 1",
        rows=2,
        members=2,
        refused={"footer": 3},
        says=("3 lines of text under the rows refused as 'footer' (first 'f.csv', line 5).",),
    ),
    Case(
        "around",
        "a file without a header is told, and its values are not",
        {"f.csv": SHOP.partition("\n")[2]},
        "cohort f.csv",
        code=1,
        says=("'f.csv' seems to have no header", "--no-header"),
        never=("00123", "2024-03"),
    ),
    *(
        Case(
            "empty",
            f"{line} of a header alone is an empty result",
            {"f.csv": HEAD[:-1] + ",event\n"},
            f"{line.split()[0]} f.csv {line.partition(' ')[2]}",
            rows=0,
            members=0,
            refused={},
        )
        for line in NOTHING
    ),
    Case(
        "empty",
        "0 bytes are an error",
        {"f.csv": ""},
        "cohort f.csv",
        code=1,
        says=("'f.csv' is empty (0 bytes).",),
    ),
    *(
        Case(
            "one",
            f"{line} of one member works",
            {"f.csv": HEAD[:-1] + ",event\nann,2024-03-01,5,a\n"},
            f"{line.split()[0]} f.csv {line.partition(' ')[2]}",
            rows=1,
            members=1,
        )
        for line in NOTHING
    ),
]


@each(CASES)
def test_rows(case: Case, here: Path) -> None:
    check(case, here)


def test_around_rejects_hold_them_with_their_places(here: Path) -> None:
    write(here, {"f.csv": "报表\n" + SHOP + "合计,,11\n共 2 条\n"})
    assert run("cohort f.csv --rejects r.csv").code == 0
    written = (here / "r.csv").read_text(encoding="utf-8").splitlines()
    assert written[1:] == ["f.csv,3,total line,合计,,11", "f.csv,4,footer,共 2 条,,"]


@pytest.mark.parametrize(
    "rule", ["cohort age=1 >= 0.1", "retention day=1 mode=on >= 0.1", "ltv >= 0"]
)
def test_empty_is_undecided_in_a_check(here: Path, rule: str) -> None:
    write(here, {"f.csv": HEAD})
    assert run(f"check f.csv --rule '{rule}'").code == 4


def test_one_has_a_wide_interval(here: Path) -> None:
    write(here, {"f.csv": HEAD + "ann,2024-03-01,1\nann,2024-03-02,1\nann,2024-03-05,1\n"})
    answer = json.loads(run("retention f.csv --days 1 --mode on -f json").stdout)
    row = answer["tables"]["main"][0]
    assert (row["members"], row["rate"]) == (1, 1.0)
    assert row["ci_low"] < 0.25
    assert row["ci_high"] == 1
