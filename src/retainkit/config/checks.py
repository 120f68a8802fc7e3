"""What a settings file says, checked whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, create_model

from retainkit.config.files import read
from retainkit.errors import UsageError, nearest

_MODEL = ConfigDict(extra="forbid", frozen=True, strict=True)

Keys = Mapping[str, Any]  # the keys a table may have and the type each takes
DECLARED = ("metrics", "rules")  # are read where they are used: a check


def load(path: Path, tables: Mapping[str, Keys]) -> dict[str, dict[str, Any]]:
    """Return what the file sets, table by table, under the names of `tables`.

    Keys may have dashes for underscores; dates become text; one text may stand for a list. What
    [metrics] and [[rules]] say is only looked at where it is used.
    Raises UsageError that lists every fault of the file.
    """
    document = read(path)
    faults = [*_doubled(document)]
    fields: dict[str, Any] = {name: (_table(name, keys), None) for name, keys in tables.items()}
    fields |= {"metrics": (dict[str, dict[str, Any]], None), "rules": (list[dict[str, Any]], None)}
    model = create_model("Settings", __config__=_MODEL, **fields)
    try:
        settings = model.model_validate(_plain(document))
    except ValidationError as error:
        faults += [_told(fault, tables) for fault in error.errors(include_url=False)]
    if faults:
        listed = "".join(f"\n  {fault}" for fault in faults)
        raise UsageError(
            f"{path} cannot be used:{listed}",
            f"Tables: {', '.join(f'[{t}]' for t in tables)}, [metrics.NAME], [[rules]].",
        )
    tables_set: dict[str, dict[str, Any]] = settings.model_dump(exclude_unset=True)
    return tables_set


def _table(name: str, keys: Keys) -> type[BaseModel]:
    fields: dict[str, Any] = {key: (_listed(hint), None) for key, hint in keys.items()}
    return create_model(name, __config__=_MODEL, **fields)


def _listed(hint: Any) -> Any:
    """Return a type that takes one text for a list of them, any other type as it is."""
    if not any(get_origin(part) is list for part in (hint, *get_args(hint))):
        return hint
    return Annotated[hint, BeforeValidator(_several)]


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    """Return TOML as flags would say it: keys with underscores, dates and times as text."""
    if isinstance(value, dict):
        return {key.replace("-", "_"): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date | time) else value


def _doubled(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a fault for each key that stands both with a dash and with an underscore."""
    for name, table in document.items():
        keys = table if isinstance(table, dict) else {}
        for key in keys:
            if "-" in key and key.replace("-", "_") in keys:
                yield f"{name}.{key}: stands there as {key.replace('-', '_')} too"


def _told(fault: Mapping[str, Any], tables: Mapping[str, Keys]) -> str:
    """Return one fault: where it is, what is wrong, and what is near to an unknown name."""
    place: tuple[str | int, ...] = fault["loc"]
    where = ".".join(str(part) for part in place)
    if fault["type"] == "extra_forbidden":
        known = [*tables, *DECLARED] if len(place) == 1 else tables[str(place[0])]
        kind = "table" if len(place) == 1 else "key"
        near = nearest(str(place[-1]), known)
        return f"{where}: unknown {kind}.{near}" if near else _unknown(where, kind, known)
    if fault["type"] == "literal_error":
        words = fault["ctx"]["expected"]
        near = nearest(str(fault["input"]), re.findall("'(.*?)'", words))
        return f"{where}: '{fault['input']}' is not one of {words}.{near}"
    if fault["type"] == "model_type":
        return f"{where}: has to be a table, [{where}]"
    return f"{where}: {fault['msg'].removeprefix('Input ')}"


def _unknown(where: str, kind: str, known: Iterable[str]) -> str:
    return f"{where}: unknown {kind}; there are {', '.join(known)}"
