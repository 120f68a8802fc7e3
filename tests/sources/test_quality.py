"""Counting what became of rows: the law, the limit, the reasons that end a run."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retainkit.errors import InputError
from retainkit.sources.quality import (
    FATE,
    LEFT_OUT,
    MIXED_EPOCHS,
    MIXED_OFFSETS,
    NO_MEMBER,
    REFUSED,
    WHERE,
    Quality,
)


def batch(*fates: str | None) -> pl.DataFrame:
    return pl.DataFrame({"member": range(len(fates)), "fate": pl.Series(fates, dtype=FATE)})


@given(st.lists(st.lists(st.sampled_from([None, *REFUSED, *LEFT_OUT]), max_size=9), max_size=5))
def test_rows_read_are_rows_used_refused_and_left_out(fates: list[list[str | None]]) -> None:
    with Quality(max_rejects=1) as quality:
        kept = [quality.add(batch(*one)) for one in fates]
        refused, left_out = quality.finish()
    read = [fate for one in fates for fate in one]
    assert sum(map(len, kept)) == read.count(None)
    assert refused == {one: read.count(one) for one in REFUSED if one in read}
    assert left_out == {one: read.count(one) for one in LEFT_OUT if one in read}
    assert all(frame.columns == ["member"] for frame in kept)


def test_past_max_rejects_is_an_error_that_says_how_to_look() -> None:
    quality = Quality(max_rejects=0.5)
    quality.add(batch(NO_MEMBER, None, WHERE))
    quality.add(batch(NO_MEMBER))
    assert quality.finish() == ({NO_MEMBER: 2}, {WHERE: 1})
    quality.add(batch(NO_MEMBER))
    with pytest.raises(InputError, match="3 of 5 rows cannot be used") as caught:
        quality.finish()
    told = str(caught.value)
    assert all(part in told for part in ("no member 3", "50%", "--rejects FILE", "--max-rejects"))


def test_nothing_read_is_nothing_refused() -> None:
    assert Quality(max_rejects=0).finish() == ({}, {})


@pytest.mark.parametrize(
    ("reason", "flag"), [(MIXED_OFFSETS, "--naive-tz"), (MIXED_EPOCHS, "--time-col")]
)
def test_some_reasons_end_the_run(reason: str, flag: str) -> None:
    with pytest.raises(InputError, match=flag):
        Quality().add(batch(None, reason))
