"""`paths` where brute force does not look: SQL on more members, requests of no sense, words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

import retainkit
from invoked import invoked
from oracle.paths import four_digits as kept
from retainkit.demo.plan import BROKEN_FROM
from retainkit.errors import UsageError
from retainkit.metrics.paths.tally import four_digits

ROOT = Path(__file__).parents[1]
SQL = ROOT / "tests" / "oracle" / "sql" / "paths.sql"
START = 1_700_000_000
NAMES = ("visit", "visit", "view", "view", "cart", "help", "pay", "ping", "ping")


def walks(*lives: str) -> pl.DataFrame:
    """Return events: a letter an event, one an hour; members are numbered."""
    rows = [
        {"user_id": who, "event_time": datetime(2024, 3, 1, hour, tzinfo=UTC), "event": name}
        for who, life in enumerate(lives, 1)
        for hour, name in enumerate(life)
    ]
    return pl.DataFrame(rows)


def crowd(seed: int, rows: int, spread: int) -> pl.DataFrame:
    """Return events at whole seconds, many of them at once if they are not spread much."""
    rng = np.random.default_rng(seed)
    seconds = pl.Series(START + rng.integers(0, spread, rows))
    return pl.DataFrame(
        {
            "member": pl.Series(rng.integers(1, rows // 12, rows)),
            "time": (seconds * 1_000_000).cast(pl.Datetime("us", "UTC")),
            "event": rng.choice(NAMES, rows),
        }
    )


@pytest.mark.parametrize(
    ("seed", "spread", "window", "depth"),
    [(1, 60, 20, 8), (2, 86_400, 7_200, 3), (3, 40 * 86_400, 604_800, 8), (4, 5, 2, 1)],
)
def test_equal_to_sql(seed: int, spread: int, window: int, depth: int) -> None:
    events = crowd(seed, 120_000, spread)
    as_of = datetime.fromtimestamp(START + spread, UTC)
    connection = duckdb.connect()
    connection.register("events", events.to_arrow())
    asked = {"start": "visit", "end": "pay", "ignored": "ping", "window": window, "depth": depth}
    found = connection.execute(SQL.read_text(), {**asked, "as_of": as_of.isoformat()}).fetchall()
    result = retainkit.paths(
        events,
        from_="visit",
        to="pay",
        ignore="ping",
        window=f"{window}s",
        depth=depth,
        top=10**6,
        member_col="member",
        as_of=as_of,
    )
    wanted = {
        (path, arrived): (members, None if seconds is None else kept(seconds))
        for path, arrived, members, seconds in found
    }
    columns = ("path", "arrived", "members", "median_seconds")
    rows = result.main.select(columns).rows()
    assert {(path, arrived): (members, s) for path, arrived, members, s in rows} == wanted
    assert len(wanted) > 10
    assert sum(members for members, _ in wanted.values()) > 3_000


def test_times_are_told_to_four_digits() -> None:
    seconds = [0, 9, 9_999, 10_000, 10_009, 99_999, 100_099, 123_456, 9_999_999, 2**40, -1]
    assert four_digits(np.array(seconds[:-1])).tolist() == [kept(each) for each in seconds[:-1]]
    assert four_digits(np.array(seconds)).tolist()[-1] == -1
    assert four_digits(np.array([], dtype=np.int64)).tolist() == []
    many = np.arange(0, 3_000_000, 7)
    off = (many - four_digits(many))[1:] / many[1:]
    assert (off >= 0).all()
    assert (off < 0.001).all()


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({}, [("a > b > a", None, 1), ("b > c", None, 1)]),
        ({"from_": "a"}, [("a > b > a", None, 1)]),
        ({"to": "c"}, [("a > b > a", False, 1), ("b > c", True, 1)]),
        ({"from_": "b"}, [("b > a", None, 1), ("b > c", None, 1)]),
        ({"from_": "*", "to": "*"}, [("a > a", True, 1), ("b > c", True, 1)]),
        ({"from_": "a", "to": "a"}, [("a > a", True, 1)]),
        ({"from_": "a", "keep_repeats": True, "to": "b"}, [("a > a > b", True, 1)]),
        ({"ignore": ("a", "b")}, [("c", None, 1)]),
        ({"ignore": "*"}, []),
        ({"from_": "c", "to": "a"}, [("c", False, 1)]),
        ({"from_": "none"}, []),
    ],
)
def test_where_a_path_begins_and_ends(asked: dict[str, Any], rows: list[Any]) -> None:
    events = walks("aaba", "bc")
    result = retainkit.paths(events, **asked)
    assert result.main.select("path", "arrived", "members").rows() == rows


def test_a_selector_that_takes_nothing_is_told() -> None:
    result = retainkit.paths(walks("ab"), from_="nix", to="b")
    assert result.main.height == result.table("steps").height == result.table("links").height == 0
    assert result.table("summary").select("members", "started", "rate").rows() == [(1, 0, None)]
    assert any("No event is taken by 'nix'" in note for note in result.notes)


def test_what_is_not_listed_is_told() -> None:
    result = retainkit.paths(walks("a", "a", "ab", "abc", "abcd"), top=1, depth=2)
    assert "Not listed: 3 other paths of 3 members (--top)." in result.notes
    assert any(note.startswith("1 path is longer than 2 events after") for note in result.notes)


def test_the_median_is_the_lower_middle() -> None:
    events = walks("ab", "axb", "axxb", "axxxb")
    result = retainkit.paths(events, to="b", ignore="x")
    assert result.main["median_seconds"].to_list() == [7200]


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"top": 0}, "--top: 0 is less than 1"),
        ({"depth": 0}, "--depth: 0 is not between 1 and 50"),
        ({"depth": 51}, "--depth: 51"),
        ({"depth": 2.5}, "--depth: 2.5 is not of the kind int"),
        ({"from_": 3}, "--from: 3 is not of the kind"),
        ({"from_": "a >"}, "Event selector"),
        ({"to": "["}, "Event selector"),
        ({"ignore": "a b"}, "Event selector"),
        ({"window": "7x"}, "--window"),
        ({"confidence": 1}, "--confidence"),
        ({"by": ["event", "event"]}, "--by: a column is named twice"),
    ],
)
def test_requests_that_make_no_sense_are_refused(keywords: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        retainkit.paths(walks("ab"), **keywords)


def test_settings_and_json_call_the_start_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    walks("xaxb", "b").write_csv("events.csv")
    Path("retainkit.toml").write_text('[paths]\nfrom = "a"\nto = "b"\nkeep-repeats = true\n')
    answer = json.loads(invoked("paths", "events.csv", "-f", "json").stdout)
    assert [row["path"] for row in answer["tables"]["main"]] == ["a > x > b"]
    assert {name: answer["params"][name] for name in ("from", "to", "keep_repeats")} == {
        "from": "a",
        "to": "b",
        "keep_repeats": True,
    }
    assert "from_" not in answer["params"]


def test_unknown_settings_are_answered_with_the_names_of_flags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    walks("ab").write_csv("events.csv")
    Path("retainkit.toml").write_text('[paths]\nfrm = "a"\nfrom_ = "b"\n')
    done = invoked("paths", "events.csv")
    assert done.returncode == 2
    assert "paths.frm: unknown key. Did you mean 'from'?" in done.stderr
    assert "paths.from_: unknown key. Did you mean 'from'?" in done.stderr


# --- the command ---


def command(*args: object) -> str:
    """Return what the command writes to stdout."""
    done = invoked("paths", *args, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the flags that read the demo's files."""
    folder = tmp_path_factory.mktemp("demo")
    assert invoked("demo", folder, "--overwrite").returncode == 0
    files = [str(folder / "events.parquet"), "--members", str(folder / "members.csv")]
    return [*files, "--tz", "Asia/Shanghai", "--from", "checkout", "--to", "pay", "--window", "1d"]


@pytest.mark.parametrize(
    ("format_name", "begins"),
    [
        ("table", "paths · from checkout to pay within 1d\n".encode()),
        ("markdown", "### paths · from checkout to pay within 1d\n".encode()),
        ("html", b"<!doctype html>"),
        ("json", b'{"format": "retainkit/1",'),
        ("csv", b"rank,path,arrived,members,share,ci_low,ci_high,median_seconds\n"),
        ("parquet", b"PAR1"),
        ("svg", b"<svg"),
        ("png", b"\x89PNG"),
    ],
)
def test_every_format_is_written(
    format_name: str, begins: bytes, demo: list[str], tmp_path: Path
) -> None:
    command(*demo, "-f", format_name, "-o", tmp_path / "out")
    assert (tmp_path / "out").read_bytes().startswith(begins)


def test_the_broken_checkout_of_the_demo_is_seen(demo: list[str]) -> None:
    told = command(*demo, "--since", BROKEN_FROM, "--by", "client", "-f", "json")
    rates = {row["client"]: row for row in json.loads(told)["tables"]["summary"]}
    assert rates["android"]["ci_high"] < rates["ios"]["ci_low"]


def test_the_commits_of_the_example() -> None:
    commits = ROOT / "examples" / "git_requests" / "commits.csv.gz"
    plain = (commits, "--time-col", "author_time", "--where", "event = 'commit'", "-f", "csv")
    told = command(*plain, "--keep-repeats", "--depth", 2)
    frame = pl.read_csv(told.encode())
    assert set(frame["path"]) == {
        "commit",
        "commit > commit",
        "commit > commit > commit",
        "commit > commit > commit > …",
    }
    once = command(*plain)
    assert pl.read_csv(once.encode()).select("path", "share").rows() == [("commit", 1.0)]
