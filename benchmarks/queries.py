"""Who answers which question, and with what command.

What the peers run can be read in `sql/` and `programs/`. They are told more than retainkit is:
the types of a CSV, and for the bitmaps the first day of the data.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
RETAINKIT = str(Path(sys.executable).with_name("retainkit"))
ASKED = {
    "cohort": ("cohort", "--period", "week"),
    "retention": ("retention",),
    "churn": ("churn", "--period", "month"),
    "orders": ("orders",),
    "funnel": (
        *("funnel", "--steps", "visit > view > cart > checkout > pay"),
        *("--window", "7d", "--include-open"),
    ),
}
FUNNEL = "funnel"  # is asked of data of its own, with names of events
QUESTIONS = tuple(ASKED)
OURS = "retainkit"


@dataclass(frozen=True)
class Peer:
    """A way to answer, or merely to read."""

    command: Callable[[str, Path], list[str]]
    module: str
    answers: bool = True
    questions: tuple[str, ...] = tuple(ASKED)

    @property
    def installed(self) -> bool:
        """Whether its module is there."""
        return find_spec(self.module) is not None


def ours(question: str, path: Path) -> list[str]:
    """Return retainkit's command."""
    name, *options = ASKED[question]
    return [RETAINKIT, name, str(path), *options, "-f", "csv", "-q"]


def _program(name: str, *words: str) -> list[str]:
    return [sys.executable, str(HERE / "programs" / f"{name}.py"), *words]


def _asked(folder: str) -> tuple[str, ...]:
    """Return the questions that a folder has SQL for."""
    return tuple(name for name in ASKED if (HERE / "sql" / folder / f"{name}.sql").exists())


def _sql(program: str, folder: str) -> Callable[[str, Path], list[str]]:
    def command(question: str, path: Path) -> list[str]:
        return _program(program, str(HERE / "sql" / folder / f"{question}.sql"), str(path))

    return command


def _polars(question: str, path: Path) -> list[str]:
    return _program("polars_plain", question, str(path))


def _scan(_: str, path: Path) -> list[str]:
    return _program("scan", str(path))


PEERS = {
    OURS: Peer(ours, "retainkit"),
    "duckdb": Peer(_sql("duckdb_sql", "duckdb"), "duckdb"),
    "duckdb-bitmap": Peer(
        _sql("duckdb_sql", "duckdb-bitmap"), "duckdb", questions=_asked("duckdb-bitmap")
    ),
    "clickhouse": Peer(
        _sql("clickhouse_sql", "clickhouse"), "chdb", questions=_asked("clickhouse")
    ),
    "polars": Peer(_polars, "polars", questions=("cohort", "retention")),
    "scan": Peer(_scan, "polars", answers=False, questions=("cohort", "retention", "churn")),
}
