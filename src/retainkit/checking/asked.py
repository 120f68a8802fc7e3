"""The metric that a rule is about: inline by its command, or by a name from the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import date, time
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from retainkit.engine import Request
from retainkit.errors import UsageError, nearest
from retainkit.metrics.catalog import NAMES, listed
from retainkit.selectors import parse_steps
from retainkit.wording import spelled

NOT_ASKED = ("roster", "hash_key")  # a check lists no members


def params_of(command: str) -> dict[str, str]:
    """Return the fields of a command's params by the names of their flags."""
    own = fields(listed(command).params)
    return {spelled(each.name): each.name for each in own if each.name not in NOT_ASKED}


def request_of(command: str, given: Mapping[str, object]) -> Request:
    """Return the request of a metric with params as text or settings say them.

    Raises UsageError for params that it does not have, or of the wrong kind.
    """
    metric, kind = listed(command)
    names, hints = params_of(command), get_type_hints(kind)
    read = {}
    for name, value in given.items():
        if name not in names:
            raise UsageError(f"{command} has no '{name}'.{nearest(name, names)}")
        read[names[name]] = _read(name, hints[names[name]], value)
    required = [each.name for each in fields(kind) if _is_required(each)]
    missing = [spelled(name) for name in required if name not in read]
    if missing:
        raise UsageError(f"{command} needs {', '.join(missing)}.")
    return Request(metric, kind(**read))


def check_command(name: str, metrics: Iterable[str] = ()) -> None:
    """Raise UsageError unless `name` is a command or one of the named `metrics`."""
    known = [*metrics, *NAMES]
    if name not in known:
        raise UsageError(
            f"There is no metric '{name}'; there are {', '.join(known)}.{nearest(name, known)}"
        )


def _is_required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _read(name: str, hint: Any, value: object) -> object:
    """Return a value as the kind of its param; raises UsageError where it is none of it."""
    if get_origin(hint) is tuple:
        kind = get_args(hint)[0]
        return tuple(_one(name, kind, each) for each in _several(name, kind, value))
    kinds = [each for each in (get_args(hint) or (hint,)) if each is not NoneType]
    if get_origin(hint) is Literal or len(kinds) != 1:
        return _one(name, str, value)
    return _one(name, kinds[0], value)


def _several(name: str, kind: Any, value: object) -> list[object]:
    """Return the items of a list, or of a text that lists them."""
    if isinstance(value, list | tuple):
        return list(value)
    if name == "steps":
        return [step.text for step in parse_steps(str(value))]
    one_text = kind is str and name not in ("by", "mode")  # selectors may have commas
    return [value] if one_text or not isinstance(value, str) else list(value.split(","))


def _one(name: str, kind: Any, value: object) -> object:
    """Return one value as `kind`: int, float, bool or, for whatever else, text."""
    if kind is bool:
        told = {"true": True, "false": False}.get(str(value).lower())
        if told is None:
            raise UsageError(f"{name}: '{value}' is neither true nor false.")
        return told
    if kind in (int, float):
        try:
            if isinstance(value, bool):
                raise ValueError
            return kind(value if not isinstance(value, float) or kind is float else str(value))
        except (TypeError, ValueError):
            noun = "whole number" if kind is int else "number"
            raise UsageError(f"{name}: '{value}' is no {noun}.") from None
    if isinstance(value, date | time):
        return value.isoformat()
    if not isinstance(value, str):
        raise UsageError(f"{name}: '{value}' is no text.")
    return value
