"""Plain values of flags, read without Pydantic, through which Typer reads each of them.

Importing that takes as long as a small run. What is not plain goes Typer's way, and so does
whatever is wrong: the words of an error are Typer's.
"""

import re
from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

import typer

from retainkit.errors import UsageError

_NUMBERS = {int: re.compile("[0-9]{1,15}"), float: re.compile(r"[0-9]{1,9}(\.[0-9]{1,15})?")}


def read_plainly(params: Iterable[Any]) -> None:
    """Make the parameters of a command read plain values themselves."""
    for param in params:
        param.process_value = _reader(param)


def whole_numbers(option: str, text: str) -> tuple[int, ...]:
    """Return the days that a flag names; raises UsageError for anything else."""
    try:
        return tuple(int(day) for day in text.split(","))
    except ValueError:
        raise UsageError(f"{option}: '{text}' is not a list of days like 1,7,30.") from None


def numbers(option: str, text: str | None) -> tuple[float, ...]:
    """Return the numbers that a flag names, none where it is left out; raises UsageError."""
    try:
        return () if text is None else tuple(float(number) for number in text.split(","))
    except ValueError:
        raise UsageError(f"{option}: '{text}' is not a list of numbers like 1,2,3,5.") from None


def _reader(param: Any) -> Any:
    typers_way = param.process_value

    def process_value(context: typer.Context, given: Any) -> Any:
        value = _plain(param, given)
        if value is None and (given is not None or param.required):
            return typers_way(context, given)
        return value if param.callback is None else param.callback(context, param, value)

    return process_value


def _plain(param: Any, given: Any) -> Any:
    """Return what a value given, set or left out stands for; None where it is not plain."""
    kind = param.type_descriptor.annotation
    if given == param.default or (kind == list[str] and _are_texts(given)):
        return given
    if not isinstance(given, str):
        return None
    if kind in _NUMBERS and param.min is None and param.max is None:
        return kind(given) if _NUMBERS[kind].fullmatch(given) else None
    is_word = get_origin(kind) is Literal and given in get_args(kind)
    return given if is_word or kind is str else None


def _are_texts(given: Any) -> bool:
    return isinstance(given, list | tuple) and all(isinstance(each, str) for each in given)
