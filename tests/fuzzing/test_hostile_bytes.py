"""Hostile files and words, made by Hypothesis: whatever they are, the promises hold."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzzing import differential, parquet, reading, stating, words
from fuzzing.layers import pack
from fuzzing.mutators import tree
from fuzzing.targets import TARGETS

CELLS = st.sampled_from(words.CELLS) | st.text(max_size=8)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=8)
PIECES = st.lists(st.sampled_from(words.GRAMMAR) | st.text(max_size=4), max_size=12)
ENCODINGS = st.sampled_from(("utf-8", "utf-8", "utf-8-sig", "utf-16", "gb18030", "latin-1"))


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@given(
    rows=ROWS,
    header=st.sampled_from((["user_id", "event_time", "amount"], ["时间", "用户ID"])) | st.none(),
    separator=st.sampled_from(",;\t|"),
    end=st.sampled_from(("\n", "\r\n", "\r")),
    quoted=st.booleans(),
    encoding=ENCODINGS,
)
@settings(max_examples=100)
def test_messy_csv(
    place: Path,
    rows: list[list[str]],
    header: list[str] | None,
    separator: str,
    end: str,
    quoted: bool,
    encoding: str,
) -> None:
    told = [[f'"{cell}"' for cell in row] for row in rows] if quoted else rows
    text = end.join(separator.join(row) for row in ([header] if header else []) + told)
    reading.read(text.encode(encoding, "replace"), place, ".csv", reading.csv_rows)


@given(data=st.binary(max_size=200))
@settings(max_examples=60)
def test_any_bytes_by_any_name(place: Path, data: bytes) -> None:
    for suffix in (".csv", ".ndjson", ".parquet"):
        reading.read(data, place, suffix)


@given(seed=st.integers(0, 2**32), layers=st.integers(0, 2))
@settings(max_examples=60)
def test_parquet_of_hostile_values(place: Path, seed: int, layers: int) -> None:
    chance = Random(seed)
    data = parquet.written(chance)  # and not damaged, which could end this process: `make fuzz`
    for _ in range(layers):
        data = pack(data, chance)
    reading.read(data, place, ".parquet", reading.parquet_rows)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=60)
def test_trees_of_json(place: Path, seed: int) -> None:
    chance = Random(seed)
    line = tree(b'{"user_id":"a","event_time":"2024-03-04","amount":1.5}', chance, ())
    reading.read(line + b"\n" + line, place, ".ndjson", reading.line_rows)
    reading.read(gzip.compress(line), place, ".ndjson.gz")


@pytest.mark.parametrize("name", ["rules", "steps", "selectors"])
@given(pieces=PIECES, blank=st.sampled_from(("", " ")))
@settings(max_examples=200)
def test_words_are_parsed_or_refused(name: str, pieces: list[str], blank: str) -> None:
    TARGETS[name].check(blank.join(pieces).encode("utf-8", "replace"), Path())


@given(flags=st.lists(st.tuples(st.sampled_from(stating.FLAGS), PIECES), min_size=1, max_size=3))
@settings(max_examples=80)
def test_flags_are_taken_or_refused(place: Path, flags: list[tuple[str, list[str]]]) -> None:
    text = "\n".join(f"{name} {' '.join(pieces)}" for name, pieces in flags)
    stating.flags(text.encode("utf-8", "replace"), place)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=40)
def test_duckdb_counts_the_same(place: Path, seed: int) -> None:
    differential.compare(differential.export(Random(seed)), place)
