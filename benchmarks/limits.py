"""Inputs made to take all memory or time: how much they take, and what becomes of them.

Each is a file of kilobytes, or at least far smaller than what it stands for. A run of `cohort` on
it has to end within MOST seconds and MiB, with a result or with one error.
"""

from __future__ import annotations

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from figures import Piece, save

MOST_SECONDS, MOST_MIB = 120, 1500
HEADER = b"user_id,event_time\n"
ROW = b"ann,2024-01-01 10:00\n"


@dataclass(frozen=True)
class Input:
    """A file that is made by `write`, and the flags that it is read with."""

    name: str
    file: str
    write: Callable[[Path], None]
    flags: tuple[str, ...] = ()


def packed(path: Path) -> None:
    """Pack 800 MB of the same row."""
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(HEADER)
        for _ in range(400):
            file.write(ROW * (2_000_000 // len(ROW)))


def packed_cell(path: Path) -> None:
    """Pack one cell of 800 MB."""
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(HEADER)
        for _ in range(400):
            file.write(b"a" * 2_000_000)


def sheet(path: Path) -> None:
    """Pack a workbook whose sheet is 800 MB of blanks."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as book:
        book.writestr("[Content_Types].xml", "<Types/>")
        book.writestr("xl/workbook.xml", "<workbook><sheets><sheet/></sheets></workbook>")
        with book.open("xl/worksheets/sheet1.xml", "w") as file:
            for _ in range(400):
                file.write(b" " * 2_000_000)


def quoted(path: Path) -> None:
    """Open a quote that is never closed, 60 MB before the end."""
    path.write_bytes(HEADER + b'"ann' + b",2024-01-01\n" * 5_000_000)


def long_line(path: Path) -> None:
    """Write a cell of 60 MB."""
    path.write_bytes(HEADER + b"a" * 60_000_000 + b",2024-01-01\n")


def wide(path: Path) -> None:
    """Write 200,000 columns."""
    names = ",".join(f"c{number}" for number in range(200_000))
    path.write_bytes(f"user_id,event_time,{names}\nann,2024-01-01\n".encode())


def deep(path: Path) -> None:
    """Nest an object 100,000 deep."""
    nested = '{"a":' * 100_000 + "1" + "}" * 100_000
    path.write_text(f'{{"user_id":"ann","event_time":"2024-01-01","x":{nested}}}\n', "utf-8")


INPUTS = (
    Input("gzip of 800 MB in rows", "rows.csv.gz", packed),
    Input("gzip of one cell of 800 MB", "cell.csv.gz", packed_cell),
    Input(
        "gzip of 800 MB, in another encoding", "copied.csv.gz", packed, ("--encoding", "gb18030")
    ),
    Input("workbook of 800 MB", "book.xlsx", sheet, ("--max-unpacked", "100MB")),
    Input("a quote never closed, 60 MB", "quoted.csv", quoted),
    Input("a cell of 60 MB", "long.csv", long_line),
    Input("200,000 columns", "wide.csv", wide),
    Input("NDJSON nested 100,000 deep", "deep.ndjson", deep),
)


def read(folder: Path, each: Input) -> tuple[bool, str, float]:
    """Run on an input; return whether all was well, what became of it, and the seconds."""
    path = folder / each.file
    each.write(path)
    size = path.stat().st_size
    began = time.monotonic()
    command = [Path(sys.executable).with_name("retainkit"), "cohort", path, "-q", "-f", "json"]
    with (folder / "said").open("wb") as said:
        run = subprocess.Popen([*command, *each.flags], stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(run.pid, 0)
    seconds, mib = time.monotonic() - began, used.ru_maxrss / 1024
    code, text = os.waitstatus_to_exitcode(status), (folder / "said").read_text("utf-8", "replace")
    path.unlink()
    errors = sum(line.startswith("Error:") for line in text.splitlines())
    told = code == 0 if not errors else code == 1 and errors == 1 and "fault of" not in text
    fine = told and seconds < MOST_SECONDS and mib < MOST_MIB
    end = "a result" if code == 0 else text.partition("\n")[0].replace(str(folder), "")
    print(f"{each.name}: {size:,} bytes, {seconds:.1f} s, {mib:,.0f} MiB: {end}", flush=True)
    became = "read" if code == 0 else "an error" if told else "broke"
    return fine, f"{each.name} ({size / 1e6:.1f} MB): {became}, {mib:,.0f} MiB", seconds


def main() -> None:
    """Try every input."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--json", type=Path, help="Where to write what was seen, too.")
    args = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="limits-") as folder:
        seen = [read(Path(folder), each) for each in INPUTS]
    if args.json:
        save(args.json, list(pieces(seen)))
    sys.exit(not all(fine for fine, *_ in seen))


def pieces(seen: list[tuple[bool, str, float]]) -> Iterator[Piece]:
    """Yield what was seen of each input."""
    for fine, told, seconds in seen:
        yield Piece("limits", 1, int(not fine), seconds, told=told)


if __name__ == "__main__":
    main()
