"""What a metric's numbers mean, as a hash: two numbers are only compared where it is the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256

from retainkit.checking.asked import NOT_ASKED
from retainkit.engine import Request
from retainkit.sources import SourceOptions
from retainkit.wording import spelled

# How events are read makes a number another one; which files, and until when, does not.
_MEANING = (
    *("member_col", "time_col", "event_col", "amount_col", "order_col"),
    *("joined_col", "left_col", "reason_col"),
    *("where", "dedupe", "tz", "naive_tz", "week_start", "day_first", "time_format"),
)
# As these, but newer: told only where they are used, so that older definitions stay the same.
_NEWER = ("nobody", "normalize_ids")

Definition = Mapping[str, object]


def definition_of(request: Request, options: SourceOptions) -> Definition:
    """Return what the numbers of a request mean: its command and params, and how events are read.

    Params that are taken from the data stand there as they were asked for. Dates of the window
    and names of files are no part of it.
    """
    params = {
        spelled(name): value
        for name, value in asdict(request.params).items()
        if name not in NOT_ASKED
    }
    source = {name: getattr(options, name) for name in _MEANING}
    source |= {name: value for name in _NEWER if (value := getattr(options, name))}
    told = {"command": request.metric.command, "params": params, "source": source}
    plain: Definition = json.loads(json.dumps(told))  # tuples are lists, as in a file
    return plain


def hash_of(definition: Definition) -> str:
    """Return the SHA-256 of a definition, in hexadecimal."""
    text = json.dumps(definition, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def changed(before: Definition, now: Definition) -> list[str]:
    """Return what is not the same in two definitions, as `name: before, now after`."""
    told = []
    for part in ("params", "source"):
        old, new = (_part(definition, part) for definition in (before, now))
        told += [
            f"{name}: {_said(old.get(name))}, now {_said(new.get(name))}"
            for name in sorted({*old, *new})
            if old.get(name) != new.get(name)
        ]
    if before.get("command") != now.get("command"):
        told.append(f"command: {before.get('command')}, now {now.get('command')}")
    return told


def _part(definition: Definition, name: str) -> Mapping[str, object]:
    part = definition.get(name)
    return part if isinstance(part, dict) else {}


def _said(value: object) -> str:
    return "not set" if value is None else json.dumps(value, ensure_ascii=False)
