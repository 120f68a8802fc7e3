"""A Result as one JSON object, `retainkit/1`: what machines read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from math import isfinite

import polars as pl

from retainkit.render.options import RenderOptions
from retainkit.render.tidy import tidy
from retainkit.results import FORMAT, DataWindow, Result


def write(result: Result, options: RenderOptions) -> str:
    """Return the whole object, a row a line; NaN and infinities are null."""
    del options
    parts = [f'"{key}": {dumped(value)}' for key, value in head(result).items()]
    tables = (f"{dumped(name)}: {_rows(frame)}" for name, frame in result.tables.items())
    parts.append('"tables": {' + ",\n".join(tables) + "}")
    return "{" + ",\n".join(parts) + "}\n"


def head(result: Result) -> dict[str, object]:
    """Return everything of the object but its tables, in plain JSON values."""
    return {
        "format": FORMAT,
        "command": result.command,
        "definition": result.definition,
        "params": plain(result.params),
        "data": window(result.data),
        "notes": list(result.notes),
    }


def head_text(result: Result) -> str:
    """Return `head` as JSON on one line."""
    return dumped(head(result))


def window(data: DataWindow) -> dict[str, object]:
    """Return what was read and used, in plain JSON values."""
    return {
        "rows": data.rows,
        "members": data.members,
        "first": plain(data.first),
        "last": plain(data.last),
        "as_of": plain(data.as_of),
        "tz": data.tz,
        "refused": sum(data.refused.values()),
        "refused_by_reason": dict(data.refused),
        "left_out": dict(data.left_out),
        "rows_read": data.rows_read,
    }


def plain(value: object) -> object:
    """Return `value` as JSON knows it: dates in ISO form, sequences as lists, the rest as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if isfinite(value) else None
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case tuple() | list():
            return [plain(item) for item in value]
        case _:
            return str(value)


def dumped(value: object) -> str:
    """Return plain JSON values as JSON on one line."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    # A lone surrogate (a file name that is not UTF-8) has no place in UTF-8 text.
    return text.encode(errors="replace").decode()


def _rows(frame: pl.DataFrame) -> str:
    lines = tidy(frame).write_ndjson().rstrip("\n")
    return "[\n" + lines.replace("\n", ",\n") + "\n]" if lines else "[]"
