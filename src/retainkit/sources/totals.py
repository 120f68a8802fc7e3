"""Lines under a table that sum others up: they stand where ids should, and are no members."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from retainkit.sources.nobody import in_any_case

# What begins such a line, in any case, blanks or none, with a colon.
TOTALS = (
    *("total", "totals", "sum", "subtotal", "sub total", "sub-total", "grand total", "grandtotal"),
    *(
        "合计",
        "总计",
        "小计",
        "共计",
        "汇总",
        "总和",
        "合計",
        "總計",
        "小計",
        "共計",
        "彙總",
        "總和",
    ),
)
_COLONS = ("", ":", "：")
_WRITTEN = frozenset(
    f"{case(word)}{blank}{colon}"
    for word in (*TOTALS, *(" ".join(word) for word in TOTALS if not word.isascii()))
    for case in (str.lower, str.upper, str.title, str.capitalize)
    for colon in _COLONS
    for blank in ("", " ")
)
_CASED = max(len(word.encode()) for word in _WRITTEN if word[0].isascii())
LONGEST = max(len(word) for word in _WRITTEN if word.isascii() and " " not in word[:-1])


def among(ids: pl.Series) -> pl.Series:
    """Return which ids are such words; null where there is no id."""
    return in_any_case(ids, _WRITTEN, _WRITTEN, _CASED)


def are_totals(texts: pl.Series) -> pl.Series:
    """Return which ids, as written, stand for the sum of other rows: false where there is none."""
    return texts.str.strip_chars(' \t="').str.to_lowercase().is_in(_WRITTEN).fill_null(False)


def is_total(text: str) -> bool:
    """Return whether a cell is one of the words for the sum of other rows."""
    return text.strip(' \t="').lower() in _WRITTEN


def total_lines(columns: Sequence[pl.Series]) -> pl.Series:
    """Return which rows sum others up, of the ids as read and the texts they were read from."""
    ids, texts = columns
    total, nobody = ids.is_null() & False, ids.is_null().arg_true()
    return total.scatter(nobody, are_totals(texts.gather(nobody))) if len(nobody) else total
