"""Plain values of flags, read without Pydantic, through which Typer reads each of them.

Importing that takes as long as a small run. What is not plain goes Typer's way, and so does
whatever is wrong: the words of an error are Typer's.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar, get_args, get_origin

import typer

from retainkit.errors import UsageError

Number = TypeVar("Number", int, float)

_NUMBERS = {int: re.compile("[0-9]{1,15}"), float: re.compile(r"[0-9]{1,9}(\.[0-9]{1,15})?")}


def read_plainly(params: Iterable[Any]) -> None:
    """Make the parameters of a command read plain values themselves."""
    for param in params:
        param.process_value = _reader(param)


def whole_numbers(option: str, text: str) -> tuple[int, ...]:
    """Return the days that a flag names; raises UsageError for anything else."""
    return _listed(option, text, int, "days like 1,7,30")


def numbers(option: str, text: str | None) -> tuple[float, ...]:
    """Return the numbers that a flag names, none where it is left out; raises UsageError."""
    return () if text is None else _listed(option, text, float, "numbers like 1,2,3,5")


def _listed(option: str, text: str, read: Callable[[str], Number], what: str) -> tuple[Number, ...]:
    try:
        return tuple(read(number) for number in text.split(","))
    except ValueError:
        raise UsageError(f"{option}: '{text}' is not a list of {what}.") from None


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
