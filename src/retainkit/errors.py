"""What goes wrong, told once: every error names the fault and says what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class RetainkitError(Exception):
    """A fault the user can act on.

    `message` says what is wrong and where; `hint` says what to do; `exit_code` is what the
    command line ends with. Nothing else in retainkit is allowed to reach the user as an error.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class InputError(RetainkitError):
    """The data cannot be used: a missing file, an unreadable one, a column that is not there."""


class RefusedError(InputError):
    """The system did not read what it reads at other times: nothing is wrong with the data."""


class FitError(InputError):
    """A model cannot be fitted: the data do not tell its parameters."""


class UsageError(RetainkitError):
    """The request itself is wrong: an unknown word, options that exclude each other."""

    exit_code = 2


class OutputError(RetainkitError):
    """A result could not be written; what stood there before still stands."""


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the choice nearest to `word`, or "" where none is near."""
    folded = {choice.casefold(): choice for choice in choices}
    near = get_close_matches(word.casefold(), folded, n=1)
    return f" Did you mean '{folded[near[0]]}'?" if near else ""


def check_once(option: str, words: Sequence[str]) -> None:
    """Raise UsageError where one of `words`, names of columns, stands there twice."""
    if len(set(words)) < len(words):
        raise UsageError(f"{option}: a column is named twice.")


def check_choice(option: str, value: str, choices: Iterable[str], hint: str | None = None) -> None:
    """Raise UsageError unless `value` is one of `choices`; the message lists them all."""
    known = list(choices)
    if value not in known:
        raise UsageError(
            f"{option}: '{value}' is not one of {', '.join(known)}.{nearest(str(value), known)}",
            hint,
        )


def size_of(option: str, text: str) -> int:
    """Return the bytes that a size like 2GB, 1500MB or 4GiB is; raises UsageError for none."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{option}: '{text}' is not a size like 2GB or 1500MB.")
    number, unit, binary = match.groups()
    base = 1024 if binary else 1000
    return int(float(number) * base ** _POWERS[(unit or "").lower()])


def check_kinds(params: DataclassInstance) -> None:
    """Raise UsageError for fields of a dataclass that are not of the plain kind they declare.

    The command line parses its words; from Python anything can come.
    """
    for field in fields(params):
        kinds, value = _KINDS.get(str(field.type)), getattr(params, field.name)
        words = value if isinstance(value, tuple) else (value,)
        if kinds and not all(type(word) in kinds for word in words):
            flag = f"--{field.name.removesuffix('_').replace('_', '-')}"
            raise UsageError(f"{flag}: {value!r} is not of the kind {field.type}.")


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt])?(i)?b?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "str": (str,),
    "str | None": (str, type(None)),
    "bool": (bool,),
    "int | None": (int, type(None)),
    "tuple[str, ...]": (str,),
    "tuple[int, ...]": (int,),
    "tuple[float, ...]": (int, float),
}
