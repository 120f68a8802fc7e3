"""Saved numbers and definitions, held against what they mean now, before data is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from retainkit.checking.definitions import Definition, changed, definition_of, hash_of
from retainkit.checking.rules import Rule
from retainkit.checking.saved import Saved, read_saved
from retainkit.engine import Request
from retainkit.errors import UsageError
from retainkit.results import Result
from retainkit.sources import SourceOptions


def saved_results(rules: Sequence[Rule], options: SourceOptions) -> dict[str, Result]:
    """Return the saved result of each rule that is measured against one."""
    files: dict[str, Mapping[str, Saved]] = {}
    told = {}
    for rule in rules:
        path = rule.baseline
        if path is None:
            continue
        if path not in files:
            files[path] = read_saved(path)
        own = definition_of(rule.request, options)
        told[rule.name] = _matching(files[path], rule, own, path)
    return told


def _matching(saved: Mapping[str, Saved], rule: Rule, own: Definition, path: str) -> Result:
    """Return the saved result that a rule is about: by its name, else by its definition."""
    command = rule.request.metric.command
    same = [
        each
        for each in saved.values()
        if each.definition and hash_of(each.definition) == hash_of(own)
    ]
    found = saved.get(rule.metric) or next(iter(same), None) or saved.get(command)
    if found is None or found.command != command:
        known = ", ".join(saved) or "nothing"
        raise UsageError(f"{path} has no numbers of '{rule.metric}'; it has {known}.")
    if found.result is None:
        raise UsageError(
            f"{path} has definitions only, and no numbers of '{rule.metric}'.",
            "Save them with `retainkit snapshot -o FILE`.",
        )
    found.check_same(rule.metric, path, own)
    return found.result


def compared(
    path: str, metrics: Mapping[str, Request], options: SourceOptions
) -> list[tuple[str, Request, Result]]:
    """Return the metrics of a baseline that are named now: what was saved of each."""
    told = []
    for name, saved in read_saved(path).items():
        request = metrics.get(name)
        if request is not None and saved.result is not None:
            saved.check_same(name, path, definition_of(request, options))
            told.append((name, request, saved.result))
    return told


def check_lock(path: str, metrics: Mapping[str, Request], options: SourceOptions) -> None:
    """Raise UsageError for named metrics that do not mean what the lock says."""
    locked = read_saved(path)
    faults = list(_unlocked(metrics, options, locked))
    if faults:
        raise UsageError(
            f"{path}: definitions have changed:" + "".join(f"\n  {each}" for each in faults),
            "Undo the change, or lock them anew: `retainkit snapshot --definitions`.",
        )


def _unlocked(
    metrics: Mapping[str, Request], options: SourceOptions, locked: Mapping[str, Saved]
) -> Iterator[str]:
    """Yield how named metrics differ from the lock."""
    for name, request in metrics.items():
        then = locked[name].definition if name in locked else None
        now = definition_of(request, options)
        if then is None:
            yield f"{name} is not in it"
        elif hash_of(then) != hash_of(now):
            yield f"{name}: {'; '.join(changed(then, now))}"
    for name in locked:
        if name not in metrics:
            yield f"{name} is in it, and no metric now"
