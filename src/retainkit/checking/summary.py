"""Verdicts as a Result, which every format can write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from retainkit.checking import words
from retainkit.checking.judging import Judged
from retainkit.checking.verdicts import exit_code
from retainkit.choices import UndecidedAs
from retainkit.results import Result, shared_notes
from retainkit.wording import counted

ORDER = ("breach", "undecided", "warn", "pass")
MAIN: Mapping[str, Any] = {
    **dict.fromkeys(("rule", "verdict", "severity", "metric", "table", "value"), pl.String),
    **dict.fromkeys(("segment", "cell", "at"), pl.String),
    **dict.fromkeys(("estimate", "ci_low", "ci_high"), pl.Float64),
    "n": pl.Int64,
    "bound": pl.String,
    **dict.fromkeys(("least", "most", "beyond"), pl.Float64),
    "since": pl.String,
    "p_value": pl.Float64,
    **dict.fromkeys(("decide", "owner", "message", "story"), pl.String),
}
DEFINITIONS = {"metric": pl.String, "definition": pl.String, "definition_hash": pl.String}


def main_table(judged: Iterable[Judged]) -> pl.DataFrame:
    """Return a row a verdict, in the order of the rules."""
    return pl.DataFrame([_row(each) for each in judged], schema=MAIN, orient="row")


def verdicts_of(result: Result) -> list[tuple[Any, Any]]:
    """Return verdict and severity of each row of a check's Result."""
    return list(result.main.select("verdict", "severity").iter_rows())


def amiss(result: Result) -> Iterator[str]:
    """Yield a line for each verdict of a check's Result that lets it fail."""
    for row in result.main.iter_rows(named=True):
        if row["verdict"] in ("breach", "undecided"):
            owner = f" ({row['owner']})" if row["owner"] else ""
            yield f"{row['verdict']}: {row['story']}{owner}"


def code_of(result: Result, undecided: UndecidedAs) -> int:
    """Return the exit code of a check's Result."""
    return exit_code(verdicts_of(result), undecided)


def definition(judged: Sequence[Judged], fdr: float | None) -> str:
    """Return what a verdict means, in one sentence."""
    rules = len({each.rule.name for each in judged})
    control = ""
    if fdr is not None:
        control = f", the false discovery rate over these held at {fdr:g}"
    return (
        f"{counted(rules, 'rule')}, {counted(len(judged), 'verdict')}: a number beyond its bound "
        "is a breach; of rules that decide confidently only where its whole interval is, else a "
        f"warning{control}; too few members, or no cell that is over: undecided."
    )


def counts(judged: Iterable[Judged]) -> str:
    """Return how many verdicts there are of each kind, the worst first."""
    many = Counter(str(each.verdict) for each in judged)
    return ", ".join(f"{many[kind]:,} {kind}" for kind in ORDER if many[kind])


def notes(judged: Sequence[Judged], results: Sequence[Result]) -> Iterator[str]:
    """Yield what was found of the data: what all metrics say of it once, and what one does."""
    yield f"Verdicts: {counts(judged)}."
    shared = shared_notes(results)
    own = [(each.command, note) for each in results for note in each.notes if note not in shared]
    yield from (f"{command}: {note}" for command, note in dict.fromkeys(own))
    yield from shared


def _row(judged: Judged) -> tuple[object, ...]:
    rule, estimate, limits = judged.rule, judged.estimate, judged.limits
    return (
        rule.name,
        judged.verdict,
        rule.severity,
        rule.metric,
        rule.table,
        rule.value,
        words.segment_text(judged),
        words.cell_text(judged) or None,
        words.at_text(judged),
        None if estimate is None else estimate.value,
        None if estimate is None else estimate.low,
        None if estimate is None else estimate.high,
        None if estimate is None else estimate.n,
        words.bound_text(rule, limits),
        None if limits is None else limits.least,
        None if limits is None else limits.most,
        judged.beyond,
        words.since_text(judged),
        judged.p_value,
        rule.decide,
        rule.owner,
        rule.message,
        words.story(judged),
    )
