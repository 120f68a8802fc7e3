"""Lines of a settings file: a value that is set, or a flag's default behind a #."""

import inspect
import json
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

_EXAMPLE_NUMBER, _EXAMPLE_SHARE = 30, 0.1
_REMARK = 36  # the column where remarks begin


def setting(name: str, value: object, remark: str = "") -> str:
    """Return the line that sets `name`."""
    return _line(f"{name} = {_written(value)}", remark)


def commented(name: str, flag: inspect.Parameter, remark: str = "") -> str:
    """Return the line that would set a flag to its default, or shows what it takes.

    remark: what to say instead of the flag's help and choices.
    """
    hint, info = get_args(flag.annotation)
    value = _example(hint, info.metavar or "…") if flag.default is None else flag.default
    words = ", ".join(_choices(hint))
    about = f"{info.help} ({words})" if words else str(info.help)
    return _line(f"# {name} = {_written(value)}", remark or about)


def _line(assignment: str, remark: str) -> str:
    clean = " ".join(remark.split())
    return f"{assignment:<{_REMARK}}  # {clean}" if clean else assignment


def _written(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, str):
        # JSON escapes what TOML does, but for one control character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _example(hint: Any, placeholder: str) -> object:
    if int in get_args(hint):
        return _EXAMPLE_NUMBER
    if float in get_args(hint):
        return _EXAMPLE_SHARE
    words = list(_choices(hint))
    example: object = words[0] if words else placeholder.split("|")[0]
    if bool in get_args(hint):
        return True
    return [example] if any(get_origin(part) is list for part in get_args(hint)) else example


def _choices(hint: Any) -> Iterator[str]:
    """Yield the words that a type lists, however deep they stand."""
    if get_origin(hint) is Literal:
        yield from get_args(hint)
        return
    for part in get_args(hint):
        yield from _choices(part)
