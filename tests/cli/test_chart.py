"""`--chart FILE`: the picture beside the table, whole, and told of before anything is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from retainkit.cli import app
from retainkit.cli.group import COMMANDS, Commands
from retainkit.errors import OutputError
from retainkit.render.charts import PICTURES

EVENTS = "user_id,time\na,2024-01-01\na,2024-01-02\nb,2024-01-01\nb,2024-01-09\n,2024-01-03\n"
ORDERS = "user_id,time,amount\n" + "".join(
    f"u{n % 40},2024-0{1 + n % 6}-{1 + n % 27:02},{5 + n % 9}\n" for n in range(200)
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "events.csv").write_text(EVENTS)
    (tmp_path / "members.svg").write_text("user_id,joined\na,2024-01-01\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*args: str) -> tuple[int, str, str]:
    """Return the exit code, stdout and stderr of a command."""
    done = CliRunner().invoke(app, args, prog_name="retainkit")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def picture(path: Path) -> bytes:
    """Return what a file holds, without the numbers that ids get anew for each picture."""
    return re.sub(rb"(gradient_|clip)\d+", rb"\1", path.read_bytes())


def test_the_commands_that_have_pictures_have_the_flag() -> None:
    commands = Commands()
    flagged = {name for name in COMMANDS if "chart" in {p.name for p in commands[name].params}}
    assert flagged == set(PICTURES)


@pytest.mark.parametrize("table", [[], ["--table", "pooled"]])
@pytest.mark.parametrize("suffix", ["svg", "PNG"])
def test_the_picture_is_that_of_o_and_stdout_as_ever(
    folder: Path, suffix: str, table: list[str]
) -> None:
    args = ("cohort", "events.csv", "--period", "day", *table)
    told = run(*args)
    assert run(*args, "-o", f"o.{suffix}", "-q")[0] == 0
    assert run(*args, "--chart", f"c.{suffix}") == (0, told[1], f"Wrote c.{suffix}.\n")
    assert picture(folder / f"c.{suffix}") == picture(folder / f"o.{suffix}")
    assert run(*args, "--chart", f"c.{suffix}", "-q") == (0, told[1], "")


def test_the_page_needs_nothing_and_runs_nothing(folder: Path) -> None:
    assert run("cohort", "events.csv", "--period", "day", "--chart", "c.html")[0] == 0
    page = (folder / "c.html").read_text()
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert page.count("<svg") == 1
    assert "<table" not in page
    assert not re.findall(r"<script|<img|<link|<a |href|src=|https?://|url\((?!#)", page)
    assert "<h2>cohort · share of members active at each age (days since start)</h2>" in page
    assert "<dt>definition</dt><dd>Of members who started in a day" in page
    assert "4 of 5 rows, 2 members, 2024-01-01 – 2024-01-09" in page.replace(" 00:00", "")
    assert "<dt>as of</dt><dd>2024-01-10 00:00, times in UTC</dd>" in page


def test_it_goes_beside_any_result(folder: Path) -> None:
    args = ("cohort", "events.csv", "-f", "csv")
    assert run(*args, "-o", "o.csv", "--chart", "c.svg")[1] == ""
    assert (folder / "o.csv").read_text() == run(*args)[1]
    notes = run(*args)[2]
    assert run(*args, "--chart", "c.svg")[2] == f"{notes}Wrote c.svg.\n"
    assert run("cohort", "events.csv", "-f", "svg", "--chart", "c.png")[1].startswith("<svg")


def test_a_command_whose_main_table_has_no_picture_draws_its_first(folder: Path) -> None:
    (folder / "orders.csv").write_text(ORDERS)
    args = ("ltv", "orders.csv", "--parameters", "0.2,4,0.8,2.4", "--orders-only")
    code, stdout, _ = run(*args, "--chart", "c.svg", "-q")
    assert (code, stdout) == (0, run(*args)[1])
    assert run(*args, "--table", "tracking", "-o", "o.svg", "-q")[0] == 0
    assert picture(folder / "c.svg") == picture(folder / "o.svg")


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["none.csv", "--chart", "c.pdf"], 2, "Name one that ends with .svg, .png or .html."),
        (["none.csv", "--chart", "c"], 2, "--chart: c is no file for a picture."),
        (["none.csv", "--chart", "c.svg", "--table", "size"], 2, "has no table 'size'"),
        (["none.csv", "--chart", "no/c.svg"], 1, "--chart: there is no folder to write to"),
        (["none.csv", "--chart", "c.svg", "-o", "./c.svg"], 2, "--chart name the same file"),
        (["none.csv", "--chart", "c.svg", "--rejects", "c.svg"], 2, "name the same file"),
        (["events.csv", "--members", "members.svg", "--chart", "members.svg"], 2, "the inputs"),
        (["events.csv", "--chart", "link.svg"], 2, "--chart: link.svg is a symbolic link"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_read(
    folder: Path, args: list[str], code: int, said: str
) -> None:
    (folder / "link.svg").symlink_to("events.csv")
    before = {path.name: path.read_text() for path in folder.iterdir()}
    done, stdout, stderr = run("cohort", *args)
    assert (done, stdout) == (code, "")
    assert said in stderr
    assert {path.name: path.read_text() for path in folder.iterdir()} == before


def test_a_table_without_a_picture_is_told_before_anything_is_read() -> None:
    code, stdout, stderr = run("churn", "none.csv", "--table", "survival", "--chart", "c.svg")
    assert (code, stdout) == (2, "")
    assert "churn has no picture of its table 'survival'" in stderr


@pytest.mark.parametrize("suffix", ["svg", "png", "html"])
def test_without_the_extra_it_says_how_to_install_it(
    folder: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retainkit.render.charts.convert.find_spec", lambda _: None)
    code, stdout, stderr = run("cohort", "none.csv", "--chart", f"c.{suffix}")
    assert (code, stdout) == (1, "")
    assert stderr == run("cohort", "none.csv", "-o", "o.svg")[2]
    assert "Install it: pip install 'retainkit[charts]'" in stderr


def test_a_picture_that_fails_leaves_the_old_file_and_prints_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> bytes:
        raise OutputError("The picture cannot be drawn: no.")

    monkeypatch.setattr("retainkit.render.svg.converted", fails)
    (folder / "c.svg").write_text("old")
    assert run("cohort", "events.csv", "--chart", "c.svg", "-o", "o.csv")[:2] == (1, "")
    assert (folder / "c.svg").read_text() == "old"
    assert not (folder / "o.csv").exists()


def test_where_there_is_nothing_to_draw_it_says_so(folder: Path) -> None:
    args = ("cohort", "events.csv", "--since", "2030-01-01", "-q")
    for suffix in ("svg", "html"):
        assert run(*args, "--chart", f"c.{suffix}")[0] == 0
        assert "There is nothing to draw" in (folder / f"c.{suffix}").read_text()
    assert run(*args, "-o", "o.svg")[0] == 0
    assert picture(folder / "c.svg") == picture(folder / "o.svg")


def test_settings_name_it_beside_themselves_and_flags_win(folder: Path) -> None:
    (folder / "etc").mkdir()
    settings = '[source]\nsources = ["../events.csv"]\n[cohort]\nchart = "c.svg"\n'
    (folder / "etc" / "retainkit.toml").write_text(settings)
    args = ("cohort", "--config", "etc/retainkit.toml")
    assert run(*args)[2] == "Wrote etc/c.svg.\nSettings: etc/retainkit.toml\n"
    assert run(*args, "--chart", "mine.html", "-q")[0] == 0
    assert {"etc/c.svg", "mine.html"} <= {str(p.relative_to(folder)) for p in folder.rglob("*")}
    (folder / "retainkit.toml").write_text('[inspect]\nchart = "c.svg"\n')
    assert "inspect.chart: unknown key" in run("inspect", "events.csv")[2]
