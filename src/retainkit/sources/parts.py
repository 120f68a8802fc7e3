"""One export in several files: its parts, and how they are joined by column name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import polars as pl

from retainkit.errors import InputError
from retainkit.schema import Header
from retainkit.sources.dtypes import common, converted, fits_float
from retainkit.sources.faults import reading
from retainkit.sources.sets import BAD_AMOUNT_COLUMN
from retainkit.sources.stored import Stored

FILE, ROW = "__file", "__row"
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # gzip, zstd: their lines cannot be seen
_START = 1 << 18  # bytes of a text file from which the number of its lines is guessed
Schema = Mapping[str, pl.DataType]


@dataclass(frozen=True)
class Kin:
    """Files that agree in `kind` can be scanned as one: thousands of scans cost more than rows."""

    kind: Hashable
    path: Path
    scan: Callable[[list[Path]], pl.LazyFrame]


@dataclass(frozen=True)
class Part:
    """The rows of one file or frame: nothing read yet, ROW first where it was asked for.

    renamed: names of the file's that are no columns', and what the columns are called instead.
    kin: how files like it are scanned together, if at all. footer: the Parquet file it is.
    stored: None for what only Polars can read as it lies. ready: the roles that its columns are,
    and what they were read from, where it is a part of a set; None where it is not.
    """

    name: str
    frame: pl.LazyFrame
    schema: Mapping[str, pl.DataType]
    notes: tuple[str, ...] = ()
    renamed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kin: Kin | None = None
    footer: Path | None = None
    stored: Stored | None = None
    ready: Mapping[str, str] | None = None

    def about_rows(self) -> int | None:
        """Return how many rows a Parquet file has, or about how many a text file; else None."""
        if self.footer is not None:
            return int(pl.scan_parquet(self.footer, glob=False).select(pl.len()).collect().item())
        if self.kin is None:
            return None
        with self.kin.path.open("rb") as text:
            start = text.read(_START)
        lines = 0 if start.startswith(_PACKED) else start.count(b"\n")
        return lines * self.kin.path.stat().st_size // len(start) if lines else None


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


def with_keys(part: Part, keys: Mapping[str, str | None]) -> Part:
    """Return `part` with the keys of its Hive folders as columns."""
    columns = [pl.lit(value, pl.String).alias(key) for key, value in keys.items()]
    kin = part.kin
    if kin is not None:
        plain = kin.scan
        kin = Kin(
            (kin.kind, *keys.items()), kin.path, lambda paths: plain(paths).with_columns(columns)
        )
    return replace(
        part,
        frame=part.frame.with_columns(columns),
        schema={**part.schema, **dict.fromkeys(keys, pl.String())},
        kin=kin,
        stored=part.stored and replace(part.stored, keys=keys),
    )


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
        kin=None,
        footer=None,
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


@dataclass(frozen=True)
class Joined:
    """Several parts as one table: the data columns, their types, and what to know of them."""

    header: Header
    types: Mapping[str, pl.DataType]
    notes: tuple[str, ...]
    origin: bool

    def rows(self, parts: Sequence[Part]) -> pl.LazyFrame:
        """Return the rows of `parts`, those or fewer than were joined; those alike as one scan."""
        own = [FILE, ROW] if self.origin else []
        frames = [
            frame.select(*fitted(schema, self.types), *own)
            for frame, schema in (self._with_files(parts) if self.origin else _scans(parts))
        ]
        return pl.concat(frames)

    @staticmethod
    def _with_files(parts: Sequence[Part]) -> Iterator[tuple[pl.LazyFrame, Schema]]:
        for part in parts:
            yield part.frame.with_columns(pl.lit(part.name).alias(FILE)), part.schema


def _scans(parts: Sequence[Part]) -> Iterator[tuple[pl.LazyFrame, Schema]]:
    """Yield as few scans as read all parts, and the schema of each."""
    kins: dict[Hashable, list[Part]] = defaultdict(list)
    for i, part in enumerate(parts):
        kins[i if part.kin is None else (part.kin.kind, *part.schema.items())].append(part)
    for alike in kins.values():
        kin = alike[0].kin
        frame = alike[0].frame
        if kin is not None and len(alike) > 1:
            frame = kin.scan([part.kin.path for part in alike if part.kin is not None])
        yield frame, alike[0].schema


def join(parts: Sequence[Part], *, origin: bool) -> Joined:
    """Return how the rows of all `parts` are one table.

    Columns are joined by name. One that a part does not have is null there; one that is typed
    differently becomes the wider type of its kind where there is one, else text.
    """
    places: dict[str, dict[pl.DataType, str]] = {}
    for part in parts:
        for column, dtype in part.schema.items():
            places.setdefault(column, {}).setdefault(dtype, part.name)
    types = _types(parts, places)
    renamed = {name: plain for part in parts for name, plain in part.renamed.items()}
    kept = {column: dtype for column, dtype in types.items() if dtype is not None}
    notes = (*_told(parts), *_missing(parts, places), *_mixed(places, types))
    ready = _ready(parts)
    for role, sources in ready.items():
        renamed |= {source: (role,) for source in sources if source not in kept}
    return Joined(Header(list(kept), renamed, ready), kept, notes, origin)


def _ready(parts: Sequence[Part]) -> dict[str, frozenset[str]]:
    """Return the roles that are read already; none where some part is not of a set."""
    sources: dict[str, set[str]] = defaultdict(set)
    for part in parts:
        if part.ready is None:
            return {}
        for role, source in part.ready.items():
            sources[role].add(source)
    return {role: frozenset(was) for role, was in sources.items()}


def named(names: Sequence[str]) -> str:
    """Return `names` as a message shows them: the first, and how many more."""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"'{names[0]}'{more}"


def fitted(schema: Schema, wanted: Schema) -> Iterator[pl.Expr]:
    """Yield the columns `wanted` of a part that has `schema`, in the types they are joined in."""
    for column, dtype in wanted.items():
        here = schema.get(column)
        if here is None:
            yield pl.lit(None, dtype).alias(column)
        else:
            yield converted(pl.col(column), here, dtype)


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
        if names and column != BAD_AMOUNT_COLUMN
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
