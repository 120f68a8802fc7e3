"""What is run with faults: each command that writes, over nothing and over what stood before."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Command = tuple[str, ...]
OLD = 1_700_000_000  # a time of change that is believed
EACH = "/*"  # after a folder: every file in it is whole by itself

SETTINGS = """
[metrics.d7]
command = "retention"
days = [7]
"""
INGEST: Command = ("ingest", "in", "-o", "set", "--quiet", "--max-rejects", "1")
SNAPSHOTS: Command = (*INGEST, "--snapshots", "lists/members-*.csv")
READ: Command = ("in", "--quiet", "--tz", "Asia/Shanghai", "--max-rejects", "1")
REPORT: Command = ("report", *READ, "-o")
HISTORY: Command = ("--history", "out/history", "--keep", "2")
REJECTS: Command = ("cohort", *READ, "-o", "out/cohort.csv", "--rejects", "out/refused.csv")
DEMO: Command = ("demo", "out", "--members", "30")


def rows(first: int, days: int, place: str) -> str:
    """Return a CSV of a few members' visits, some of which cannot be used."""
    lines = ["用户ID,事件时间,事件,金额,place"]
    for day in range(first, first + days):
        for member in ("ann", "bob", "", f"u{day}"):
            event, amount = ("pay", day) if day % 3 == 0 else ("visit", "")
            lines.append(f"{member},2024-01-{day:02} 10:00,{event},{amount},{place}")
    return "\n".join([*lines, "cid,soon,visit,,nowhere\n"])


def put(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a file that has been there for long."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding=encoding)
    os.utime(path, (OLD, OLD))


def fill(root: Path) -> None:
    """Write what all scenarios read."""
    put(root / "in/a.csv", rows(1, 9, "home"))
    put(root / "in/b.csv", rows(10, 9, "广州"), "gb18030")
    put(root / "in/c.csv", rows(15, 3, "away"))
    put(root / "lists/members-2024-01-01.csv", "user_id,level\nann,gold\nbob,gold\n")
    put(root / "retainkit.toml", SETTINGS)
    (root / "out").mkdir()


def change(root: Path) -> None:
    """Change a file, bring one, let one go."""
    put(root / "in/a.csv", rows(1, 12, "home, later"))
    put(root / "in/d.csv", rows(20, 4, "new"))
    put(root / "lists/members-2024-01-05.csv", "user_id,level\nbob,gold\ncid,iron\n")
    (root / "in/c.csv").unlink()


def nothing(root: Path) -> None:
    """Change nothing."""


@dataclass(frozen=True)
class Scenario:
    """A command, and what stood there before.

    units: what it writes, each the old or the new as a whole. before: commands that are run first;
    then: what happens between these and the command. by_file: whether a set may be anything from
    the old to the new, file by file.
    """

    name: str
    command: Command
    units: tuple[str, ...]
    before: tuple[Command, ...] = ()
    then: Callable[[Path], None] = nothing
    by_file: bool = True


SCENARIOS = (
    Scenario("ingest, the first run", INGEST, ("set",)),
    Scenario("ingest, new and changed files", INGEST, ("set",), (INGEST,), change),
    Scenario(
        "ingest --rebuild, other options",
        (*INGEST, "--rebuild", "--tz", "Asia/Shanghai"),
        ("set",),
        (INGEST,),
        by_file=False,
    ),
    Scenario("ingest --snapshots, one more", SNAPSHOTS, ("set",), (SNAPSHOTS,), change),
    Scenario(
        "cohort -o FILE",
        ("cohort", *READ, "-o", "out/cohort.json"),
        ("out/cohort.json",),
        (("cohort", *READ, "-o", "out/cohort.json"),),
        change,
    ),
    Scenario(
        "cohort -o FILE --rejects FILE",
        REJECTS,
        ("out/cohort.csv", "out/refused.csv"),
        (REJECTS,),
        change,
    ),
    Scenario(
        "churn --roster FILE",
        ("churn", *READ, "-o", "out/churn.json", "--roster", "out/roster.parquet"),
        ("out/churn.json", "out/roster.parquet"),
    ),
    Scenario(
        "report -o FILE",
        (*REPORT, "out/report.md"),
        ("out/report.md",),
        ((*REPORT, "out/report.md"),),
        change,
    ),
    Scenario(
        "report -o FOLDER",
        (*REPORT, "out/tables"),
        ("out/tables",),
        ((*REPORT, "out/tables"),),
        change,
    ),
    Scenario(
        "report --history DIR --keep 2",
        (*REPORT, "out/report.json", *HISTORY),
        ("out/report.json", "out/history" + EACH),
        tuple(
            (*REPORT, "out/report.json", *HISTORY, "--as-of", f"2024-02-0{day}") for day in (1, 2)
        ),
    ),
    Scenario(
        "snapshot -o FILE",
        ("snapshot", *READ, "-o", "out/snapshot.json"),
        ("out/snapshot.json",),
        (("snapshot", *READ, "-o", "out/snapshot.json"),),
        change,
    ),
    Scenario(
        "demo --overwrite",
        (*DEMO, "--seed", "2", "--overwrite"),
        ("out" + EACH,),
        ((*DEMO, "--seed", "1"),),
    ),
    Scenario(
        "init --force",
        ("init", "in/a.csv", "-o", "out/retainkit.toml", "--force"),
        ("out/retainkit.toml",),
        (("init", "lists/members-2024-01-01.csv", "-o", "out/retainkit.toml"),),
    ),
)
