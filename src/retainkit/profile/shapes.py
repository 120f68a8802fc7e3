"""What values look like, without showing any: 2010-12-01 is 9999-99-99, United Kingdom is Aa Aa."""

from __future__ import annotations

import re
from collections import Counter

import polars as pl

from retainkit.sources.dtypes import in_calendar

_SHOWN = 2
_LONGEST = 20
_SIGNS = (
    (re.compile(r"\d"), "9"),
    (re.compile(r"[A-Z]+"), "A"),
    (re.compile(r"[a-z]+"), "a"),
    (re.compile(r"[^\W\d_Aa9]+"), "文"),
)


def shape(text: str) -> str:
    """Return `text` with each digit as 9, each run of letters as A, a or 文, cut after 20 signs."""
    for pattern, sign in _SIGNS:
        text = pattern.sub(sign, text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def shapes(sample: pl.Series) -> str | None:
    """Return the commonest shapes of a sample, None where there is nothing to see."""
    if sample.dtype.is_nested() or sample.dtype in (pl.Binary, pl.Object):
        return None
    values = sample.fill_nan(None) if sample.dtype.is_float() else in_calendar(sample)
    texts = values.drop_nulls().cast(pl.String).to_list()
    counted = Counter(shape(text.strip()) for text in texts if text.strip())
    named = [found for found, _ in counted.most_common(_SHOWN)]
    return ", ".join(named + ["…"] * (len(counted) > _SHOWN)) or None
