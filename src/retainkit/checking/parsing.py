"""Rules, read from text and settings and held against the metrics, before any data is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from retainkit.checking.asked import check_command, params_of, request_of
from retainkit.checking.bounds import Change, Limits
from retainkit.checking.manner import BOUNDS, bound_of, manner_of, whole
from retainkit.checking.rules import EACH, LATEST, WORST, Definitions, Rule
from retainkit.checking.shape import Key, Shape
from retainkit.checking.shapes import SHAPES, shape_of
from retainkit.checking.text import put, words_of
from retainkit.engine import Request
from retainkit.errors import UsageError, nearest
from retainkit.metrics.catalog import listed
from retainkit.render.named import FRACTIONS
from retainkit.results import check_table

_WORDS = (
    *("name", "metric", "table", "value", "at", *BOUNDS, "previous", "baseline"),
    *("decide", "min_members", "severity", "owner", "message"),
)
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_QUARTER = re.compile(r"(\d{4})-Q([1-4])")

Given = Mapping[str, object]


def read_rules(texts: Sequence[str | Given], settings: Definitions) -> list[Rule]:
    """Return the rules of settings and those given beside, as text or as settings would say them.

    Raises UsageError that lists what is wrong with any of them.
    """
    named = [*settings.rules, *((f"--rule {i}", given) for i, given in enumerate(texts, 1))]
    rules: list[Rule] = []
    faults: list[tuple[str, UsageError]] = []
    for place, given in named:
        try:
            words = words_of(given) if isinstance(given, str) else dict(given)
            rules.append(_rule(words, given if isinstance(given, str) else "", settings))
        except UsageError as fault:
            faults.append((place, fault))
    if faults:
        told = "".join(f"\n  {place}: {fault.message}" for place, fault in faults)
        hint = faults[0][1].hint if len(faults) == 1 else None
        raise UsageError(f"Rules cannot be used:{told}", hint)
    return _unlike(rules)


def named_requests(settings: Definitions) -> dict[str, Request]:
    """Return the requests of the metrics that settings name; raises UsageError for faults."""
    told: dict[str, Request] = {}
    faults = []
    for name in settings.metrics:
        try:
            command = command_of(name, settings)
            told[name] = request_of(command, params_said(name, command, settings))
        except UsageError as fault:
            faults.append(f"\n  metrics.{name}: {fault.message}")
    if faults:
        raise UsageError(f"Metrics cannot be used:{''.join(faults)}")
    return told


def _rule(given: Given, said: str, settings: Definitions) -> Rule:
    """Return one rule; raises UsageError for what the metric does not have."""
    words = _underscored(given)
    metric = str(words.get("metric") or "")
    if not metric:
        said = f"; this one says {', '.join(words)}" if words else ""
        raise UsageError(f"A rule begins with its metric, like retention{said}.")
    check_command(metric, settings.metrics)
    own = metric in settings.metrics
    command = command_of(metric, settings)
    table = str(words.get("table", "main"))
    check_table(command, table, SHAPES[command])
    keys = SHAPES[command][table].keys
    params = params_said(metric, command, settings)
    by = _by(words.get("by", params.get("by", ())))
    # A column is called as it is, dashes and all; what else the rule has goes before it.
    taken = {*_WORDS, *keys, "by"}
    segments = {name: str(given[name]) for name in given if name in by and name not in taken}
    words = _underscored({name: given[name] for name in given if name not in segments})
    cell = {name: words[name] for name in words if name in keys}
    rest = {name: words[name] for name in words if name not in (*_WORDS, *keys)}
    _check_rest(rest, metric, command, keys, by, own=own)
    params = _asked(command, {**params, **rest}, cell, keys, own=own)
    request = request_of(command, params)
    shape = shape_of(command, table, request.params)
    if request.params.by and not shape.by:
        raise UsageError(f"The table '{table}' is not split by segments.", "Leave by= out.")
    rule = Rule(
        name=str(words.get("name", said or _named(words))),
        metric=metric,
        request=request,
        table=table,
        shape=shape,
        value=_value(words.get("value"), shape, table),
        cell=_cell(cell, shape, request, metric),
        at=_at(words.get("at"), shape, table),
        segments={name: segments.get(name, EACH) for name in request.params.by},
        bound=bound_of(words, settings),
        said=said,
        **manner_of(words, settings),
    )
    _check_decidable(rule)
    _check_reach(rule)
    return rule


def _underscored(words: Given) -> dict[str, object]:
    """Return words as Python would call them: those of flags have dashes."""
    told: dict[str, object] = {}
    for name, value in words.items():
        put(told, name.replace("-", "_"), value)
    return told


def command_of(metric: str, settings: Definitions) -> str:
    """Return the command of a metric, by its name or its own."""
    if metric not in settings.metrics:
        return metric
    command = str(settings.metrics[metric].get("command", ""))
    check_command(command)
    return command


def params_said(metric: str, command: str, settings: Definitions) -> dict[str, object]:
    """Return the params of a named metric; of a command, what the settings say for it."""
    if metric in settings.metrics:
        given = settings.metrics[metric]
        return {name: each for name, each in _underscored(given).items() if name != "command"}
    known = params_of(command)
    given = settings.defaults.get(command, {})
    return {name: value for name, value in given.items() if name in known}


def _by(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        return tuple(given.split(","))
    return tuple(str(each) for each in given) if isinstance(given, list | tuple) else ()


def _check_rest(
    rest: Given, metric: str, command: str, keys: Iterable[str], by: Iterable[str], *, own: bool
) -> None:
    """Raise UsageError for words that are neither of the rule nor params of the metric."""
    params = params_of(command)
    for name in rest:
        if name not in params:
            known = [*_WORDS, *keys, *by, *(() if own else params)]
            raise UsageError(f"{metric} has no '{name}'.{nearest(name, known)}")
        if own:
            raise UsageError(f"'{name}' is said by [metrics.{metric}]: a rule cannot change it.")


def _asked(
    command: str, params: Given, cell: Given, keys: Mapping[str, Key], *, own: bool
) -> dict[str, object]:
    """Return params that ask for the cell that a rule names, where they do not list others."""
    asked = dict(params)
    for name, value in cell.items():
        key = keys[name]
        if own or value == EACH:
            continue
        if key.asks is not None and key.asks not in params:
            asked[key.asks] = [value]
        if key.upto is not None and str(value).isdecimal():
            asked[key.upto] = _widened(asked.get(key.upto), command, key.upto, int(str(value)))
    return asked


def _widened(said: object, command: str, name: str, value: int) -> object:
    """Return how far the cells go: as said, or as far as by default, or to the one asked for."""
    if said is not None:
        return said
    return max(value, getattr(listed(command).params, name))


def _value(given: object, shape: Shape, table: str) -> str:
    name = shape.first if given is None else str(given)
    if name not in shape.values:
        known = list(shape.values)
        raise UsageError(
            f"value: the table '{table}' has no number '{name}'; "
            f"it has {', '.join(known)}.{nearest(name, known)}"
        )
    return name


def _cell(given: Given, shape: Shape, request: Request, metric: str) -> dict[str, object]:
    """Return the value of each key; raises UsageError for a cell that is not named whole."""
    cell: dict[str, object] = {}
    for name, key in shape.keys.items():
        listed = list(getattr(request.params, key.asks)) if key.asks else []
        if name in given:
            cell[name] = _key(name, key, given[name])
            if listed and cell[name] != EACH and cell[name] not in listed:
                known = ", ".join(str(each) for each in listed)
                raise UsageError(f"{name}: {metric} has {known}, not {cell[name]}.")
        elif len(listed) == 1:
            cell[name] = listed[0]
        else:
            some = f" ({', '.join(str(each) for each in listed)})" if listed else ""
            raise UsageError(
                f"The rule does not say of which {name}{some} it is.",
                f"Add {name}=… to it, or {name}=each.",
            )
    return cell


def _key(name: str, key: Key, given: object) -> object:
    if given == EACH:
        return EACH
    return str(given) if key.kind == "text" else whole(name, given, 0)


def _at(given: object, shape: Shape, table: str) -> str:
    """Return which period a rule is about."""
    if shape.time is None:
        if given is not None:
            raise UsageError(
                f"at: the table '{table}' has no periods.",
                "With cohort=week or so retention has." if "day" in shape.keys else None,
            )
        return LATEST
    text = given.isoformat() if isinstance(given, date) else str(given or LATEST)
    text = _QUARTER.sub(_first_month, text)
    if text not in (LATEST, EACH) and not _DATE.fullmatch(text):
        raise UsageError(
            f"at: '{text}' is none of {LATEST}, {EACH} or a date like 2024-03 or 2024-03-04."
            f"{nearest(text, (LATEST, EACH))}"
        )
    if text in (LATEST, EACH):
        return text
    day = f"{text}-01-01"[: len("2024-03-01")]
    try:
        date.fromisoformat(day)
    except ValueError:
        raise UsageError(f"at: there is no {text} in the calendar.") from None
    return day


def _check_decidable(rule: Rule) -> None:
    """Raise UsageError for a rule that no data could decide."""
    if rule.decide == "confident" and rule.number.interval is None:
        having = [name for name, each in rule.shape.values.items() if each.interval]
        raise UsageError(
            f"decide: '{rule.value}' has no interval to be confident with.",
            f"These have: {', '.join(having)}." if having else "Decide by point.",
        )
    changes = isinstance(rule.bound, Change) and rule.bound.previous is not None
    if changes and rule.shape.time is None:
        raise UsageError(
            f"The table '{rule.table}' has no periods, so nothing came before.",
            "Name a saved result with baseline=FILE"
            + (", or add cohort=week." if rule.request.metric.command == "retention" else "."),
        )
    worst = [name for name, value in rule.segments.items() if value == WORST]
    if len(worst) > 1:
        raise UsageError(f"{WORST} is said of {' and '.join(worst)}: one of them can be it.")


def _check_reach(rule: Rule) -> None:
    """Raise UsageError for a bound of a share that no share can be beyond, or within."""
    if rule.value not in FRACTIONS or rule.value == "difference":
        return
    bound = rule.bound
    ends = (bound.least, bound.most) if isinstance(bound, Limits) else (bound.most,)
    for end in ends:
        if end is not None and not 0 <= end <= 1:
            raise UsageError(
                f"{rule.value} is a share, from 0 to 1: it is never {end:g}.",
                f"Write {end:g}% for {end / 100:g}." if 1 < end <= 100 else None,
            )


def _first_month(quarter: re.Match[str]) -> str:
    """Return the first month of a quarter: 2024-Q2 begins with 2024-04."""
    return f"{quarter[1]}-{3 * int(quarter[2]) - 2:02}"


def _named(words: Given) -> str:
    """Return what a rule of the settings is called that has no name."""
    skipped = ("owner", "message", "severity", "name")
    told = [f"{name}={value}" for name, value in words.items() if name not in (*skipped, "metric")]
    return " ".join([str(words["metric"]), *told])


def _unlike(rules: Iterable[Rule]) -> list[Rule]:
    """Return rules of which no two have one name."""
    seen: dict[str, int] = {}
    told = []
    for rule in rules:
        seen[rule.name] = seen.get(rule.name, 0) + 1
        many = seen[rule.name]
        told.append(rule if many == 1 else replace(rule, name=f"{rule.name} ({many})"))
    return told
