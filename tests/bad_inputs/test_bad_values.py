"""Hostile values: nothing in the data is a formula, an escape, markup or a command."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from bad import run, write

FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)")
ESCAPES = ("\x1b[31mred", "\x1b]52;c;aGk=\x07", "\u202eright", "zero\u200bwidth", "\x9b31m")
MARKUP = ("</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:x")
SCREENS = ("table", "markdown", "html")
PER_CHANNEL = "retention f.csv --by channel --days 1 --mode on"


def shop(*channels: str) -> str:
    """Return events, of some members in each channel."""
    cells = ['"' + name.replace('"', '""') + '"' for name in channels]
    return "user_id,event_time,channel\n" + "".join(
        f"u{i}-{j},2024-03-0{day},{cell}\n"
        for i, cell in enumerate(cells)
        for j in range(3)
        for day in (1, 2)
    )


def test_formulas_get_a_mark_where_a_spreadsheet_is_meant(here: Path) -> None:
    write(here, {"f.csv": shop(*FORMULAS) + ",2024-03-01,=1+1\n"})
    plain = run(f"{PER_CHANNEL} -f csv").stdout
    safe = run(f"{PER_CHANNEL} -f csv --excel-safe --rejects r.csv").stdout
    for formula in FORMULAS:
        assert f"\n{formula}" in plain
        assert f"\n{formula}" not in safe
        assert f"\n'{formula}" in safe
    assert ",'=1+1" in (here / "r.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("format_", [*SCREENS, "svg"])
def test_escapes_are_shown_as_nothing_that_a_terminal_obeys(here: Path, format_: str) -> None:
    write(here, {"f.csv": shop(*ESCAPES)})
    done = run(f"{PER_CHANNEL} -f {format_}")
    assert done.code == 0
    assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202e]", done.stdout) is None


def test_escapes_in_errors_are_inert_too(here: Path) -> None:
    write(here, {"f.csv": "user_id,\x1b[31mtime\u202e\nann,2024-03-01\n"})
    done = run("cohort f.csv")
    assert done.code == 1
    assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202e]", done.stderr) is None


@pytest.mark.parametrize("name", ["[red]", "[/foo]", "[bold]x[/bold]", "[link=x]y"])
def test_brackets_are_no_markup_of_the_terminal(here: Path, name: str) -> None:
    write(here, {"f.csv": shop(name)})
    assert name in run(PER_CHANNEL).stdout
    assert f"'{name}'" in run(f"cohort f.csv --member-col '{name}'").stderr


@pytest.mark.parametrize("line", [f"{PER_CHANNEL} -f html", "report f.csv --by channel -o -"])
def test_html_holds_names_as_text(here: Path, line: str) -> None:
    write(here, {"f.csv": shop(*MARKUP)})
    done = run(line.replace("-o -", "-o r.html"))
    assert done.code == 0, done.stderr
    page = done.stdout or (here / "r.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page


def test_markdown_cells_stay_cells(here: Path) -> None:
    write(here, {"f.csv": shop("a|b", "`c`", "<b>")})
    rows = [line for line in run(f"{PER_CHANNEL} -f markdown").stdout.splitlines() if "%" in line]
    bars = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert len(bars) == 1
    assert not any("<b>" in row for row in rows)


@pytest.mark.parametrize("format_", [*SCREENS, "csv"])
def test_markdown_and_logs_of_ci_obey_no_line_of_data(here: Path, format_: str) -> None:
    write(here, {"f.csv": shop("::error file=a.py::PWNED", "##[error]x", "::stop-commands::x")})
    done = run(f"{PER_CHANNEL} -f {format_}", GITHUB_ACTIONS="true")
    lines = done.stdout.splitlines() + done.stderr.splitlines()
    assert not [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


def test_markdown_and_the_xml_of_ci_hold_control_characters_as_none(here: Path) -> None:
    write(here, {"f.csv": shop("a\x01b", "]]>", "<x>", "\ufffe")})
    rule = "--rule 'retention day=1 mode=on >= 0.1' --junit j.xml"
    assert run(f"check f.csv {rule}").code in (0, 3, 4)
    ET.parse(here / "j.xml")


def test_json_holds_values_as_they_are(here: Path) -> None:
    names = (*FORMULAS, *ESCAPES, *MARKUP)
    write(here, {"f.csv": shop(*names)})
    answer = json.loads(run(f"{PER_CHANNEL} -f json").stdout)
    assert {row["channel"] for row in answer["tables"]["main"]} >= set(names)


@pytest.mark.parametrize(
    "command",
    [
        "cohort f.csv --by channel",
        *(
            pytest.param(each, marks=pytest.mark.long)
            for each in (
                *("inspect f.csv", "paths f.csv -f html", "cohort f.csv --by channel -o out.svg"),
                *("funnel f.csv --steps '*>*' --by channel -f markdown", "report f.csv -o r.html"),
            )
        ),
    ],
)
@pytest.mark.parametrize(
    "word",
    [
        "a",
        *(
            pytest.param(each, marks=pytest.mark.long)
            for each in ("a ", "价", "http://", "_*", "א ", "<&", "1.", "::")
        ),
    ],
)
def test_words_of_a_megabyte_are_cut_and_take_no_minutes(
    here: Path, word: str, command: str
) -> None:
    """What looks at each of its signs anew, or cuts one after the other, ends here by time."""
    long = word * (1_000_000 // len(word.encode()))
    rows = "".join(
        f"{who},2024-0{month}-03,{'buy' if month % 2 else long},{long if who == 'ann' else 'x'}\n"
        for month in range(1, 5)
        for who in ("ann", "bob", "cid")
    )
    write(here, {"f.csv": f"user_id,time,event,channel\n{rows}"})
    words = [sys.executable, "-m", "retainkit", *shlex.split(command)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[:2000]
    if command.startswith("cohort") and word == "a":
        assert len(done.stdout) < 20_000


def test_words_are_whole_in_data(here: Path) -> None:
    write(here, {"f.csv": f"user_id,time,channel\nann,2024-01-03,{'a' * 10**6}\n"})
    (row,) = run("cohort f.csv --by channel -f json").answer["tables"]["main"]
    assert row["channel"] == "a" * 10**6
