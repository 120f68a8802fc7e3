"""One export in several files: its parts, and how they are joined by column name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

import polars as pl

from retainkit.errors import InputError
from retainkit.schema import Header
from retainkit.sources.dtypes import common, converted, fits_float
from retainkit.sources.faults import reading

FILE, ROW = "__file", "__row"


@dataclass(frozen=True)
class Stored:
    """How the rows of a part lie in a file, for an engine that reads files by itself.

    columns: for each column its name in the file; in a CSV, which is UTF-8 and read by position,
    in the file's order. keys: columns that are not in the file, the same in every row of it.
    packed: whether it is a gzip or zstd file. separator, header: of a CSV.
    """

    path: Path
    format: Literal["parquet", "csv"]
    columns: Mapping[str, str]
    keys: Mapping[str, str | None] = field(default_factory=dict)
    packed: bool = False
    separator: str = ","
    header: bool = True

    def renamed(self, names: Mapping[str, str]) -> Stored:
        """Return what is stored under other names for columns."""
        return replace(
            self,
            columns={names.get(name, name): here for name, here in self.columns.items()},
            keys={names.get(name, name): value for name, value in self.keys.items()},
        )


@dataclass(frozen=True)
class Part:
    """The rows of one file or frame: nothing read yet, ROW first where it was asked for.

    renamed: names of the file's that are no columns', and what the columns are called instead.
    stored: None for what only Polars can read as it lies.
    """

    name: str
    frame: pl.LazyFrame
    schema: Mapping[str, pl.DataType]
    notes: tuple[str, ...] = ()
    renamed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stored: Stored | None = None


def readable(cells: Sequence[str]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Return a distinct name for each cell of a header, and the cells that are called otherwise.

    A name that occurs twice is numbered everywhere (`a_1`, `a_2`), so that no column is left
    that could be taken for the one that was meant. One that Polars takes for a pattern (`*`,
    `^a$`) stands in parentheses.
    """
    given = [cell.strip() or f"column_{i}" for i, cell in enumerate(cells, 1)]
    times = Counter(given)
    taken = set(given)
    names: list[str] = []
    for name in given:
        number = 1
        while times[name] > 1 and f"{name}_{number}" in taken:
            number += 1
        plain = f"{name}_{number}" if times[name] > 1 else _plain(name, taken)
        names.append(plain)
        taken.add(plain)
    renamed: dict[str, tuple[str, ...]] = {}
    for name, plain in zip(given, names, strict=True):
        if name != plain:
            renamed[name] = (*renamed.get(name, ()), plain)
    return names, renamed


def without_patterns(part: Part) -> Part:
    """Return `part` with other names for columns that Polars takes for patterns."""
    plain = {name: _plain(name, part.schema) for name in part.schema}
    renamed = {name: new for name, new in plain.items() if name != new}
    if not renamed:
        return part
    return replace(
        part,
        frame=part.frame.rename(renamed),
        schema={plain[name]: dtype for name, dtype in part.schema.items()},
        renamed={**part.renamed, **{name: (new,) for name, new in renamed.items()}},
        stored=part.stored and part.stored.renamed(renamed),
    )


def _plain(name: str, taken: Container[str]) -> str:
    """Return `name`, in parentheses where Polars would take it for a pattern."""
    plain = name
    while _is_pattern(plain) or (plain != name and plain in taken):
        plain = f"({plain})"
    return plain


def _is_pattern(name: str) -> bool:
    return name == "*" or (name.startswith("^") and name.endswith("$"))


def refuse_own_names(name: str, columns: Iterable[str]) -> None:
    """Raise InputError where the data has a column called like one that retainkit adds."""
    own = [column for column in columns if column in (FILE, ROW)]
    if own:
        raise InputError(
            f"'{name}' has a column '{own[0]}', which is what retainkit calls its own.",
            "Rename the column, or leave --rejects out.",
        )


def join(parts: Sequence[Part], *, origin: bool) -> tuple[pl.LazyFrame, Header, list[str]]:
    """Return the rows of all `parts` one after the other, the data columns, and notes.

    Columns are joined by name. One that a part does not have is null there; one that is typed
    differently becomes the wider type of its kind where there is one, else text.
    """
    places: dict[str, dict[pl.DataType, str]] = {}
    for part in parts:
        for column, dtype in part.schema.items():
            places.setdefault(column, {}).setdefault(dtype, part.name)
    types = _types(parts, places)
    wanted = {column: dtype for column, dtype in types.items() if dtype is not None}
    own = [FILE, ROW] if origin else []
    frames = [
        part.frame.with_columns(pl.lit(part.name).alias(FILE) if origin else []).select(
            *fitted(part.schema, wanted), *own
        )
        for part in parts
    ]
    notes = [*_told(parts), *_missing(parts, places), *_mixed(places, types)]
    renamed = {name: plain for part in parts for name, plain in part.renamed.items()}
    return pl.concat(frames), Header(wanted, renamed), notes


def fitted(
    schema: Mapping[str, pl.DataType], wanted: Mapping[str, pl.DataType]
) -> Iterator[pl.Expr]:
    """Yield the columns `wanted` of a part that has `schema`, in the types they are joined in."""
    for column, dtype in wanted.items():
        here = schema.get(column)
        if here is None:
            yield pl.lit(None, dtype).alias(column)
        else:
            yield converted(pl.col(column), here, dtype)


def named(names: Sequence[str]) -> str:
    """Return `names` as a message shows them: the first, and how many more."""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"'{names[0]}'{more}"


def _types(
    parts: Sequence[Part], places: Mapping[str, Iterable[pl.DataType]]
) -> dict[str, pl.DataType | None]:
    """Return the type that each column has once the parts are joined."""

    def exact(column: str) -> bool:
        return all(
            _fits(part, column, part.schema[column]) for part in parts if column in part.schema
        )

    return {column: common(list(found), partial(exact, column)) for column, found in places.items()}


def _fits(part: Part, column: str, dtype: pl.DataType) -> bool:
    with reading(part.name):
        return fits_float(part.frame, column, dtype)


def _told(parts: Sequence[Part]) -> list[str]:
    files = defaultdict(list)
    for part in parts:
        for note in (*part.notes, *map(_renaming, part.renamed.items())):
            files[note].append(part.name)
    return [f"{named(names)}: {note}." for note, names in files.items()]


def _renaming(item: tuple[str, tuple[str, ...]]) -> str:
    name, plain = item
    listed = ", ".join(f"'{each}'" for each in plain)
    times = f" {len(plain)} times" if len(plain) > 1 else ""
    return f"the header names '{name}'{times}: read as {listed}"


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
