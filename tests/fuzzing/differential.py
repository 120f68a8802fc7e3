"""Exports that retainkit and DuckDB both accept: what the one counts, the other has to count.

The second definition is `sql/rows.sql`. Cells are taken from words whose meaning SQL can say;
how they are laid out in a file is left to chance.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import parquet

from fuzzing.promises import Broken, command

SQL = (Path(__file__).parent / "sql" / "rows.sql").read_text(encoding="utf-8")
COLUMNS = ("user_id", "event_time", "amount")

_MEMBERS = (
    *(
        "ann",
        "bob",
        "cid",
        "00123",
        "123",
        "Ann",
        "李四",
        "a,b",
        'say "hi"',
        "two\nlines",
        " dan ",
        "😀",
    ),
    *(
        "",
        "null",
        "NULL",
        "-",
        "0",
        "guest",
        "游客",
        "Total",
        "合计",
        "小计",
        "subtotal",
        "  ",
        "\teve\t",
    ),
)
_TIMES = (
    *(
        "2024-03-04",
        "2024-03-04 08:26:00",
        "2024-03-05T10:00:00",
        "2024-03-31 02:30:00",
        "2024-02-29",
    ),
    *("2024-03-06 08:26", "2023-12-31 23:59:59", "2024-12-31 23:59:59", "2023-06-01", "2024-12-30"),
    *("", "null", "-", "soon", "2024-02-30", "2023-02-29", "2024-13-01", "2024-03-04 25:00:00"),
    *(
        "0000-00-00",
        "1970-01-01",
        "1970-01-01 00:00:00",
        "1899-12-31",
        "9999-12-31",
        " 2024-03-07 ",
    ),
)
_AMOUNTS = (
    "1.5",
    "10",
    "-3.25",
    "0",
    "0.000001",
    "99999999.99",
    "",
    "",
    "free",
    "1.2.3",
    " 7 ",
    "--1",
)
_GOOD = (12, 10, 6)  # so many of the words above are as they should be


@dataclass(frozen=True)
class Export:
    """Rows as text, and the file that they were laid out in; separator: of a CSV."""

    rows: Sequence[tuple[str | None, ...]]
    name: str
    data: bytes
    separator: str | None


def export(chance: Random) -> Export:
    """Return an export, laid out as chance has it."""
    rows = [_row(chance) for _ in range(chance.randint(1, 30))]
    if chance.random() < 0.25:
        return Export(rows, "events.parquet", _parquet(rows, chance), None)
    separator = chance.choice((",", ",", ";", "\t", "|"))
    text = _csv(rows, separator, chance).encode(chance.choice(("utf-8", "utf-8", "utf-8-sig")))
    kind = chance.choice(("", "", ".gz", ".zst"))
    if kind == ".gz":
        text = gzip.compress(text, mtime=0)
    elif kind == ".zst":
        text = pa.Codec("zstd").compress(text, asbytes=True)
    return Export(rows, f"events.csv{kind}", text, separator)


def check(data: bytes, place: Path) -> str:
    """Lay out an export as some bytes have it, and compare."""
    return compare(export(Random(data)), place)


def compare(told: Export, place: Path) -> str:
    """Raise Broken where the two do not count the same; return what became of it."""
    path = place / told.name
    path.write_bytes(told.data)
    with duckdb.connect(config={"threads": 1}) as database:
        expected = _counted(database, path, told.separator)
    asked = ["orders", str(path), "--period", "day", "--max-rejects", "1", "-f", "json"]
    if told.separator is not None:
        asked += ["--separator", {"\t": "tab"}.get(told.separator, told.separator)]
    ran = command(asked)
    if ran.code:
        raise Broken(f"DuckDB reads it\n{ran.err}")
    found = _found(ran.result)
    for what, number in expected.items():
        if found[what] != number:
            raise Broken(f"{what} differ\nretainkit: {found[what]}\nDuckDB: {number}\n{told}")
    return "exit 0"


def _counted(
    database: duckdb.DuckDBPyConnection, path: Path, separator: str | None
) -> dict[str, Any]:
    """Return what DuckDB counts."""
    source = f"'{path}'"
    if separator is None:
        database.execute(f"CREATE VIEW raw AS FROM read_parquet({source})")
    else:
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
        database.execute(
            f"CREATE VIEW raw AS FROM read_csv({source}, header = true, auto_detect = false, "
            f"delim = '{separator}', quote = '\"', escape = '\"', null_padding = true, "
            f"parallel = false, columns = {{{columns}}})"
        )
    database.execute(SQL)
    used = "FROM told WHERE fate IS NULL"
    fates = database.sql("SELECT fate, count(*) FROM told WHERE fate IS NOT NULL GROUP BY 1")
    days = database.sql(
        "SELECT CAST(moment AS DATE), count(DISTINCT member), coalesce(sum(amount), 0) "
        f"{used} GROUP BY 1"
    )
    return {
        "rows": database.sql("SELECT count(*) FROM told").fetchall()[0][0],
        "refused": dict(fates.fetchall()),
        "members": database.sql(f"SELECT count(DISTINCT member) {used}").fetchall()[0][0],
        "days": {str(day): (members, sales) for day, members, sales in days.fetchall()},
    }


def _found(result: dict[str, Any]) -> dict[str, Any]:
    """Return what retainkit counts, under the same names."""
    data = result["data"]
    days = {
        row["period"]: (row["visitors"], round(Decimal(repr(row["sales"])), 6))
        for row in result["tables"]["value"]
        if row["visitors"]
    }
    return {
        "rows": data["rows_read"],
        "refused": data["refused_by_reason"],
        "members": data["members"],
        "days": days,
    }


def _row(chance: Random) -> tuple[str, ...]:
    cells = []
    for words, good in zip((_MEMBERS, _TIMES, _AMOUNTS), _GOOD, strict=True):
        cells.append(chance.choice(words[:good] if chance.random() < 0.8 else words))
    return tuple(cells)


def _csv(rows: Sequence[tuple[str, ...]], separator: str, chance: Random) -> str:
    end = chance.choice(("\n", "\n", "\r\n"))
    lines = [separator.join(_cell(name, separator, chance) for name in COLUMNS)]
    for row in rows:
        cells = [_cell(cell, separator, chance) for cell in row]
        if chance.random() < 0.1 and not row[2]:
            cells.pop()
        lines.append(separator.join(cells))
        if chance.random() < 0.03:
            lines.append("")
    return end.join(lines) + chance.choice((end, end, ""))


def _cell(cell: str, separator: str, chance: Random) -> str:
    needed = any(sign in cell for sign in (separator, '"', "\n", "\r"))
    if needed or chance.random() < 0.1:
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _parquet(rows: Sequence[tuple[str, ...]], chance: Random) -> bytes:
    columns = {
        name: pa.array([cell or None for cell in cells], pa.string())
        for name, cells in zip(COLUMNS, zip(*rows, strict=True), strict=True)
    }
    sink = pa.BufferOutputStream()
    parquet.write_table(
        pa.table(columns),
        sink,
        compression=chance.choice(("none", "snappy", "zstd")),
        row_group_size=chance.choice((1, 7, 1000)),
        use_dictionary=chance.random() < 0.5,
        data_page_version=chance.choice(("1.0", "2.0")),
    )
    return bytes(sink.getvalue())
