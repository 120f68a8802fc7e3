"""One export in several files: its parts, and how they are joined by column name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from retainkit.errors import InputError

FILE, ROW = "__file", "__row"
_INTEGERS = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)
_TEXTUAL = (pl.String, pl.Categorical, pl.Enum, pl.Boolean)


@dataclass(frozen=True)
class Part:
    """The rows of one file or frame: nothing read yet, ROW first where it was asked for."""

    name: str
    frame: pl.LazyFrame
    schema: Mapping[str, pl.DataType]
    notes: tuple[str, ...] = ()


def readable(cells: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return a distinct name for each cell of a header, and notes.

    A name that occurs twice is numbered everywhere (`a_1`, `a_2`), so that no column is left
    that could be taken for the one that was meant.
    """
    given = [cell.strip() or f"column_{i}" for i, cell in enumerate(cells, 1)]
    times = Counter(given)
    taken = set(given)
    names: list[str] = []
    for name in given:
        number = 1
        while times[name] > 1 and f"{name}_{number}" in taken:
            number += 1
        names.append(f"{name}_{number}" if times[name] > 1 else name)
        taken.add(names[-1])
    doubled = [name for name, count in times.items() if count > 1]
    return names, tuple(
        f"the header names '{name}' {times[name]} times: read as "
        + ", ".join(f"'{each}'" for each, was in zip(names, given, strict=True) if was == name)
        for name in doubled
    )


def refuse_own_names(name: str, columns: Iterable[str]) -> None:
    """Raise InputError where the data has a column called like one that retainkit adds."""
    own = [column for column in columns if column in (FILE, ROW)]
    if own:
        raise InputError(
            f"'{name}' has a column '{own[0]}', which is what retainkit calls its own.",
            "Rename the column, or leave --rejects out.",
        )


def join(parts: Sequence[Part], *, origin: bool) -> tuple[pl.LazyFrame, list[str], list[str]]:
    """Return the rows of all `parts` one after the other, the data columns, and notes.

    Columns are joined by name. One that a part does not have is null there; one that is typed
    differently becomes the wider type of its kind where there is one, else text.
    """
    places: dict[str, dict[pl.DataType, str]] = {}
    for part in parts:
        for column, dtype in part.schema.items():
            places.setdefault(column, {}).setdefault(dtype, part.name)
    types = {column: _common(list(found)) for column, found in places.items()}
    header = [column for column, dtype in types.items() if dtype is not None]
    own = [FILE, ROW] if origin else []
    frames = [
        part.frame.with_columns(pl.lit(part.name).alias(FILE) if origin else []).select(
            *(_as(column, part.schema.get(column), types[column]) for column in header), *own
        )
        for part in parts
    ]
    notes = [*_told(parts), *_missing(parts, places), *_mixed(places, types)]
    return pl.concat(frames), header, notes


def named(names: Sequence[str]) -> str:
    """Return `names` as a message shows them: the first, and how many more."""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"'{names[0]}'{more}"


def _as(column: str, dtype: pl.DataType | None, wanted: pl.DataType | None) -> pl.Expr:
    if dtype is None:
        return pl.lit(None, wanted).alias(column)
    if dtype == wanted:
        return pl.col(column)
    if isinstance(dtype, pl.Datetime) and wanted == pl.String:
        return pl.col(column).dt.to_string("iso")
    return pl.col(column).cast(wanted or dtype)


def _common(dtypes: Sequence[pl.DataType]) -> pl.DataType | None:
    """Return a type that holds all of `dtypes` exactly; None where there is none."""
    known = [dtype for dtype in dtypes if dtype != pl.Null] or [pl.String()]
    first = known[0]
    if len(known) == 1:
        return first
    if all(dtype in _INTEGERS for dtype in known):
        return pl.Int64()
    if all(dtype.is_float() for dtype in known):
        return pl.Float64()
    zones = {dtype.time_zone if isinstance(dtype, pl.Datetime) else ... for dtype in known}
    if len(zones) == 1 and isinstance(first, pl.Datetime):
        return pl.Datetime("us", first.time_zone)
    plain = (each.is_numeric() or each.is_temporal() or each in _TEXTUAL for each in known)
    return pl.String() if all(plain) else None


def _told(parts: Sequence[Part]) -> list[str]:
    files = defaultdict(list)
    for part in parts:
        for note in part.notes:
            files[note].append(part.name)
    return [f"{named(names)}: {note}." for note, names in files.items()]


def _missing(parts: Sequence[Part], columns: Iterable[str]) -> list[str]:
    lacking = {
        column: [part.name for part in parts if column not in part.schema] for column in columns
    }
    return [
        f"column '{column}' is not in {named(names)}: null there."
        for column, names in lacking.items()
        if names
    ]


def _mixed(
    places: Mapping[str, Mapping[pl.DataType, str]], types: Mapping[str, pl.DataType | None]
) -> list[str]:
    notes = []
    for column, found in places.items():
        dtype = types[column]
        if len(found) == 1 or dtype not in (None, pl.String):
            continue
        seen = ", ".join(f"{each} in '{name}'" for each, name in found.items())
        end = "left out" if dtype is None else "read as text"
        notes.append(f"column '{column}' is {seen}: {end}.")
    return notes
