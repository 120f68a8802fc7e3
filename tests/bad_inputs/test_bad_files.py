"""Bad files: what they really are, how they are damaged, and how much they hold."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from bad import HEAD, Case, check, each, run, write

CHINESE = "会员编号,下单时间,城市\n001,2024-01-01,上海\n002,2024-01-02,北京\n"
ROWS = HEAD + "ann,2024-03-01,5\nbob,2024-03-02,6\n"
FRAME = pl.DataFrame(
    {
        "user_id": [f"u{i % 50}" for i in range(2_000)],
        "event_time": ["2024-03-01"] * 2_000,
        "amount": [float(i) for i in range(2_000)],
    }
)


def parquet(frame: pl.DataFrame = FRAME) -> bytes:
    """Return a Parquet file as Polars writes it: without checksums."""
    file = io.BytesIO()
    frame.write_parquet(file, compression="uncompressed")
    return file.getvalue()


def checked() -> bytes:
    """Return a Parquet file with checksums."""
    file = io.BytesIO()
    pq.write_table(FRAME.to_arrow(), file, write_page_checksum=True, compression="none")
    return file.getvalue()


def flipped(data: bytes, at: int) -> bytes:
    """Return data with a bit of the byte at a place the other way round."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def zipped(name: str, data: str) -> bytes:
    """Return a ZIP archive with a file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, data)
    return file.getvalue()


def workbook(**sheets: list[list[object]]) -> bytes:
    """Return a workbook."""
    import xlsxwriter

    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)
    book.close()
    return file.getvalue()


ORDERS: list[list[object]] = [["会员ID", "下单时间", "金额"], ["00123", "2024-03-01", 5]]

CASES = [
    *(
        Case("foreign", what, {"f.csv": data}, "cohort f.csv", code=1, says=(told,))
        for what, data, told in (
            ("a ZIP archive", zipped("a.csv", ROWS), "'f.csv' is a ZIP archive, not CSV."),
            ("an HTML page", "<!DOCTYPE html><p>log in", "'f.csv' is an HTML page, not CSV."),
            ("XML", "<?xml version='1.0'?><a/>", "'f.csv' is an XML document, not CSV."),
            ("a PDF", b"%PDF-1.7 ...", "'f.csv' is a PDF, not CSV."),
            ("a database", b"SQLite format 3\0" + b"\0" * 99, "'f.csv' is a SQLite database"),
            ("the Excel of web systems", "<table><tr><td>user_id", "'f.csv' is a table of HTML"),
            ("a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "'f.csv' is a picture, not CSV."),
            ("a tar archive", b"a.csv".ljust(257, b"\0") + b"ustar  ", "'f.csv' is a tar archive"),
            ("gzip in gzip", gzip.compress(gzip.compress(b"a,b\n")), "'f.csv' is packed twice"),
            ("bzip2", b"BZh91AY&SY", "'f.csv' is a bzip2 archive, not CSV."),
        )
    ),
    Case(
        "foreign",
        "text called .parquet",
        {"f.parquet": ROWS},
        "cohort f.parquet",
        code=1,
        says=("'f.parquet' is not Parquet",),
    ),
    Case(
        "damaged",
        "Parquet cut short",
        {"f.parquet": parquet()[:-100]},
        "cohort f.parquet",
        code=1,
        says=("'f.parquet' cannot be read: it is truncated or damaged",),
    ),
    Case(
        "damaged",
        "gzip cut short",
        {"f.csv.gz": gzip.compress(FRAME.write_csv().encode())[:-50]},
        "cohort f.csv.gz",
        code=1,
        says=("'f.csv.gz' cannot be", "truncated or damaged"),
    ),
    Case(
        "damaged",
        "a flipped bit where there are checksums, with --verify",
        {"f.parquet": flipped(checked(), 3_000)},
        "cohort f.parquet --verify",
        code=1,
        says=("'f.parquet' is damaged: row group 1, column '", "is not what its checksum says"),
    ),
    Case(
        "damaged",
        "without checksums --verify cannot tell, and says so",
        {"f.parquet": parquet()},
        "cohort f.parquet --verify",
        rows=2_000,
        says=("'f.parquet': its pages have no checksums: damage would not be seen by --verify.",),
    ),
    Case(
        "damaged",
        "plain text cannot be verified, which is said",
        {"f.csv": ROWS},
        "cohort f.csv --verify",
        rows=2,
        says=("'f.csv': not verified: plain text has no checksums.",),
    ),
    Case(
        "several",
        "columns are joined by name, in any order",
        {"d/a.csv": ROWS, "d/b.csv": "amount,note,event_time,user_id\n5,x,2024-03-03,cat\n"},
        "cohort d --measure amount",
        rows=3,
        members=3,
        says=("column 'note' is not in 'd/a.csv': null there.",),
    ),
    Case(
        "several",
        "one without a header among them is an error",
        {"d/a.csv": ROWS, "d/b.csv": "cat,2024-03-03,5\n"},
        "cohort d",
        code=1,
        says=("'d/b.csv' has no header",),
        never=("cat",),
    ),
    Case(
        "several",
        "a name with [1] is taken as it stands",
        {"f[1].csv": ROWS, "f1.csv": ROWS + ROWS.partition("\n")[2].replace("2024", "2023")},
        "cohort 'f[1].csv'",
        rows=2,
    ),
    Case(
        "several",
        "a file named twice is read once",
        {"f.csv": ROWS},
        "cohort f.csv ./f.csv",
        rows=2,
        says=("is reached twice and read once",),
    ),
    Case(
        "workbook",
        "ids keep their zeros, titles are left out",
        {"f.xlsx": workbook(订单=[["导出于 2024-05-01"], [], *ORDERS, [], []])},
        "cohort f.xlsx",
        rows=1,
        says=("sheet '订单' of a workbook",),
    ),
    Case(
        "workbook",
        "named .csv it is read all the same",
        {"f.csv": workbook(a=ORDERS)},
        "cohort f.csv",
        rows=1,
        says=("sheet 'a' of a workbook",),
    ),
    Case(
        "workbook",
        "of several sheets one has to be named",
        {"f.xlsx": workbook(a=ORDERS, b=ORDERS)},
        "cohort f.xlsx",
        code=1,
        says=("'f.xlsx' is a workbook with 2 sheets: 'a' (2 rows), 'b' (2 rows).", "--sheet NAME"),
    ),
    Case(
        "workbook",
        "days of Excel are dates",
        {"f.xlsx": workbook(a=[ORDERS[0], ["ann", 45352.354, 1], ["bob", 45353, 1]])},
        "cohort f.xlsx",
        rows=2,
        says=("numbers in '下单时间' taken as days of Excel",),
    ),
    Case(
        "bomb",
        "what has to be copied is bounded",
        {"f.csv.gz": gzip.compress(CHINESE.encode("gb18030") + b"1,2024-01-01,x\n" * 200_000)},
        "cohort f.csv.gz --max-unpacked 1MB",
        code=1,
        says=("holds more than the 1,000,000 bytes, unpacked, that --max-unpacked allows",),
    ),
    Case(
        "bomb",
        "what is not is streamed",
        {"f.csv.gz": gzip.compress(HEAD.encode() + b"1,2024-01-01,5\n" * 400_000)},
        "cohort f.csv.gz --max-unpacked 1MB",
        rows=400_000,
        members=1,
    ),
]


@each(CASES)
def test_files(case: Case, here: Path) -> None:
    check(case, here)


def test_damaged_mutants_end_in_one_clear_error_or_a_result(here: Path) -> None:
    good = parquet(FRAME.head(200))
    for at in range(0, len(good), max(len(good) // 20, 1)):
        write(here, {"f.parquet": flipped(good, at)})
        done = run("cohort f.parquet --measure amount --since 2024-02-20 -f json")
        assert done.code in (0, 1)
        assert (done.code == 0) == (done.stderr == "")


def test_damaged_checksums_are_written_by_retainkit(here: Path) -> None:
    write(here, {"f.csv": ROWS})
    assert run("cohort f.csv -o out.parquet").code == 0
    assert "checksums" not in run("inspect out.parquet --verify -f json").told


def test_growing_while_it_is_read_is_an_error(here: Path) -> None:
    """As a user meets it: another process appends."""
    write(here, {"f.csv": HEAD + "ann,2024-03-01,5\n" * 20_000})
    code = (
        "import sys, time\nfile = open('f.csv', 'a')\n"
        "while True:\n    file.write('bob,2024-03-02,1\\n'); file.flush(); time.sleep(0.002)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code])
    try:
        size = (here / "f.csv").stat().st_size
        while (here / "f.csv").stat().st_size == size:
            time.sleep(0.01)
        done = run("cohort f.csv -o out.csv")
    finally:
        writer.kill()
        writer.wait()
    assert done.code == 1
    assert "'f.csv' grew while it was read: its rows are of no one moment." in done.stderr
    assert not (here / "out.csv").exists()


@pytest.mark.parametrize("data", [b"\xff\xfe" + b"\0" * 9, b"PAR1PAR1", b"\x1f\x8b\x08\0"])
def test_damaged_beginnings_are_one_error(here: Path, data: bytes) -> None:
    for name in ("f.csv", "f.parquet", "f.ndjson", "f.csv.gz", "f.xlsx"):
        write(here, {name: data})
        done = run(f"inspect {name}")
        assert done.code == 1, done.stdout
        assert done.stderr.startswith("Error: ")
