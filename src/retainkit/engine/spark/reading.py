"""The files of an export as Spark tables of raw rows, read by Spark's own readers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import polars as pl

from retainkit.engine.spark.copies import Copies
from retainkit.engine.spark.kinds import Kind, is_plain
from retainkit.engine.spark.session import is_local
from retainkit.engine.spark.tasks import Reader
from retainkit.engine.spark.travel import Schema
from retainkit.sources import Table
from retainkit.sources.canonical import Recipe
from retainkit.sources.faults import reading
from retainkit.sources.parts import Part, fitted, named

if TYPE_CHECKING:
    import pyspark.sql as ps

Files = Mapping[Path, Part]

_GLOB = str.maketrans({sign: f"\\{sign}" for sign in "\\[]{}*?,"})
_EXTRA = 4  # cells that a row may have too many, if they are empty


@dataclass(frozen=True)
class Raw:
    """Rows of files that lie alike, and how a task reads them."""

    rows: ps.DataFrame
    reader: Reader


def read_raw(spark: ps.SparkSession, table: Table, recipe: Recipe, stack: ExitStack) -> list[Raw]:
    """Return the raw rows that `recipe` reads; copies that are needed live as long as `stack`.

    Raises InputError for what Spark cannot read, or cannot read from where its executors are.
    """
    reads, schema = recipe.reads(), table.frame.collect_schema()
    wanted = {name: dtype for name, dtype in schema.items() if name in reads}
    copies = Copies(stack, seen=is_local(spark))
    alike: dict[Kind, dict[Path, Part]] = defaultdict(dict)
    for part in map(_with_marks, table.parts):
        stored = part.stored
        if stored is None or not is_plain(stored):
            stored = copies.of(part, wanted)
        alike[Kind.of(part, stored, wanted)][stored.path.resolve()] = part
    return [
        Raw(rows, _reader(kind, read, wanted, recipe))
        for kind, files in alike.items()
        for rows, read in _tables(spark, kind, files)
    ]


def _with_marks(part: Part) -> Part:
    """Return a part whose columns tell of rows that are none of the table, where they do."""
    marks = dict.fromkeys(part.marks, pl.Boolean())
    return replace(part, schema={**part.schema, **marks}) if marks else part


def _tables(
    spark: ps.SparkSession, kind: Kind, files: Files
) -> Iterator[tuple[ps.DataFrame, Files]]:
    """Yield tables of rows, and the files each is of."""
    if kind.format == "parquet":
        yield _parquet(spark, kind, files), files
        return
    odd = _with_odd_lines(spark, kind, files)
    simple = {path: part for path, part in files.items() if path not in odd}
    if simple:
        yield _csv(spark, kind, simple, simple=True), simple
    if odd:
        _read_by_polars(odd.values())
        yield _csv(spark, kind, odd, simple=False), odd


def _reader(kind: Kind, files: Files, wanted: Schema, recipe: Recipe) -> Reader:
    columns = {column.name: column.dtype for column in kind.columns}
    keys = dict.fromkeys(dict(kind.keys), pl.String())
    return Reader(
        names=named([part.name for part in files.values()]),
        columns=columns,
        checked=kind.format == "csv",
        keys=tuple(pl.lit(value, pl.String).alias(name) for name, value in kind.keys),
        joined=tuple(fitted({**columns, **keys}, wanted)),
        recipe=recipe,
    )


def _parquet(spark: ps.SparkSession, kind: Kind, files: Files) -> ps.DataFrame:
    from pyspark.sql import functions as F  # noqa: N812

    if not kind.columns:  # rows are counted all the same
        return spark.read.parquet(*_urls(files)).select(F.lit(None).cast("int").alias("none"))
    schema = ", ".join(f"{_quoted(column.here)} {column.type}" for column in kind.columns)
    return (
        spark.read.schema(schema)
        .parquet(*_urls(files))
        .toDF(*(f"c{i}" for i in range(len(kind.columns))))
    )


def _csv(spark: ps.SparkSession, kind: Kind, files: Files, *, simple: bool) -> ps.DataFrame:
    """Return text cells, empty ones null, without blank rows; and whether a row is too long.

    simple: whether each line is a row by itself; Spark shares such files between tasks.
    """
    from pyspark.sql import functions as F  # noqa: N812

    cells = [f"c{i}" for i in range(len(kind.order))]
    extra = [f"x{i}" for i in range(_EXTRA)]
    rows = spark.read.schema(", ".join(f"{name} string" for name in (*cells, *extra))).csv(
        _urls(files),
        sep=kind.separator,
        header=kind.header,
        escape='"',
        nullValue="",
        emptyValue="",
        multiLine=not simple,
    )
    if not simple:  # where line ends are mixed, some are left at the last cell
        ended = (F.regexp_replace(cell, r"\r\z", "") for cell in rows.columns)
        rows = rows.select(
            *(
                F.nullif(cell, F.lit("")).alias(name)
                for cell, name in zip(ended, rows.columns, strict=True)
            )
        )
    wanted = {column.name for column in kind.columns}
    return rows.filter(F.coalesce(*cells, *extra).isNotNull()).select(
        *(cell for cell, name in zip(cells, kind.order, strict=True) if name in wanted),
        F.coalesce(*extra).isNotNull().alias("extra"),
    )


def _with_odd_lines(spark: ps.SparkSession, kind: Kind, files: Files) -> Files:
    """Return the files in which some line may not be a row by itself, quoted as the rules have it.

    One pass over the lines: bare carriage returns, lines of blanks, quotes that are not around a
    whole cell, and bytes that are no UTF-8.
    """
    from pyspark.sql import functions as F  # noqa: N812

    line, separator = F.col("value"), f"\\Q{kind.separator}\\E"
    cell = f'(?:"[^"]*+(?:""[^"]*+)*+"|[^"{separator}]*+)'
    odd = line.rlike(r"\r(?!\z)|\x{FFFD}|^\s*[^\S\r]\s*\z") | (
        line.contains('"') & ~line.rlike(rf"^{cell}(?:{separator}{cell})*+\r?\z")
    )
    lines = spark.read.text(_urls(files), lineSep="\n").filter(odd)
    found = lines.select(F.input_file_name().alias("url")).distinct().toArrow()
    paths = {Path(unquote(urlsplit(url).path)) for url in found["url"].to_pylist()}
    assert paths <= files.keys()
    return {path: part for path, part in files.items() if path in paths}


def _read_by_polars(parts: Iterable[Part]) -> None:
    """Raise what the local reader has to say of files that Spark reads with more patience."""
    for part in parts:
        with reading(part.name):
            for _ in part.frame.collect_batches():
                pass


def _urls(files: Files) -> list[str]:
    return [f"file://{path.as_posix().translate(_GLOB)}" for path in files]


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
