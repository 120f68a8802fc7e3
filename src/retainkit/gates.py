"""`check` and `snapshot` as Python functions: the same words, the same Result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import Unpack

from retainkit.answers import Answer, Keywords, as_inputs, as_path, split
from retainkit.checking.parsing import named_requests, read_rules
from retainkit.checking.rules import Definitions
from retainkit.checking.running import Check, checked
from retainkit.checking.snapshots import chosen
from retainkit.checking.snapshots import snapshot as text_of
from retainkit.errors import UsageError
from retainkit.replacement import write_whole
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
    settings = Definitions(metrics=metrics or {}, baseline=as_path(baseline))
    named = named_requests(settings)
    rules = read_rules([rule] if isinstance(rule, str | Mapping) else list(rule), settings)
    if not rules:
        raise UsageError("check: there is no rule.")
    asked = Check(
        rules=rules,
        metrics=named,
        baseline=settings.baseline,
        lock=as_path(definition_lock),
        fdr=fdr,
    )
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


def _words(function: Callable[..., object]) -> list[str]:
    """Return the keywords that a function has of its own."""
    return list(signature(function).parameters)
