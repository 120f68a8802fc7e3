"""What each verdict is to a CI system: how bad, what it is called, and the same in the next run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from retainkit.checking.rules import Severity
from retainkit.checking.summary import ORDER
from retainkit.checking.verdicts import Verdict
from retainkit.choices import UndecidedAs
from retainkit.render.cells import clean
from retainkit.results import Result

Level = Literal["error", "warning", "notice", "passed"]
LEVELS = ("error", "warning", "notice", "passed")  # the worst first
_SAME = ("rule", "metric", "table", "value", "segment", "cell")


@dataclass(frozen=True)
class Finding:
    """One verdict. Its texts stand on one line each, without control characters.

    name: the rule and the cell it was held against. id: the same for the same rule and cell in
    every run, whatever its verdict. text: its story and who looks after it.
    """

    level: Level
    verdict: Verdict
    rule: str
    name: str
    metric: str
    table: str
    text: str
    id: str


def findings(result: Result, undecided: UndecidedAs) -> list[Finding]:
    """Return a finding a verdict of a check's Result, in the order of its rules."""
    rows = list(result.main.iter_rows(named=True))
    many = Counter(_same(row) for row in rows)
    return [_finding(row, undecided, several=many[_same(row)] > 1) for row in rows]


def level_of(verdict: Verdict, severity: Severity, undecided: UndecidedAs) -> Level:
    """Return how bad a verdict is: an error wherever it makes the run fail, and only there."""
    if verdict == "undecided":
        if undecided == "pass":
            return "notice"
        return "error" if undecided == "fail" and severity == "error" else "warning"
    levels: Mapping[Verdict, Level] = {"breach": "error", "warn": "warning", "pass": "passed"}
    return levels[verdict]


def worst_first(found: Iterable[Finding]) -> list[Finding]:
    """Return findings by level and verdict, in their order within each."""
    return sorted(found, key=lambda each: (LEVELS.index(each.level), ORDER.index(each.verdict)))


def definitions(result: Result, metric: str | None = None) -> list[str]:
    """Return what metrics mean, or one of them, each sentence once."""
    rows = result.table("definitions").iter_rows()
    told = [(one_line(name), one_line(text)) for name, text, _ in rows]
    if metric is None:
        return list(dict.fromkeys(f"{name}: {text}" for name, text in told))
    return list(dict.fromkeys(text for name, text in told if name == metric))


def one_line(text: str) -> str:
    """Return a text on one line, with single blanks: as schemas take names."""
    return " ".join(clean(text).split())


def shortened(text: str, most: int) -> str:
    """Return a text of `most` characters at most; of a longer one, its beginning."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _same(row: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(row[name] for name in _SAME)


def _finding(row: Mapping[str, Any], undecided: UndecidedAs, *, several: bool) -> Finding:
    """Return the finding of a row. several: whether its cell is judged in several periods.

    Only then does the period say which one it is: the latest is another one every time.
    """
    same = (*_same(row), row["at"]) if several else _same(row)
    where = "; ".join(str(row[key]) for key in ("cell", "segment") if row[key])
    if several and row["at"]:
        where = f"{where}; {row['at']}" if where else row["at"]
    owner = f" ({row['owner']})" if row["owner"] else ""
    return Finding(
        level=level_of(row["verdict"], row["severity"], undecided),
        verdict=row["verdict"],
        rule=one_line(row["rule"]),
        name=one_line(f"{row['rule']} ({where})" if where else row["rule"]),
        metric=one_line(row["metric"]),
        table=one_line(row["table"]),
        text=one_line(f"{row['story']}{owner}"),
        id=sha256(json.dumps(same).encode()).hexdigest(),
    )
