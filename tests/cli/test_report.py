"""`retainkit report` as cron runs it: what it writes and says, runs before, one at a time."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import retainkit
from retainkit.cli import app
from retainkit.errors import OutputError
from retainkit.leftovers import ASIDE
from retainkit.locking import locked
from retainkit.reporting import history

RULE = '[[rules]]\nmetric = "cohort"\nage = 1\nat_least = {}\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with events of 4 months x 60 members, of whom half come back, once."""
    rows = [
        (f"{month}-{number}", date(2024, month, 3) + timedelta(days=31 * back))
        for month in (1, 2, 3, 4)
        for number in range(60)
        for back in (0, 1)[: 1 + (number < 30)]
    ]
    frame = pl.DataFrame(rows, schema=["user_id", "time"], orient="row")
    frame.with_columns(event=pl.lit("visit")).write_csv(tmp_path / "events.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["report", "events.csv", *args])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("suffix", ["html", "md", "json"])
def test_a_report_is_one_file(folder: Path, suffix: str) -> None:
    assert run("-o", f"r.{suffix}") == (0, "", f"Wrote r.{suffix}.\n")
    assert "Retention report" in (folder / f"r.{suffix}").read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["events.csv", f"r.{suffix}"]


def test_a_name_without_a_suffix_is_a_folder(folder: Path) -> None:
    assert run("-o", "tables", "-q") == (0, "", "")
    assert (folder / "tables" / "manifest.json").exists()


def test_the_day_of_as_of_stands_in_the_name(folder: Path) -> None:
    assert run("-o", "r-{date}.json", "-q")[0] == 0
    assert (folder / "r-2024-05-05.json").exists()


@pytest.mark.parametrize("bound", [(0.4, 0), (0.6, 3)])
def test_exit_codes_are_those_of_the_check(folder: Path, bound: tuple[float, int]) -> None:
    least, code = bound
    (folder / "retainkit.toml").write_text(RULE.format(least))
    assert run("-o", "r.json", "-q")[0] == code
    told = json.loads((folder / "r.json").read_text())
    assert told["verdicts"]["tables"]["main"][0]["estimate"] == 0.5


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["-o", "r.pdf"], 2, "a report is no '.pdf' file"),
        (["-o", "r-{day}.html"], 2, "a placeholder other than {date}"),
        (["-o", "missing/r.html"], 1, "there is no folder to write to"),
        (["-o", "events.csv"], 2, "a report is no '.csv' file"),
        (["--keep", "3"], 2, "--keep is for the runs in a --history DIR"),
        (["--keep", "0", "--history", "h"], 2, "--keep: at least 1 run is kept"),
        (["--fdr", "0"], 2, "--fdr: 0.0 does not lie between 0 and 1"),
        (["--by", "event", "--by", "event"], 2, "--by: a column is named twice"),
        (["--rule", "cohrt >= 1"], 2, "Did you mean 'cohort'?"),
        (["--by", "chanel"], 1, "there is no column 'chanel'"),
    ],
)
def test_what_errs_is_told_and_nothing_is_written(
    folder: Path, args: list[str], code: int, said: str
) -> None:
    done, stdout, stderr = run(*args)
    assert (done, stdout) == (code, "")
    assert said in stderr
    assert sorted(path.name for path in folder.iterdir()) == ["events.csv"]


def test_runs_before_are_kept_and_restated_numbers_told(folder: Path) -> None:
    for as_of in ("2024-03-01", "2024-04-01", "2024-05-01"):
        assert run("--as-of", as_of, "--history", "h", "--keep", "2", "-o", "r.json", "-q")[0] == 0
    kept = [path.name.rsplit("-", 1)[0] for path in sorted((folder / "h").iterdir())]
    assert kept == ["headline-20240401T000000Z", "headline-20240501T000000Z"]
    with (folder / "events.csv").open("a") as late:
        late.write("9-9,2024-04-09,visit\n")
    assert run("--as-of", "2024-05-02", "--history", "h", "-o", "r.json", "-q")[0] == 0
    told = json.loads((folder / "r.json").read_text())
    (section,) = (each for each in told["sections"] if each["name"] == "trend")
    rows = section["result"]["tables"]["main"]
    new = [row for row in rows if row["name"] == "New members"]
    assert [(row["value"], row["restated"]) for row in new] == [
        (60, False),
        (60, False),
        (61, True),
    ]


def test_runs_that_mean_something_else_are_not_laid_beside_it(folder: Path) -> None:
    same = ("--history", "h", "--keep", "2", "-o", "r.json", "-q")
    assert run("--as-of", "2024-04-01", *same)[0] == 0
    assert run("--as-of", "2024-05-01", "--where", "user_id < '2'", *same)[0] == 0
    assert run("--as-of", "2024-05-02", "--period", "week", *same)[0] == 0
    assert run("--as-of", "2024-05-03", *same)[0] == 0
    assert len(list((folder / "h").iterdir())) == 4  # --keep is of those that mean the same
    told = json.loads((folder / "r.json").read_text())
    (section,) = (each for each in told["sections"] if each["name"] == "trend")
    assert {row["as_of"][:10] for row in section["result"]["tables"]["main"]} == {
        "2024-04-01",
        "2024-05-03",
    }
    assert section["result"]["notes"] == ["2 runs of other definitions: not shown."]


def test_a_run_that_fails_leaves_the_history_as_it_was(folder: Path) -> None:
    for as_of in ("2024-03-01", "2024-04-01"):
        assert run("--as-of", as_of, "--history", "h", "-o", "r.json", "-q")[0] == 0
    before = sorted((folder / "h").iterdir())
    (folder / "taken").mkdir()
    (folder / "taken" / "other.txt").write_text("mine")
    code, _, said = run("--history", "h", "--keep", "1", "-o", "taken")
    assert (code, sorted((folder / "h").iterdir())) == (1, before)
    assert "holds something that no report wrote" in said
    (folder / "h" / "headline-notes.parquet").mkdir()  # of another name: not looked at
    shutil.copy(before[0], folder / "h" / "copy.parquet")
    assert run("--history", "h", "-o", "r.json", "-q")[0] == 0
    before[0].write_bytes(b"PAR1")
    code, _, said = run("--history", "h", "-o", "r.json")
    assert code == 1
    assert f"{before[0].name} cannot be read: it is no headline that a report kept" in said


def test_what_is_breached_is_said_even_where_quiet(folder: Path) -> None:
    code, _, said = run("--rule", "cohort age=1 >= 0.9 owner=Ann", "-o", "r.html", "-q")
    assert code == 3
    assert said.startswith("breach: ")
    assert said.endswith("(Ann)\n")
    assert run("--rule", "cohort age=1 >= 0.1", "-o", "r.html", "-q") == (0, "", "")


def test_nothing_is_written_where_it_would_be_read(folder: Path) -> None:
    (folder / "in").mkdir()
    (folder / "events.csv").rename(folder / "in" / "events.csv")
    for args in (("-o", "in/r.html"), ("-o", "in/tables"), ("-o", "r.html", "--history", "in/h")):
        done = CliRunner().invoke(app, ["report", "in", *args])
        assert (done.exit_code, done.stdout) == (2, "")
        assert "lies in in, all of which is read" in done.stderr
    assert [path.name for path in folder.rglob("*")] == ["in", "events.csv"]


def test_a_folder_of_parquet_and_one_that_a_spreadsheet_may_open(folder: Path) -> None:
    with (folder / "events.csv").open("a") as more:
        more.write("".join(f"=x{n},2024-01-0{n},=cmd|'/C calc'!A0\n" for n in range(1, 9)))
    by = ("--by", "event", "-q")
    assert run(*by, "-o", "tables", "--tables", "parquet") == (0, "", "")
    assert pl.read_parquet(folder / "tables" / "headline.parquet")["name"][0] == "New members"
    assert run(*by, "-o", "plain") == (0, "", "")
    assert run(*by, "-o", "safe", "--excel-safe") == (0, "", "")
    texts = [(folder / name / "segments_event.main.csv").read_text() for name in ("plain", "safe")]
    assert ["\n=cmd" in text for text in texts] == [True, False]


def test_ids_are_no_values_to_compare_by(folder: Path) -> None:
    code, _, said = run("--by", "user_id")
    assert code == 2
    assert "ids of members are no values to compare members by" in said


def test_a_baseline_without_rules_is_refused(folder: Path) -> None:
    assert "--baseline is for rules" in run("--baseline", "b.json")[2]


def test_settings_that_give_way_are_told_and_the_headline_keeps_its_days(folder: Path) -> None:
    frame = pl.read_csv(folder / "events.csv").with_columns(amount=pl.lit(3.0))
    frame.write_csv(folder / "events.csv")
    (folder / "retainkit.toml").write_text(
        '[retention]\ndays = "3,14"\n[orders]\nfirst_days = "5"\nrepeat_days = "10"\n'
    )
    assert run("-o", "r.json", "-q")[0] == 0
    told = json.loads((folder / "r.json").read_text())
    assert told["notes"][-1] == (
        "Settings of commands that a report does not follow: [retention] days."
    )
    days = next(each for each in told["sections"] if each["name"] == "orders")["result"]["tables"]
    assert [row["days"] for row in days["main"]] == [10, 30]
    repeat = next(each for each in told["headline"] if each["name"].startswith("Repurchase"))
    assert repeat["value"] is not None


def test_from_the_second_run_on_the_trend_is_drawn(folder: Path) -> None:
    told = []
    for as_of in ("2024-04-01", "2024-05-01"):
        for name in ("r.html", "r.md"):
            assert run("--as-of", as_of, "--history", "h", "-o", name, "-q")[0] == 0
            begin, end = re.compile("(<h2>|## )The headline, run by run[<\n]"), "Definitions"
            told.append(begin.split((folder / name).read_text())[-1].partition(end)[0])
    page, text, later_page, later_text = told
    assert ("<svg" in page, "→" in text) == (False, False)
    assert later_page.count("<svg") == 1
    assert "New members, as of 2024-05-01 00:00: 60" in later_page
    assert "Shaded: intervals." in later_page
    assert re.search(r"```\nNew members +▅+  60 → 60\n", later_text)
    assert "| 2024-04-01 00:00 | 60 |" in later_text


def test_without_the_extra_the_trend_is_a_figure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retainkit.render.charts.convert.find_spec", lambda _: None)
    for as_of in ("2024-04-01", "2024-05-01"):
        assert run("--as-of", as_of, "--history", "h", "-o", "r.html", "-q")[0] == 0
    page = (folder / "r.html").read_text()
    assert "<svg" not in page
    assert "New members: 60 to 60; " in page


def test_the_numbers_of_a_trend_are_in_the_order_of_the_headline_and_the_zone(
    folder: Path,
) -> None:
    for as_of in ("2024-04-01", "2024-05-01"):
        flags = ("--tz", "Asia/Shanghai", "--as-of", as_of, "--history", "h")
        assert run(*flags, "-o", "r.json", "-q")[0] == 0
    told = json.loads((folder / "r.json").read_text())
    (section,) = (each for each in told["sections"] if each["name"] == "trend")
    rows = section["result"]["tables"]["main"]
    names = [each["name"] for each in told["headline"]]
    assert list(dict.fromkeys(row["name"] for row in rows)) == names
    units = {each["name"]: each["unit"] for each in told["headline"]}
    assert {row["name"]: row["unit"] for row in rows} == units
    assert {row["as_of"] for row in rows} == {
        "2024-04-01T00:00:00+08:00",
        "2024-05-01T00:00:00+08:00",
    }


def test_a_run_does_not_meet_another(folder: Path) -> None:
    with locked(Path("r.html"), "--output"):
        code, _, stderr = run("-o", "r.html")
        assert (code, "another run is writing r.html now" in stderr) == (1, True)
        assert run("-o", "other.html", "-q")[0] == 0
    assert run("-o", "r.html", "-q")[0] == 0


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path; from retainkit.locking import locked\n"
            f"with locked(Path({str(target)!r}), 'x'): print('held', flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(OutputError), locked(target, "--output"):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with locked(target, "--output"):
        pass
    holder.stdout.close()


def test_a_run_that_is_killed_leaves_what_was_published_whole(folder: Path) -> None:
    """Kill runs at moments spread over their time: the page that stands is always a whole one."""
    command = [sys.executable, "-m", "retainkit", "report", "events.csv", "-q", "-o", "r.json"]
    begun = time.monotonic()
    subprocess.run(command, check=True, timeout=60)
    whole = time.monotonic() - begun
    for part in (0.3, 0.6, 0.8, 0.9, 0.95, 1.0):
        process = subprocess.Popen(command)
        time.sleep(whole * part)
        process.kill()
        process.wait()
        assert json.loads((folder / "r.json").read_text())["format"] == "retainkit-report/1"
    subprocess.run(command, check=True, timeout=60)


def test_a_run_that_fails_puts_back_what_a_killed_one_set_aside(folder: Path) -> None:
    assert run("-o", "tables", "-q")[0] == 0
    aside = folder / ".retainkit-abcdefgh.tmp" / ASIDE
    aside.mkdir(parents=True)
    (folder / "tables").rename(aside / "tables")
    assert run("-o", "tables", "--by", "chanel")[0] == 1
    assert sorted(path.name for path in folder.iterdir()) == ["events.csv", "tables"]
    assert (folder / "tables" / "manifest.json").exists()


def test_a_headline_that_another_run_removes_meanwhile_is_not_missed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = history._files

    def with_one_that_is_gone(place: Path) -> list[Path]:
        return [place / "headline-20240101T000000Z-0123abcd.parquet", *listed(place)]

    monkeypatch.setattr(history, "_files", with_one_that_is_gone)
    assert run("--history", "h", "-o", "r.json", "-q") == (0, "", "")


def test_the_python_twin_writes_the_same(folder: Path) -> None:
    run("-o", "r.json", "-q")
    path = retainkit.report("events.csv", "twin-{date}.json")
    assert path == Path("twin-2024-05-05.json")
    mine, its = (json.loads(Path(name).read_text()) for name in ("r.json", path))
    assert mine["headline"] == its["headline"]


def test_a_report_that_is_given_away_has_no_small_cells(folder: Path) -> None:
    assert run("--share-safe", "--min-cell", "31", "-o", "r.json") == (0, "", "Wrote r.json.\n")
    told = json.loads((folder / "r.json").read_text())
    assert "Made to be shared" in told["notes"][0]
    cohorts = next(each for each in told["sections"] if each["name"] == "cohorts")
    rows = cohorts["result"]["tables"]["main"]
    # Of each 60, 30 came back.
    assert {row["returned"] for row in rows if row["age"] == 1} == {None}
    assert {row["size"] for row in rows} <= {60, None}


def test_flags_of_sharing_need_a_report_that_is_shared(folder: Path) -> None:
    code, _, said = run("--min-cell", "5")
    assert code == 2
    assert "--min-cell is for a report that is --share-safe" in said
    assert not (folder / "report.html").exists()
