"""`init`: what it writes is read again, and reads the files as the flags did."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from retainkit.cli import app

EVENTS = """CustomerID,下单时间,amount,total,kind
a,2024-01-01,1,1,x
a,2024-02-02,2,2,y
b,2024-01-09,3,3,x
"""
MEMBERS = "uid,joined_at,tier\na,2023-12-01,gold\nb,2024-01-01,tin\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "events.csv").write_text(EVENTS, encoding="utf-8")
    (tmp_path / "members.csv").write_text(MEMBERS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str, code: int = 0) -> tuple[str, str]:
    done = CliRunner().invoke(app, args, prog_name="retainkit")
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout, done.stderr


def answer(*args: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*args, "-f", "json", "-q")[0])
    return found


def written(path: str = "retainkit.toml") -> dict[str, Any]:
    return tomllib.loads(Path(path).read_text(encoding="utf-8"))


def test_it_writes_the_files_the_columns_and_the_calendar() -> None:
    stdout, stderr = run("init", "events.csv", "--event-col", "kind")
    assert stdout == "Wrote retainkit.toml.\n"
    assert stderr.startswith("To settle there: Several columns could be the amount")
    assert written()["source"] == {
        "sources": ["events.csv"],
        "member_col": "CustomerID",
        "time_col": "下单时间",
        "event_col": "kind",
        "tz": "UTC",
        "week_start": "monday",
    }
    assert "3 rows, of which 3 can be used; 2 members" in Path("retainkit.toml").read_text()


@pytest.mark.parametrize(
    "flags",
    [
        [],
        ["--tz", "Asia/Shanghai", "--where", "kind = 'x'", "--week-start", "sunday"],
        ["--members", "members.csv", "--amount-col", "amount", "--as-of", "2024-03-01"],
        ["--no-header", "--member-col", "column_1", "--time-col", "column_2"],
        ["--time-format", "%Y-%m-%d", "--max-rejects", "0.2", "--since", "2024-01-05"],
    ],
)
def test_what_it_writes_gives_the_result_of_the_flags(flags: list[str]) -> None:
    by_flags = answer("cohort", "events.csv", *flags)
    run("init", "events.csv", *flags)
    by_settings = answer("cohort")
    assert by_settings["tables"] == by_flags["tables"]
    assert by_settings["data"] == by_flags["data"]


def test_paths_are_those_seen_from_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "etc").mkdir()
    run("init", "events.csv", str(folder / "members.csv"), "-o", "etc/retainkit.toml")
    assert written("etc/retainkit.toml")["source"]["sources"] == [
        "../events.csv",
        str(folder / "members.csv"),
    ]
    run("init", "events.csv", "-o", "etc/retainkit.toml", "--force")
    here = answer("cohort", "events.csv")
    monkeypatch.chdir(folder / "etc")
    assert answer("cohort")["tables"] == here["tables"]


def test_every_default_stands_there_and_is_read_when_its_mark_is_removed() -> None:
    run("init", "events.csv")
    text = Path("retainkit.toml").read_text(encoding="utf-8")
    table, found = "", {}
    for line in text.splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            table = match[1]
        elif match := re.match(r"# (\w+ = .*)", line):
            ((key, value),) = tomllib.loads(match[1]).items()
            found[table, key] = value
    assert found["cohort", "horizon"] == 12
    assert found["cohort", "by"] == ["COLUMN"]
    assert found["retention", "mode"] == ["on"]
    assert found["source", "header"] is True
    assert found["cohort", "chart"] == "FILE"
    assert ("inspect", "chart") not in found
    assert {table for table, _ in found} == {
        *(
            "source",
            "engine",
            "cohort",
            "retention",
            "churn",
            "funnel",
            "paths",
            "orders",
            "rfm",
            "ltv",
            "renewals",
            "report",
            "check",
            "snapshot",
            "ingest",
            "inspect",
        )
    }
    Path("retainkit.toml").write_text(re.sub(r"(?m)^# (\w+ = )", r"\1", text), encoding="utf-8")
    # Placeholders name nothing that exists, yet the file is taken as it is.
    assert "cannot be used" not in CliRunner().invoke(app, ["cohort"]).stderr


def test_it_is_useful_where_the_mapping_fails() -> None:
    pl.DataFrame({"uid": ["a"], "user_id": ["b"], "when": ["x"]}).write_csv("two.csv")
    _, stderr = run("init", "two.csv")
    assert "--member-col" not in written()["source"]
    assert "Several columns could be the member: 'uid', 'user_id'" in stderr
    text = Path("retainkit.toml").read_text()
    assert re.search(r"^# member_col = .*# could be uid, user_id$", text, re.MULTILINE)
    assert re.search(r"^# time_col = ", text, re.MULTILINE)


def test_the_member_tables_columns_are_found_too() -> None:
    run("init", "events.csv", "--members", "members.csv")
    found = written()["source"]
    assert (found["members"], found["joined_col"]) == ("members.csv", "joined_at")


def test_names_from_the_data_stay_names() -> None:
    evil = 'x"]\n[cohort]\nperiod = "day" # \x7f'
    pl.DataFrame({evil: ["a"], "time": ["2024-01-01"]}).write_parquet("evil.parquet")
    run("init", "evil.parquet", "--member-col", evil)
    assert written()["source"]["member_col"] == evil
    assert "cohort" not in {k for k, v in written().items() if v}


def test_a_file_that_stands_there_stays() -> None:
    run("init", "events.csv")
    Path("retainkit.toml").write_text("mine")
    assert "--force" in run("init", "events.csv", code=2)[1]
    assert Path("retainkit.toml").read_text() == "mine"
    run("init", "events.csv", "--force")  # a file that cannot be read is no hindrance
    assert written()["source"]["sources"] == ["events.csv"]


@pytest.mark.parametrize("target", ["events.csv", "pyproject.toml", "link.toml"])
def test_only_a_file_for_settings_is_written(target: str) -> None:
    Path("link.toml").symlink_to("events.csv")
    run("init", "events.csv", "-o", target, "--force", code=2)
    assert Path("events.csv").read_text(encoding="utf-8") == EVENTS


@pytest.mark.parametrize("sources", [[], ["-"]])
def test_sources_have_to_be_files(sources: list[str]) -> None:
    assert "name the files" in run("init", *sources, code=2)[1]
