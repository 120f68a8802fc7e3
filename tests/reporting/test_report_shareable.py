"""A report that is made to be given away: what an attacker with all of it cannot find in it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from retainkit.checking.running import Check
from retainkit.cli import app
from retainkit.demo.shop import open_shop
from retainkit.errors import UsageError
from retainkit.reporting import document, markdown, page
from retainkit.reporting.contents import ReportParams
from retainkit.reporting.model import Report
from retainkit.reporting.running import reported
from retainkit.sources import SourceOptions

LEAST = 10
STEPS = "add_to_cart > checkout > pay"
KEY = "a key of twenty-four bytes"
# Columns that count members, in every table that is shared.
COUNTS = ("size", "returned", "mature", "members", "active", "new", "retained", "resurrected")
COUNTS += ("churned", "dropped", "open", "buyers", "repurchased", "converted", "visitors")
WHOLES = {"returned": ("size", "mature"), "repurchased": ("mature",), "converted": ("mature",)}


def shop_report(**asked: Any) -> Report:
    shop = open_shop(1500, 7)
    rules = ("retention day=1 mode=on by=city city=each >= 0.3",)
    params = ReportParams(by=("client", "city"), steps=STEPS, **{"share_safe": True, **asked})
    options = SourceOptions(members=shop.members, tz="Asia/Shanghai")
    return reported(params, [shop.events], options, check=Check(rules=_rules(rules)))


def _rules(texts: tuple[str, ...]) -> Any:
    from retainkit.checking.parsing import read_rules
    from retainkit.checking.rules import Definitions

    return read_rules(texts, Definitions())


@pytest.fixture(scope="module")
def made() -> Report:
    return shop_report()


@pytest.fixture(scope="module")
def whole() -> Report:
    """The same report with nothing left out: what an attacker would like to know."""
    return shop_report(share_safe=False)


def tables(report: Report) -> dict[tuple[str, str], pl.DataFrame]:
    return {
        (section.name, name): table
        for section in report.sections
        for name, table in section.result.tables.items()
        if table.height
    }


def small(values: pl.Series) -> pl.Series:
    return values.filter((values > 0) & (values < LEAST))


def test_no_number_is_of_too_few_and_none_leaves_too_few(made: Report) -> None:
    seen = 0
    for table in tables(made).values():
        for name in set(COUNTS) & set(table.columns):
            assert not len(small(table[name].drop_nulls()))
            seen += len(table)
            for whole in set(WHOLES.get(name, ())) & set(table.columns):
                assert not len(small((table[whole] - table[name]).drop_nulls()))
    assert seen > 500
    for each in made.headline:
        told = each.value if each.unit == "count" or each.value is None else each.value * each.n
        assert told is None or told == 0 or told >= LEAST


def test_a_share_is_told_only_with_what_it_is_of(made: Report) -> None:
    for table in tables(made).values():
        if "rate" in table.columns:
            of = [name for name in ("returned", "repurchased", "converted") if name in table]
            hidden = table.filter(pl.col(of[0]).is_null()) if of else table.clear()
            for name in ("rate", "ci_low", "ci_high"):
                assert hidden[name].null_count() == hidden.height


@pytest.mark.parametrize(
    ("fine", "keys", "coarse", "cells"),
    [
        (("cohorts_client", "main"), ["cohort", "age"], ("cohorts", "main"), "size"),
        (("cohorts_client", "main"), ["cohort", "age"], ("cohorts", "main"), "returned"),
        (("cohorts_city", "main"), ["cohort", "age"], ("cohorts", "main"), "size"),
        (("cohorts_city", "main"), ["cohort", "age"], ("cohorts", "main"), "returned"),
        (("cohorts_city", "main"), ["city", "age"], ("cohorts_city", "pooled"), "returned"),
        (("cohorts", "main"), ["age"], ("cohorts", "pooled"), "returned"),
        (("cohorts", "main"), ["came"], ("lifecycle", "main"), "returned=active"),
        (("cohorts", "main"), ["cohort"], ("lifecycle", "main"), "size=new"),
        (("segments_city", "main"), ["day"], ("days", "main"), "returned"),
        (("funnel_client", "trend"), ["period", "step"], ("funnel", "trend"), "members"),
        (("funnel_city", "trend"), ["city", "step"], ("funnel_city", "main"), "members"),
    ],
)
def test_no_sum_tells_the_one_part_left_out(
    made: Report,
    whole: Report,
    fine: tuple[str, str],
    keys: list[str],
    coarse: tuple[str, str],
    cells: str,
) -> None:
    one, _, other = cells.partition("=")
    sums = {}
    for report in (made, whole):
        found = tables(report)
        if coarse not in found:
            return
        parts = dated(found[fine])
        if one == "size" and "age" not in keys:
            parts = parts.unique(["cohort"])  # the same at every age
        parts = parts.group_by(keys).agg(
            left_out=pl.col(one).is_null().sum(), sum=pl.col(one).sum()
        )
        total = dated(found[coarse]).select(*keys, total=other or one).unique()
        sums[report is made] = parts.join(total, on=keys)
    true = sums[False].filter(pl.col("sum") == pl.col("total")).select(keys)
    told = sums[True].join(true, on=keys)
    assert (told.filter(pl.col("total").is_not_null())["left_out"] != 1).all()
    assert (told.filter(pl.col("total").is_null())["left_out"] != 0).all()


def dated(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table with the periods that ages lie in, and periods as cohorts."""
    if {"cohort", "age"} <= set(table.columns):
        came = pl.col("cohort").dt.offset_by(pl.format("{}mo", "age"))
        return table.filter("complete").with_columns(came=came)
    if "active" in table.columns:
        return table.with_columns(came="period", cohort="period")
    return table


def test_steps_and_lives_do_not_tell_the_one_left_out(made: Report) -> None:
    rows = tables(made)["lifecycle", "main"]
    came = rows.select(pl.sum_horizontal(pl.col("new", "retained", "resurrected").is_null()))
    assert not (came.to_series() == 1).any()
    went = rows.select(pl.sum_horizontal(pl.col("retained", "churned").is_null()))
    assert not (went.to_series() == 1).any()


def test_most_of_a_report_is_still_there(made: Report) -> None:
    found = tables(made)
    assert found["cohorts", "main"]["size"].null_count() == 0
    assert found["days", "main"]["rate"].null_count() == 0
    assert found["lifecycle", "main"]["active"].null_count() == 0
    assert sum(each.value is not None for each in made.headline) >= 5


def test_what_is_not_made_of_protected_tables_has_no_numbers(made: Report) -> None:
    assert made.verdicts is not None
    verdicts = made.verdicts.main
    assert verdicts["verdict"].null_count() == 0
    for name in ("estimate", "n", "ci_low", "segment", "p_value"):
        assert verdicts[name].null_count() == len(verdicts) == 6
    for each in made.findings:
        assert not each.evidence
        assert each.members is None
        assert "%" not in each.sentence
    assert not any(section.result.notes for section in made.sections)
    assert "Made to be shared" in made.notes[0]


def test_findings_are_told_without_numbers() -> None:
    found = shop_report(fdr=0.9).findings
    assert found
    assert all(not any(sign in each.sentence for sign in "%(") for each in found)


def events(column: str, values: list[str], many: int = 600) -> pl.DataFrame:
    """Return `many` members, of whom every other one comes back, with a value each."""
    start = datetime(2024, 1, 3)
    rows = [
        (f"member-{n:04}", start + timedelta(days=31 * back + n % 28), values[n % len(values)])
        for n in range(many)
        for back in range(1 + n % 2)
    ]
    return pl.DataFrame(rows, schema=["user_id", "time", column], orient="row")


def shared(frame: pl.DataFrame, **asked: Any) -> str:
    """Return the whole text of a report by one column."""
    params = ReportParams(by=(frame.columns[2],), **{"share_safe": True, **asked})
    return document.document(reported(params, [frame], SourceOptions()))


def test_values_of_few_members_are_not_named() -> None:
    values = ["north", "south"] * 40 + ["Li Lei, who wrote to us"]
    text = shared(events("region", values))
    assert "north" in text
    assert "Li Lei" not in text
    assert "1 value of region with fewer than 10 members each" in text


def test_free_text_is_not_told() -> None:
    values = ["none"] * 20 + [f"please call me {n}" for n in range(600)]
    text = shared(events("remark", values))
    assert "please call" not in text
    assert "remark is free text" in text


def test_ids_are_hashed_with_a_key_that_nobody_sees(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inviters = [f"member-{n:04}" for n in (1, 2, 3)]
    frame = events("inviter", inviters)
    with pytest.raises(UsageError, match="inviter are ids of members"):
        shared(frame)
    monkeypatch.setenv("CLUB_KEY", KEY)
    (tmp_path / "key").write_text(f"{KEY}\n")
    texts = [shared(frame, hash_key=place) for place in ("CLUB_KEY", f"@{tmp_path / 'key'}")]
    assert texts[0] == texts[1]
    assert KEY not in texts[0]
    assert "member-0" not in texts[0]
    assert str(tmp_path) not in texts[0]
    rows = json.loads(texts[0])["sections"]
    tokens = {
        row["inviter"]
        for section in rows
        if section["name"] == "segments_inviter"
        for row in section["result"]["tables"]["main"]
    }
    assert len(tokens) == 3
    assert all(len(token) == 32 for token in tokens)


def test_grades_are_no_ids_though_members_are_numbered() -> None:
    frame = events("grade", ["1", "2", "3"]).with_columns(
        user_id=pl.col("user_id").str.slice(7).str.to_integer()
    )
    assert '"grade":"2"' in shared(frame)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"min_cell": 5}, "--min-cell is for a report that is --share-safe"),
        ({"hash_key": "X"}, "--hash-key is for a report that is --share-safe"),
        ({"share_safe": True, "min_cell": 1}, "--min-cell: at least 2"),
        ({"share_safe": True, "hash_key": "NO_SUCH_KEY"}, "it is empty or not set"),
        ({"share_safe": True, "hash_key": "@/no/such/file"}, "cannot be read"),
    ],
)
def test_wrong_words_are_told(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ReportParams(**asked)


def test_files_are_called_by_their_last_names(tmp_path: Path) -> None:
    events("region", ["north"]).write_csv(tmp_path / "export.csv")
    params = ReportParams(share_safe=True)
    text = document.document(reported(params, [tmp_path / "export.csv"], SourceOptions()))
    assert "export.csv" in text
    assert str(tmp_path) not in text


def test_the_folder_of_the_history_is_called_by_its_last_name(tmp_path: Path) -> None:
    events("region", ["north"]).write_csv(tmp_path / "export.csv")
    flags = ["--share-safe", "--history", str(tmp_path / "runs"), "-o", str(tmp_path / "r.json")]
    for _ in range(2):
        done = CliRunner().invoke(app, ["report", str(tmp_path / "export.csv"), *flags])
        assert done.exit_code == 0, done.stderr
    text = (tmp_path / "r.json").read_text()
    assert '"runs"' in text
    assert str(tmp_path) not in text


def test_a_column_may_have_any_name() -> None:
    for asked in ({}, {"share_safe": False}):
        report = shared(events("came", ["north", "south"]), **asked)
        assert "came" in report
    lists = [json.loads(shared(events(name, ["north", "south"]))) for name in ("came", "region")]
    first, second = (each["sections"] for each in lists)
    assert str(first).replace("came", "region") == str(second).replace("came", "region")


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(seed=st.integers(0, 10**6), many=st.integers(1, 150), least=st.sampled_from([2, 10, 90]))
def test_any_shop_can_be_told_in_any_format(seed: int, many: int, least: int) -> None:
    draw = np.random.default_rng(seed)
    rows = int(many * draw.integers(1, 6))
    frame = pl.DataFrame(
        {
            "user_id": [f"m{n}" for n in draw.integers(0, many, rows)],
            "time": [
                datetime(2024, 1, 1) + timedelta(days=int(d)) for d in draw.integers(0, 200, rows)
            ],
            "event": draw.choice(["add_to_cart", "checkout", "pay"], rows),
            "amount": draw.integers(1, 99, rows).astype(float),
            "city": draw.choice(["a", "b", "c", "d"], rows, p=[0.5, 0.3, 0.15, 0.05]),
        }
    )
    params = ReportParams(by=("city",), steps=STEPS, share_safe=True, min_cell=least)
    report = reported(params, [frame], SourceOptions())
    for write in (document.document, markdown.markdown, page.page):
        text = write(report)
        assert "None" not in text.replace("None of", "")
        assert "nan" not in text.split("</style>")[-1].lower().replace("nano", "")
    for table in tables(report).values():
        for name in set(COUNTS) & set(table.columns):
            values = table[name].drop_nulls()
            assert not len(values.filter((values > 0) & (values < least)))
