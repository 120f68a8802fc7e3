"""Parquet: written in every manner, and damaged where it hurts: footers, page headers, pages."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pyarrow as pa
from pyarrow import parquet as pq

from fuzzing import mutators, words

_TAIL = 8  # bytes: how long the footer is, and PAR1
_SIZES = (
    b"\xff\xff\xff\xff\x0f",
    b"\xfe\xff\xff\xff\x0f",
    b"\x80\x80\x80\x80\x10",
    b"\xff" * 9 + b"\x01",
    b"\xfe" + b"\xff" * 8 + b"\x01",
    b"\x01",
    b"\x00",
    b"\x80\x94\xeb\xdc\x03",
)
_DAY = datetime(2024, 3, 4, 8, 26, tzinfo=UTC)


def mutated(data: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
    """Return a Parquet file that is damaged, or written anew with other values."""
    if chance.random() < 0.15:
        data = written(chance)
        if chance.random() < 0.5:
            return data
    if chance.random() < 0.15:
        return chance.choice((mutators.flipped, mutators.cut, mutators.planted, mutators.spliced))(
            data, chance, others
        )
    return chance.choice((_footer, _footer, _headers, _pages))(data, chance)


def written(chance: Random) -> bytes:
    """Return a Parquet file of hostile values, written in a manner left to chance."""
    rows = chance.choice((0, 1, 5, 40))
    columns = {
        "user_id": chance.choice((_ids, _numbers, _floats))(rows, chance),
        "event_time": chance.choice((_moments, _moments, _days, _epochs, _texts))(rows, chance),
        "amount": chance.choice((_floats, _decimals, _numbers, _texts))(rows, chance),
        "event": pa.array(chance.choices(words.EVENTS, k=rows)).dictionary_encode(),
        chance.choice(("tags", "x", "__file")): chance.choice((_lists, _structs, _flags))(
            rows, chance
        ),
    }
    out = io.BytesIO()
    pq.write_table(
        pa.table(columns),
        out,
        compression=chance.choice(("none", "snappy", "gzip", "zstd", "lz4", "brotli")),
        use_dictionary=chance.random() < 0.5,
        data_page_version=chance.choice(("1.0", "2.0")),
        version=chance.choice(("1.0", "2.4", "2.6")),
        row_group_size=chance.choice((None, 1, 7)),
        data_page_size=chance.choice((None, 64)),
        write_page_checksum=chance.random() < 0.5,
        write_page_index=chance.random() < 0.5,
        write_statistics=chance.random() < 0.7,
        use_deprecated_int96_timestamps=chance.random() < 0.1,
    )
    return out.getvalue()


def _footer(data: bytes, chance: Random) -> bytes:
    """Change the footer, and keep what says where it begins."""
    start = len(data) - _TAIL - int.from_bytes(data[-_TAIL:-4], "little")
    if not 4 <= start < len(data) - _TAIL:
        return mutators.flipped(data, chance, ())
    footer = _thrift(data[start:-_TAIL], chance)
    length = len(footer) if chance.random() < 0.97 else chance.choice((0, 1, 2**31 - 1, 2**32 - 1))
    return data[:start] + footer + length.to_bytes(4, "little") + b"PAR1"


def _headers(data: bytes, chance: Random) -> bytes:
    """Change the header of a page."""
    try:
        footer = pq.read_metadata(io.BytesIO(data))
        column = footer.row_group(chance.randrange(footer.num_row_groups)).column(
            chance.randrange(footer.num_columns)
        )
        at = (
            chance.choice((column.dictionary_page_offset, column.data_page_offset))
            or column.data_page_offset
        )
    except (pa.ArrowException, OSError, ValueError):
        return mutators.flipped(data, chance, ())
    end = at + chance.choice((4, 12, 30))
    header = _thrift(data[at:end], chance)
    if chance.random() < 0.8:  # where all else lies is not to change
        header = header[: end - at].ljust(end - at, b"\x00")
    return data[:at] + header + data[end:]


def _pages(data: bytes, chance: Random) -> bytes:
    """Change bytes between the beginning and the footer."""
    end = max(4, len(data) - _TAIL - int.from_bytes(data[-_TAIL:-4], "little"))
    return data[:4] + mutators.flipped(data[4:end], chance, ()) + data[end:]


def _thrift(data: bytes, chance: Random) -> bytes:
    """Change Thrift: a byte, or a number for one that is huge, negative or 0."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if chance.random() < 0.5:
            data = mutators.flipped(data, chance, ())
            continue
        at = chance.randrange(len(data) + 1)
        end = at
        while end < len(data) and data[end] >= 0x80:
            end += 1
        data = data[:at] + chance.choice(_SIZES) + data[end + 1 :]
    return data


def _ids(rows: int, chance: Random) -> pa.Array:
    return pa.array(chance.choices(("ann", "bob", None, *words.IDS), k=rows), pa.string())


def _numbers(rows: int, chance: Random) -> pa.Array:
    return pa.array(chance.choices((1, 2, 0, -1, None, 2**63 - 1, -(2**63)), k=rows), pa.int64())


def _floats(rows: int, chance: Random) -> pa.Array:
    numbers = (1.0, 2.5, -0.0, None, float("nan"), float("inf"), 1e308, 5e-324, 2.0**53 + 2)
    return pa.array(chance.choices(numbers, k=rows), chance.choice((pa.float64(), pa.float32())))


def _decimals(rows: int, chance: Random) -> pa.Array:
    numbers = (Decimal("1.25"), Decimal("-3"), None, Decimal(10) ** 30)
    return pa.array(chance.choices(numbers, k=rows), pa.decimal128(38, 4))


def _moments(rows: int, chance: Random) -> pa.Array:
    unit, zone = (
        chance.choice(("s", "ms", "us", "ns")),
        chance.choice((None, "UTC", "Asia/Shanghai", "+01:00")),
    )
    numbers = [_since(unit, _DAY + timedelta(hours=7 * row)) for row in range(rows)]
    furthest = 9 * 10**15 if unit in ("s", "ns") else 2**63 - 1  # what can be written, as ms or us
    odd = (None, 0, -1000, furthest, -furthest)
    return pa.array(
        [chance.choice(odd) if chance.random() < 0.1 else each for each in numbers], pa.int64()
    ).cast(pa.timestamp(unit, zone))


def _since(unit: str, moment: datetime) -> int:
    return int(moment.timestamp()) * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]


def _days(rows: int, chance: Random) -> pa.Array:
    return pa.array(
        chance.choices((date(2024, 3, 4), date(1, 1, 1), date(9999, 12, 31), None), k=rows)
    )


def _epochs(rows: int, chance: Random) -> pa.Array:
    return pa.array(
        chance.choices((1709540760, 1709540761, 1709540760000, None, -5), k=rows), pa.int64()
    )


def _texts(rows: int, chance: Random) -> pa.Array:
    return pa.array(chance.choices((*words.TIMES, *words.AMOUNTS), k=rows), pa.string())


def _lists(rows: int, chance: Random) -> pa.Array:
    return pa.array(
        chance.choices(([], None, ["a"], [None, "b"] * 9), k=rows), pa.list_(pa.string())
    )


def _structs(rows: int, chance: Random) -> pa.Array:
    return pa.array(
        chance.choices(({"a": 1, "b": {"c": "x"}}, None), k=rows),
        pa.struct([("a", pa.int64()), ("b", pa.struct([("c", pa.string())]))]),
    )


def _flags(rows: int, chance: Random) -> pa.Array:
    return pa.array(chance.choices((True, False, None), k=rows), pa.bool_())
