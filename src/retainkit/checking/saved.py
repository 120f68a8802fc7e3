"""Numbers that were saved: snapshots of named metrics, and Results written as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from retainkit.checking.definitions import Definition, changed, hash_of
from retainkit.errors import InputError, UsageError
from retainkit.hashing import content_hash
from retainkit.results import FORMAT, DataWindow, Result
from retainkit.sources import Input
from retainkit.sources.faults import reading
from retainkit.sources.files import paths

SNAPSHOT = "retainkit-snapshot/1"
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Saved:
    """One metric that was saved. definition: None in a Result, which says its params only.

    result: None where only definitions were saved.
    """

    command: str
    definition: Definition | None
    result: Result | None

    def check_same(self, name: str, path: str, now: Definition) -> None:
        """Raise UsageError where the numbers saved do not mean what they mean now."""
        then = self.definition
        if then is None:
            assert self.result is not None
            then = _likely(self.result, now)
        if hash_of(then) != hash_of(now):
            told = "".join(f"\n  {line}" for line in changed(then, now))
            raise UsageError(
                f"{path}: what '{name}' means has changed since it was saved:{told}",
                "Numbers of unlike definitions are not compared: save it anew with "
                "`retainkit snapshot`, or undo the change.",
            )


def read_saved(path: str) -> dict[str, Saved]:
    """Return the metrics of a snapshot by name, or of a Result by its command.

    Raises InputError for a file that is neither.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        if document["format"] == FORMAT:
            result = _result(document)
            return {result.command: Saved(result.command, None, result)}
        if document["format"] == SNAPSHOT:
            return {name: _saved(each) for name, each in document["metrics"].items()}
        known = f"its format is '{document['format']}'"
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError, pl.exceptions.PolarsError):
        known = "it is no JSON of that kind"
    raise InputError(
        f"{path} is no snapshot and no Result: {known}.",
        "Write one with `retainkit snapshot -o FILE` (a lock with --definitions), or with "
        "`retainkit COMMAND … -f json -o FILE`.",
    )


def snapshot_of(
    definitions: Mapping[str, Definition], results: Mapping[str, str], files: Sequence[object]
) -> str:
    """Return the text of a snapshot. results: as JSON, by name; none, to save definitions alone.

    files: what the sources were, as `fingerprint` tells them.
    """
    metrics = {
        name: {"definition_hash": hash_of(definition), "definition": definition}
        | ({"result": json.loads(results[name])} if name in results else {})
        for name, definition in definitions.items()
    }
    document = {"format": SNAPSHOT, "data": {"files": list(files)}, "metrics": metrics}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def fingerprint(inputs: Iterable[Input]) -> list[dict[str, object]]:
    """Return name, size and BLAKE2b of each local file among the sources; of others the name.

    Raises InputError where one cannot be read.
    """
    named = [str(each) for each in inputs if isinstance(each, str | Path)]
    return [_told(path) for path in sorted(paths(named))]


def _told(path: Path) -> dict[str, object]:
    with reading(path.name), path.open("rb") as file:
        content = content_hash(file)
        return {"name": path.name, "bytes": os.fstat(file.fileno()).st_size, "blake2b": content}


def _saved(document: Mapping[str, Any]) -> Saved:
    definition = document["definition"]
    result = document.get("result")
    told = None if result is None else _result(result)
    return Saved(_kind(definition["command"], str), _kind(definition, dict), told)


def _result(document: Mapping[str, Any]) -> Result:
    """Return the Result of its JSON; dates stay text, which sorts as they do."""
    data = document["data"]
    return Result(
        command=_kind(document["command"], str),
        definition=_kind(document["definition"], str),
        params=_kind(document["params"], dict),
        data=DataWindow(data["rows"], data["members"], None, None, None, data["tz"]),
        tables={name: _table(_kind(rows, list)) for name, rows in document["tables"].items()},
    )


def _table(rows: Sequence[object]) -> pl.DataFrame:
    """Return the table of its rows. Cells hold no others, which Polars would take minutes for."""
    for row in rows:
        for cell in _kind(row, dict).values():
            if isinstance(cell, dict | list):
                raise TypeError("a cell that is none")
    return pl.DataFrame(rows, infer_schema_length=None)


def _kind(value: object, kind: type[Kind]) -> Kind:
    """Return a value of JSON that has to be of a kind; raises TypeError where it is not."""
    if not isinstance(value, kind):
        raise TypeError(type(value).__name__)
    return value


def _likely(result: Result, now: Definition) -> Definition:
    """Return the definition of a Result as far as its params tell it.

    Params that are taken from the data, and were not asked for now, are taken for the same.
    """
    told = {}
    for part in ("params", "source"):
        own = now[part]
        assert isinstance(own, dict)
        told[part] = {
            name: value if value is None else result.params.get(name) for name, value in own.items()
        }
    return {"command": result.command, **told}
