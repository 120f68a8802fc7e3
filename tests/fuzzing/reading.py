"""What is held of files of events, of each format, by the command as it is installed."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from fuzzing.layers import unpacked
from fuzzing.promises import MARK, Ran, check_numbers, check_private, check_same, command

# What a run is asked for: all that has to do with reading, and the numbers of some metrics.
ASKED = (
    ("cohort", "--period", "day"),
    ("inspect",),
    ("retention", "--dedupe", "exact"),
    ("orders",),
    ("cohort", "--measure", "amount", "--tz", "Asia/Shanghai"),
    ("cohort", "--rejects", "{place}/rejects.csv"),
    ("churn", "--since", "2024-01-01", "--until", "2025-01-01"),
    ("rfm", "--max-rejects", "0.5"),
    ("funnel", "--steps", "visit > pay"),
    ("cohort", "--no-header", "--member-col", "column_1", "--time-col", "column_2"),
    ("cohort", "--max-line", "1KB", "--max-columns", "8", "--max-unpacked", "10KB"),
    ("cohort", "--where", "amount > 1", "--tz", "America/New_York", "--naive-tz", "Europe/Berlin"),
    ("cohort", "--normalize-ids", "--day-first", "--verify"),
    ("paths", "--by", "event"),
    ("inspect", "--encoding", "gb18030"),
)
LYING = (
    *(".csv", ".ndjson", ".parquet", ".csv.gz", ".csv.zst", ".xlsx", "", ".txt", ".xls"),
    *("[1].csv", "[1].ndjson", "*.parquet"),
)
_TWICE = 16  # one of so many is read again, and has to say the same
_LIES = 8  # one of so many is not what its name says

Count = Callable[[bytes], int | None]


def read(data: bytes, place: Path, suffix: str, count: Count = lambda _: None) -> str:
    """Read bytes as a file of events; return the exit code in words.

    What is asked, and how the file is called, hangs on the bytes alone. suffix: of its honest
    name. count: how many rows there are, where that can be told in another way.
    """
    dice = zlib.crc32(data)
    asked = ASKED[dice % len(ASKED)]
    dice //= len(ASKED)
    lies = dice % _LIES == 0
    path = place / ("events" + (LYING[dice // _LIES % len(LYING)] if lies else suffix))
    ran = asked_of(path, data, asked)
    if ran.code == 0:
        countable = not lies and not {"--no-header", "--encoding"} & {*asked}
        check_numbers(ran, count(data) if countable else None)
    if dice // _LIES % _TWICE == 0:
        check_same(ran, command(ran.args))
    return f"exit {ran.code}"


def asked_of(path: Path, data: bytes, asked: tuple[str, ...]) -> Ran:
    """Write a file, ask a command for something of it, and hold what it says to what is private."""
    path.write_bytes(data)
    flags = [word.replace("{place}", str(path.parent)) for word in asked[1:]]
    if "--max-rejects" not in flags:
        flags += ["--max-rejects", "1"]
    ran = command([asked[0], str(path), *flags, "-f", "json"])
    if not _names(data):
        check_private(ran)
    return ran


def parquet_rows(data: bytes) -> int | None:
    """Return how many rows a Parquet file has, as its row groups say."""
    try:
        footer = parquet.read_metadata(io.BytesIO(data))
        return sum(footer.row_group(group).num_rows for group in range(footer.num_row_groups))
    except (pa.ArrowException, OSError):
        return None


def line_rows(data: bytes) -> int | None:
    """Return how many lines of NDJSON hold something."""
    plain = unpacked(data) if data[:2] == b"\x1f\x8b" or data[:4] == b"\x28\xb5\x2f\xfd" else data
    if plain is None or b"\r" in plain or b"\0" in plain:
        return None
    return sum(bool(line.strip()) for line in plain.removeprefix(b"\xef\xbb\xbf").split(b"\n"))


def csv_rows(data: bytes) -> int | None:
    """Return how many lines a plain CSV has after its header; None where it is less than plain."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    plain = len(lines) > 1 and lines[0].count(",") > 0 and all(lines)
    if not plain or any(sign in text for sign in '"\r\0;\t|'):
        return None
    wide = all(line.count(",") == lines[0].count(",") for line in lines)
    return len(lines) - 1 if wide and "user_id,event_time" in lines[0] else None


def _names(data: bytes) -> bool:
    """Return whether the mark may be a name: it stands in what may be the header."""
    plain = (unpacked(data) if data[:2] in (b"\x1f\x8b", b"\x28\xb5") else data) or b""
    mark = MARK.encode()
    head = plain.replace(b"\0", b"").lstrip()
    if head[:1] in b"{[" or head[:4] in (b"PAR1", b"PK\x03\x04"):
        return mark + b'":' in head.replace(b" ", b"") or head[:2] == b"PK"
    lines = head.replace(b"\r", b"\n").split(b"\n")
    # With titles above it, the header is further down.
    words = ("event", "time", "amount", "user", "事件", "时间", "金额", "用户", "会员")
    known = [word.encode(each) for word in words for each in ("utf-8", "gb18030")]
    named = (line for line in lines[:50] if any(word in line for word in known))
    return any(mark in line for line in (*lines[:3], *named))
