"""The words of a rule that is written in one line."""

from __future__ import annotations

import re
import shlex

from retainkit.errors import UsageError

_WORD = re.compile(r"([^=<>]+)=(.*)", re.DOTALL)
_COMPARED = re.compile(r"(>=|<=|>|<|==|=)(.*)", re.DOTALL)
_SIGNS = {">=": "at_least", "<=": "at_most"}


def words_of(text: str) -> dict[str, object]:
    """Return the words of a rule like `retention day=7 mode=within >= 0.25`."""
    try:
        tokens = shlex.split(text)
    except ValueError as fault:
        raise UsageError(f"'{text}' cannot be read: {fault}.") from None
    words: dict[str, object] = {}
    waiting = None
    for place, token in enumerate(tokens):
        if waiting is not None:
            put(words, waiting, token)
            waiting = None
        elif place == 0 and "=" not in token:
            words["metric"] = token
        elif told := _WORD.fullmatch(token):
            put(words, told[1], told[2])
        elif (sign := _COMPARED.fullmatch(token)) and sign[1] in _SIGNS:
            waiting = _SIGNS[sign[1]]
            if sign[2]:
                put(words, waiting, sign[2])
                waiting = None
        else:
            raise UsageError(
                f"'{token}' is no part of a rule.",
                "Write it like: retention day=7 mode=within >= 0.25",
            )
    if waiting is not None:
        raise UsageError("The number after >= or <= is missing.")
    return words


def put(words: dict[str, object], name: str, value: object) -> None:
    """Add a word; raises UsageError for one that is there."""
    if name in words:
        raise UsageError(f"{name} is said twice.")
    words[name] = value
