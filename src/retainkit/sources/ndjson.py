"""Newline-delimited JSON: one object a line, every value as the text it is written in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from glob import escape
from itertools import accumulate
from pathlib import Path

import polars as pl

from retainkit.errors import InputError
from retainkit.sources.faults import FAULTS
from retainkit.sources.file import File
from retainkit.sources.files import Scratch
from retainkit.sources.magic import Head
from retainkit.sources.names import ROW, refuse_own_names
from retainkit.sources.options import SourceOptions
from retainkit.sources.parts import Part
from retainkit.sources.text import copy_as_utf8, look

_DEEPEST = 500  # Polars reads 1,024, Python's recursion may end before
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]')

_STEP = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}


def read_ndjson(
    file: File, head: Head, options: SourceOptions, scratch: Scratch, *, origin: bool
) -> Part:
    """Return the rows of `file`, every column String; nested values are JSON text.

    The columns are the keys of all lines, so the whole file is read once to find them.
    Raises InputError where a line is no JSON object.
    """
    text = look(file, head, options)
    start = text.sample.lstrip()
    if start.startswith("["):
        raise InputError(
            f"'{file.name}' is one JSON array, not one object a line.",
            f"Convert it: jq -c '.[]' {file.name} > events.ndjson",
        )
    path = file.path
    # Finding the keys maps the file into memory, which packed data could not bound.
    if head.packed or not text.streams or text.encoding == "utf-8-sig":
        path = copy_as_utf8(text, scratch.path(".ndjson"), options)
    keys = _keys(file, path)
    if origin:
        refuse_own_names(file.name, keys)
    schema = dict.fromkeys(keys, pl.String())
    rows = _scan(path, schema)
    if origin:
        rows = rows.with_row_index(ROW, 1).with_columns(pl.col(ROW).cast(pl.Int64))
    return Part(file.name, rows, schema, text.notes)


def _scan(path: Path, schema: Mapping[str, pl.DataType] | None = None) -> pl.LazyFrame:
    """Return the rows of one file; its name is no pattern, which Polars takes it for."""
    return pl.scan_ndjson(escape(str(path)), schema=schema, infer_schema_length=None)


def _keys(file: File, path: Path) -> list[str]:
    try:
        keys = _scan(path).collect_schema().names()
    except FAULTS:
        # Polars also gives up on a key that is an object here and a number there.
        keys = _keys_line_by_line(file, path)
    if not keys:
        raise InputError(f"'{file.name}' has no keys to read.", "Look at its first lines.")
    return keys


def _keys_line_by_line(file: File, path: Path) -> list[str]:
    keys: dict[str, None] = {}
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            if _depth(line) > _DEEPEST:
                raise InputError(
                    f"'{file.name}', line {number}: its values are nested more than "
                    f"{_DEEPEST:,} deep.",
                    "Export what retainkit needs at the top of each object.",
                )
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            if not isinstance(record, dict):
                raise InputError(
                    f"'{file.name}', line {number}: this is not one JSON object.",
                    "NDJSON has one whole object a line, in UTF-8.",
                )
            keys.update(dict.fromkeys(record))
    return list(keys)


def _depth(line: bytes) -> int:
    """Return how deep the values of a line are nested."""
    if line.count(b"[") + line.count(b"{") <= _DEEPEST:
        return 0
    steps = (_STEP.get(token[0][:1], 0) for token in _TOKEN.finditer(line))
    return max(accumulate(steps), default=0)
