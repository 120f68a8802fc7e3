"""One export in several files: its parts, and how they are joined by column name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import polars as pl

from retainkit.schema import Header
from retainkit.sources.badlines import bad_line, bad_quote
from retainkit.sources.dtypes import common, converted, fits_float
from retainkit.sources.faults import is_about_bytes, is_about_quotes, reading
from retainkit.sources.lines import Lines, notes
from retainkit.sources.names import FILE, FOOT, LONG, ROW, headless, plain_name, refuse_headless
from retainkit.sources.sets import BAD_AMOUNT_COLUMN
from retainkit.sources.stored import Stored

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
    stored: None for what only Polars can read as it lies. lines: what its lines are like, of a
    CSV that was gone through. separator: of a CSV, if cells may be quoted. ready: the roles that
    its columns are, and what they were read from, where it is a part of a set; else None. marks:
    which of LONG and FOOT (Boolean) tell of rows that are none of the table. headless: whether
    its header looks like a row.
    """

    name: str
    frame: pl.LazyFrame
    schema: Mapping[str, pl.DataType]
    notes: tuple[str, ...] = ()
    renamed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kin: Kin | None = None
    footer: Path | None = None
    stored: Stored | None = None
    lines: Lines | None = None
    separator: str | None = None
    ready: Mapping[str, str] | None = None
    marks: tuple[str, ...] = ()
    headless: bool = False

    def line_of(self, error: BaseException) -> int | None:
        """Return the line of a CSV that made Polars raise `error`, None where nobody knows."""
        if self.separator is None or self.kin is None:
            return None
        if is_about_bytes(error):
            return bad_line(self.kin.path, "utf-8")
        return bad_quote(self.kin.path, self.separator) if is_about_quotes(error) else None

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
    """Return `part` with other names for columns that Polars or we take for something else."""
    plain = {name: plain_name(name, part.schema) for name in part.schema}
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


@dataclass(frozen=True)
class Joined:
    """Several parts as one table: the data columns, their types, and what to know of them.

    marks: which of LONG and FOOT the rows have, as some part has.
    """

    header: Header
    types: Mapping[str, pl.DataType]
    notes: tuple[str, ...]
    origin: bool
    marks: tuple[str, ...] = ()

    def rows(self, parts: Sequence[Part]) -> pl.LazyFrame:
        """Return the rows of `parts`, those or fewer than were joined; those alike as one scan."""
        own = [pl.col(FILE, ROW)] if self.origin else []
        frames = []
        for frame, part in self._with_files(parts) if self.origin else _scans(parts):
            marks = [
                pl.col(mark) if mark in part.marks else pl.lit(False).alias(mark)
                for mark in self.marks
            ]
            frames.append(frame.select(*fitted(part.schema, self.types), *own, *marks))
        return pl.concat(frames)

    @staticmethod
    def _with_files(parts: Sequence[Part]) -> Iterator[tuple[pl.LazyFrame, Part]]:
        for part in parts:
            yield part.frame.with_columns(pl.lit(part.name).alias(FILE)), part


def _scans(parts: Sequence[Part]) -> Iterator[tuple[pl.LazyFrame, Part]]:
    """Yield as few scans as read all parts, and a part like those of each."""
    kins: dict[Hashable, list[Part]] = defaultdict(list)
    for i, part in enumerate(parts):
        kins[i if part.kin is None else (part.kin.kind, *part.schema.items())].append(part)
    for alike in kins.values():
        kin = alike[0].kin
        frame = alike[0].frame
        if kin is not None and len(alike) > 1:
            frame = kin.scan([part.kin.path for part in alike if part.kin is not None])
        yield frame, alike[0]


def join(parts: Sequence[Part], *, origin: bool) -> Joined:
    """Return how the rows of all `parts` are one table.

    Columns are joined by name. One that a part does not have is null there; one that is typed
    differently becomes the wider type of its kind where there is one, else text. Raises
    InputError for a CSV without a header among files that have one.
    """
    texts = [part for part in parts if part.lines is not None]
    others = {name for part in parts if part.lines is None for name in part.schema}
    refuse_headless([(part.name, part.schema.keys()) for part in texts], others)
    for part in parts:
        if part.headless:
            raise headless(part.name)
    places: dict[str, dict[pl.DataType, str]] = {}
    for part in parts:
        for column, dtype in part.schema.items():
            places.setdefault(column, {}).setdefault(dtype, part.name)
    types = _types(parts, places)
    renamed = {name: plain for part in parts for name, plain in part.renamed.items()}
    kept = {column: dtype for column, dtype in types.items() if dtype is not None}
    lines = [(part.name, part.lines) for part in parts if part.lines is not None]
    told = (*_told(parts), *notes(lines), *_missing(parts, places), *_mixed(places, types))
    marks = tuple(mark for mark in (LONG, FOOT) if any(mark in part.marks for part in parts))
    ready = _ready(parts)
    for role, sources in ready.items():
        renamed |= {source: (role,) for source in sources if source not in kept}
    return Joined(Header(list(kept), renamed, ready), kept, told, origin, marks)


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
