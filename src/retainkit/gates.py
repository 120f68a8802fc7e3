"""`check`, `snapshot` and `report` as Python functions: the same words as the commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import Unpack

from retainkit.answers import Answer, Keywords, as_inputs, as_path, several, split
from retainkit.checking.parsing import named_requests
from retainkit.checking.rules import Definitions
from retainkit.checking.running import Check, checked
from retainkit.checking.snapshots import chosen
from retainkit.checking.snapshots import snapshot as text_of
from retainkit.choices import DatePeriod, TableFormat
from retainkit.errors import UsageError
from retainkit.replacement import write_whole
from retainkit.reporting.contents import ReportParams
from retainkit.reporting.publishing import Place
from retainkit.reporting.running import reported
from retainkit.sources import Input

Told = str | Mapping[str, object]
Metrics = Mapping[str, Mapping[str, object]]


def check(
    events: Input | Sequence[Input],
    *,
    rule: Told | Sequence[Told],
    metrics: Metrics | None = None,
    fdr: float | None = None,
    baseline: str | Path | None = None,
    definition_lock: str | Path | None = None,
    **source: Unpack[Keywords],
) -> Answer:
    """Return the verdicts of rules on the events: pass, warn, breach or undecided.

    events: as for `cohort`. rule: one or several, each a text like "retention day=7 mode=on >=
    0.25" or a mapping of its words. metrics: by name, `command` and its params. The tables are
    `main` (a row a verdict), `definitions` and `restated`. The command is `retainkit check`;
    docs/check.md defines every word.
    """
    asked = Check.of(
        _rules(rule),
        Definitions(metrics=metrics or {}, baseline=as_path(baseline)),
        lock=as_path(definition_lock),
        fdr=fdr,
    )
    if not asked.rules:
        raise UsageError("check: there is no rule.")
    options, engine = split(source, _words(check))
    return Answer(**vars(checked(asked, as_inputs(events), options, engine=engine)))


def snapshot(
    events: Input | Sequence[Input],
    output: str | Path,
    *,
    metrics: Metrics,
    metric: Sequence[str] = (),
    definitions: bool = False,
    **source: Unpack[Keywords],
) -> Path:
    """Write named metrics of the events to a file that `check` compares with; return its path.

    events: as for `cohort`. metrics: by name, `command` and its params; metric: only these.
    definitions: only what they mean, without numbers. The command is `retainkit snapshot`.
    """
    options, engine = split(source, _words(snapshot))
    some = chosen(named_requests(Definitions(metrics=metrics)), metric)
    text = text_of(some, as_inputs(events), options, definitions=definitions, engine=engine)
    path = Path(output)
    write_whole(path, text.encode(), "output")
    return path


def report(
    events: Input | Sequence[Input],
    output: str | Path,
    *,
    by: str | Iterable[str] = (),
    steps: str | None = None,
    period: DatePeriod = "month",
    title: str = "Retention report",
    fdr: float = 0.05,
    confidence: float = 0.95,
    share_safe: bool = False,
    min_cell: int | None = None,
    hash_key: str | None = None,
    rule: Told | Sequence[Told] = (),
    metrics: Metrics | None = None,
    baseline: str | Path | None = None,
    history: str | Path | None = None,
    keep: int | None = None,
    tables: TableFormat = "csv",
    excel_safe: bool = False,
    **source: Unpack[Keywords],
) -> Path:
    """Write a report of the events and return its path: headline, findings, sections, verdicts.

    events: as for `cohort`. output: a page (.html), .md, .json, or a folder; {date} in it is the
    day of as-of. rule, metrics, baseline: as for `check`. history: a folder that keeps the
    headline of each run. share_safe: leave out what tells of fewer than `min_cell` (10) members,
    and ids, which `hash_key` (a variable, or @FILE) hashes. The command is `retainkit report`;
    docs/report.md says what is in it.
    """
    params = ReportParams(
        by=several(by),
        steps=steps,
        period=period,
        title=title,
        fdr=fdr,
        confidence=confidence,
        share_safe=share_safe,
        min_cell=min_cell,
        hash_key=hash_key,
    )
    settings = Definitions(metrics=metrics or {}, baseline=as_path(baseline))
    asked = Check.of(_rules(rule), settings)
    place = Place(
        output=str(output),
        history=as_path(history),
        keep=keep,
        tables=tables,
        excel_safe=excel_safe,
    )
    options, engine = split(source, _words(report))
    _, path = place.publish(
        lambda: reported(params, as_inputs(events), options, check=asked, engine=engine)
    )
    return path


def _rules(rule: Told | Sequence[Told]) -> list[Told]:
    """Return one rule or several as several."""
    return [rule] if isinstance(rule, str | Mapping) else list(rule)


def _words(function: Callable[..., object]) -> list[str]:
    """Return the keywords that a function has of its own."""
    return list(signature(function).parameters)
